//! TOML, from [`Document`].

use std::ops::Range;

use corsac_diagnostics::{Document, Source};

use super::node::Building;
use super::{Entry, Node, Reader, Tree, Value};
use crate::Unreadable;

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Tree, Unreadable> {
    let masked = reader.templates.masked();
    let (document, mistakes) = Document::parse(Source::new("", masked));
    if let Some(mistake) = mistakes.into_iter().next() {
        let place = mistake.primary.map(|label| label.place);
        let offset = match place {
            Some(corsac_diagnostics::Place::Span(span)) => span.start,
            _ => 0,
        };
        return Err(Unreadable { offset, reason: format!("it is not TOML: {}", mistake.message) });
    }
    let root = convert(reader, document.root)?;
    Ok(Tree { documents: vec![root], unread: Vec::new() })
}

fn convert(reader: &mut Reader<'_>, node: corsac_diagnostics::Node) -> Result<Node, Unreadable> {
    use corsac_diagnostics::Value as Toml;
    let span = node.span;
    reader.count(1, span.start)?;
    let written = |reader: &Reader<'_>| reader.text.get(span.clone()).unwrap_or_default().to_owned();
    let mut plain = true;
    let value = match node.value {
        Toml::Array(items) => {
            let items: Result<_, _> = items.into_iter().map(|item| convert(reader, item)).collect();
            plain = false;
            Value::List(items?)
        }
        Toml::Boolean(flag) => Value::Boolean(flag),
        Toml::Integer(number) => Value::Number(number.to_string()),
        Toml::Other("float") => Value::Number(written(reader)),
        Toml::Other(_) => reader.string(written(reader), &span),
        Toml::String(text) => {
            reader.count_text(&text, span.start)?;
            plain = false;
            reader.string(text, &span)
        }
        Toml::Table(entries) => {
            plain = false;
            table(reader, entries)?
        }
    };
    Ok(Node { span, value, plain })
}

fn table(
    reader: &mut Reader<'_>,
    entries: Vec<(String, corsac_diagnostics::Node)>,
) -> Result<Value, Unreadable> {
    let mut table = Building::default();
    for (key, node) in entries {
        let key_span: Range<usize> = node.key_span.clone().unwrap_or_default();
        match reader.opaque(&key, &key_span) {
            Some(reason) => table.set_rest(Node::new(Value::Opaque(reason), key_span)),
            None => {
                let value = convert(reader, node)?;
                table.push(Entry { key, key_span, value });
            }
        }
    }
    Ok(table.finish())
}
