//! Which entries another one of the same line covers.

use std::collections::HashMap;

use crate::model::{Case, Choice, Emission, LetterCase, Matcher, Place, Truth};
use crate::question::{Prover, Witness};

/// Most pairs of patterns that are compared; each costs about a millisecond.
const MAX_PAIRS: usize = 150;

/// Most times that a single origin is put to a pattern.
const MAX_TRIES: usize = 20_000;

/// An entry that another one covers.
pub(super) struct Covered<'a> {
    /// What is covered.
    pub(super) place: &'a Place,
    pub(super) text: String,
    /// What covers it.
    pub(super) by: &'a Place,
    /// Whether it comes of it what came of it without.
    pub(super) is_same: bool,
    /// Whether the covering entry comes first.
    pub(super) is_later: bool,
}

/// Every entry of `line` that another one covers, and whether some pairs were left out.
pub(super) fn of(line: &Choice<Emission>) -> (Vec<Covered<'_>>, bool) {
    let mut covered = Vec::new();
    let entries: Vec<Entry<'_>> = line.cases.iter().filter_map(entry).collect();
    let mut first: HashMap<String, &Entry<'_>> = HashMap::new();
    for entry in &entries {
        let Some(origin) = entry.origin() else { continue };
        match first.get(&origin) {
            Some(earlier) => covered.extend(pair(entry, earlier, true)),
            None => {
                first.insert(origin, entry);
            }
        }
    }
    let mut tries = 0;
    let mut pairs = 0;
    for (at, other) in entries.iter().enumerate().filter(|(_, entry)| entry.origin().is_none()) {
        for (number, entry) in entries.iter().enumerate().filter(|(number, _)| *number != at) {
            let is_covered = match entry.origin() {
                Some(origin) => {
                    tries += 1;
                    tries <= MAX_TRIES && other.case.when.matches(&origin) == Truth::True
                }
                None => {
                    pairs += 1;
                    pairs <= MAX_PAIRS && is_within(&entry.case.when, &other.case.when, number < at)
                }
            };
            if is_covered {
                covered.extend(pair(entry, other, number > at));
            }
        }
    }
    (covered, tries > MAX_TRIES || pairs > MAX_PAIRS)
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    case: &'a Case<Emission>,
    place: &'a Place,
}

impl Entry<'_> {
    fn origin(&self) -> Option<String> {
        match &self.case.when {
            Matcher::Exact(text, LetterCase::Ignored) => Some(text.to_ascii_lowercase()),
            Matcher::Exact(text, LetterCase::Matters) => Some(text.clone()),
            _ => None,
        }
    }

    /// What comes of an origin that it matches.
    fn effect(&self) -> Emission {
        match (&self.case.then, self.origin()) {
            (Emission::Fixed(text), Some(origin)) if *text == origin => Emission::Reflected,
            (then, _) => then.clone(),
        }
    }
}

fn entry(case: &Case<Emission>) -> Option<Entry<'_>> {
    case.place.as_ref().map(|place| Entry { case, place })
}

fn pair<'a>(entry: &Entry<'a>, by: &Entry<'a>, is_later: bool) -> Option<Covered<'a>> {
    // One entry may have become several cases.
    if entry.place == by.place || entry.case.then == Emission::Nothing {
        return None;
    }
    let is_same = entry.effect() == by.effect();
    // An exception before a rule is no mistake.
    if !is_same && !is_later {
        return None;
    }
    let text = entry.origin().map_or_else(|| "this pattern".to_owned(), |origin| format!("`{origin}`"));
    Some(Covered { place: entry.place, text, by: by.place, is_same, is_later })
}

/// Whether `other` takes every origin that `when` takes; of two equal ones the later is within
/// the earlier.
fn is_within(when: &Matcher, other: &Matcher, is_earlier: bool) -> bool {
    if crate::lint::answer::has_opaque(when) || crate::lint::answer::has_opaque(other) {
        return false;
    }
    let difference = Prover::difference(other, when);
    difference.gained == Witness::None && !(is_earlier && difference.lost == Witness::None)
}
