//! Whether the value of a name is what is written of it: each place where the name stands has to be
//! one that reads it. A place that is not known may hand it to what changes it.

mod file;
mod javascript;
mod python;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::syntax::{Language, text};

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
        if matches!(node.kind(), "identifier" | "shorthand_property_identifier") {
            self.of_name.entry(text(node, source)).or_default().push(number);
        }
        number
    }

    /// Whether the value of `name`, which is `value`, is only read in the file.
    pub(super) fn is_only_read(&self, name: &'t str, value: Node<'t>, file: (Language, &'t str)) -> bool {
        let (language, source) = file;
        let reader = Reader {
            spots: self,
            language,
            source,
            is_flat: Cell::new(is_flat(value, source)),
            seen: RefCell::default(),
            left: Cell::new(MAX_PLACES),
        };
        reader.is_only_read(name)
    }

    /// Where a name stands.
    pub(super) fn places(&self, name: &str) -> impl Iterator<Item = Node<'t>> {
        self.of_name.get(name).into_iter().flatten().filter_map(|at| Some(self.all.get(*at)?.node))
    }

    fn around(&self, at: usize) -> Option<(usize, &Spot<'t>)> {
        let parent = self.all.get(at)?.parent;
        Some((parent, self.all.get(parent)?)).filter(|_| parent != at)
    }
}

/// Follows one value.
struct Reader<'a, 't> {
    spots: &'a Spots<'t>,
    language: Language,
    source: &'t str,
    /// Whether it is a list of what has no parts: whoever has an item has nothing to change.
    is_flat: Cell<bool>,
    seen: RefCell<HashSet<&'t str>>,
    left: Cell<usize>,
}

impl<'t> Reader<'_, 't> {
    fn is_only_read(&self, name: &'t str) -> bool {
        if !self.seen.borrow_mut().insert(name) {
            return true;
        }
        let places = self.spots.of_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().all(|at| self.is_read(*at))
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
                Step::Named(names) => break names.into_iter().all(|name| self.is_only_read(name)),
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

/// Whether a value is a list or set whose items have no parts that could be changed.
fn is_flat(value: Node<'_>, source: &str) -> bool {
    const PARTED: [&str; 12] = [
        "array",
        "arrow_function",
        "class",
        "dictionary",
        "function_expression",
        "lambda",
        "list",
        "new_expression",
        "object",
        "pair",
        "spread_element",
        "tuple",
    ];
    let mut cursor = value.walk();
    let items_are_plain = |list: Node<'_>| {
        let mut cursor = list.walk();
        let mut items = list.named_children(&mut cursor);
        items.all(|item| !PARTED.contains(&item.kind()))
    };
    match value.kind() {
        "array" | "list" | "set" | "tuple" => {
            // An expression keeps where its last search ended, and can be compiled anew.
            let has_expressions = value.named_children(&mut cursor).any(|item| item.kind() == "regex");
            let are_changed = || source.contains("lastIndex") || source.contains("compile(");
            items_are_plain(value) && !(has_expressions && are_changed())
        }
        "new_expression" => {
            let of_set =
                value.child_by_field_name("constructor").is_some_and(|name| text(name, source) == "Set");
            let given = value.child_by_field_name("arguments").and_then(|given| given.named_child(0));
            of_set && given.is_none_or(|list| list.kind() != "array" || items_are_plain(list))
        }
        _ => false,
    }
}
