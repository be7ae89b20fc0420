//! What a model says of one origin, by trying: no automaton. Witnesses are confirmed and
//! importers compared with real programs by it.

use std::borrow::Cow;

use super::{Answer, Case, Choice, Emission, LetterCase, Matcher, Piece};
use crate::regex::{Found, Regex};

/// Whether the page asks with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// Cookies and HTTP authentication are sent (credentials mode `include`).
    Included,
    /// None are.
    Omitted,
}

/// An answer that may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It holds.
    True,
    /// Something opaque decides.
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Truth {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// It does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::True => Self::False,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Answer {
    /// Whether a page of `origin` may read the response: exactly one
    /// `Access-Control-Allow-Origin`, which is the origin (or `*` without credentials), and
    /// `Access-Control-Allow-Credentials: true` with them (Fetch, "CORS check").
    pub fn lets_read(&self, origin: &str, credentials: Credentials) -> Truth {
        if self.unread.is_some() {
            return Truth::Unknown;
        }
        let lines: Vec<_> = self.allow_origin.iter().map(|line| line.emission(origin)).collect();
        let admits = only_line(&lines, |line| line.admits(origin, credentials));
        match credentials {
            Credentials::Omitted => admits,
            Credentials::Included => admits.and(self.sends_credentials(origin)),
        }
    }

    /// Whether the response has exactly one `Access-Control-Allow-Credentials`, saying `true`.
    pub fn sends_credentials(&self, origin: &str) -> Truth {
        let lines: Vec<_> = self.allow_credentials.iter().map(|line| line.flag(origin)).collect();
        only_line(&lines, |line| line.says_true)
    }
}

/// A line of a field for one origin.
struct Line<T> {
    /// Whether it is in the response.
    sent: Truth,
    said: T,
}

struct Flag {
    sent: Truth,
    says_true: Truth,
}

trait Sent {
    fn sent(&self) -> Truth;
}

impl<T> Sent for Line<T> {
    fn sent(&self) -> Truth {
        self.sent
    }
}

impl Sent for Flag {
    fn sent(&self) -> Truth {
        self.sent
    }
}

/// Whether one line alone is sent, of which `holds` is true.
fn only_line<L: Sent>(lines: &[L], holds: impl Fn(&L) -> Truth) -> Truth {
    let mut none = Truth::True;
    let mut one = Truth::False;
    for line in lines {
        // One before and none now, or none before and this one.
        one = one.and(line.sent().negated()).or(none.and(line.sent()).and(holds(line)));
        none = none.and(line.sent().negated());
    }
    one
}

/// What a choice may emit for one origin, in order: until the first case that surely matches.
type Emissions<'a> = Vec<(Truth, &'a Emission, Option<String>)>;

impl Line<Emissions<'_>> {
    fn admits(&self, origin: &str, credentials: Credentials) -> Truth {
        let says = |emission: &Emission, matched: Option<&str>| match emission {
            Emission::Fixed(text) if text == "*" => Truth::from(credentials == Credentials::Omitted),
            Emission::Fixed(text) => Truth::from(text == origin),
            Emission::Matched(_) => matched.map_or(Truth::Unknown, |text| Truth::from(text == origin)),
            Emission::Nothing => Truth::False,
            Emission::Opaque(_) => Truth::Unknown,
            Emission::Reflected => Truth::True,
        };
        first_that_holds(
            self.said.iter().map(|(when, emission, matched)| (*when, says(emission, matched.as_deref()))),
        )
    }
}

/// The value of the first case that holds; `False` where none does.
pub(super) fn first_that_holds(cases: impl DoubleEndedIterator<Item = (Truth, Truth)>) -> Truth {
    cases.rev().fold(Truth::False, |otherwise, (when, then)| match when {
        Truth::True => then,
        Truth::False => otherwise,
        Truth::Unknown if then == otherwise => then,
        Truth::Unknown => Truth::Unknown,
    })
}

impl Choice<Emission> {
    fn emission<'a>(&'a self, origin: &str) -> Line<Emissions<'a>> {
        let said: Emissions<'a> = self
            .cases
            .iter()
            .map(|case| (case.when.matches(origin), &case.then, matched(case, origin)))
            .filter(|(when, ..)| *when != Truth::False)
            .collect();
        let sends = |emission: &Emission| match emission {
            Emission::Nothing => Truth::False,
            Emission::Fixed(text) => Truth::from(!text.is_empty()),
            Emission::Opaque(_) => Truth::Unknown,
            Emission::Matched(_) | Emission::Reflected => Truth::True,
        };
        let sent = first_that_holds(said.iter().map(|(when, emission, _)| (*when, sends(emission))));
        Line { sent, said }
    }
}

impl Choice<bool> {
    fn flag(&self, origin: &str) -> Flag {
        let when: Vec<_> = self.cases.iter().map(|case| (case.when.matches(origin), case.then)).collect();
        let sent = when.iter().fold(Truth::False, |sent, &(when, _)| sent.or(when));
        let says_true = first_that_holds(when.into_iter().map(|(when, then)| (when, Truth::from(then))));
        Flag { sent, says_true }
    }
}

/// What the expression of a case that emits its match has matched; a group that took no part
/// is the empty text.
fn matched(case: &Case<Emission>, origin: &str) -> Option<String> {
    let Emission::Matched(group) = &case.then else { return None };
    let Found::Match(groups) = case.when.expression()?.find(origin)? else { return None };
    let span = usize::try_from(*group).ok().and_then(|group| groups.get(group).cloned().flatten());
    Some(span.and_then(|span| origin.get(span)).unwrap_or_default().to_owned())
}

impl Matcher {
    /// The expression of which a case under this matcher emits the match: the matcher itself, or
    /// the first among those that have to hold together.
    pub fn expression(&self) -> Option<&Regex> {
        match self {
            Self::Regex(regex) => Some(regex),
            Self::AllOf(all) => all.iter().find_map(|part| match part {
                Self::Regex(regex) => Some(regex),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Whether the matcher takes `origin`.
    pub fn matches(&self, origin: &str) -> Truth {
        self.matches_counting(origin, &mut 0)
    }

    /// As [`Self::matches`], and adds to `steps` how many it took.
    pub(crate) fn matches_counting(&self, origin: &str, steps: &mut usize) -> Truth {
        *steps += 1;
        let holds = match self {
            Self::AllOf(all) => return all_of(all.iter().map(|one| one.matches_counting(origin, steps))),
            Self::AnyOf(any) => {
                return all_of(any.iter().map(|one| one.matches_counting(origin, steps).negated())).negated();
            }
            Self::Not(inner) => return inner.matches_counting(origin, steps).negated(),
            Self::Opaque(_) => return Truth::Unknown,
            Self::Whole(regex, group) => return whole(regex.find_counting(origin, steps), *group, origin),
            Self::Regex(regex) => {
                let found = regex.find_counting(origin, steps);
                return found.map_or(Truth::Unknown, |found| Truth::from(found != Found::Nothing));
            }
            Self::Any => true,
            Self::Contains(text, case) => case.of(origin).contains(&*case.of(text)),
            Self::Exact(text, LetterCase::Ignored) => text.eq_ignore_ascii_case(origin),
            Self::Exact(text, LetterCase::Matters) => text == origin,
            Self::Glob(pieces) => glob(pieces, origin.as_bytes()),
            Self::Prefix(text, case) => case.of(origin).starts_with(&*case.of(text)),
            Self::Suffix(text, case) => case.of(origin).ends_with(&*case.of(text)),
        };
        Truth::from(holds)
    }
}

/// Whether all of them hold; what comes behind one that does not is not asked.
fn all_of(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut all = Truth::True;
    for truth in truths {
        all = all.and(truth);
        if all == Truth::False {
            break;
        }
    }
    all
}

fn whole(found: Option<Found>, group: u32, origin: &str) -> Truth {
    match found {
        None => Truth::Unknown,
        Some(Found::Nothing) => Truth::False,
        Some(Found::Match(groups)) => {
            let span = usize::try_from(group).ok().and_then(|group| groups.into_iter().nth(group)).flatten();
            Truth::from(span.is_some_and(|span| span == (0..origin.len())))
        }
    }
}

impl LetterCase {
    /// `text` so that equal texts are equal bytes.
    fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Ignored => text.to_ascii_lowercase().into(),
            Self::Matters => text.into(),
        }
    }
}

/// Which offsets the pieces can end at, one piece after the other: linear in both.
fn glob(pieces: &[Piece], text: &[u8]) -> bool {
    let mut ends = vec![false; text.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for piece in pieces {
        ends = match piece {
            Piece::Literal(literal, case) => after_literal(&ends, text, literal, *case),
            Piece::Run(set, min, max) => after_run(&ends, text, |byte| set.contains(byte), (*min, *max)),
        };
    }
    ends.last().copied().unwrap_or_default()
}

fn after_literal(ends: &[bool], text: &[u8], literal: &str, case: LetterCase) -> Vec<bool> {
    let mut after = vec![false; ends.len()];
    for (start, _) in ends.iter().enumerate().filter(|(_, reached)| **reached) {
        let end = start + literal.len();
        let found = text.get(start..end).is_some_and(|part| match case {
            LetterCase::Ignored => part.eq_ignore_ascii_case(literal.as_bytes()),
            LetterCase::Matters => part == literal.as_bytes(),
        });
        if let (true, Some(slot)) = (found, after.get_mut(end)) {
            *slot = true;
        }
    }
    after
}

fn after_run(
    ends: &[bool],
    text: &[u8],
    in_set: impl Fn(u8) -> bool,
    (min, max): (u32, Option<u32>),
) -> Vec<bool> {
    let mut after = vec![false; ends.len()];
    for (start, _) in ends.iter().enumerate().filter(|(_, reached)| **reached) {
        let most = max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let run = text.iter().skip(start).take_while(|byte| in_set(**byte)).take(most).count();
        let least = usize::try_from(min).unwrap_or(usize::MAX);
        for slot in after.iter_mut().skip(start).take(run + 1).skip(least) {
            *slot = true;
        }
    }
    after
}
