//! Whether the value of a name is what is written of it: each place where the name stands has to be
//! one that reads it. A place that is not known may hand it to what changes it.

mod file;
mod javascript;
mod owner;
mod python;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::program::Program;
use super::syntax::{Language, text};
use crate::MAX_DEPTH;

/// Most places that are looked at for one value.
const MAX_PLACES: usize = 4_096;

/// A node and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    pub(super) node: Node<'t>,
    /// The spot that it is a part of; itself at the top.
    parent: usize,
    /// As which part.
    pub(super) field: Option<&'static str>,
}

/// The nodes of a file, and where each name stands.
#[derive(Default)]
pub(super) struct Spots<'t> {
    all: Vec<Spot<'t>>,
    of_name: HashMap<&'t str, Vec<usize>>,
    of_node: HashMap<usize, usize>,
    has_this: OnceCell<bool>,
    functions: OnceCell<HashSet<&'t str>>,
}

/// What becomes of a value where it stands.
enum Step<'t> {
    /// It is read, or gets a new value there, which is another's affair.
    Read,
    /// Nobody knows.
    Unsure,
    /// It is the value of what is around, or that may be.
    On,
    /// It is a part of what is around.
    Within,
    /// It is the value of these names, too.
    Named(Vec<&'t str>),
}

impl<'t> Spots<'t> {
    /// Adds a node; returns its number.
    pub(super) fn push(
        &mut self,
        node: Node<'t>,
        (field, parent): (Option<&'static str>, Option<usize>),
        source: &'t str,
    ) -> usize {
        let number = self.all.len();
        self.all.push(Spot { node, parent: parent.unwrap_or(number), field });
        self.of_node.insert(node.id(), number);
        let is_name = matches!(node.kind(), "identifier" | "shorthand_property_identifier");
        // Classes of TypeScript.
        if is_name || node.kind() == "type_identifier" && field == Some("name") {
            self.of_name.entry(text(node, source)).or_default().push(number);
        }
        number
    }

    /// Where a name stands.
    pub(super) fn places(&self, name: &str) -> impl Iterator<Item = Node<'t>> {
        self.of_name.get(name).into_iter().flatten().filter_map(|at| Some(self.all.get(*at)?.node))
    }

    /// A node and all in it.
    fn within(&self, node: Node<'t>) -> impl Iterator<Item = &Spot<'t>> {
        let first = self.of_node.get(&node.id()).copied().unwrap_or(self.all.len());
        let rest = self.all.get(first..).unwrap_or_default().iter();
        rest.take_while(move |spot| spot.node.start_byte() < node.end_byte() || spot.node.id() == node.id())
    }

    /// Whether a value is written without any name.
    pub(super) fn is_literal(&self, value: Node<'t>) -> bool {
        const NAMED: [&str; 4] = ["identifier", "shorthand_property_identifier", "super", "this"];
        self.within(value).all(|spot| !NAMED.contains(&spot.node.kind()))
    }

    /// Whether `this` stands anywhere but in a class.
    fn has_this(&self) -> bool {
        let is_free = |at: usize| {
            let mut around = std::iter::successors(self.around(at), |(at, _)| self.around(*at));
            !around.any(|(_, spot)| spot.node.kind() == "class_body")
        };
        *self.has_this.get_or_init(|| {
            let mut all = self.all.iter().enumerate();
            all.any(|(at, spot)| spot.node.kind() == "this" && is_free(at))
        })
    }

    /// Whether the file has a method or a part of an object of this name: what is called so may be that.
    fn has_function(&self, name: &str, source: &'t str) -> bool {
        let named = |spot: &Spot<'t>| match spot.node.kind() {
            "assignment_expression" => spot.node.child_by_field_name("left")?.child_by_field_name("property"),
            "function_definition" | "method_definition" => spot.node.child_by_field_name("name"),
            "pair" => spot.node.child_by_field_name("key"),
            _ => None,
        };
        let all = || self.all.iter().filter_map(named).map(|name| text(name, source)).collect();
        self.functions.get_or_init(all).contains(name)
    }

    fn around(&self, at: usize) -> Option<(usize, &Spot<'t>)> {
        let parent = self.all.get(at)?.parent;
        Some((parent, self.all.get(parent)?)).filter(|_| parent != at)
    }
}

/// Follows one value.
struct Reader<'a, 't> {
    program: &'a Program<'t>,
    spots: &'a Spots<'t>,
    language: Language,
    source: &'t str,
    /// Whether it is a list of what has no parts: whoever has an item has nothing to change.
    is_flat: Cell<bool>,
    /// Whether it is a regular expression that nothing in the file changes.
    is_expression: bool,
    seen: RefCell<HashSet<(&'t str, bool)>>,
    left: Cell<usize>,
}

impl<'t> Program<'t> {
    /// Whether nothing in the file changes a value that a name is given: it has no parts, or each
    /// place where it stands, under whatever name, reads it.
    pub(super) fn is_only_read(&self, value: Node<'t>) -> bool {
        let bare = bare(value);
        if !is_parted(bare, self.source, MAX_DEPTH) {
            return true;
        }
        let (spots, language) = self.spots();
        let Some(place) = spots.of_node.get(&value.id()) else { return false };
        let reader = Reader {
            program: self,
            spots,
            language,
            source: self.source,
            is_flat: Cell::new(is_flat(bare, self.source)),
            is_expression: bare.kind() == "regex" && !are_expressions_changed(self.source),
            seen: RefCell::default(),
            left: Cell::new(MAX_PLACES),
        };
        !reader.has_own_code(bare) && !reader.is_of_namespace(*place) && reader.is_read(*place)
    }
}

impl<'t> Reader<'_, 't> {
    fn is_named_read(&self, name: &'t str) -> bool {
        if !self.seen.borrow_mut().insert((name, self.is_flat.get())) {
            return true;
        }
        let places = self.spots.of_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().all(|at| self.is_read(*at))
    }

    /// Whether a value stands in a namespace, by whose name others reach it.
    fn is_of_namespace(&self, place: usize) -> bool {
        let mut around = std::iter::successors(self.spots.around(place), |(at, _)| self.spots.around(*at));
        self.language != Language::Python
            && around.any(|(_, spot)| matches!(spot.node.kind(), "internal_module" | "module"))
    }

    /// Whether an object has code that may change it: a method of its own, or what the language calls
    /// by itself.
    fn has_own_code(&self, value: Node<'t>) -> bool {
        const CALLED: [&str; 4] = ["then", "toJSON", "toString", "valueOf"];
        value.kind() == "object"
            && self.spots.within(value).any(|spot| match spot.node.kind() {
                "super" | "this" => true,
                "method_definition" => {
                    let words = self.text(spot.node);
                    ["get ", "set ", "*"].iter().any(|begin| words.starts_with(begin))
                }
                "property_identifier" => CALLED.contains(&self.text(spot.node)),
                "identifier" => self.text(spot.node) == "Symbol",
                _ => false,
            })
    }

    fn is_read(&self, place: usize) -> bool {
        let flat = self.is_flat.get();
        let mut at = place;
        let is_read = loop {
            let left = self.left.get();
            let (Some(spot), Some((number, around))) = (self.spots.all.get(at), self.spots.around(at)) else {
                break false;
            };
            if left == 0 {
                break false;
            }
            self.left.set(left - 1);
            let step = match self.language {
                Language::Python => self.python(spot, (number, around)),
                _ => self.javascript(spot, (number, around)),
            };
            match step {
                Step::Read => break true,
                Step::Unsure => break false,
                Step::On => at = number,
                Step::Within => {
                    self.is_flat.set(false);
                    at = number;
                }
                Step::Named(names) => break names.into_iter().all(|name| self.is_named_read(name)),
            }
        };
        self.is_flat.set(flat);
        is_read
    }

    fn text(&self, node: Node<'t>) -> &'t str {
        text(node, self.source)
    }

    /// What reads the items of a value: whoever gets one can change nothing of it.
    fn if_flat(&self) -> Step<'t> {
        if self.is_flat.get() { Step::Read } else { Step::Unsure }
    }
}

/// A value without what only surrounds it.
fn bare(value: Node<'_>) -> Node<'_> {
    const AROUND: [&str; 4] =
        ["as_expression", "non_null_expression", "parenthesized_expression", "satisfies_expression"];
    let mut value = value;
    while let Some(inner) = value.named_child(0).filter(|_| AROUND.contains(&value.kind())) {
        value = inner;
    }
    value
}

/// Whether a value has parts that could be changed. What a name stands for is told where that got its
/// value, and nothing is known of what a call gives, but for copies.
fn is_parted(value: Node<'_>, source: &str, depth: usize) -> bool {
    const WITHOUT: [&str; 28] = [
        "arrow_function",
        "attribute",
        "await_expression",
        "class",
        "comparison_operator",
        "concatenated_string",
        "false",
        "float",
        "function_declaration",
        "function_definition",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "identifier",
        "integer",
        "lambda",
        "member_expression",
        "none",
        "not_operator",
        "null",
        "number",
        "string",
        "subscript",
        "subscript_expression",
        "template_string",
        "true",
        "unary_expression",
        "undefined",
    ];
    match value.kind() {
        "call" => {
            let callee = value.child_by_field_name("function").map_or("", |callee| text(callee, source));
            python::COPYING.contains(&callee)
        }
        "call_expression" => {
            let callee = value.child_by_field_name("function").map_or("", |callee| text(callee, source));
            callee.starts_with("Object.") || callee.starts_with("Array.")
        }
        // Of these it is one part or the other; other operators make texts, numbers, yes or no.
        "binary_expression" if !is_choice(value) => false,
        "binary_expression" | "boolean_operator" | "conditional_expression" | "ternary_expression" => {
            let mut cursor = value.walk();
            value
                .named_children(&mut cursor)
                .any(|part| depth == 0 || is_parted(bare(part), source, depth - 1))
        }
        kind => !WITHOUT.contains(&kind),
    }
}

/// Whether an operator of JavaScript gives one of its sides.
fn is_choice(node: Node<'_>) -> bool {
    let operator = node.child_by_field_name("operator").map_or("", |operator| operator.kind());
    matches!(operator, "&&" | "??" | "||")
}

/// Whether the file has what changes regular expressions: each keeps where its last search ended, can
/// be compiled anew, and its methods can be replaced.
fn are_expressions_changed(source: &str) -> bool {
    const CHANGING: [&str; 8] = [
        "lastIndex",
        "compile(",
        "compile`",
        "defineProperty",
        "Object.assign",
        "Symbol.",
        ".test =",
        ".exec =",
    ];
    CHANGING.iter().any(|word| source.contains(word))
        || source.contains(".test=")
        || source.contains(".exec=")
}

/// Whether a value is a list or set whose items have no parts that could be changed.
fn is_flat(value: Node<'_>, source: &str) -> bool {
    // What a name stands for has places of its own.
    const PLAIN: [&str; 19] = [
        "attribute",
        "comment",
        "concatenated_string",
        "false",
        "float",
        "identifier",
        "integer",
        "member_expression",
        "none",
        "null",
        "number",
        "regex",
        "string",
        "subscript",
        "subscript_expression",
        "template_string",
        "true",
        "unary_expression",
        "undefined",
    ];
    let mut cursor = value.walk();
    let items_are_plain = |list: Node<'_>| {
        let mut cursor = list.walk();
        let mut items = list.named_children(&mut cursor);
        items.all(|item| PLAIN.contains(&bare(item).kind()))
    };
    match value.kind() {
        "array" | "list" | "set" | "tuple" => {
            let has_expressions = value.named_children(&mut cursor).any(|item| bare(item).kind() == "regex");
            items_are_plain(value) && !(has_expressions && are_expressions_changed(source))
        }
        "new_expression" => {
            let of_set =
                value.child_by_field_name("constructor").is_some_and(|name| text(name, source) == "Set");
            let given = value.child_by_field_name("arguments").and_then(|given| given.named_child(0));
            of_set && given.is_none_or(|list| bare(list).kind() != "array" || items_are_plain(bare(list)))
        }
        _ => false,
    }
}
