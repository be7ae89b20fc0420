//! A file of code: its calls, and what its names stand for.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use tree_sitter::{Node, Tree};

use super::expression::{Argument, Expression, Kind};
use super::reading::Spots;
use super::syntax::{Language, MAX_CODE, quoted, text};
use super::{javascript, python, rust};
use crate::MAX_DEPTH;

/// Most expressions that are read of one file: those within calls within calls are read anew
/// for each.
const MAX_EXPRESSIONS: usize = 1 << 20;

/// Most names that are followed from one to the next.
const MAX_NAMES: usize = 16;

/// A file of code.
pub(crate) struct Program<'t> {
    pub(crate) source: &'t str,
    tree: &'t Tree,
    language: Language,
    /// Calls, object literals and assignments to parts of values, in their order.
    pub(crate) sites: Vec<Site<'t>>,
    names: HashMap<&'t str, Vec<Binding<'t>>>,
    /// Names whose values are changed somewhere, where the language says so.
    changed: HashSet<&'t str>,
    /// The same, if they are lists.
    lists_changed: HashSet<&'t str>,
    spots: Spots<'t>,
    /// Why nothing that is written is certain, and where that stands.
    pub(crate) uncertain: Option<(Range<usize>, &'static str)>,
    /// Whether something may write to the `Origin` of a request.
    pub(crate) writes_origin: bool,
    /// Modules of imported names: `cors` of `import cors from "cors"`.
    pub(crate) imports: HashMap<&'t str, String>,
    /// The last import of all names of a module, which may bring any.
    pub(crate) imports_all: Option<Range<usize>>,
    /// Text that is not well formed.
    pub(crate) broken: Vec<Range<usize>>,
    left: Cell<usize>,
}

/// A node that may matter.
#[derive(Clone, Copy)]
pub(crate) struct Site<'t> {
    pub(crate) node: Node<'t>,
    pub(crate) kind: SiteKind,
    pub(crate) around: Around,
}

/// What is at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteKind {
    /// A call.
    Call,
    /// The name of the field that allows origins.
    Mention,
    /// A way out of a function before its end.
    Leave,
    /// An assignment to a part of a value: `app.config["X"] = y`.
    Store,
    /// An object literal.
    Table,
}

/// What is around a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Around {
    /// Where the nearest function begins and ends.
    pub(crate) function: Option<(usize, usize)>,
    /// Whether a condition, a loop or a `try` lies between it and the function or file.
    pub(crate) conditional: bool,
}

/// A place that gives a name its value.
#[derive(Clone, Copy)]
struct Binding<'t> {
    /// Nothing for parameters, loops, and whatever else has no one value.
    value: Option<Node<'t>>,
    around: Around,
    /// Whether the name is new here, and no other's of a function around.
    is_declared: bool,
    /// Whether a module gives it.
    is_import: bool,
}

impl Binding<'_> {
    /// Whether the function that it stands in has byte `at` in it.
    fn is_around(&self, at: usize) -> bool {
        self.around.function.is_some_and(|(start, end)| (start..end).contains(&at))
    }

    /// Whether the block that it is declared in has byte `at` in it.
    fn is_seen_from(&self, at: usize) -> bool {
        let declaration = self.value.and_then(|value| value.parent()).and_then(|name| name.parent());
        let block = declaration.and_then(|declaration| declaration.parent());
        block.is_some_and(|block| block.byte_range().contains(&at))
    }
}

/// What a node does, in the grammar of its language.
pub(crate) enum Role<'t> {
    /// It begins a function.
    Function,
    /// Its parts happen or not.
    Condition,
    /// It gives a name a value, or an unknown one.
    Binds(&'t str, Option<Node<'t>>),
    /// The same, of a name that is new in its block: `const`, `let`, `var`.
    Declares(&'t str, Option<Node<'t>>),
    /// It changes the value of a name in place.
    Changes(&'t str),
    /// It changes it if it is a list.
    MayChange(&'t str),
    /// It brings a name from a module.
    Imports(&'t str, String),
    /// It brings all names of a module.
    ImportsAll,
    /// It is a site.
    Site(SiteKind),
}

impl<'t> Program<'t> {
    /// Looks through the whole tree, once.
    pub(crate) fn new(language: Language, source: &'t str, tree: &'t Tree) -> Self {
        let mut program = Program {
            source,
            tree,
            language,
            sites: Vec::new(),
            names: HashMap::new(),
            changed: HashSet::new(),
            lists_changed: HashSet::new(),
            spots: Spots::default(),
            uncertain: None,
            writes_origin: false,
            imports: HashMap::new(),
            imports_all: None,
            broken: Vec::new(),
            left: Cell::new(MAX_EXPRESSIONS),
        };
        program.survey(tree);
        program.uncertain = match language {
            Language::Python => program.spots.uncertain_python(source, &program.imports),
            Language::Rust => None,
            _ => program.spots.uncertain_javascript(source),
        };
        if let Some(span) = program.broken.first().filter(|_| language != Language::Rust) {
            let reason = "a part of the code is not understood: what it does is not known";
            program.uncertain.get_or_insert((span.clone(), reason));
        }
        program.writes_origin = program.spots.writes_origin(source);
        program
    }

    fn survey(&mut self, tree: &'t Tree) {
        let mut cursor = tree.walk();
        let mut above: Vec<(Node<'t>, Around, Option<usize>)> = Vec::new();
        let mut around = Around::default();
        loop {
            let node = cursor.node();
            let (parent, outer) = above.last().map_or((None, None), |(node, _, spot)| (Some(*node), *spot));
            let is_told = node.is_named() && self.language != Language::Rust;
            let spot = is_told.then(|| self.spots.push(node, (cursor.field_name(), outer), self.source));
            let inside = self.visit(node, parent, cursor.field_name(), around);
            if cursor.goto_first_child() {
                above.push((node, around, spot.or(outer)));
                around = inside;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                if let Some((_, outside, _)) = above.pop() {
                    around = outside;
                }
            }
        }
    }

    /// Notes what `node` does; returns what is around its parts.
    fn visit(
        &mut self,
        node: Node<'t>,
        parent: Option<Node<'t>>,
        field: Option<&str>,
        around: Around,
    ) -> Around {
        if node.is_error() || node.is_missing() {
            self.broken.push(node.byte_range());
        }
        let mut inside = around;
        let roles = match self.language {
            Language::Python => python::roles(node, parent, field, self.source),
            Language::Rust => rust::roles(node, parent, field, self.source),
            _ => javascript::roles(node, parent, field, self.source),
        };
        for role in roles {
            match role {
                Role::Function => {
                    inside =
                        Around { function: Some((node.start_byte(), node.end_byte())), conditional: false };
                }
                Role::Condition => inside.conditional = true,
                Role::Binds(name, value) => {
                    let binding = Binding { value, around, is_declared: false, is_import: false };
                    self.names.entry(name).or_default().push(binding);
                }
                Role::Declares(name, value) => {
                    let binding = Binding { value, around, is_declared: true, is_import: false };
                    self.names.entry(name).or_default().push(binding);
                }
                Role::Changes(name) => {
                    self.changed.insert(name);
                }
                Role::MayChange(name) => {
                    self.lists_changed.insert(name);
                }
                Role::Imports(name, module) => {
                    let binding = Binding { value: None, around, is_declared: false, is_import: true };
                    self.names.entry(name).or_default().push(binding);
                    self.imports.insert(name, module);
                }
                Role::ImportsAll => {
                    // The last one is what may hide a name.
                    self.imports_all = Some(node.byte_range());
                }
                Role::Site(kind) => self.sites.push(Site { node, kind, around }),
            }
        }
        inside
    }

    /// The calls that are wanted, by the last name of what is called and by the first argument's
    /// words. Reading all would read what is nested anew for each call around it.
    pub(crate) fn calls(&self, wanted: impl Fn(&str, &str) -> bool) -> Vec<(Expression, Around)> {
        let calls = self.sites.iter().filter(|site| site.kind == SiteKind::Call);
        let calls = calls.filter(|site| {
            let callee =
                ["function", "constructor"].iter().find_map(|field| site.node.child_by_field_name(field));
            let callee = callee.or_else(|| site.node.named_child(0)).unwrap_or(site.node);
            let last =
                ["property", "attribute", "field", "name"].iter().find_map(|f| callee.child_by_field_name(f));
            let first =
                site.node.child_by_field_name("arguments").and_then(|arguments| arguments.named_child(0));
            let first = first.map_or("", |first| text(first, self.source));
            wanted(text(last.unwrap_or(callee), self.source), first)
        });
        calls.map(|site| (self.read(site.node), site.around)).collect()
    }

    /// The expression of a node.
    pub(crate) fn read(&self, node: Node<'_>) -> Expression {
        self.read_at(node, 0)
    }

    /// The expression of a node that lies `depth` expressions deep.
    pub(crate) fn read_at(&self, node: Node<'_>, depth: usize) -> Expression {
        self.left.set(self.left.get().saturating_sub(1));
        if depth > MAX_DEPTH || self.left.get() == 0 {
            return Expression::new(Kind::Computed(quoted(text(node, self.source))), node.byte_range());
        }
        match self.language {
            Language::Python => python::expression(self, node, depth),
            Language::Rust => rust::expression(self, node, depth),
            _ => javascript::expression(self, node, depth),
        }
    }

    /// Where a name gets its values: from a module, or none that is known, is nothing.
    pub(super) fn values_of(&self, name: &str) -> Option<impl Iterator<Item = Option<Node<'t>>>> {
        Some(self.names.get(name)?.iter().map(|binding| binding.value))
    }

    /// The nodes, and where names stand.
    pub(super) fn spots(&self) -> (&Spots<'t>, Language) {
        (&self.spots, self.language)
    }

    /// Whether the file gives `name` a value, or brings it from elsewhere.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The string literals of the file.
    pub(crate) fn strings(&self) -> impl Iterator<Item = Node<'t>> {
        self.spots.strings()
    }

    /// Where a name stands, also as that of a part of something.
    pub(crate) fn places(&self, name: &str) -> Vec<Node<'t>> {
        self.spots.places(name).collect()
    }

    /// What is around a call or an assignment to a part.
    pub(crate) fn around(&self, node: Node<'_>) -> Around {
        let unknown = Around { function: None, conditional: true };
        self.sites.iter().find(|site| site.node.id() == node.id()).map_or(unknown, |site| site.around)
    }

    /// The module that `name` comes from: by an import, or by `require`. Nothing where something
    /// else may give it another value.
    pub(crate) fn module_of(&self, name: &str) -> Option<String> {
        if let Some(module) = self.imports.get(name) {
            let is_import = |binding: &Binding<'_>| binding.is_import;
            return self.names.get(name).is_some_and(|all| all.iter().all(is_import)).then(|| module.clone());
        }
        let value = self.constant(name)?;
        required(&value).map(str::to_owned)
    }

    /// The node of one of these kinds that is written in these bytes.
    pub(crate) fn node_at(&self, span: &Range<usize>, kinds: &[&str]) -> Option<Node<'t>> {
        let mut node = self.tree.root_node().descendant_for_byte_range(span.start, span.end)?;
        while node.byte_range() == *span {
            if kinds.contains(&node.kind()) {
                return Some(node);
            }
            node = node.parent()?;
        }
        None
    }

    /// The value of a name that has only one in the whole file, in the same words.
    pub(crate) fn constant(&self, name: &str) -> Option<Expression> {
        self.value_node(name).map(|value| self.read(value))
    }

    /// The value of a name where it stands at byte `at`: that of the whole file, or of the function
    /// that declares it for itself.
    pub(crate) fn constant_at(&self, name: &str, at: usize) -> Option<Expression> {
        self.value_node_at(name, at).map(|value| self.read(value))
    }

    /// Where [`Self::constant_at`] reads that value.
    pub(crate) fn value_node_at(&self, name: &str, at: usize) -> Option<Node<'t>> {
        if let Some(value) = self.value_node(name) {
            return self.has_happened(name, value, at).then_some(value);
        }
        let bindings = self.names.get(name)?;
        let declares = |binding: &&Binding<'t>| binding.is_declared && binding.is_around(at);
        let inner = bindings.iter().filter(declares).filter_map(|binding| binding.around.function);
        let inner = inner.max_by_key(|(start, _)| *start)?;
        // Whatever else gives it a value in there may be for the same name.
        let own = bindings.iter().filter(|binding| {
            binding.around.function.is_some_and(|own| inner.0 <= own.0 && own.1 <= inner.1)
        });
        let own: Vec<Binding<'t>> = own.copied().collect();
        let seen = |binding: &Binding<'t>| binding.is_declared && binding.is_seen_from(at);
        let value = own.iter().all(seen).then(|| self.only_value(name, &own))??;
        self.has_happened(name, value, at).then_some(value)
    }

    /// Whether a name surely has its value where it stands at byte `at`. A `const` that has none
    /// yet cannot be used; a `var` is `undefined` before, also for a function that is called earlier.
    fn has_happened(&self, name: &str, value: Node<'t>, at: usize) -> bool {
        match self.language {
            Language::Python => return self.is_in_scope(name, value, at),
            Language::Rust => return true,
            _ => {}
        }
        let statement = value.parent().and_then(|declarator| declarator.parent());
        let kind = statement.map_or("", |statement| statement.kind());
        if kind == "lexical_declaration" || value.kind().contains("function_declaration") {
            return true;
        }
        let end = value.end_byte();
        let bindings = self.names.get(name).into_iter().flatten();
        let own = bindings
            .filter(|binding| binding.value == Some(value))
            .find_map(|binding| binding.around.function);
        let mut around = self.tree.root_node().descendant_for_byte_range(at, at);
        while let Some(node) = around {
            if own.is_some_and(|own| own == (node.start_byte(), node.end_byte())) {
                break;
            }
            let is_function =
                matches!(node.kind(), "function_declaration" | "generator_function_declaration");
            let function = node.child_by_field_name("name").filter(|_| is_function);
            let is_early = |place: &Node<'t>| place.start_byte() < end && Some(*place) != function;
            if function
                .is_some_and(|name| self.spots.places(text(name, self.source)).any(|place| is_early(&place)))
            {
                return false;
            }
            around = node.parent();
        }
        end <= at
    }

    /// Whether a name of Python means this value at byte `at`: that of a function does in it, that of
    /// a class in its own block.
    fn is_in_scope(&self, name: &str, value: Node<'t>, at: usize) -> bool {
        let bindings = self.names.get(name).into_iter().flatten();
        let mut own = bindings
            .filter(|binding| binding.value == Some(value))
            .filter_map(|binding| binding.around.function);
        own.all(|(start, end)| {
            let is_class = self
                .tree
                .root_node()
                .descendant_for_byte_range(start, start)
                .and_then(|node| {
                    std::iter::successors(Some(node), Node::parent)
                        .find(|node| node.byte_range() == (start..end))
                })
                .is_some_and(|node| node.kind() == "class_definition");
            let scopes = ["class_definition", "function_definition", "lambda"];
            let nearest = self.tree.root_node().descendant_for_byte_range(at, at).and_then(|node| {
                std::iter::successors(Some(node), Node::parent).find(|node| scopes.contains(&node.kind()))
            });
            let is_nearest = nearest.is_some_and(|node| node.byte_range() == (start..end));
            (start..end).contains(&at) && (!is_class || is_nearest)
        })
    }

    /// Where [`Self::constant`] reads that value.
    pub(crate) fn value_node(&self, name: &str) -> Option<Node<'t>> {
        self.only_value(name, self.names.get(name)?)
    }

    /// The value that all of these give, if nothing changes it.
    fn only_value(&self, name: &str, bindings: &[Binding<'t>]) -> Option<Node<'t>> {
        let words = |binding: &Binding<'_>| binding.value.map(|value| text(value, self.source));
        let (first, rest) = bindings.split_first()?;
        let value = first.value?;
        // Several functions may each name the same thing alike; a name in it may be another's in each.
        let alike = rest.iter().all(|other| words(other) == words(first))
            && (rest.is_empty() || self.language == Language::Rust || self.spots.is_literal(value));
        let is_fixed = |binding: &Binding<'t>| {
            !binding.around.conditional && binding.value.is_some_and(|value| !self.is_changed(name, value))
        };
        (alike && bindings.iter().all(is_fixed)).then_some(value)
    }

    /// Whether the value of a name, which is written as `value`, may be another when it is used.
    fn is_changed(&self, name: &str, value: Node<'t>) -> bool {
        if self.language == Language::Rust {
            let is_list = value.kind() == "array_expression";
            return self.changed.contains(name) || is_list && self.lists_changed.contains(name);
        }
        let is_hidden = self.imports_all.as_ref().is_some_and(|import| import.start > value.start_byte());
        let is_python = self.language == Language::Python;
        let is_bound_elsewhere = if is_python {
            is_hidden || self.spots.is_bound_otherwise(name)
        } else {
            self.spots.is_bound_oddly(name)
        };
        is_bound_elsewhere || !self.is_only_read(value)
    }

    /// What the file says of a setting: the value that its module ends with.
    pub(crate) fn setting(&self, name: &str) -> Setting {
        let Some(bindings) = self.names.get(name) else {
            return match self.spots.places(name).next() {
                Some(place) if self.spots.is_bound_otherwise(name) => Setting::Unclear(place.byte_range()),
                _ => Setting::Absent,
            };
        };
        let certain = |binding: &Binding<'_>| binding.around == Around::default();
        let Some(value) = bindings.last().and_then(|last| last.value) else { return Setting::Unclear(0..0) };
        if bindings.iter().all(certain) && !self.is_changed(name, value) {
            return Setting::Is(self.read(value));
        }
        Setting::Unclear(value.byte_range())
    }

    /// What an expression comes to, as far as constants of the file say: a name is followed to
    /// its value, parts of tables and sums of texts and lists are taken.
    pub(crate) fn value(&self, expression: &Expression) -> Expression {
        self.value_after(expression, 0)
    }

    fn value_after(&self, expression: &Expression, steps: usize) -> Expression {
        if steps > MAX_NAMES {
            return self.computed(expression);
        }
        match &expression.kind {
            Kind::Name(name) => match self.constant_at(name, expression.span.start) {
                Some(value) => self.value_after(&value, steps + 1),
                None => self.computed(expression),
            },
            Kind::Member(object, name) => {
                let object = self.value_after(object, steps + 1);
                match member(&object, name) {
                    Some(value) => self.value_after(&value, steps + 1),
                    None => self.computed(expression),
                }
            }
            Kind::Sum(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.value_after(part, steps)).collect();
                let lists = self.language == Language::Python;
                sum(&parts, lists).map_or_else(
                    || self.computed(expression),
                    |kind| Expression::new(kind, expression.span.clone()),
                )
            }
            _ => expression.clone(),
        }
    }

    /// The values of a list, spread lists in their places; what is not a list of this file is one
    /// computed value.
    pub(crate) fn items(&self, list: &[Expression]) -> Vec<Expression> {
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            let Kind::Spread(inner) = &item.kind else {
                items.push(self.value(item));
                continue;
            };
            match self.value(inner).kind {
                Kind::List(more) => items.extend(more.iter().map(|item| self.value(item))),
                _ => items.push(self.computed(item)),
            }
        }
        items
    }

    fn computed(&self, expression: &Expression) -> Expression {
        let words = self.source.get(expression.span.clone()).unwrap_or_default();
        Expression::new(Kind::Computed(quoted(words)), expression.span.clone())
    }
}

/// A setting of a module.
pub(crate) enum Setting {
    /// The file does not have it.
    Absent,
    /// It is this.
    Is(Expression),
    /// It is set under a condition, in a class, or changed.
    Unclear(Range<usize>),
}

/// The module of `require("…")`, also of `.default` or a call of it.
pub(crate) fn required(value: &Expression) -> Option<&str> {
    match &value.kind {
        Kind::Call(callee, arguments) if callee.last_name() == Some("require") => {
            match arguments.as_slice() {
                [Argument { value, .. }] => value.as_text(),
                _ => None,
            }
        }
        Kind::Member(object, _) => required(object),
        _ => None,
    }
}

/// A part of a table, if its keys are all plain.
fn member(object: &Expression, name: &str) -> Option<Expression> {
    let Kind::Table(pairs) = &object.kind else { return None };
    let plain = pairs.iter().all(|(key, _)| matches!(key.kind, Kind::Text(_)));
    let value = pairs.iter().rev().find(|(key, _)| key.as_text() == Some(name));
    value.filter(|_| plain).map(|(_, value)| value.clone())
}

/// Texts one after the other; or lists, where the language adds them.
fn sum(parts: &[Expression], lists: bool) -> Option<Kind> {
    let items = |part: &Expression| match &part.kind {
        Kind::List(items) => Some(items.len()),
        _ => None,
    };
    let length: Option<usize> = parts.iter().map(items).sum();
    if lists && length.is_some_and(|length| length <= MAX_CODE) {
        let lists = parts.iter().filter_map(|part| match &part.kind {
            Kind::List(items) => Some(items.iter().cloned()),
            _ => None,
        });
        return Some(Kind::List(lists.flatten().collect()));
    }
    let length: Option<usize> = parts.iter().map(|part| part.as_text().map(str::len)).sum();
    length.filter(|length| *length <= MAX_CODE)?;
    Some(Kind::Text(parts.iter().filter_map(Expression::as_text).collect()))
}
