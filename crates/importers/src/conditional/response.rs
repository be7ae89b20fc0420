//! A response's fields, as a configuration changes them one after the other.

use std::collections::BTreeMap;

use corsac_analysis::model::Place;

use super::{Condition, Line, Value};

/// The fields that CORS reads; others are not followed.
const FIELDS: [&str; 8] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
    "access-control-allow-private-network",
    "vary",
];

/// Most lines of one field; beyond, it is opaque.
const MAX_LINES: usize = 64;

/// Most changes of one response; beyond, it is opaque.
const MAX_CHANGES: usize = 1_000;

/// A response's fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    changes: usize,
    fields: BTreeMap<&'static str, Vec<Line>>,
    /// When an upstream's lines of a field are gone.
    cleared: BTreeMap<&'static str, Condition>,
}

impl Response {
    /// Whether there were so many changes that no more are followed.
    pub(crate) fn is_full(&self) -> bool {
        self.changes > MAX_CHANGES
    }

    /// Counts a change; false if it is not to be made.
    fn counts(&mut self, place: &Place) -> bool {
        if self.is_full() {
            return false;
        }
        self.changes += 1;
        if self.is_full() {
            let reason = Value::Opaque("the fields are changed too often to be followed".to_owned());
            for name in FIELDS {
                self.put(name, &Condition::Always, &Line::always(reason.clone()), place);
            }
        }
        !self.is_full()
    }

    /// Whether CORS reads the field; then its name.
    pub(crate) fn follows(name: &str) -> Option<&'static str> {
        FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name))
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.into_iter()
    }

    /// The field's lines.
    pub(crate) fn lines(&self, name: &str) -> &[Line] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn all_lines(&self) -> impl Iterator<Item = &Line> {
        self.fields.values().flatten()
    }

    /// When an upstream's lines of the field are gone.
    pub(crate) fn cleared(&self, name: &str) -> Condition {
        self.cleared.get(name).cloned().unwrap_or(Condition::Never)
    }

    /// Under `when`, the field is one line: `value`, or none where that is absent.
    pub(crate) fn set(&mut self, name: &'static str, when: &Condition, value: &Line, place: &Place) {
        if self.counts(place) {
            self.put(name, when, value, place);
        }
    }

    fn put(&mut self, name: &'static str, when: &Condition, value: &Line, place: &Place) {
        let cleared = self.cleared(name).or(when.clone());
        self.cleared.insert(name, cleared);
        let lines = self.fields.entry(name).or_default();
        if lines.is_empty() {
            lines.push(Line::empty(value.on_errors));
        }
        let mut lines = lines.iter_mut();
        if let Some(first) = lines.next() {
            first.set_to(when, value, &Value::Absent, Some(place));
            first.on_errors &= value.on_errors;
        }
        for other in lines {
            other.set(when.clone(), Value::Absent, Some(place.clone()));
        }
    }

    /// Under `when`, the field has a line more.
    pub(crate) fn add(&mut self, name: &'static str, when: &Condition, value: &Line, place: &Place) {
        if !self.counts(place) {
            return;
        }
        let mut line = Line::empty(value.on_errors);
        line.set_to(when, value, &Value::Absent, Some(place));
        let lines = self.fields.entry(name).or_default();
        if lines.len() < MAX_LINES {
            lines.push(line);
            return;
        }
        let reason = Value::Opaque("it has too many lines to be followed".to_owned());
        *lines = vec![Line::always(reason)];
    }

    /// Under `when`, the field is gone.
    pub(crate) fn remove(&mut self, name: &'static str, when: &Condition, place: &Place) {
        if !self.counts(place) {
            return;
        }
        let cleared = self.cleared(name).or(when.clone());
        self.cleared.insert(name, cleared);
        for line in self.fields.entry(name).or_default() {
            line.set(when.clone(), Value::Absent, Some(place.clone()));
        }
    }

    /// Under `when`, the field is `value` if it is not there.
    pub(crate) fn set_if_absent(
        &mut self,
        name: &'static str,
        when: &Condition,
        value: &Line,
        place: &Place,
    ) {
        let present = Condition::any(self.lines(name).iter().map(Line::is_set));
        self.add(name, &when.clone().and(present.not()), value, place);
    }

    /// Under `when`, each line that is there becomes what `to` makes of it.
    pub(crate) fn change(
        &mut self,
        name: &'static str,
        when: &Condition,
        place: &Place,
        to: impl Fn(&Value) -> Value,
    ) {
        if !self.counts(place) {
            return;
        }
        for line in self.fields.entry(name).or_default() {
            let changed = line.map(|value| if *value == Value::Absent { Value::Absent } else { to(value) });
            line.set_to(when, &changed, &Value::Absent, Some(place));
        }
    }

    /// Under `when`, nothing is known of the fields.
    pub(crate) fn forget(&mut self, when: &Condition, reason: &str, place: &Place) {
        for name in FIELDS {
            self.set(name, when, &Line::always(Value::Opaque(reason.to_owned())), place);
        }
    }

    /// Under `when` alone, the lines stand.
    pub(crate) fn only(&mut self, when: &Condition) {
        let otherwise = when.clone().not();
        for line in self.fields.values_mut().flatten() {
            line.set(otherwise.clone(), Value::Absent, None);
        }
    }

    /// The lines of another response are sent too.
    pub(crate) fn beside(&mut self, other: Self) {
        for (name, lines) in other.fields {
            self.fields.entry(name).or_default().extend(lines);
        }
    }
}
