//! Options in labels of containers: `traefik.http.middlewares.NAME.headers.OPTION=VALUE`.

use std::collections::BTreeMap;

use corsac_diagnostics::excerpt;

use super::super::kubernetes::Step;
use super::Options;
use crate::tree::{Node, Value};

/// Middlewares and their options.
#[derive(Default)]
pub(super) struct Labels {
    middlewares: BTreeMap<String, BTreeMap<String, Node>>,
}

impl Labels {
    /// Takes `node` if it is a label; `path` leads to it. A file of Compose has `$$` for `$`.
    pub(super) fn add(&mut self, path: &[Step<'_>], node: &Node, compose: bool) {
        let whole = node.text().and_then(|text| text.split_once('=')).filter(|(key, _)| is_ours(key));
        let key = path.last().map(|step| &step.key).filter(|key| is_ours(key));
        let (key, value) = match (whole, key) {
            (Some((key, value)), _) => (key.to_owned(), Value::String(value.to_owned())),
            (None, Some(key)) => (key.clone(), as_text(node)),
            (None, None) => return self.opaque_label(node),
        };
        let key = key.to_ascii_lowercase();
        let rest = key.strip_prefix("traefik.http.middlewares.").unwrap_or_default();
        let Some((name, option)) = rest.split_once(".headers.") else { return };
        let value = if compose { without_escapes(value) } else { value };
        let node = Node { value, ..node.clone() };
        self.middlewares.entry(name.to_owned()).or_default().insert(option.to_owned(), node);
    }

    /// A label whose value is filled in: its key is still told by how it begins.
    fn opaque_label(&mut self, node: &Node) {
        let Some(reason) = node.opaque() else { return };
        let Some(label) = reason.split('`').nth(1).map(|label| label.trim_matches(['"', '\''])) else {
            return;
        };
        let Some((key, _)) = label.split_once('=').filter(|(key, _)| is_ours(key)) else { return };
        let key = key.to_ascii_lowercase();
        let rest = key.strip_prefix("traefik.http.middlewares.").unwrap_or_default();
        if let Some((name, option)) = rest.split_once(".headers.") {
            self.middlewares.entry(name.to_owned()).or_default().insert(option.to_owned(), node.clone());
        }
    }

    /// What was found, by name.
    pub(super) fn middlewares(self) -> impl Iterator<Item = (String, Options<'static>)> {
        self.middlewares.into_iter().map(|(name, values)| {
            let mut options = Options::default();
            let mut custom = Vec::new();
            for (option, node) in values {
                match option.strip_prefix("customresponseheaders.") {
                    Some(field) => custom.push((field.to_owned(), node)),
                    None => _ = options.values.insert(option, node),
                }
            }
            if let Some(table) = Node::table(custom) {
                options.values.insert("customresponseheaders".to_owned(), table);
            }
            (format!("middleware {}", excerpt(&name)), options)
        })
    }
}

/// Whether the value behind a step is a label, as key or in a list.
pub(super) fn is_label(step: &Step<'_>) -> bool {
    let item = step.key.parse::<usize>().ok().and_then(|number| step.within.items().get(number));
    is_ours(&step.key) || item.and_then(Node::text).is_some_and(is_ours)
}

fn is_ours(key: &str) -> bool {
    const PREFIX: &str = "traefik.http.middlewares.";
    key.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

fn as_text(node: &Node) -> Value {
    match node.scalar() {
        Some(text) => Value::String(text.to_owned()),
        None => node.value.clone(),
    }
}

/// `$$` is `$`; a `$` and a name is a variable.
fn without_escapes(value: Value) -> Value {
    let Value::String(text) = value else { return value };
    let mut bare = text.split("$$");
    let variable = bare.any(|part| {
        part.split('$').skip(1).any(|name| name.starts_with(|l: char| l.is_ascii_alphabetic() || l == '_'))
    });
    if variable {
        return Value::Opaque(format!("`{}` has a variable", excerpt(&text)));
    }
    Value::String(text.replace("$$", "$"))
}
