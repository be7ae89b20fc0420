//! A model while it is read from a tree.

use corsac_analysis::model::{
    Answer, Case, Choice, Emission, Matcher, Model, Place, Preflight, Scope, Unread,
};
use corsac_diagnostics::Source;

use crate::Unreadable;
use crate::tree::{self, Node, Notation, Tree};

/// Most findings of what was not understood; more of them say nothing new.
const MAX_UNREAD: usize = 1000;

/// Most matchers that scopes inherit from one another, so that a model is no square of its text.
const MAX_INHERITED: usize = 200_000;

/// Said of what goes beyond [`MAX_INHERITED`].
pub(super) const TOO_MANY: &str = "too many scopes share too many origins";

/// A model while it is read.
pub(super) struct Draft {
    source: Source,
    inherited: usize,
    scopes: Vec<Scope>,
    unread: Vec<Unread>,
}

/// A text of a configuration and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The text, or why it is not known.
    pub(super) text: Result<String, String>,
    pub(super) place: Option<Place>,
}

/// A switch of a configuration.
#[derive(Clone, Debug)]
pub(super) struct Switch {
    /// Whether it is on, or why that is not known.
    pub(super) on: Result<bool, String>,
    pub(super) place: Option<Place>,
}

impl Draft {
    /// Reads the text of `source`.
    pub(super) fn read(source: Source, notation: Option<Notation>) -> Result<(Tree, Self), Unreadable> {
        let notation = notation.unwrap_or_else(|| tree::notation(source.name(), source.text()));
        let mut tree = tree::read(source.text(), notation)?;
        let unread = std::mem::take(&mut tree.unread);
        Ok((tree, Self { source, inherited: 0, scopes: Vec::new(), unread }))
    }

    /// The model.
    pub(super) fn finish(self) -> Model {
        Model { files: vec![self.source], scopes: self.scopes, unread: self.unread, ..Model::default() }
    }

    /// Adds a scope.
    pub(super) fn scope(&mut self, name: String, node: &Node, actual: Answer, preflight: Preflight) {
        self.scopes.push(Scope { name, place: node.place(), actual, preflight });
    }

    /// Whether so many more matchers may be inherited.
    pub(super) fn spend(&mut self, matchers: usize) -> bool {
        self.inherited = self.inherited.saturating_add(matchers);
        self.inherited <= MAX_INHERITED
    }

    /// Adds a scope of which nothing is known.
    pub(super) fn opaque_scope(&mut self, name: String, node: &Node, reason: &str) {
        self.unread(node, reason);
        let then = Emission::Opaque(reason.to_owned());
        let actual = Answer {
            allow_origin: vec![Choice::always(then, node.place())],
            allow_credentials: vec![Choice {
                cases: vec![Case {
                    when: Matcher::Opaque(reason.to_owned()),
                    then: true,
                    place: node.place(),
                }],
            }],
            passes_upstream: true,
            ..Answer::default()
        };
        self.scope(name, node, actual, Preflight::Unknown);
    }

    /// Lists what was not understood.
    pub(super) fn unread(&mut self, node: &Node, reason: impl Into<String>) {
        self.unread_at(node.place(), reason.into());
    }

    fn unread_at(&mut self, place: Option<Place>, reason: String) {
        let unread = Unread { place, reason };
        if self.unread.len() < MAX_UNREAD && !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    /// The texts of a list; none if it is not there. Whatever is no text is listed.
    pub(super) fn words(&mut self, node: Option<&Node>) -> Vec<Word> {
        let Some(node) = node else { return Vec::new() };
        match node.value {
            tree::Value::Null => Vec::new(),
            tree::Value::List(_) | tree::Value::Opaque(_) => {
                node.items().iter().map(|item| self.word(item)).collect()
            }
            _ => {
                let reason = format!("a {} stands where a list belongs", node.kind());
                self.unread(node, reason.as_str());
                vec![Word { text: Err(reason), place: node.place() }]
            }
        }
    }

    /// A string, number or boolean as text.
    pub(super) fn word(&mut self, node: &Node) -> Word {
        let text = match (node.scalar(), node.opaque()) {
            (Some(text), _) => Ok(text.to_owned()),
            (None, Some(reason)) => Err(reason.to_owned()),
            (None, None) => Err(format!("a {} stands where a text belongs", node.kind())),
        };
        if let Err(reason) = &text {
            self.unread(node, reason.as_str());
        }
        Word { text, place: node.place() }
    }

    /// A boolean, `default` if it is not there.
    pub(super) fn switch(&mut self, node: Option<&Node>, default: bool) -> Switch {
        let Some(node) = node else { return Switch { on: Ok(default), place: None } };
        let on = match (node.flag(), node.opaque()) {
            (Some(flag), _) => Ok(flag),
            (None, Some(reason)) => Err(reason.to_owned()),
            (None, None) if node.value == tree::Value::Null => Ok(default),
            (None, None) => Err(format!("a {} stands where `true` or `false` belongs", node.kind())),
        };
        if let Err(reason) = &on {
            self.unread(node, reason.as_str());
        }
        Switch { on, place: node.place() }
    }
}

impl Switch {
    /// The lines of `Access-Control-Allow-Credentials` for origins that `when` takes.
    pub(super) fn lines(&self, when: Matcher) -> Vec<Choice<bool>> {
        let when = match &self.on {
            Ok(false) => return Vec::new(),
            Ok(true) => when,
            Err(reason) if matches!(when, Matcher::Any) => Matcher::Opaque(reason.clone()),
            Err(reason) => Matcher::AllOf(vec![when, Matcher::Opaque(reason.clone())]),
        };
        vec![Choice { cases: vec![Case { when, then: true, place: self.place.clone() }] }]
    }
}

/// A matcher and the entry that it comes from.
pub(super) struct Entry {
    pub(super) when: Matcher,
    pub(super) place: Option<Place>,
}

/// What all entries take together.
pub(super) fn any_of(entries: &[Entry]) -> Matcher {
    match entries {
        [only] => only.when.clone(),
        _ => Matcher::AnyOf(entries.iter().map(|entry| entry.when.clone()).collect()),
    }
}

/// One line of `Access-Control-Allow-Origin` that reflects the origins of the entries.
pub(super) fn reflecting(entries: Vec<Entry>) -> Choice<Emission> {
    let case = |entry: Entry| Case { when: entry.when, then: Emission::Reflected, place: entry.place };
    Choice { cases: entries.into_iter().map(case).collect() }
}
