//! Which entries another one of the same line covers.

use std::collections::HashMap;

use corsac_origin::OriginRef;

use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::model::{Emission, LetterCase, Matcher, Place, Truth};
use crate::question::{Prover, Verdict, Witness};

/// Most pairs of patterns that the prover compares; each costs some milliseconds.
const MAX_PAIRS: usize = 100;

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
}

/// The entries that others cover.
#[derive(Default)]
pub(super) struct Coverings<'a> {
    pub(super) covered: Vec<Covered<'a>>,
    /// Whether some pairs were left out.
    pub(super) is_cut: bool,
}

/// Every entry of one line that another covers.
pub(super) fn of<'a>(answer: &'a JudgedAnswer<'a>) -> Coverings<'a> {
    let mut found = Coverings::default();
    for line in 0..answer.answer.allow_origin.len() {
        let entries = entries(answer, line);
        found.covered.extend(repeated(&entries));
        under_patterns(&entries, answer.prover, &mut found);
    }
    found
}

/// A single origin or a pattern, with what comes of it.
struct Entry<'a> {
    /// The origin, as browsers would send it.
    origin: Option<String>,
    pattern: Option<&'a Pattern<'a>>,
    then: &'a Emission,
    place: &'a Place,
    /// Its place among the cases of the line.
    number: usize,
}

impl Entry<'_> {
    /// What comes of an origin that it matches.
    fn effect(&self) -> Emission {
        match (self.then, &self.origin) {
            (Emission::Fixed(text), Some(origin)) if text == origin => Emission::Reflected,
            (then, _) => then.clone(),
        }
    }
}

fn entries<'a>(answer: &'a JudgedAnswer<'a>, line: usize) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let Some(choice) = answer.answer.allow_origin.get(line) else { return entries };
    for (number, case) in choice.cases.iter().enumerate() {
        let Some(place) = &case.place else { continue };
        let origin = match &case.when {
            Matcher::Exact(text, LetterCase::Ignored) => Some(text.to_ascii_lowercase()),
            Matcher::Exact(text, LetterCase::Matters) => Some(text.clone()),
            _ => None,
        };
        let is_own = |pattern: &&Pattern<'_>| std::ptr::eq(pattern.when, &raw const case.when);
        let pattern = if origin.is_none() { answer.patterns.iter().find(is_own) } else { None };
        if origin.is_some() || pattern.is_some() {
            entries.push(Entry { origin, pattern, then: &case.then, place, number });
        }
    }
    entries
}

/// Origins that are named twice.
fn repeated<'a>(entries: &[Entry<'a>]) -> Vec<Covered<'a>> {
    let mut first: HashMap<&str, &Entry<'_>> = HashMap::new();
    let mut covered = Vec::new();
    for entry in entries {
        let Some(origin) = &entry.origin else { continue };
        match first.get(origin.as_str()) {
            Some(earlier) => covered.extend(pair(entry, (earlier.place, &earlier.effect()), true)),
            None => {
                first.insert(origin, entry);
            }
        }
    }
    // The places outlive the entries.
    covered
}

fn under_patterns<'a>(entries: &[Entry<'a>], prover: &Prover<'_>, found: &mut Coverings<'a>) {
    let (mut tries, mut pairs) = (0, 0);
    for by in entries {
        let Some(pattern) = by.pattern.filter(|pattern| !pattern.is_opaque) else { continue };
        // What lets strangers in is to be put right, and what it covers is to be kept.
        if matches!(pattern.asked.verdict, Verdict::Attack(_)) {
            continue;
        }
        for entry in entries.iter().filter(|entry| entry.number != by.number) {
            let is_covered = match (&entry.origin, entry.pattern) {
                (Some(origin), _) => {
                    tries += 1;
                    tries <= MAX_TRIES && prover.takes(pattern.when, origin) == Truth::True
                }
                (None, Some(other)) if may_be_within(other, pattern) => {
                    pairs += 1;
                    pairs <= MAX_PAIRS
                        && is_within(other.when, pattern.when, entry.number < by.number, prover)
                }
                _ => false,
            };
            if is_covered {
                found.covered.extend(pair(entry, (by.place, &by.effect()), entry.number > by.number));
            }
        }
    }
    found.is_cut |= tries > MAX_TRIES || pairs > MAX_PAIRS;
}

fn pair<'a>(entry: &Entry<'a>, (by, effect): (&'a Place, &Emission), is_later: bool) -> Option<Covered<'a>> {
    // One entry may have become several cases; one that is never sent is told as that.
    let is_dead = entry.origin.as_ref().is_some_and(|origin| OriginRef::parse(origin.as_bytes()).is_err());
    if entry.place == by || *entry.then == Emission::Nothing || is_dead {
        return None;
    }
    let is_same = entry.effect() == *effect;
    // An exception before a rule is no mistake.
    if !is_same && !is_later {
        return None;
    }
    let text =
        entry.origin.as_ref().map_or_else(|| "this pattern".to_owned(), |origin| format!("`{origin}`"));
    Some(Covered { place: entry.place, text, by, is_same })
}

/// Whether the origins that are known to be of the one are of the other.
fn may_be_within(one: &Pattern<'_>, other: &Pattern<'_>) -> bool {
    let members = &one.asked.members;
    !one.is_opaque
        && !members.is_empty()
        && members.iter().all(|member| other.when.matches(member) == Truth::True)
}

/// Whether `other` takes every origin that `when` takes; of two equal ones the later is within
/// the earlier.
fn is_within(when: &Matcher, other: &Matcher, is_earlier: bool, prover: &Prover<'_>) -> bool {
    let difference = prover.difference(other, when);
    difference.gained == Witness::None && !(is_earlier && difference.lost == Witness::None)
}
