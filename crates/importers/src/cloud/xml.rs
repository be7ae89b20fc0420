//! XML as a [`Node`]: elements are members, by their names without a prefix.

use corsac_diagnostics::excerpt;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use super::node::{Kind, Node};
use crate::{MAX_DEPTH, Unreadable};

/// An element that has begun.
struct Open {
    name: String,
    start: usize,
    members: Vec<(String, Node)>,
    text: String,
    opaque: Option<String>,
}

/// Reads a document: a map of its one root element.
pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = vec![Open::new("", 0)];
    for _ in 0..MAX_EVENTS {
        let offset = position(&reader);
        let fail = |reason: String| Unreadable { offset, reason };
        let event = reader.read_event().map_err(|error| fail(format!("this is no XML: {error}")))?;
        let after = position(&reader);
        match event {
            Event::Start(_) if open.len() > MAX_DEPTH => {
                return Err(fail(format!("elements are nested deeper than {MAX_DEPTH}")));
            }
            Event::Start(tag) => open.push(Open::new(tag.local_name().as_ref(), after)),
            Event::Empty(tag) => {
                let node = Node::new(Kind::Text(String::new()), 0, offset..after);
                push(&mut open, tag.local_name().as_ref().to_owned(), node);
            }
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    let (name, node) = element.close(offset);
                    push(&mut open, name, node);
                }
            }
            Event::Text(part) => add(&mut open, &part),
            Event::CData(part) => add(&mut open, &part),
            Event::GeneralRef(entity) => refer(&mut open, &entity),
            Event::DocType(_) => return Err(fail("document types are not read".to_owned())),
            Event::Eof => return finish(open, text.len()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    Err(Unreadable { offset: position(&reader), reason: format!("it has more than {MAX_EVENTS} parts") })
}

/// Most tags and texts that are read.
const MAX_EVENTS: usize = 1_000_000;

fn finish(mut open: Vec<Open>, end: usize) -> Result<Node, Unreadable> {
    match open.pop() {
        Some(root) if open.is_empty() => Ok(root.close(end).1),
        _ => Err(Unreadable { offset: end, reason: "an element is not closed".to_owned() }),
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn push(open: &mut [Open], name: String, node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.members.push((name, node));
    }
}

fn add(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// A character or one of the five entities that need no document type.
fn refer(open: &mut [Open], entity: &BytesRef<'_>) {
    let character = entity.resolve_char_ref().ok().flatten().map(String::from);
    match character.or_else(|| resolve_predefined_entity(entity).map(str::to_owned)) {
        Some(text) => add(open, &text),
        None => {
            if let Some(element) = open.last_mut() {
                element.opaque = Some(format!("the entity `&{};` is not known", excerpt(entity)));
            }
        }
    }
}

impl Open {
    fn new(name: &str, start: usize) -> Self {
        Self { name: name.to_owned(), start, members: Vec::new(), text: String::new(), opaque: None }
    }

    /// Its value: members if it has elements, else its text.
    fn close(self, end: usize) -> (String, Node) {
        let kind = match self.opaque {
            Some(reason) => Kind::Opaque(reason),
            None if self.members.is_empty() => Kind::Text(self.text.trim().to_owned()),
            None => Kind::Map(self.members),
        };
        (self.name, Node::new(kind, 0, self.start..end))
    }
}
