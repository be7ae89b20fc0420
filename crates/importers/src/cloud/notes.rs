//! What is collected while a configuration is read.

use corsac_analysis::model::{Model, Place, Scope, Unread, Value};

use corsac_diagnostics::{Source, excerpt};

use super::node::{Kind, Node, REST};

/// In lower case.
pub(super) const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// What was found, and what was not understood.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) unread: Vec<Unread>,
}

/// A text of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// It, or why it is not known.
    pub(crate) text: Result<String, String>,
    pub(crate) place: Place,
}

impl Text {
    /// A text that is known.
    pub(crate) fn known_at(text: &str, place: &Place) -> Self {
        Self { text: Ok(text.to_owned()), place: place.clone() }
    }

    pub(crate) fn known(&self) -> Option<&str> {
        self.text.as_deref().ok()
    }

    /// As a field's value.
    pub(crate) fn value(&self) -> Value {
        match &self.text {
            Ok(text) => Value::Text(text.clone()),
            Err(reason) => Value::Opaque(reason.clone()),
        }
    }
}

impl Notes {
    /// What was found in `source`.
    pub(crate) fn into_model(self, source: Source) -> Model {
        Model { files: vec![source], scopes: self.scopes, unread: self.unread, ..Model::default() }
    }

    /// Lists what the model does not have.
    pub(crate) fn unread(&mut self, place: Option<&Place>, reason: impl Into<String>) {
        self.unread.push(Unread { place: place.cloned(), reason: reason.into() });
    }

    /// Lists those of `texts` that are computed.
    pub(crate) fn computed(&mut self, texts: &[Text]) {
        for text in texts {
            if let Err(reason) = &text.text {
                self.unread(Some(&text.place), reason.clone());
            }
        }
    }

    /// The node as a text; what is none is listed.
    pub(crate) fn text(&mut self, node: &Node) -> Text {
        let text = match &node.kind {
            Kind::Text(text) => Ok(text.clone()),
            Kind::Opaque(reason) => Err(reason.clone()),
            Kind::Null => Err("there is nothing".to_owned()),
            Kind::List(_) | Kind::Map(_) => Err("a text was expected".to_owned()),
        };
        if let Err(reason) = &text {
            self.unread(Some(&node.place), reason.clone());
        }
        Text { text, place: node.place.clone() }
    }

    /// What stands under `key`, as texts.
    pub(crate) fn texts(&mut self, node: &Node, key: &str) -> Vec<Text> {
        node.items(key).into_iter().map(|item| self.text(item)).collect()
    }

    /// What stands under `key`, split at commas.
    pub(crate) fn split_texts(&mut self, node: &Node, key: &str) -> Vec<Text> {
        let texts = self.texts(node, key);
        texts.into_iter().flat_map(Text::split).collect()
    }

    /// The one text under `key`.
    pub(crate) fn one_text(&mut self, node: &Node, key: &str) -> Option<Text> {
        self.texts(node, key).into_iter().next()
    }

    /// Whether the switch under `key` is on: `None` if that is not known.
    pub(crate) fn switch(&mut self, node: &Node, key: &str) -> Option<bool> {
        let Some(text) = self.one_text(node, key) else { return Some(false) };
        match text.known().map(str::to_ascii_lowercase).as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => {
                self.unread(Some(&text.place), format!("`{other}` is neither `true` nor `false`"));
                None
            }
            None => None,
        }
    }

    /// Lists what in `node` speaks of CORS, where nothing else reads it.
    pub(crate) fn mentions(&mut self, node: &Node, name: &str) {
        if let Kind::List(items) = &node.kind {
            for item in items {
                self.mentions(item, name);
            }
        }
        for (key, member) in node.entries() {
            if key.to_ascii_lowercase().contains("cors") || key.eq_ignore_ascii_case(ALLOW_ORIGIN) {
                self.unread(Some(&member.place), format!("`{}` of {name} is not modelled", excerpt(key)));
            } else {
                self.mentions(member, name);
            }
        }
        if let Kind::Opaque(reason) = &node.kind
            && (reason.contains("CORS") || reason.contains("cors"))
        {
            self.unread(Some(&node.place), format!("{name}: {reason}"));
        }
        let says = |text: &str| text.to_ascii_lowercase().contains(ALLOW_ORIGIN);
        if node.text().is_some_and(says) {
            self.unread(Some(&node.place), format!("{name} sets `Access-Control-Allow-Origin` by itself"));
        }
    }

    /// Lists members of `node` that are not among `known`.
    pub(crate) fn strangers(&mut self, node: &Node, known: &[&str], of: &str) {
        if let Kind::Opaque(reason) = &node.kind {
            self.unread(Some(&node.place), reason.clone());
        }
        for (name, member) in node.entries() {
            if let (REST, Kind::Opaque(reason)) = (name.as_str(), &member.kind) {
                self.unread(Some(&member.place), reason.clone());
            } else if !known.contains(&name.as_str()) {
                self.unread(Some(&member.place), format!("`{name}` is no known member of {of}"));
            }
        }
    }
}

impl Text {
    /// Its parts between commas, without the space around them.
    fn split(self) -> Vec<Self> {
        let Ok(text) = &self.text else { return vec![self] };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Self { text: Ok(part.to_owned()), place: self.place.clone() }).collect()
    }
}
