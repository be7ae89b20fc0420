//! The values of a tree.

use std::collections::HashMap;
use std::ops::Range;

use corsac_diagnostics::excerpt;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its bytes; of a table or list in YAML, from its first key or item.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
    /// Whether it is a scalar without quotes: only there YAML 1.1 sees more than a string.
    pub plain: bool,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// Items in order.
    List(Vec<Node>),
    /// `null`, `~`, or nothing.
    Null,
    /// A number as it was written.
    Number(String),
    /// Not known from the text, for this reason.
    Opaque(String),
    /// A string, escapes resolved.
    String(String),
    /// Keys and values.
    Table(Table),
}

/// Keys and values, in the order written.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    entries: Vec<Entry>,
    /// Something opaque that may hold further keys.
    rest: Option<Box<Node>>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A value in quotes, or a table or list.
    pub(super) fn new(value: Value, span: Range<usize>) -> Self {
        Self { span, value, plain: false }
    }

    /// A table of these keys, standing where the first of the values does; `None` of none.
    pub(crate) fn table(values: Vec<(String, Self)>) -> Option<Self> {
        let span = values.first()?.1.span.clone();
        let mut table = Building::default();
        for (key, value) in values {
            table.push(Entry { key, key_span: value.span.clone(), value });
        }
        Some(Self::new(table.finish(), span))
    }

    /// The value under `key`. A key that is not there is `None`, unless the table is opaque or
    /// has an opaque part: then that is the answer. No table has no keys.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Opaque(_) => Some(self),
            Value::Table(table) => table.get(key),
            _ => None,
        }
    }

    /// The value under one key after the other, as [`Self::get`].
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The keys and values of a table; none of any other value. Ask [`Self::rest`] too.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(table) => &table.entries,
            _ => &[],
        }
    }

    /// What is opaque about a table and may hold further keys.
    pub fn rest(&self) -> Option<&Self> {
        match &self.value {
            Value::Opaque(_) => Some(self),
            Value::Table(table) => table.rest.as_deref(),
            _ => None,
        }
    }

    /// The items of a list, and an opaque value as its own only item; none of any other value.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Opaque(_) => std::slice::from_ref(self),
            _ => &[],
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A string, a number or a boolean, as text.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Boolean(true) => Some("true"),
            Value::Boolean(false) => Some("false"),
            Value::Number(text) | Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    pub fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Boolean(flag) => Some(flag),
            _ => None,
        }
    }

    /// Why it is not known.
    pub fn opaque(&self) -> Option<&str> {
        match &self.value {
            Value::Opaque(reason) => Some(reason),
            _ => None,
        }
    }

    /// The same value, opaque.
    #[must_use]
    pub fn made_opaque(self, reason: String) -> Self {
        Self { value: Value::Opaque(reason), ..self }
    }

    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Boolean(_) => "boolean",
            Value::List(_) => "list",
            Value::Null => "null",
            Value::Number(_) => "number",
            Value::Opaque(_) => "opaque value",
            Value::String(_) => "string",
            Value::Table(_) => "table",
        }
    }
}

impl Table {
    fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries.iter().find(|entry| entry.key == key);
        found.map(|entry| &entry.value).or(self.rest.as_deref())
    }

    pub(super) fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }
}

/// A table while it is read.
#[derive(Default)]
pub(super) struct Building {
    table: Table,
    /// Where each key is among the entries.
    index: HashMap<String, usize>,
}

impl Building {
    /// The next key. One that is there already becomes opaque.
    pub(super) fn push(&mut self, entry: Entry) {
        if let Some(first) = self.index.get(&entry.key).and_then(|&at| self.table.entries.get_mut(at)) {
            let reason = format!("`{}` is defined twice", excerpt(&entry.key));
            first.value = entry.value.made_opaque(reason);
            return;
        }
        self.index.insert(entry.key.clone(), self.table.entries.len());
        self.table.entries.push(entry);
    }

    /// The entry that was read last.
    pub(super) fn last(&self) -> Option<&Entry> {
        self.table.entries.last()
    }

    /// Keys that yield to those written out, wherever these stand.
    pub(super) fn merge(&mut self, node: &Node) {
        if let Some(rest) = node.rest() {
            self.set_rest(rest.clone());
        }
        for entry in node.entries() {
            if !self.index.contains_key(&entry.key) {
                self.push(entry.clone());
            }
        }
    }

    /// Something opaque that may hold further keys.
    pub(super) fn set_rest(&mut self, node: Node) {
        self.table.rest.get_or_insert_with(|| Box::new(node));
    }

    /// The table; opaque as a whole if nothing else is known of it.
    pub(super) fn finish(self) -> Value {
        match self.table {
            Table { entries, rest: Some(rest) } if entries.is_empty() => rest.value,
            table => Value::Table(table),
        }
    }
}
