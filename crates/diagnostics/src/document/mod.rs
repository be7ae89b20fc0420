//! TOML that remembers where every key and value stands.

mod insertion;
mod syntax;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::field::{FieldPath, Segment};
use crate::report::{Report, Resolve};
use crate::source::Source;

/// Largest document read, in bytes: a policy of a million origins has about 40 MB.
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where its key stands; `None` in arrays.
    pub key_span: Option<Range<usize>>,
    /// Where it stands; for a table with a header, the header.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub enum Value {
    /// An array.
    Array(Vec<Node>),
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float or a date, which no configuration of ours has: its type's name.
    Other(&'static str),
    /// A string.
    String(String),
    /// A table, in the order written.
    Table(Vec<(String, Node)>),
}

impl Value {
    /// The type's name in TOML's words.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Array(_) => "array",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Other(name) => name,
            Self::String(_) => "string",
            Self::Table(_) => "table",
        }
    }
}

impl Node {
    /// The value under `key`, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    fn at(&self, segment: &Segment) -> Option<&Self> {
        match (segment, &self.value) {
            (Segment::Key(key), _) => self.get(key),
            (Segment::Index(index), Value::Array(items)) => items.get(*index),
            _ => None,
        }
    }

    /// Lays `other` over this node: tables are merged key by key, anything else is
    /// replaced. Every value keeps the place where it was written.
    pub fn overlay(&mut self, other: &Self) {
        let (Value::Table(base), Value::Table(over)) = (&mut self.value, &other.value) else {
            *self = other.clone();
            return;
        };
        for (key, node) in over {
            match base.iter_mut().find(|(name, _)| name == key) {
                Some((_, existing)) => existing.overlay(node),
                None => base.push((key.clone(), node.clone())),
            }
        }
    }
}

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text.
    pub source: Source,
    /// The root table.
    pub root: Node,
}

impl Document {
    /// Parses TOML. Mistakes of syntax are returned beside what could be read; report
    /// them alone, since what they upset looks like other mistakes.
    pub fn parse(source: Source) -> (Self, Vec<Diagnostic>) {
        let text = source.text().strip_prefix('\u{feff}').unwrap_or(source.text());
        let shift = source.text().len() - text.len();
        let (table, errors) = DeTable::parse_recoverable(text);
        let root = Node { key_span: None, span: 0..0, value: convert_table(table.get_ref(), shift) };
        let said = errors.iter().map(|error| {
            let span = error.span().map_or(0..0, |span| span.start + shift..span.end + shift);
            (span, error.message())
        });
        let findings = syntax::findings(&source, said.collect());
        (Self { source, root }, findings)
    }

    /// The report of `diagnostics` about this document.
    pub fn report(self, diagnostics: Vec<Diagnostic>) -> Report {
        let Self { source, root } = self;
        Report::new(source, &root, diagnostics)
    }

    /// The line (from 1) where the value at `path` begins.
    pub fn line_of(&self, path: &FieldPath) -> Option<usize> {
        self.root.span(path, false).map(|span| self.source.line(span.start))
    }
}

impl Resolve for Node {
    fn span(&self, path: &FieldPath, of_key: bool) -> Option<Range<usize>> {
        let node = path.segments().iter().try_fold(self, |node, segment| node.at(segment))?;
        let span = if of_key { node.key_span.clone()? } else { node.span.clone() };
        (!span.is_empty()).then_some(span)
    }
}

fn convert(value: &Spanned<DeValue<'_>>, key_span: Option<Range<usize>>, shift: usize) -> Node {
    let converted = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(&number.as_str().replace('_', ""), number.radix())
            .map_or(Value::Other("integer beyond 64 bits"), Value::Integer),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Float(_) => Value::Other("float"),
        DeValue::Datetime(_) => Value::Other("date-time"),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| convert(item, None, shift)).collect()),
        DeValue::Table(table) => convert_table(table, shift),
    };
    let span = value.span();
    Node { key_span, span: span.start + shift..span.end + shift, value: converted }
}

fn convert_table(table: &DeTable<'_>, shift: usize) -> Value {
    let entries = table.iter().map(|(key, value)| {
        let span = key.span();
        let key_span = Some(span.start + shift..span.end + shift);
        (key.get_ref().to_string(), convert(value, key_span, shift))
    });
    Value::Table(entries.collect())
}
