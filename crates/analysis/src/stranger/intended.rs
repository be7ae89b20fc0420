//! The names that a configuration is meant for.

use std::fmt;

use corsac_origin::{PublicSuffixList, Section};

use super::suffix_trie::NodeId;

/// Names whose owners are trusted: each with everything under it.
#[derive(Clone, Debug, Default)]
pub struct Intended {
    names: Vec<String>,
    nodes: Vec<Node>,
    /// Whether strangers register names under one of them, as under `amazonaws.com`.
    has_suffix_below: bool,
}

#[derive(Clone, Debug, Default)]
struct Node {
    children: Vec<(u8, NodeId)>,
    is_name: bool,
}

/// Why a name cannot be an intended one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntendedError {
    /// It is no host name.
    NotAName,
    /// Strangers register under it.
    PublicSuffix,
}

impl Intended {
    pub(crate) const ROOT: NodeId = 0;

    /// The set of `names`, each as in `example.com`; a scheme, a port, `*.` and upper case
    /// are what people paste, and do no harm.
    ///
    /// # Errors
    /// The first name that is none, or that everybody registers under.
    pub fn of<'n>(
        names: impl IntoIterator<Item = &'n str>,
        suffixes: &PublicSuffixList,
    ) -> Result<Self, (String, IntendedError)> {
        let mut intended = Self::default();
        for written in names {
            let name = host(written).ok_or_else(|| (written.to_owned(), IntendedError::NotAName))?;
            let is_listed =
                suffixes.public_suffix(&name).is_some_and(|(_, section)| section != Section::Default);
            if is_listed && suffixes.is_public_suffix(&name) {
                return Err((written.to_owned(), IntendedError::PublicSuffix));
            }
            intended.has_suffix_below |= suffixes.suffix_below(&name).is_some();
            intended.add(name);
        }
        Ok(intended)
    }

    fn add(&mut self, name: String) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = Self::ROOT;
        for byte in name.bytes().rev() {
            at = match self.child(at, byte) {
                Some(child) => child,
                None => {
                    let fresh = NodeId::try_from(self.nodes.len()).unwrap_or_default();
                    self.nodes.push(Node::default());
                    if let Some(node) = self.node_mut(at) {
                        node.children.push((byte, fresh));
                    }
                    fresh
                }
            };
        }
        if let Some(node) = self.node_mut(at) {
            node.is_name = true;
        }
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// The names, in the order of adding.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether `host`, whose registrable name is `registered`, is one of the names or under one,
    /// and not a stranger's who registered a name below it.
    pub fn covers(&self, host: &str, registered: &str) -> bool {
        let is_under = |host: &str, name: &str| {
            host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let registered = registered.strip_suffix('.').unwrap_or(registered);
        let is_meant =
            |name: &String| is_under(host, name) && (registered == name || !is_under(registered, name));
        self.names.iter().any(is_meant)
    }

    /// Whether strangers register names under one of these.
    pub(crate) fn has_suffix_below(&self) -> bool {
        self.has_suffix_below
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        usize::try_from(id).ok().and_then(|at| self.nodes.get_mut(at))
    }

    pub(super) fn child(&self, id: NodeId, byte: u8) -> Option<NodeId> {
        let node = usize::try_from(id).ok().and_then(|at| self.nodes.get(at))?;
        node.children.iter().find(|(own, _)| *own == byte).map(|(_, child)| *child)
    }

    pub(super) fn is_name(&self, id: NodeId) -> bool {
        usize::try_from(id).ok().and_then(|at| self.nodes.get(at)).is_some_and(|node| node.is_name)
    }
}

/// The host in what somebody wrote for a name.
fn host(written: &str) -> Option<String> {
    let rest = written.split_once("://").map_or(written, |(_, rest)| rest);
    let rest = rest.split(['/', ':']).next().unwrap_or_default();
    let rest = rest.strip_prefix("*.").unwrap_or(rest);
    let name = url::Host::parse(rest.strip_suffix('.').unwrap_or(rest)).ok()?.to_string();
    (!name.is_empty()).then_some(name)
}

impl fmt::Display for IntendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAName => "it is no host name",
            Self::PublicSuffix => "it is a public suffix: strangers register under it",
        })
    }
}

impl std::error::Error for IntendedError {}
