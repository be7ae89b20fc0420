//! Scopes as parts of one service: those that differ in a method or a condition alone are one
//! part.

use super::path;
use crate::model::Scope;

/// Longest name of a policy that is made of a scope's name.
const MAX_SLUG: usize = 40;

/// Scopes that have one route and one policy.
pub(super) struct Part<'m> {
    /// What they have in common in their names.
    pub(super) name: String,
    /// Their path, if it can be said.
    pub(super) path: Option<String>,
    pub(super) scopes: Vec<&'m Scope>,
}

/// The parts, in the order of the scopes.
pub(super) fn of(scopes: &[Scope]) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for scope in scopes {
        let name = common(&scope.name);
        let at = *places.entry(name.clone()).or_insert(parts.len());
        match parts.get_mut(at) {
            Some(part) => part.scopes.push(scope),
            None => parts.push(Part { path: path::of_name(&name), name, scopes: vec![scope] }),
        }
    }
    parts
}

/// A name without methods and conditions.
fn common(name: &str) -> String {
    let name = name.split(", where ").next().unwrap_or(name);
    let is_methods = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ');
    let kept: Vec<&str> = name.split(", ").filter(|part| !is_methods(part)).collect();
    if kept.is_empty() { name.to_owned() } else { kept.join(", ") }
}

impl Part<'_> {
    pub(super) fn scope_names(&self) -> Vec<String> {
        self.scopes.iter().map(|scope| scope.name.clone()).collect()
    }

    /// A name for the policy.
    pub(super) fn slug(&self) -> String {
        let path = self.path.as_deref().unwrap_or_default();
        let mut slug = String::new();
        for byte in path.split('{').next().unwrap_or_default().bytes() {
            let char = if byte.is_ascii_alphanumeric() { char::from(byte.to_ascii_lowercase()) } else { '-' };
            if char != '-' || (!slug.is_empty() && !slug.ends_with('-')) {
                slug.push(char);
            }
        }
        slug.truncate(MAX_SLUG);
        let slug = slug.trim_matches('-');
        if slug.is_empty() { "app".to_owned() } else { slug.to_owned() }
    }
}
