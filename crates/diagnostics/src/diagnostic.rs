//! One finding.

use crate::field::{FieldPath, Place};
use crate::fix::Fix;
use crate::rule::{Confidence, Rule, Severity};

/// A place and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What, as a fragment; may be empty.
    pub text: String,
}

/// One finding: what is true, where, why it matters and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What was looked for.
    pub rule: &'static Rule,
    /// How bad.
    pub severity: Severity,
    /// How certain.
    pub confidence: Confidence,
    /// What is true, as a fragment in lower case without a period.
    pub message: String,
    /// The place that has to change.
    pub primary: Option<Label>,
    /// Places that matter too.
    pub context: Vec<Label>,
    /// Why, with a witness.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// Edits that do it.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A finding of `rule` with its severity, of high confidence.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            confidence: Confidence::High,
            message: one_line(message.into()),
            primary: None,
            context: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.primary = Some(Label { place, text: one_line(text.into()) });
        self
    }

    /// Points at a field's value.
    #[must_use]
    pub fn at_field(self, path: &FieldPath, text: impl Into<String>) -> Self {
        self.at(Place::Field(path.clone()), text)
    }

    /// Points at a second place.
    #[must_use]
    pub fn and_at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.context.push(Label { place, text: one_line(text.into()) });
        self
    }

    /// Points at a second field's value.
    #[must_use]
    pub fn and_at_field(self, path: &FieldPath, text: impl Into<String>) -> Self {
        self.and_at(Place::Field(path.clone()), text)
    }

    /// Gives another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Gives a lower confidence.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Says why.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(one_line(note.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(help.into()));
        self
    }

    /// Offers an edit.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// Moves every field of the finding under `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &FieldPath) -> Self {
        let moved = |label: Label| Label { place: label.place.under(prefix), text: label.text };
        self.primary = self.primary.map(moved);
        self.context = self.context.into_iter().map(moved).collect();
        for edit in self.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.place = edit.place.clone().under(prefix);
        }
        self
    }
}

/// Texts quote what somebody wrote, perhaps to forge a line of output or to move the
/// terminal's cursor: control characters are shown, not obeyed.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let shown = |letter: char| -> String {
        if letter.is_control() { letter.escape_default().collect() } else { letter.into() }
    };
    text.chars().map(shown).collect()
}
