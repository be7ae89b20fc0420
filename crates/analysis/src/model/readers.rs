//! Who may read, as one matcher: what is asked about a whole answer is asked about that.
//!
//! A choice is a list of cases of which the first that matches decides. Written as one
//! condition, each case is "it matches, and none before it did"; where a hundred thousand
//! cases all admit, that is just "one of them matches", and it has to stay so: no automaton
//! nor difference copes with a hundred thousand negations.

use std::collections::HashSet;

use super::read::first_that_holds;
use super::{Answer, Choice, Credentials, Emission, LetterCase, Matcher, Truth};

/// Deepest nesting of "this or else that"; what stands behind it is opaque.
const MAX_DEPTH: usize = 48;

/// Most cases with a fixed text each that are weighed against each other, pair by pair.
const MAX_FIXED: usize = 256;

impl Answer {
    /// The origins whose pages may read the response, as [`Answer::lets_read`] tells them one
    /// by one; of origins in the spelling that browsers send.
    pub fn readers(&self, credentials: Credentials) -> Matcher {
        match &self.unread {
            Some(reason) => Matcher::Opaque(reason.clone()),
            None => self.written_readers(credentials),
        }
    }

    /// The same if what was not read says nothing of it.
    pub(crate) fn written_readers(&self, credentials: Credentials) -> Matcher {
        let lines = self.allow_origin.iter().map(|line| Line {
            sent: admitted(line, |emission| match emission {
                Emission::Nothing => Outcome::Denies,
                Emission::Fixed(text) if text.is_empty() => Outcome::Denies,
                Emission::Opaque(reason) => Outcome::Unknown(reason.clone()),
                Emission::Fixed(_) | Emission::Matched(_) | Emission::Reflected => Outcome::Admits,
            }),
            admits: admitted(line, |emission| emission.outcome(credentials)),
        });
        let origins = only_line(lines.collect());
        match credentials {
            Credentials::Omitted => origins,
            Credentials::Included if self.credentials_follow_origins() => origins,
            Credentials::Included => both(origins, self.credentialed()),
        }
    }

    /// Whether the two fields have one line each, on the same conditions: then no second
    /// condition, of a hundred thousand cases, stands beside the first.
    fn credentials_follow_origins(&self) -> bool {
        let ([origins], [credentials]) = (self.allow_origin.as_slice(), self.allow_credentials.as_slice())
        else {
            return false;
        };
        let pairs = || origins.cases.iter().zip(&credentials.cases);
        origins.cases.len() == credentials.cases.len()
            && pairs().all(|(origin, credentials)| credentials.then && origin.when == credentials.when)
    }

    /// The origins for which the response has exactly one `Access-Control-Allow-Credentials`,
    /// saying `true`.
    pub fn credentialed(&self) -> Matcher {
        let lines = self.allow_credentials.iter().map(|line| Line {
            sent: admitted(line, |_| Outcome::Admits),
            admits: admitted(line, |says| if *says { Outcome::Admits } else { Outcome::Denies }),
        });
        only_line(lines.collect())
    }
}

impl Emission {
    fn outcome(&self, credentials: Credentials) -> Outcome {
        match (self, credentials) {
            (Self::Fixed(text), Credentials::Omitted) if text == "*" => Outcome::Admits,
            (Self::Fixed(text), Credentials::Included) if text == "*" => Outcome::Denies,
            (Self::Fixed(text), _) => Outcome::AdmitsText(text.clone()),
            (Self::Matched(group), _) => Outcome::AdmitsMatch(*group),
            (Self::Nothing, _) => Outcome::Denies,
            (Self::Opaque(reason), _) => Outcome::Unknown(reason.clone()),
            (Self::Reflected, _) => Outcome::Admits,
        }
    }
}

/// What comes of an origin that a case matches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Admits,
    /// If this group of the case's expression has matched the whole of it.
    AdmitsMatch(u32),
    /// If it is this text.
    AdmitsText(String),
    Denies,
    Unknown(String),
}

/// Of one line of a field: for which origins it is sent, and for which it says what it has to.
struct Line {
    sent: Matcher,
    admits: Matcher,
}

/// The origins for which one line alone is sent and admits.
fn only_line(mut lines: Vec<Line>) -> Matcher {
    if lines.len() == 1 {
        return lines.pop().map_or_else(never, |line| line.admits);
    }
    let alone = |number: usize, line: &Line| {
        let others = lines.iter().enumerate().filter(|(other, _)| *other != number);
        let none = others.map(|(_, other)| not(other.sent.clone()));
        none.fold(line.admits.clone(), both)
    };
    any_of(lines.iter().enumerate().map(|(number, line)| alone(number, line)).collect::<Vec<_>>())
}

/// The origins of which a choice says what `outcome` tells of its values.
fn admitted<T>(choice: &Choice<T>, outcome: impl Fn(&T) -> Outcome) -> Matcher {
    let mut steps: Vec<Step> = Vec::new();
    for case in &choice.cases {
        let when = normalized(&case.when);
        let is_last = matches!(when, Matcher::Any);
        let next = Step::of(when, outcome(&case.then));
        match (steps.last_mut(), next) {
            (Some(Step::Admit(all)), Step::Admit(more)) | (Some(Step::Deny(all)), Step::Deny(more)) => {
                all.extend(more);
            }
            (Some(Step::Points(all)), Step::Points(more)) => all.extend(more),
            (Some(Step::Texts(all)), Step::Texts(more)) if all.len() < MAX_FIXED => all.extend(more),
            (_, next) => steps.push(next),
        }
        if is_last {
            break;
        }
    }
    joined(steps)
}

fn joined(steps: Vec<Step>) -> Matcher {
    let mut depth = 0;
    let mut otherwise = never();
    let mut near = Vec::new();
    for step in steps {
        depth += usize::from(step.is_nesting());
        if depth > MAX_DEPTH {
            otherwise = Matcher::Opaque(format!("more than {MAX_DEPTH} kinds of cases, one after the other"));
            break;
        }
        near.push(step);
    }
    near.into_iter().rev().fold(otherwise, |otherwise, step| step.or_else(otherwise))
}

/// Cases that become one condition.
enum Step {
    /// Whoever matches is admitted.
    Admit(Vec<Matcher>),
    /// Whoever matches is refused.
    Deny(Vec<Matcher>),
    /// Whoever matches is admitted if a group has matched the whole, and else refused.
    Group(Matcher, Matcher),
    /// Single origins, and whether each is admitted.
    Points(Vec<(String, bool)>),
    /// Whoever matches and is the text is admitted, others that match are refused.
    Texts(Vec<(Matcher, String)>),
    /// What comes of those that match is not known.
    Unknown(Matcher, String),
}

impl Step {
    fn of(when: Matcher, outcome: Outcome) -> Self {
        match (when, outcome) {
            (Matcher::Exact(point, _), Outcome::Admits) => Self::Points(vec![(point, true)]),
            (Matcher::Exact(point, _), Outcome::Denies) => Self::Points(vec![(point, false)]),
            (Matcher::Exact(point, _), Outcome::AdmitsText(text)) => {
                let is_admitted = point == text;
                Self::Points(vec![(point, is_admitted)])
            }
            (when, Outcome::Admits) => Self::Admit(vec![when]),
            (when, Outcome::Denies) => Self::Deny(vec![when]),
            (when, Outcome::AdmitsText(text)) => Self::Texts(vec![(when, text)]),
            (when, Outcome::AdmitsMatch(group)) => match when.expression().cloned() {
                Some(regex) => Self::Group(when, Matcher::Whole(regex, group)),
                None => Self::Unknown(when, "what has matched is not known".to_owned()),
            },
            (when, Outcome::Unknown(reason)) => Self::Unknown(when, reason),
        }
    }

    /// Whether what stands behind it is written within a condition.
    fn is_nesting(&self) -> bool {
        match self {
            Self::Admit(_) => false,
            Self::Points(points) => points.iter().any(|(_, is_admitted)| !is_admitted),
            Self::Deny(_) | Self::Group(..) | Self::Texts(_) | Self::Unknown(..) => true,
        }
    }

    /// The condition that these cases admit, or else, where none of them matches, `otherwise`.
    fn or_else(self, otherwise: Matcher) -> Matcher {
        match self {
            Self::Admit(mut any) => {
                any.push(otherwise);
                any_of(any)
            }
            Self::Deny(any) => both(not(any_of(any)), otherwise),
            Self::Group(when, whole) => {
                let others = both(not(when.clone()), otherwise);
                let matched = if when.is_expression() { whole } else { both(when, whole) };
                any_of(vec![matched, others])
            }
            Self::Points(points) => or_else_of_points(points, otherwise),
            Self::Texts(texts) => or_else_of_texts(texts, otherwise),
            Self::Unknown(when, reason) => {
                let others = both(not(when.clone()), otherwise);
                any_of(vec![both(when, Matcher::Opaque(reason)), others])
            }
        }
    }
}

fn or_else_of_points(points: Vec<(String, bool)>, otherwise: Matcher) -> Matcher {
    let mut seen = HashSet::new();
    let (mut admitted, mut refused) = (Vec::new(), Vec::new());
    for (point, is_admitted) in points {
        if seen.insert(point.clone()) {
            if is_admitted { &mut admitted } else { &mut refused }.push(Matcher::exact(point));
        }
    }
    admitted.push(both(not(any_of(refused)), otherwise));
    any_of(admitted)
}

fn or_else_of_texts(texts: Vec<(Matcher, String)>, otherwise: Matcher) -> Matcher {
    let outcome = |text: &str| {
        first_that_holds(texts.iter().map(|(when, sent)| (when.matches(text), Truth::from(sent == text))))
    };
    let outcomes: Vec<_> = texts.iter().map(|(_, text)| outcome(text)).collect();
    if outcomes.contains(&Truth::Unknown) {
        return texts.into_iter().rev().fold(otherwise, or_else_of_text);
    }
    let points = texts.iter().zip(outcomes).filter(|(_, outcome)| *outcome == Truth::True);
    let mut any: Vec<_> = points.map(|((_, text), _)| Matcher::exact(text.clone())).collect();
    let none = not(any_of(texts.into_iter().map(|(when, _)| when).collect()));
    any.push(both(none, otherwise));
    any_of(any)
}

/// One case by itself: it may match its text or not. The text stands in both conditions, so
/// that it is admitted for sure where both ways admit it.
fn or_else_of_text(otherwise: Matcher, (when, text): (Matcher, String)) -> Matcher {
    let others = both(any_of(vec![not(when.clone()), Matcher::exact(text.clone())]), otherwise);
    any_of(vec![both(when, Matcher::exact(text)), others])
}

/// Texts without their case: browsers send no letter in upper case.
fn normalized(when: &Matcher) -> Matcher {
    match when {
        Matcher::Exact(text, LetterCase::Ignored) => Matcher::exact(text.to_ascii_lowercase()),
        Matcher::AnyOf(any) => any_of(any.iter().map(normalized).collect()),
        other => other.clone(),
    }
}

fn never() -> Matcher {
    Matcher::AnyOf(Vec::new())
}

pub(crate) fn is_never(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::AnyOf(any) if any.is_empty())
}

fn not(matcher: Matcher) -> Matcher {
    match matcher {
        Matcher::Any => never(),
        Matcher::Not(inner) => *inner,
        never if is_never(&never) => Matcher::Any,
        other => Matcher::Not(Box::new(other)),
    }
}

/// One of them, without lists in lists.
fn any_of(any: Vec<Matcher>) -> Matcher {
    let mut flat = Vec::with_capacity(any.len());
    for matcher in any {
        match matcher {
            Matcher::Any => return Matcher::Any,
            Matcher::AnyOf(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    match flat.len() {
        1 => flat.pop().unwrap_or_else(never),
        _ => Matcher::AnyOf(flat),
    }
}

/// Both of them. Lists of origins are cut, not multiplied out.
fn both(first: Matcher, second: Matcher) -> Matcher {
    match (first, second) {
        (Matcher::Any, other) | (other, Matcher::Any) => other,
        (first, second) if is_never(&first) || is_never(&second) => never(),
        (first, second) if first == second => first,
        (first, second) if !first.has_points() && !second.has_points() => Matcher::AllOf(vec![first, second]),
        (first, second) => {
            let (first, second) = (Split::of(first), Split::of(second));
            let rest = both(any_of(first.rest.clone()), any_of(second.rest.clone()));
            let mut any = first.cut(&second);
            any.extend(second.cut(&first));
            any.push(rest);
            any_of(any)
        }
    }
}

impl Matcher {
    /// Whether there is no other condition than an expression's.
    fn is_expression(&self) -> bool {
        matches!(self, Self::Regex(_))
    }

    /// Whether single origins are among several.
    fn has_points(&self) -> bool {
        let is_point = |matcher: &Self| matches!(matcher, Self::Exact(_, LetterCase::Matters));
        is_point(self) || matches!(self, Self::AnyOf(any) if any.iter().any(is_point))
    }
}

/// A matcher as single origins and the rest.
pub(crate) struct Split {
    points: HashSet<String>,
    /// In the order in which they were written.
    listed: Vec<String>,
    rest: Vec<Matcher>,
}

impl Split {
    pub(crate) fn of(matcher: Matcher) -> Self {
        let all = match matcher {
            Matcher::AnyOf(any) => any,
            other => vec![other],
        };
        let mut split = Self { points: HashSet::new(), listed: Vec::new(), rest: Vec::new() };
        for matcher in all {
            match matcher {
                Matcher::Exact(text, LetterCase::Matters) => {
                    if split.points.insert(text.clone()) {
                        split.listed.push(text);
                    }
                }
                other => split.rest.push(other),
            }
        }
        split
    }

    /// As [`Matcher::matches`], in time that does not grow with the single origins.
    pub(crate) fn matches(&self, origin: &str) -> Truth {
        let is_point = Truth::from(self.points.contains(origin));
        self.rest.iter().fold(is_point, |truth, matcher| match truth {
            Truth::True => truth,
            _ => truth.or(matcher.matches(origin)),
        })
    }

    /// The single origins of this that `other` matches too.
    fn cut(&self, other: &Self) -> Vec<Matcher> {
        let (mut sure, mut unsure) = (Vec::new(), Vec::new());
        for origin in &self.listed {
            match other.matches(origin) {
                Truth::True => sure.push(Matcher::exact(origin.clone())),
                Truth::Unknown => unsure.push(Matcher::exact(origin.clone())),
                Truth::False => {}
            }
        }
        if !unsure.is_empty() {
            sure.push(Matcher::AllOf(vec![any_of(unsure), any_of(other.rest.clone())]));
        }
        sure
    }
}
