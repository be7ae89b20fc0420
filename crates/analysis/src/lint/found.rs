//! Findings as they come in.

use std::collections::HashSet;
use std::ops::Range;

use corsac_diagnostics::{Diagnostic, Place as Shown};

use super::Finding;
use crate::model::{Model, Place};

/// The findings so far.
pub(super) struct Found<'m> {
    model: &'m Model,
    /// The name of the scope that is looked at.
    pub(super) scope: String,
    findings: Vec<Finding>,
    /// Scopes inherit what is written once, and preflights repeat it: it is told once.
    told: HashSet<(&'static str, Place, String)>,
}

impl<'m> Found<'m> {
    pub(super) fn new(model: &'m Model) -> Self {
        Self { model, scope: String::new(), findings: Vec::new(), told: HashSet::new() }
    }

    /// Adds `diagnostic` at `place` with `label` beside it, unless the rule has been told of
    /// this place with these words.
    pub(super) fn at(&mut self, place: Option<&Place>, label: impl Into<String>, diagnostic: Diagnostic) {
        self.at_both(place, label, None, diagnostic);
    }

    /// As [`Self::at`], with a second place.
    pub(super) fn at_both(
        &mut self,
        place: Option<&Place>,
        label: impl Into<String>,
        second: Option<(&Place, &str)>,
        diagnostic: Diagnostic,
    ) {
        let known = place.filter(|place| self.model.files.get(place.file).is_some()).cloned();
        let (file, span) = known.map_or((0, None), |place| (place.file, Some(place.span)));
        let key = Place { file, span: span.clone().unwrap_or_default() };
        // Without a place the scope tells findings apart.
        let words = if span.is_some() { diagnostic.message.clone() } else { self.scope.clone() };
        if !self.told.insert((diagnostic.rule.id, key, words)) {
            return;
        }
        let diagnostic = match second {
            Some((other, _)) if place == Some(other) => diagnostic,
            Some((other, text)) => self.pointing(diagnostic, file, other, text),
            None => diagnostic,
        };
        let diagnostic = match span {
            Some(span) => diagnostic.at(Shown::Span(span), label),
            None if self.scope.is_empty() => diagnostic,
            None => diagnostic.note(format!("in {}", self.scope)),
        };
        self.findings.push(Finding { file, diagnostic });
    }

    fn pointing(&self, diagnostic: Diagnostic, file: usize, place: &Place, text: &str) -> Diagnostic {
        if place.file == file {
            return diagnostic.and_at(Shown::Span(place.span.clone()), text);
        }
        match self.model.files.get(place.file) {
            Some(other) => {
                let line = other.position(place.span.start).line;
                diagnostic.note(format!("{text} ({}, line {line})", other.name()))
            }
            None => diagnostic,
        }
    }

    /// Whether the name of a file says that it is for developers and their tests.
    pub(super) fn is_for_development(&self, place: Option<&Place>) -> bool {
        const WORDS: [&str; 10] =
            ["dev", "develop", "development", "e2e", "fixture", "fixtures", "local", "mock", "test", "tests"];
        let file = self.model.files.get(place.map_or(0, |place| place.file));
        file.is_some_and(|file| {
            let name = file.name().to_ascii_lowercase();
            name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
        })
    }

    /// Whether `text`, in lower case, stands at a place.
    pub(super) fn is_written(&self, place: Option<&Place>, text: &str) -> bool {
        place.is_some_and(|place| {
            let file = self.model.files.get(place.file);
            let written = file.and_then(|file| file.text().get(place.span.clone()));
            written.is_some_and(|written| written.to_ascii_lowercase().contains(text))
        })
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// The bytes of a place in a text.
pub(super) fn span(place: &Shown) -> Option<Range<usize>> {
    match place {
        Shown::Span(span) => Some(span.clone()),
        Shown::Field(_) | Shown::Key(_) => None,
    }
}
