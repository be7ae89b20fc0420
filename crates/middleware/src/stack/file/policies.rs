//! `[cors.NAME]`, and whatever else routes refer to by name.

use corsac_cors::{Policy, read_policy};
use corsac_diagnostics::{Confidence, Diagnostic, FieldPath, Rule, Severity, TableReader, excerpt};
use corsac_origin::{OriginPattern, PublicSuffixList};

use crate::route::{unknown_reference, unused_definition};
use crate::stack::NamedPolicy;

/// A loopback origin in the default profile.
pub static DEVELOPMENT_ORIGIN: Rule = Rule {
    id: "development-origin",
    severity: Severity::Warning,
    summary: "a loopback origin in the default profile",
};

/// A definition by name; `value` is missing where it has mistakes.
#[derive(Debug)]
pub struct Defined<'d, T> {
    /// Its name.
    pub name: &'d str,
    /// Where it stands.
    pub path: FieldPath,
    /// What it says.
    pub value: Option<T>,
}

impl Defined<'_, Policy> {
    /// A policy without mistakes, as guards take it.
    pub fn policy(&self) -> Option<NamedPolicy> {
        Some(NamedPolicy::new(self.name, self.value.as_ref()?))
    }
}

/// Reads the policies. `profile` says whether one is chosen: without it, origins of this
/// machine are findings.
pub fn read_policies<'d>(
    root: &mut TableReader<'d>,
    suffixes: &PublicSuffixList,
    profile: Option<&str>,
    out: &mut Vec<Diagnostic>,
) -> Vec<Defined<'d, Policy>> {
    let mut policies = Vec::new();
    for (name, table) in root.named("cors", out) {
        let path = table.path().clone();
        let value = read_policy(table, suffixes, out);
        if let Some(policy) = value.as_ref().filter(|_| profile.is_none()) {
            report_development_origins(policy, name, &path, out);
        }
        policies.push(Defined { name, path, value });
    }
    policies
}

/// The index of the definition that `key` names; `what` it is, in the table `group`.
pub fn read_reference<T>(
    table: &mut TableReader<'_>,
    key: &'static str,
    (what, group): (&str, &str),
    defined: &[Defined<'_, T>],
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let name = table.string(key, out)?;
    let found = defined.iter().position(|definition| definition.name == name);
    if found.is_none() {
        let known = defined.iter().map(|definition| definition.name);
        out.push(unknown_reference(what, group, name, known).at_field(&table.field(key), "not defined"));
    }
    found
}

/// Reports definitions that nothing uses.
pub fn report_unused<T>(defined: &[Defined<'_, T>], used: impl Fn(usize) -> bool, out: &mut Vec<Diagnostic>) {
    for (_, definition) in defined.iter().enumerate().filter(|(index, _)| !used(*index)) {
        out.push(unused_definition(&definition.path, "route"));
    }
}

fn report_development_origins(policy: &Policy, name: &str, path: &FieldPath, out: &mut Vec<Diagnostic>) {
    for (index, text) in policy.to_config().origins.iter().enumerate() {
        if OriginPattern::parse(text).is_ok_and(|pattern| pattern.is_loopback()) {
            let message = format!(
                "`{}` is allowed in production: whatever runs on the user's machine reads",
                excerpt(text)
            );
            let finding = Diagnostic::new(&DEVELOPMENT_ORIGIN, message)
                .confidence(Confidence::Medium)
                .at_field(&path.key("origins").index(index), "a development origin")
                .help(format!(
                    "move it to [profiles.development.cors.{}] and run with `--profile development`",
                    excerpt(name)
                ));
            out.push(finding);
        }
    }
}
