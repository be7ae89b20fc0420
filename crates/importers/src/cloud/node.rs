//! One form for what JSON, YAML, XML and Terraform write, so that each service is read once.
//!
//! A key may come more than once (Terraform's blocks, XML's elements); [`Node::items`] takes
//! repeated keys and lists as the same thing. Whatever is computed when the configuration is
//! applied (a reference, a function, an interpolation) is [`Kind::Opaque`].

use std::ops::Range;

use corsac_analysis::model::Place;
use corsac_diagnostics::excerpt;

use crate::tree;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
}

/// The key under which stands what may hold further keys: a template, a merged variable.
pub(crate) const REST: &str = "";

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Null,
    /// It is computed, by this.
    Opaque(String),
    /// A string; also a number or a truth value, as it was written.
    Text(String),
}

impl Node {
    pub(crate) fn new(kind: Kind, file: usize, span: Range<usize>) -> Self {
        Self { kind, place: Place { file, span } }
    }

    /// The members of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The first member of this name; [`REST`] if there is none. What is opaque as a whole
    /// has every member.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let named = |key: &str| self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node);
        if matches!(self.kind, Kind::Opaque(_)) { Some(self) } else { named(key).or_else(|| named(REST)) }
    }

    /// The member at the end of `path`.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What stands under `key`: members of that name, and the items of those that are lists.
    pub(crate) fn items(&self, key: &str) -> Vec<&Self> {
        let named = self.entries().iter().filter(|(name, _)| name == key);
        let items: Vec<&Self> = named.flat_map(|(_, node)| node.flat()).collect();
        if items.is_empty() { self.get(key).map(Self::flat).unwrap_or_default() } else { items }
    }

    /// A list's items; anything else but `null` is a list of itself.
    pub(crate) fn flat(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Null => Vec::new(),
            _ => vec![self],
        }
    }

    /// A document of a tree. `CloudFormation`'s long forms of functions (`{"Ref": …}`,
    /// `{"Fn::Sub": …}`) are computed, too; trees are bounded in depth by their reader.
    pub(crate) fn of_tree(node: &tree::Node) -> Self {
        let kind = match &node.value {
            tree::Value::Boolean(_) | tree::Value::Number(_) | tree::Value::String(_) => {
                Kind::Text(node.scalar().unwrap_or_default().to_owned())
            }
            tree::Value::List(items) => Kind::List(items.iter().map(Self::of_tree).collect()),
            tree::Value::Null => Kind::Null,
            tree::Value::Opaque(reason) => Kind::Opaque(reason.clone()),
            tree::Value::Table(_) => match node.entries() {
                [only] if only.key == "Ref" || only.key.starts_with("Fn::") => {
                    Kind::Opaque(format!("`{}` is computed", excerpt(&only.key)))
                }
                entries => Kind::Map(Self::members(entries, node.rest())),
            },
        };
        Self::new(kind, 0, node.span.clone())
    }

    fn members(entries: &[tree::Entry], rest: Option<&tree::Node>) -> Vec<(String, Self)> {
        let members = entries.iter().map(|entry| (entry.key.clone(), Self::of_tree(&entry.value)));
        members.chain(rest.map(|rest| (REST.to_owned(), Self::of_tree(rest)))).collect()
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}
