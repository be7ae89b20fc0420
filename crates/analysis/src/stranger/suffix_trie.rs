//! The public suffix list as a trie of bytes, read from right to left.

use corsac_origin::{PublicSuffixList, Section, SuffixRules};

/// The number of a node.
pub(crate) type NodeId = u32;

/// What stands at a node where a label ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The name is a suffix.
    pub(crate) suffix: Option<Section>,
    /// Each child of the name is one.
    pub(crate) children: Option<Section>,
    /// The name is none although its parent's children are.
    pub(crate) exception: bool,
    /// The name is a suffix under which everybody registers cheaply.
    pub(crate) is_open: bool,
}

/// Suffixes that anybody can register under, for little, at once.
const OPEN: [&str; 10] = ["com", "net", "org", "io", "dev", "app", "co", "xyz", "info", "me"];

#[derive(Debug)]
struct TrieNode {
    byte: u8,
    first_child: NodeId,
    next_sibling: NodeId,
    rules: Rules,
    /// How many bytes are missing at least to a suffix.
    missing: u8,
}

/// Nothing is that far.
const FAR: u8 = u8::MAX;

/// No node: the first one is the root, which is nobody's child.
const NONE: NodeId = 0;

/// The trie.
#[derive(Debug)]
pub(crate) struct SuffixTrie {
    nodes: Vec<TrieNode>,
    version: String,
}

impl SuffixTrie {
    /// The root: nothing is read.
    pub(crate) const ROOT: NodeId = 0;

    pub(crate) fn of(list: &PublicSuffixList) -> Self {
        let mut names: Vec<SuffixRules<'_>> = list.names().collect();
        // In the order of their last letters, so that a name continues the one before.
        names.sort_unstable_by(|a, b| a.name.bytes().rev().cmp(b.name.bytes().rev()));
        let root = TrieNode {
            byte: 0,
            first_child: NONE,
            next_sibling: NONE,
            rules: Rules::default(),
            missing: FAR,
        };
        let mut trie = Self { nodes: Vec::with_capacity(60_000), version: list.version().to_owned() };
        trie.nodes.push(root);
        let mut path: Vec<NodeId> = vec![Self::ROOT];
        let mut before: &str = "";
        for name in &names {
            let shared =
                before.bytes().rev().zip(name.name.bytes().rev()).take_while(|(a, b)| a == b).count();
            path.truncate(shared + 1);
            for byte in name.name.bytes().rev().skip(shared) {
                let parent = path.last().copied().unwrap_or(Self::ROOT);
                path.push(trie.add(parent, byte));
            }
            let last = path.last().copied().unwrap_or(Self::ROOT);
            if let Some(node) = trie.node_mut(last) {
                node.rules = Rules {
                    suffix: name.suffix,
                    children: name.children,
                    exception: name.exception,
                    is_open: OPEN.contains(&name.name),
                };
            }
            // A child of a name with a wildcard takes a dot and a byte.
            let suffix = name.suffix.map(|_| 0).or(name.children.map(|_| 2)).or(name.exception.then_some(0));
            trie.note_missing(&path, suffix);
            before = name.name;
        }
        trie
    }

    /// Every node on the way to a name is at most so far from a suffix.
    fn note_missing(&mut self, path: &[NodeId], suffix: Option<u8>) {
        let Some(mut missing) = suffix else { return };
        for &id in path.iter().rev() {
            if let Some(node) = self.node_mut(id) {
                node.missing = node.missing.min(missing);
            }
            missing = missing.saturating_add(1);
        }
    }

    /// How many bytes are missing at least to a suffix that begins at `id`.
    pub(crate) fn missing(&self, id: NodeId) -> u32 {
        self.node(id).map_or(u32::from(FAR), |node| u32::from(node.missing))
    }

    /// The list's own version line.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    fn add(&mut self, parent: NodeId, byte: u8) -> NodeId {
        let fresh = NodeId::try_from(self.nodes.len()).unwrap_or(NONE);
        let next_sibling = self.node(parent).map_or(NONE, |node| node.first_child);
        self.nodes.push(TrieNode {
            byte,
            first_child: NONE,
            next_sibling,
            rules: Rules::default(),
            missing: FAR,
        });
        if let Some(node) = self.node_mut(parent) {
            node.first_child = fresh;
        }
        fresh
    }

    fn node(&self, id: NodeId) -> Option<&TrieNode> {
        usize::try_from(id).ok().and_then(|at| self.nodes.get(at))
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut TrieNode> {
        usize::try_from(id).ok().and_then(|at| self.nodes.get_mut(at))
    }

    /// The node behind `byte`, one further to the left.
    pub(crate) fn child(&self, id: NodeId, byte: u8) -> Option<NodeId> {
        let mut at = self.node(id)?.first_child;
        while at != NONE {
            let node = self.node(at)?;
            if node.byte == byte {
                return Some(at);
            }
            at = node.next_sibling;
        }
        None
    }

    /// What is said of the name that ends at `id`.
    pub(crate) fn rules(&self, id: NodeId) -> Rules {
        self.node(id).map(|node| node.rules).unwrap_or_default()
    }
}
