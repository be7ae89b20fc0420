//! A Java file's syntax as a list of nodes, each with the number of its parent.
//!
//! `tree-sitter-java` is a grammar of the whole language that goes on after mistakes. Finding a
//! node's parent through it costs a walk from the root, so that parents are kept here.

use std::collections::HashMap;
use std::ops::ControlFlow;

use corsac_analysis::model::Place;
use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::Unreadable;

/// Longest file that is read, in bytes; people write shorter ones.
const MAX_CODE: usize = 1 << 20;

/// Most named nodes of a file.
const MAX_NODES: usize = 300_000;

/// How often the parser may report that it goes on, once for a hundred steps. A file of 1 MiB
/// without mistakes takes half of it; what is no code at all takes more.
const MAX_PROGRESS: usize = 50_000;

/// Parses a file.
pub(super) fn parse(text: &str) -> Result<Tree, Unreadable> {
    let fail = |reason: &str| Unreadable { offset: 0, reason: reason.to_owned() };
    if text.len() > MAX_CODE {
        return Err(fail("code of more than 1 MiB is not read"));
    }
    let mut parser = Parser::new();
    let language = tree_sitter_java::LANGUAGE.into();
    parser.set_language(&language).map_err(|error| fail(&error.to_string()))?;
    let mut steps = 0;
    let mut bound = |_: &ParseState| {
        steps += 1;
        if steps > MAX_PROGRESS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut bound);
    let mut input = |offset: usize, _| text.as_bytes().get(offset..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut input, None, Some(options));
    tree.ok_or_else(|| fail("this is no Java, or takes too long to read"))
}

/// The named nodes of a file, in the order of the text.
pub(super) struct Code<'t> {
    pub(super) text: &'t str,
    nodes: Vec<(Node<'t>, usize)>,
    /// The number of each node, by its own id.
    numbers: HashMap<usize, usize>,
    /// The identifiers of each name.
    names: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Code<'t> {
    pub(super) fn new(text: &'t str, tree: &'t Tree) -> Result<Self, Unreadable> {
        let mut code = Self { text, nodes: Vec::new(), numbers: HashMap::new(), names: HashMap::new() };
        let mut cursor = tree.walk();
        let mut parents = vec![0];
        loop {
            let node = cursor.node();
            let parent = parents.last().copied().unwrap_or_default();
            let number = if node.is_named() { code.push(node, parent)? } else { parent };
            if cursor.goto_first_child() {
                parents.push(number);
                continue;
            }
            while !cursor.goto_next_sibling() {
                parents.pop();
                if !cursor.goto_parent() {
                    return Ok(code);
                }
            }
        }
    }

    fn push(&mut self, node: Node<'t>, parent: usize) -> Result<usize, Unreadable> {
        let number = self.nodes.len();
        if number == MAX_NODES {
            let reason = format!("it has more than {MAX_NODES} parts");
            return Err(Unreadable { offset: node.start_byte(), reason });
        }
        self.nodes.push((node, parent));
        self.numbers.insert(node.id(), number);
        if node.kind() == "identifier" {
            self.names.entry(self.written(node)).or_default().push(number);
        }
        Ok(number)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Node<'t>> {
        self.nodes.iter().map(|(node, _)| *node)
    }

    /// The identifiers of this name between two places.
    pub(super) fn named(&self, name: &str, start: usize, end: usize) -> impl Iterator<Item = Node<'t>> {
        let numbers = self.names.get(name).map_or(&[][..], Vec::as_slice);
        let nodes = numbers.iter().filter_map(|number| self.nodes.get(*number)).map(|(node, _)| *node);
        nodes
            .skip_while(move |node| node.start_byte() < start)
            .take_while(move |node| node.start_byte() < end)
    }

    pub(super) fn parent(&self, node: Node<'t>) -> Option<Node<'t>> {
        let number = *self.numbers.get(&node.id())?;
        let parent = self.nodes.get(number)?.1;
        if parent == number { None } else { self.nodes.get(parent).map(|(node, _)| *node) }
    }

    /// The ancestors, the nearest first.
    pub(super) fn ancestors(&self, node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
        std::iter::successors(self.parent(node), |node| self.parent(*node))
    }

    pub(super) fn written(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// What stands in a field of a node, as it was written.
    pub(super) fn field(&self, node: Node<'_>, field: &str) -> &'t str {
        node.child_by_field_name(field).map_or("", |child| self.written(child))
    }
}

/// Where a node stands.
pub(super) fn place(node: Node<'_>) -> Place {
    Place { file: 0, span: node.byte_range() }
}

/// The named children of a node, comments left out.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let children = node.named_children(&mut cursor).filter(|child| !child.is_extra());
    children.collect()
}
