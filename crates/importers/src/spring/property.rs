//! Properties, whatever file they come from, and Spring Boot's relaxed names for them.

use std::ops::Range;

use corsac_analysis::model::Place;
use corsac_diagnostics::excerpt;

use crate::cloud::Text;
use crate::tree::{Node, Value};

/// A property.
#[derive(Clone, Debug)]
pub(super) struct Property {
    /// Its name's elements in the one form that all spellings have: lower case without dashes
    /// and underscores. What stood in brackets keeps them and its spelling.
    pub(super) name: Vec<String>,
    /// The name as it was written.
    pub(super) written: String,
    pub(super) text: Text,
}

impl Property {
    /// `broken` says why the value is not known.
    pub(super) fn new(key: &str, value: String, span: Range<usize>, broken: Option<String>) -> Self {
        let variable = value.split("${").nth(1).is_some_and(|rest| rest.contains('}'));
        let variable = variable.then(|| format!("`{}` has a variable", excerpt(&value)));
        let text = match broken.or(variable) {
            Some(reason) => Err(reason),
            None => Ok(value),
        };
        Self {
            name: elements(key),
            written: key.to_owned(),
            text: Text { text, place: Place { file: 0, span } },
        }
    }
}

/// The properties of a YAML document: keys are joined by dots, items numbered.
pub(super) fn flatten(document: &Node) -> Vec<Property> {
    let mut properties = Vec::new();
    visit(document, "", &mut properties);
    properties
}

/// A tree's depth is bounded by its reader.
fn visit(node: &Node, key: &str, properties: &mut Vec<Property>) {
    let join = |name: &str| match (key, name.starts_with('[')) {
        ("", _) => name.to_owned(),
        (_, true) => format!("{key}{name}"),
        (_, false) => format!("{key}.{name}"),
    };
    match &node.value {
        Value::Table(_) => {
            for entry in node.entries() {
                visit(&entry.value, &join(&entry.key), properties);
            }
            if let Some(rest) = node.rest() {
                visit(rest, key, properties);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &join(&format!("[{index}]")), properties);
            }
        }
        Value::Opaque(reason) => {
            properties.push(Property::new(key, String::new(), node.span.clone(), Some(reason.clone())));
        }
        Value::Boolean(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            let value = node.scalar().unwrap_or_default().to_owned();
            properties.push(Property::new(key, value, node.span.clone(), None));
        }
    }
}

/// The elements of a name. Dots within brackets do not separate.
fn elements(key: &str) -> Vec<String> {
    let mut elements = Vec::new();
    let mut current = String::new();
    let mut in_brackets = false;
    for character in key.chars() {
        match character {
            '.' if !in_brackets => finish(&mut current, &mut elements),
            '[' if !in_brackets => {
                finish(&mut current, &mut elements);
                in_brackets = true;
                current.push('[');
            }
            ']' if in_brackets => {
                current.push(']');
                finish(&mut current, &mut elements);
                in_brackets = false;
            }
            _ if in_brackets => current.push(character),
            '-' | '_' => {}
            _ => current.extend(character.to_lowercase()),
        }
    }
    finish(&mut current, &mut elements);
    elements
}

fn finish(current: &mut String, elements: &mut Vec<String>) {
    if !current.is_empty() {
        elements.push(std::mem::take(current));
    }
}
