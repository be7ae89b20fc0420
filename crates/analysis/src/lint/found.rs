//! Findings as they come in.

use std::collections::HashSet;
use std::ops::Range;

use corsac_diagnostics::{Confidence, Diagnostic, Place as Shown};

use super::Finding;
use crate::model::{Model, Place, Preflight, Scope};

/// What the message of a stranger ends with who reads as the user.
pub(super) const WITH_CREDENTIALS: &str = ", with the user's credentials";

/// Longest list in which a word is looked for, in bytes.
const MAX_LIST: usize = 64 << 10;

/// The findings so far.
pub(super) struct Found<'m> {
    model: &'m Model,
    /// The name of the scope that is looked at.
    pub(super) scope: String,
    /// Where it stands.
    pub(super) scope_place: Option<Place>,
    /// Why what it says may be otherwise.
    pub(super) unread: Option<String>,
    /// Where methods and headers stand that some answer to a preflight has.
    asked_for: HashSet<Place>,
    findings: Vec<Finding>,
    /// Where the findings are that have no place, and the scopes that they are true of.
    nowhere: Vec<(usize, Vec<String>)>,
    /// Scopes inherit what is written once, and preflights repeat it: it is told once.
    told: HashSet<(&'static str, Place, String)>,
    /// Why somebody's admission is not known, as far as it was told.
    pub(super) opaque: HashSet<String>,
    /// Scopes of which it was told that an upstream may add to them.
    passing: HashSet<Place>,
}

impl<'m> Found<'m> {
    pub(super) fn new(model: &'m Model) -> Self {
        Self {
            model,
            scope: String::new(),
            unread: None,
            asked_for: model.scopes.iter().flat_map(preflight_fields).cloned().collect(),
            findings: Vec::new(),
            nowhere: Vec::new(),
            told: HashSet::new(),
            opaque: HashSet::new(),
            passing: HashSet::new(),
            scope_place: None,
        }
    }

    /// Adds `diagnostic` at `place` with `label` beside it, unless the rule has been told of
    /// this place with these words.
    pub(super) fn at(&mut self, place: Option<&Place>, label: impl Into<String>, diagnostic: Diagnostic) {
        self.at_both(place, label, None, diagnostic);
    }

    /// As [`Self::at`], at the word of a list that is meant where the list has several lines.
    pub(super) fn at_word(
        &mut self,
        list: Option<&Place>,
        word: &str,
        label: impl Into<String>,
        diagnostic: Diagnostic,
    ) {
        let place = list.map(|list| self.word(list, word).unwrap_or_else(|| list.clone()));
        self.at(place.as_ref(), label, diagnostic);
    }

    fn word(&self, list: &Place, word: &str) -> Option<Place> {
        let written = self.model.files.get(list.file)?.text().get(list.span.clone())?;
        if written.len() > MAX_LIST || !written.contains('\n') {
            return None;
        }
        let is_part =
            |letter: Option<char>| letter.is_some_and(|l| l.is_ascii_alphanumeric() || "-_".contains(l));
        let lower = written.to_ascii_lowercase();
        let found = lower.match_indices(&word.to_ascii_lowercase()).find_map(|(at, matched)| {
            let end = at + matched.len();
            let before = lower.get(..at)?.chars().next_back();
            let behind = lower.get(end..)?.chars().next();
            (!is_part(before) && !is_part(behind)).then_some(at..end)
        });
        let found = found.filter(|found| !found.is_empty())?;
        let start = list.span.start;
        Some(Place { file: list.file, span: start + found.start..start + found.end })
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
        if !self.told.insert((diagnostic.rule.id, key, diagnostic.message.clone())) {
            if span.is_none() {
                self.again(&diagnostic);
            }
            return;
        }
        let diagnostic = self.less_sure(diagnostic);
        let diagnostic = match second {
            Some((other, _)) if place == Some(other) => diagnostic,
            Some((other, text)) => self.pointing(diagnostic, file, other, text),
            None => diagnostic,
        };
        let diagnostic = match span {
            Some(span) => diagnostic.at(Shown::Span(span), label),
            None => {
                self.nowhere.push((self.findings.len(), vec![self.scope.clone()]));
                diagnostic
            }
        };
        self.findings.push(Finding { file, diagnostic });
    }

    /// What has no place and was told of another scope is true of this one too.
    fn again(&mut self, diagnostic: &Diagnostic) {
        let findings = &self.findings;
        let is_same = |finding: &Finding| {
            let known = &finding.diagnostic;
            known.rule.id == diagnostic.rule.id && known.message == diagnostic.message
        };
        let told = self.nowhere.iter_mut().find(|(at, _)| findings.get(*at).is_some_and(is_same));
        if let Some((_, scopes)) = told.filter(|(_, scopes)| scopes.last() != Some(&self.scope)) {
            scopes.push(self.scope.clone());
        }
    }

    /// What is said of a scope of which not all was read is less certain.
    fn less_sure(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let Some(reason) = &self.unread else { return diagnostic };
        diagnostic.confidence = diagnostic.confidence.max(Confidence::Medium);
        diagnostic.note(format!("{reason}, which may change this"))
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

    /// Whether an upstream of what stands here is told of for the first time: one location may
    /// be several scopes, and what hides the upstream's field does so in all.
    pub(super) fn is_first_to_pass(&mut self) -> bool {
        self.scope_place.clone().is_none_or(|place| self.passing.insert(place))
    }

    /// Whether some answer to a preflight has the field that stands here.
    pub(super) fn is_asked_for(&self, place: Option<&Place>) -> bool {
        place.is_some_and(|place| self.asked_for.contains(place))
    }

    /// Whose configuration it is.
    pub(super) fn system(&self) -> &'static str {
        self.model.system
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

    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        for (at, scopes) in std::mem::take(&mut self.nowhere) {
            if let (Some(finding), Some(words)) = (self.findings.get_mut(at), within(&scopes)) {
                finding.diagnostic.notes.push(words);
            }
        }
        let said: HashSet<_> = self.findings.iter().map(key).collect();
        // What a preflight and an actual response share is told once, the graver way.
        let is_said_with_more = |finding: &Finding| {
            let (rule, file, place, message) = key(finding);
            said.contains(&(rule, file, place, format!("{message}{WITH_CREDENTIALS}")))
        };
        let mut findings = self.findings.clone();
        findings.retain(|finding| !is_said_with_more(finding));
        findings
    }
}

/// Where the methods and headers of a scope's answer to preflights stand.
fn preflight_fields(scope: &Scope) -> impl Iterator<Item = &Place> {
    let fields = match &scope.preflight {
        Preflight::Answered(answer) => [answer.allow_methods.as_ref(), answer.allow_headers.as_ref()],
        _ => [None, None],
    };
    fields.into_iter().flatten().filter_map(|field| field.place.as_ref())
}

/// The scopes that a finding without a place is about.
fn within(scopes: &[String]) -> Option<String> {
    match scopes {
        [only] if only.is_empty() => None,
        [] => None,
        [only] => Some(format!("in {only}")),
        [first, rest @ ..] => Some(format!("in {first} and {} more", rest.len())),
    }
}

type Key = (&'static str, usize, Option<Range<usize>>, String);

fn key(finding: &Finding) -> Key {
    let diagnostic = &finding.diagnostic;
    let place = diagnostic.primary.as_ref().and_then(|label| span(&label.place));
    (diagnostic.rule.id, finding.file, place, diagnostic.message.clone())
}

/// The bytes of a place in a text.
pub(super) fn span(place: &Shown) -> Option<Range<usize>> {
    match place {
        Shown::Span(span) => Some(span.clone()),
        Shown::Field(_) | Shown::Key(_) => None,
    }
}
