//! Conditions on a request.

use std::sync::Arc;

use corsac_analysis::model::{LetterCase, Matcher, Piece};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use super::Fact;
use crate::MAX_DEPTH;

/// Most parts of a condition; beyond, it is opaque. Lists of 100,000 origins fit.
const MAX_SIZE: usize = 200_000;

/// Groups up to this size are searched for parts that say the same.
const MAX_COMPARED: usize = 32;

/// A part of such a group is searched if it has no more of its own.
const MAX_SEARCHED: usize = 256;

/// A condition on a request. Built by [`Condition::all`], [`Condition::any`] and
/// [`Condition::not`], which leave out what says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    All(Group),
    Always,
    Any(Group),
    Fact(Fact),
    Never,
    Not(Arc<Self>),
    Opaque(String),
    Origin(Test),
}

/// Two or more conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    parts: Arc<[Condition]>,
    size: usize,
    depth: usize,
}

/// A condition on the request's `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Contains(String, LetterCase),
    Exact(String, LetterCase),
    /// It has at most so many bytes.
    NoLongerThan(u32),
    Prefix(String, LetterCase),
    Regex(Pattern),
    Suffix(String, LetterCase),
}

/// A regular expression, as it is written. All three systems look for it anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) dialect: Dialect,
    pub(crate) flags: String,
}

impl Pattern {
    pub(crate) fn regex(&self) -> Regex {
        Regex::new(&self.text, self.dialect, Mode::Search, Flags(self.flags.clone()))
    }
}

impl Test {
    /// Whether `text` passes.
    pub(crate) fn on_text(&self, text: &str) -> Condition {
        match self.matcher().matches(text) {
            corsac_analysis::model::Truth::True => Condition::Always,
            corsac_analysis::model::Truth::False => Condition::Never,
            corsac_analysis::model::Truth::Unknown => {
                Condition::Opaque("an expression that is not modelled".to_owned())
            }
        }
    }

    fn matcher(&self) -> Matcher {
        match self {
            Self::Contains(text, case) => Matcher::Contains(text.clone(), *case),
            Self::Exact(text, case) => Matcher::Exact(text.clone(), *case),
            Self::NoLongerThan(most) => {
                Matcher::Glob(vec![Piece::Run(corsac_analysis::alphabet::ByteSet::ALL, 0, Some(*most))])
            }
            Self::Prefix(text, case) => Matcher::Prefix(text.clone(), *case),
            Self::Regex(pattern) => Matcher::Regex(pattern.regex()),
            Self::Suffix(text, case) => Matcher::Suffix(text.clone(), *case),
        }
    }
}

impl From<bool> for Condition {
    fn from(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }
}

impl Condition {
    pub(crate) fn opaque(reason: impl Into<String>) -> Self {
        Self::Opaque(reason.into())
    }

    /// All of them hold.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(group) => kept.extend(group.parts.iter().cloned()),
                other => kept.push(other),
            }
        }
        let Some(mut kept) = without_repetition(kept) else { return Self::Never };
        absorb(&mut kept, |part| if let Self::Any(group) = part { Some(group) } else { None }, Self::any);
        if kept.contains(&Self::Never) {
            return Self::Never;
        }
        kept.retain(|part| *part != Self::Always);
        match kept.len() {
            0 => Self::Always,
            1 => kept.remove(0),
            _ => Group::of(kept).map_or_else(too_large, Self::All),
        }
    }

    /// One of them holds.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(group) => kept.extend(group.parts.iter().cloned()),
                other => kept.push(other),
            }
        }
        let Some(mut kept) = without_repetition(kept) else { return Self::Always };
        absorb(&mut kept, |part| if let Self::All(group) = part { Some(group) } else { None }, Self::all);
        if kept.contains(&Self::Always) {
            return Self::Always;
        }
        kept.retain(|part| *part != Self::Never);
        match kept.len() {
            0 => Self::Never,
            1 => kept.remove(0),
            _ => Group::of(kept).map_or_else(too_large, Self::Any),
        }
    }

    /// It does not hold.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => Arc::unwrap_or_clone(inner),
            Self::Opaque(reason) => Self::Opaque(reason),
            other if other.depth() >= MAX_DEPTH => too_large(),
            other => Self::Not(Arc::new(other)),
        }
    }

    /// Whether nothing of it is opaque.
    pub(crate) fn is_certain(&self) -> bool {
        match self {
            Self::All(group) | Self::Any(group) => group.parts.iter().all(Self::is_certain),
            Self::Not(inner) => inner.is_certain(),
            Self::Opaque(_) => false,
            Self::Always | Self::Fact(_) | Self::Never | Self::Origin(_) => true,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// How many parts it has.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::All(group) | Self::Any(group) => group.size,
            Self::Not(inner) => 1 + inner.size(),
            _ => 1,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::All(group) | Self::Any(group) => group.depth,
            Self::Not(inner) => 1 + inner.depth(),
            _ => 1,
        }
    }

    /// What is left of it once some facts are known.
    pub(crate) fn assume(&self, known: &dyn Fn(&Fact) -> Self) -> Self {
        match self {
            Self::All(group) => Self::all(group.parts.iter().map(|part| part.assume(known))),
            Self::Any(group) => Self::any(group.parts.iter().map(|part| part.assume(known))),
            Self::Fact(fact) => known(fact),
            Self::Not(inner) => inner.assume(known).not(),
            leaf => leaf.clone(),
        }
    }

    /// Hands each fact of it to `visit`.
    pub(crate) fn facts<'a>(&'a self, visit: &mut dyn FnMut(&'a Fact)) {
        match self {
            Self::All(group) | Self::Any(group) => group.parts.iter().for_each(|part| part.facts(visit)),
            Self::Fact(fact) => visit(fact),
            Self::Not(inner) => inner.facts(visit),
            _ => {}
        }
    }

    /// As a matcher of origins; facts that nobody decided are opaque.
    pub(crate) fn matcher(&self) -> Matcher {
        match self {
            Self::All(group) => Matcher::AllOf(group.parts.iter().map(Self::matcher).collect()),
            Self::Always => Matcher::Any,
            Self::Any(group) => Matcher::AnyOf(group.parts.iter().map(Self::matcher).collect()),
            Self::Fact(fact) => Matcher::Opaque(format!("it depends on {fact}")),
            Self::Never => Matcher::Not(Box::new(Matcher::Any)),
            Self::Not(inner) => Matcher::Not(Box::new(inner.matcher())),
            Self::Opaque(reason) => Matcher::Opaque(reason.clone()),
            Self::Origin(test) => test.matcher(),
        }
    }

    /// As a matcher whose first expression is `pattern`, which the condition implies.
    pub(crate) fn matcher_by(&self, pattern: &Pattern) -> Matcher {
        let own = Self::Origin(Test::Regex(pattern.clone()));
        let rest: Vec<_> = match self {
            Self::All(group) => group.parts.iter().filter(|part| **part != own).map(Self::matcher).collect(),
            Self::Always => Vec::new(),
            other if *other == own => Vec::new(),
            other => vec![other.matcher()],
        };
        if rest.is_empty() {
            return own.matcher();
        }
        Matcher::AllOf(std::iter::once(own.matcher()).chain(rest).collect())
    }
}

impl Group {
    fn of(parts: Vec<Condition>) -> Option<Self> {
        let size = parts.iter().fold(1_usize, |size, part| size.saturating_add(part.size()));
        let depth = 1 + parts.iter().map(Condition::depth).max().unwrap_or_default();
        (size <= MAX_SIZE && depth <= MAX_DEPTH).then(|| Self { parts: parts.into(), size, depth })
    }
}

fn too_large() -> Condition {
    Condition::opaque("the conditions are too many to be followed")
}

/// `parts`, each once; nothing if one of them is another's opposite.
fn without_repetition(parts: Vec<Condition>) -> Option<Vec<Condition>> {
    if parts.len() > MAX_COMPARED {
        return Some(parts);
    }
    let mut kept: Vec<Condition> = Vec::with_capacity(parts.len());
    for part in parts {
        if kept.contains(&part) {
            continue;
        }
        let opposite = !matches!(part, Condition::Opaque(_)) && kept.contains(&part.clone().not());
        if opposite {
            return None;
        }
        kept.push(part);
    }
    Some(kept)
}

/// In a conjunction with `a`, `a or b` says nothing and `not a, or b` says `b`; and so, the
/// other way round, in a disjunction.
fn absorb(
    parts: &mut Vec<Condition>,
    inner: impl Fn(&Condition) -> Option<&Group>,
    build: impl Fn(Vec<Condition>) -> Condition,
) {
    if parts.len() > MAX_COMPARED {
        return;
    }
    let says_nothing = |part: &Condition| {
        let group = inner(part).filter(|group| group.parts.len() <= MAX_SEARCHED);
        group.is_some_and(|group| parts.iter().any(|other| group.parts.contains(other)))
    };
    let mut kept: Vec<_> = parts.iter().filter(|part| !says_nothing(part)).cloned().collect();
    let opposites: Vec<_> =
        kept.iter().filter(|part| inner(part).is_none()).map(|p| p.clone().not()).collect();
    for part in &mut kept {
        let Some(group) = inner(part).filter(|group| group.parts.len() <= MAX_COMPARED) else { continue };
        if group.parts.iter().any(|p| !matches!(p, Condition::Opaque(_)) && opposites.contains(p)) {
            let rest = group.parts.iter().filter(|p| !opposites.contains(p)).cloned();
            *part = build(rest.collect());
        }
    }
    *parts = kept;
}
