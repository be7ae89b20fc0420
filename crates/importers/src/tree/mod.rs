//! YAML, JSON and TOML as one tree, with the place of every key and value.
//!
//! [`read`] gives a [`Tree`]: one [`Node`] a document. What is not known from the text alone
//! is [`Value::Opaque`] with the reason, and stays so however deep one looks into it:
//!
//! - what a template writes (`{{ … }}`, `{% … %}`, `<% … %>`), a value with a variable
//!   (`${…}`), a value with a tag of its own (`!Ref`);
//! - what stands under `{{ if … }}`, unless the whole document does;
//! - a key that is defined twice, because programs differ about what that means;
//! - aliases that refer to themselves or repeat too much.
//!
//! A table into which a template puts keys knows that: [`Node::get`] of a key that is not
//! there then answers with that opaque part, not with `None`. So an importer that asks
//! with [`Node::get`], [`Node::at`] and [`Node::items`] and treats opaque as opaque cannot
//! miss it. Opaque values are listed by whoever needed them; [`Tree::unread`] has only what
//! is in no document.
//!
//! Merge keys (`<<`) are followed. Dates and the octal, binary or `yes` spellings of YAML 1.1 stay
//! strings; [`Node::plain`] tells them from quoted ones.

mod json;
mod node;
mod template;
mod toml;
mod yaml;

use std::ops::Range;

use corsac_analysis::model::{Place, Unread};

pub use node::{Entry, Node, Table, Value};

use crate::Unreadable;
use template::Templates;

/// Most values that are read; aliases count as often as they are used, and long strings as
/// several values.
pub const MAX_NODES: usize = 500_000;

/// How much text counts as one more value, so that copies of long strings are bounded too.
const BYTES_A_NODE: usize = 64;

/// A notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notation {
    /// JSON; comments are read over.
    Json,
    /// TOML 1.0.
    Toml,
    /// YAML 1.2, several documents.
    Yaml,
}

/// A text as a tree.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The roots, in order; JSON and TOML have one.
    pub documents: Vec<Node>,
    /// Documents with mistakes. Whether the program takes the others is its own business.
    pub unread: Vec<Unread>,
}

/// The notation of a file: by its name's ending, else by how its text begins.
pub fn notation(name: &str, text: &str) -> Notation {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("json" | "jsonc" | "tfstate") => Notation::Json,
        Some("toml") => Notation::Toml,
        Some("yaml" | "yml") => Notation::Yaml,
        _ if first_character(text).is_some_and(|first| "{[".contains(first)) => Notation::Json,
        _ => Notation::Yaml,
    }
}

/// The first character that no template writes.
fn first_character(text: &str) -> Option<char> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(template) = rest.strip_prefix("{{").filter(|inner| !inner.starts_with('{')) {
        rest = template.split_once("}}")?.1.trim_start();
    }
    rest.chars().next()
}

/// Reads a text.
///
/// # Errors
/// It has no document without mistakes, or more than [`MAX_NODES`] values.
pub fn read(text: &str, notation: Notation) -> Result<Tree, Unreadable> {
    let templates = Templates::find(text, notation);
    let mut reader = Reader { text, templates: &templates, nodes: 0 };
    let mut tree = match notation {
        Notation::Json => json::read(&mut reader)?,
        Notation::Toml => toml::read(&mut reader)?,
        Notation::Yaml => yaml::read(&mut reader)?,
    };
    for document in &mut tree.documents {
        templates.mark_conditions(document);
    }
    Ok(tree)
}

/// What all notations share: the text, its templates, and the bound.
struct Reader<'t> {
    text: &'t str,
    templates: &'t Templates,
    nodes: usize,
}

impl Reader<'_> {
    /// Counts so many values.
    fn count(&mut self, nodes: usize, offset: usize) -> Result<(), Unreadable> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        Err(Unreadable { offset, reason: format!("it has more than {MAX_NODES} values") })
    }

    /// Counts a string: long ones as several values. Returns how many.
    fn count_text(&mut self, text: &str, offset: usize) -> Result<usize, Unreadable> {
        let weight = 1 + text.len() / BYTES_A_NODE;
        self.count(weight, offset)?;
        Ok(weight)
    }

    /// A string, or opaque where something will be put into it.
    fn string(&self, text: String, span: &Range<usize>) -> Value {
        match self.opaque(&text, span) {
            Some(reason) => Value::Opaque(reason),
            None => Value::String(text),
        }
    }

    /// Why the string `text` at `span` is not what the program will see.
    fn opaque(&self, text: &str, span: &Range<usize>) -> Option<String> {
        if self.templates.touch(span) {
            let written = self.text.get(span.clone()).unwrap_or_default();
            return Some(format!("`{}` is filled in by a template", corsac_diagnostics::excerpt(written)));
        }
        let variable = text.split("${").nth(1).is_some_and(|rest| rest.contains('}'));
        variable.then(|| format!("`{}` has a variable", corsac_diagnostics::excerpt(text)))
    }
}

impl Node {
    /// Where it stands, in the first of a model's files.
    pub fn place(&self) -> Option<Place> {
        Some(Place { file: 0, span: self.span.clone() })
    }
}
