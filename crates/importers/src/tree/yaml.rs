//! YAML, from the events of a parser.

use std::collections::HashMap;
use std::mem;
use std::ops::Range;

use corsac_analysis::model::{Place, Unread};
use corsac_diagnostics::excerpt;
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::node::Building;
use super::{Entry, MAX_NODES, Node, Reader, Tree, Value};
use crate::{MAX_DEPTH, Unreadable};

/// Most values that one alias stands for, so that a copy is cheap.
const MAX_ALIASED: usize = MAX_NODES / 10;

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Tree, Unreadable> {
    let masked = reader.templates.masked().to_owned();
    let options = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(&masked, options);
    let mut tree = Tree::default();
    let mut first_mistake = None;
    let mut document = Document::default();
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((Event::DocumentStart(..), _))) => document = Document::default(),
            Some(Ok((Event::DocumentEnd, _))) => {
                tree.documents.extend(document.root.take());
                document.ended = true;
            }
            Some(Ok((event, span))) => document.event(reader, event, &span)?,
            Some(Err(error)) => {
                // What follows a document without `---` is a mistake in that document.
                if mem::take(&mut document).ended {
                    tree.documents.pop();
                }
                let mistake = mistake(&error);
                tree.unread.push(unread(&mistake));
                first_mistake.get_or_insert(mistake);
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    match first_mistake {
        Some(mistake) if tree.documents.is_empty() => Err(mistake),
        _ => Ok(tree),
    }
}

fn mistake(error: &ScanError) -> Unreadable {
    let offset = error.marker().byte_offset().unwrap_or_default();
    let text = error.to_string();
    let reason = text.split(" at char ").next().unwrap_or_default().to_owned();
    Unreadable { offset, reason: format!("it is not YAML: {reason}") }
}

fn unread(mistake: &Unreadable) -> Unread {
    let place = Place { file: 0, span: mistake.offset..mistake.offset };
    Unread { place: Some(place), reason: format!("a document is left out: {}", mistake.reason) }
}

/// A document while it is read.
#[derive(Default)]
struct Document {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    ended: bool,
}

/// What an anchor names, with its size.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A list or table that is not at its end.
struct Open {
    anchor: usize,
    start: usize,
    /// Why all of it is opaque.
    opaque: Option<String>,
    /// How many values it has as [`Reader::count_text`] counts, and how deep it is.
    nodes: usize,
    depth: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Table(Building, Option<Key>, Vec<Node>),
}

/// A key without its value.
struct Key {
    /// The key, or why it is not known.
    name: Result<String, String>,
    span: Range<usize>,
}

impl Document {
    fn event(&mut self, reader: &mut Reader<'_>, event: Event<'_>, span: &Span) -> Result<(), Unreadable> {
        let range = span.byte_range().unwrap_or_default();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let weight = reader.count_text(&text, range.start)?;
                let node = scalar(reader, (text.into_owned(), style), tag.as_deref(), range);
                self.put(node, anchor, (weight, 0));
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Content::List(Vec::new()), anchor, tag.as_deref(), range.start);
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Table(Building::default(), None, Vec::new());
                self.begin(content, anchor, tag.as_deref(), range.start);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let copied = self.open.last().filter(|open| open.anchor != 0).map_or(0, |open| open.nodes);
                reader.count(1 + copied, range.start)?;
                self.end(&range);
            }
            Event::Alias(anchor) => self.alias(reader, anchor, range)?,
            Event::UnresolvedAlias(name) => {
                let reason = format!("`*{}` names no anchor", excerpt(&name));
                self.put(Node::new(Value::Opaque(reason), range), 0, (1, 0));
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, start: usize) {
        let opaque = tag.and_then(own_tag).map(|tag| format!("`{tag}` is not known"));
        self.open.push(Open { anchor, start, opaque, nodes: 1, depth: 0, content });
    }

    fn end(&mut self, range: &Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let (value, last) = match open.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::List(items), last)
            }
            Content::Table(mut table, _, merged) => {
                for node in &merged {
                    table.merge(node);
                }
                let last = table.last_end();
                (table.finish(), last)
            }
        };
        let value = open.opaque.map_or(value, Value::Opaque);
        // A block ends where the next token stands; it is better said to end with its last value.
        let end = if range.is_empty() { last.unwrap_or(range.end) } else { range.end };
        let node = Node::new(value, open.start..end.max(open.start));
        self.put(node, open.anchor, (open.nodes, open.depth + 1));
    }

    fn alias(
        &mut self,
        reader: &mut Reader<'_>,
        anchor: usize,
        span: Range<usize>,
    ) -> Result<(), Unreadable> {
        let opaque = |reason: &str| Node::new(Value::Opaque(reason.to_owned()), span.clone());
        let (node, size) = match self.anchors.get(&anchor) {
            None => (opaque("an alias refers to what it is part of"), (1, 0)),
            Some(named) if named.nodes > MAX_ALIASED => (opaque("an alias repeats too much"), (1, 0)),
            Some(named) if self.open.len() + named.depth > MAX_DEPTH => {
                (opaque("aliases nest too deep"), (1, 0))
            }
            Some(named) => (named.node.clone(), (named.nodes, named.depth)),
        };
        reader.count(size.0, span.start)?;
        self.put(node, 0, size);
        Ok(())
    }

    /// Puts a whole value where it belongs.
    fn put(&mut self, node: Node, anchor: usize, (nodes, depth): (usize, usize)) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.nodes = open.nodes.saturating_add(nodes);
        open.depth = open.depth.max(depth);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Table(table, key, merged) => match key.take() {
                None => *key = Some(Key::of(node)),
                Some(name) => name.with(node, table, merged),
            },
        }
    }
}

impl Key {
    fn of(node: Node) -> Self {
        let name = match (&node.value, node.scalar()) {
            (Value::Opaque(reason), _) => Err(reason.clone()),
            (Value::Null, _) => Ok("null".to_owned()),
            (_, Some(text)) => Ok(text.to_owned()),
            _ => Err(format!("a {} is a key", node.kind())),
        };
        Self { name, span: node.span }
    }

    fn with(self, value: Node, table: &mut Building, merged: &mut Vec<Node>) {
        match self.name {
            Ok(key) if key == "<<" && matches!(value.value, Value::List(_)) => {
                merged.extend_from_slice(value.items());
            }
            Ok(key) if key == "<<" => merged.push(value),
            Ok(key) => table.push(Entry { key, key_span: self.span, value }),
            Err(reason) => table.set_rest(Node::new(Value::Opaque(reason), self.span)),
        }
    }
}

fn scalar(
    reader: &Reader<'_>,
    (text, style): (String, ScalarStyle),
    tag: Option<&Tag>,
    span: Range<usize>,
) -> Node {
    let plain = style == ScalarStyle::Plain;
    let value = match reader.string(text, &span) {
        Value::String(text) => match tag {
            Some(tag) if own_tag(tag).is_some() => {
                Value::Opaque(format!("`{}` is not known", tag.original()))
            }
            Some(tag) if tag.core_suffix() == Some("str") || tag.original() == "!" => Value::String(text),
            _ if plain || tag.is_some() => resolve(text),
            _ => Value::String(text),
        },
        opaque => opaque,
    };
    Node { span, value, plain }
}

/// A tag that is not YAML's own, as it was written.
fn own_tag(tag: &Tag) -> Option<String> {
    const KNOWN: [&str; 7] = ["bool", "float", "int", "map", "null", "seq", "str"];
    let original = tag.original();
    let known = original == "!" || tag.core_suffix().is_some_and(|suffix| KNOWN.contains(&suffix));
    (!known).then(|| excerpt(&original).to_string())
}

/// What a scalar without quotes is (YAML 1.2, core schema, less octal and hexadecimal).
fn resolve(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ if is_number(&text) => Value::Number(text),
        _ => Value::String(text),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = digits.trim_start_matches('.').starts_with(|letter: char| letter.is_ascii_digit());
    begins && text.parse::<f64>().is_ok()
}

impl Building {
    fn last_end(&self) -> Option<usize> {
        self.last().map(|entry| entry.value.span.end.max(entry.key_span.end))
    }
}
