//! An expression, read: what is left of it once dialects and flags are dealt with.

use crate::alphabet::ByteSet;

/// A part of an expression.
///
/// Trees are some 1,500 levels deep at most. Groups keep their numbers only where the engine
/// remembers them; in PCRE's `(?|` several have one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One of several; the first that leads to a match is taken.
    Alternation(Vec<Self>),
    /// A place in the text.
    Assert(Assertion),
    /// `(?>…)`: once matched, not tried otherwise.
    Atomic(Box<Self>),
    /// What a group matched last, once more: in a loop, at the latest iteration in which it
    /// took part (in ECMAScript only if that is this one). Never in look-behind.
    Backreference {
        /// The group's number, from 1.
        group: u32,
        /// Whether letters match in either case.
        ignore_case: bool,
        /// What it does while the group has not matched.
        unset: Unset,
    },
    /// One after the other.
    Concat(Vec<Self>),
    /// Nothing: matches everywhere.
    Empty,
    /// A group whose match is remembered.
    Group {
        /// Its number, from 1.
        index: u32,
        /// What is in it.
        node: Box<Self>,
    },
    /// Look-around. Groups in a positive one stay set. What a look-behind matches ends at the
    /// place, begins anywhere before it, and has a bounded length but in ECMAScript and .NET.
    Look {
        /// Ahead or behind.
        direction: Direction,
        /// Whether it has to match or must not.
        sign: Sign,
        /// What is looked for.
        node: Box<Self>,
    },
    /// Something again and again. A body that can match nothing adds nothing to what is
    /// accepted: `(a?){2,}` is `a*`. Counts are as written, so up to 2³² - 2.
    Repeat {
        /// What.
        node: Box<Self>,
        /// At least so often.
        min: u32,
        /// At most so often.
        max: Option<u32>,
        /// Which count is tried first.
        kind: Repetition,
    },
    /// One byte. An empty set matches nowhere.
    Set(ByteSet),
}

impl Node {
    /// Whether automata can tell all about it: no back-reference, atomic group or possessive
    /// repetition is in it, but for a run of single bytes that gives none back.
    pub fn is_exact(&self) -> bool {
        match self {
            Self::Atomic(_) | Self::Repeat { kind: Repetition::Possessive, .. } => self.run().is_some(),
            Self::Backreference { .. } => false,
            _ => self.children().all(Self::is_exact),
        }
    }

    /// A run of bytes that gives none back: the set, and how many at least and at most. No byte
    /// of the set follows it, unless it is full.
    pub(crate) fn run(&self) -> Option<(ByteSet, u32, Option<u32>)> {
        let repeat = match self {
            Self::Atomic(inner) => inner,
            own @ Self::Repeat { kind: Repetition::Possessive, .. } => own,
            _ => return None,
        };
        match repeat {
            Self::Repeat { node, min, max, kind: Repetition::Greedy | Repetition::Possessive } => {
                let Self::Set(set) = &**node else { return None };
                Some((*set, *min, *max))
            }
            _ => None,
        }
    }

    /// Whether look-around is in it. Word boundaries do not count.
    pub fn has_look_around(&self) -> bool {
        matches!(self, Self::Look { .. }) || self.children().any(Self::has_look_around)
    }

    /// Whether something in it is repeated more than `few` times, and counted.
    pub(crate) fn counts_beyond(&self, few: u32) -> bool {
        let own = match self {
            Self::Repeat { min, max, .. } => *min > few || max.is_some_and(|max| max > few),
            _ => false,
        };
        own || self.children().any(|child| child.counts_beyond(few))
    }

    /// How many characters it matches, at least and at most; back-references any number.
    pub fn length(&self) -> (u64, Option<u64>) {
        match self {
            Self::Assert(_) | Self::Empty | Self::Look { .. } => (0, Some(0)),
            Self::Backreference { .. } => (0, None),
            Self::Set(_) => (1, Some(1)),
            Self::Atomic(node) | Self::Group { node, .. } => node.length(),
            Self::Alternation(branches) => {
                let lengths = branches.iter().map(Self::length);
                lengths
                    .reduce(|a, b| (a.0.min(b.0), a.1.zip(b.1).map(|(a, b)| a.max(b))))
                    .unwrap_or((0, Some(0)))
            }
            Self::Concat(nodes) => nodes.iter().map(Self::length).fold((0, Some(0)), |a, b| {
                let most = a.1.zip(b.1).map(|(a, b)| a.saturating_add(b));
                (a.0.saturating_add(b.0), most)
            }),
            Self::Repeat { node, min, max, .. } => {
                let (least, most) = node.length();
                let most = if most == Some(0) {
                    Some(0)
                } else {
                    most.zip(*max).map(|(most, max)| most.saturating_mul(u64::from(max)))
                };
                (least.saturating_mul(u64::from(*min)), most)
            }
        }
    }

    /// Calls `see` for this part and for each part within, the outer before the inner.
    pub fn visit<'n>(&'n self, see: &mut dyn FnMut(&'n Self)) {
        see(self);
        self.children().for_each(|child| child.visit(see));
    }

    /// Whether some part repeats what a group has matched.
    pub fn has_backreference(&self) -> bool {
        matches!(self, Self::Backreference { .. }) || self.children().any(Self::has_backreference)
    }

    /// What it is made of.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        let (several, one) = match self {
            Self::Alternation(nodes) | Self::Concat(nodes) => (nodes.as_slice(), None),
            Self::Atomic(node)
            | Self::Group { node, .. }
            | Self::Look { node, .. }
            | Self::Repeat { node, .. } => (&[][..], Some(&**node)),
            Self::Assert(_) | Self::Backreference { .. } | Self::Empty | Self::Set(_) => (&[][..], None),
        };
        several.iter().chain(one)
    }
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// The end: no origin has a line break, so `$`, `\z` and `\Z` say the same.
    End,
    /// Everywhere else. In an empty text, which no origin is, Python says otherwise.
    NotWordBoundary,
    /// The beginning.
    Start,
    /// Between a byte of [`ByteSet::word`] and another, or the text's edge: the edge counts as
    /// a byte that is none. Never in an empty text.
    WordBoundary,
}

/// Which way look-around looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `(?=`, `(?!`
    Ahead,
    /// `(?<=`, `(?<!`
    Behind,
}

/// Whether look-around has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `(?!`, `(?<!`
    Negative,
    /// `(?=`, `(?<=`
    Positive,
}

/// What a back-reference to a group without a match does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// It does not match: PCRE, Python, Java, .NET, Ruby.
    Fails,
    /// It matches the empty text: ECMAScript.
    MatchesEmpty,
}

/// Which count a repetition tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The highest.
    Greedy,
    /// The lowest.
    Lazy,
    /// The highest, and no other.
    Possessive,
}
