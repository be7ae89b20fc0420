//! An expression, read: what is left of it once dialects and flags are dealt with.

use crate::alphabet::ByteSet;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One of several; the first that leads to a match is taken.
    Alternation(Vec<Self>),
    /// A place in the text.
    Assert(Assertion),
    /// `(?>…)`: once matched, not tried otherwise.
    Atomic(Box<Self>),
    /// What a group matched, once more.
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
    /// Look-around.
    Look {
        /// Ahead or behind.
        direction: Direction,
        /// Whether it has to match or must not.
        sign: Sign,
        /// What is looked for.
        node: Box<Self>,
    },
    /// Something again and again.
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
    /// Calls `see` for this part and for each part within, the outer before the inner.
    pub fn visit<'n>(&'n self, see: &mut dyn FnMut(&'n Self)) {
        see(self);
        match self {
            Self::Alternation(parts) | Self::Concat(parts) => parts.iter().for_each(|part| part.visit(see)),
            Self::Atomic(inner)
            | Self::Group { node: inner, .. }
            | Self::Look { node: inner, .. }
            | Self::Repeat { node: inner, .. } => inner.visit(see),
            Self::Assert(_) | Self::Backreference { .. } | Self::Empty | Self::Set(_) => {}
        }
    }

    /// Whether `holds` of this part or of one within.
    fn has(&self, holds: impl Fn(&Self) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |part| found |= holds(part));
        found
    }

    /// Whether some part repeats what a group has matched.
    pub fn has_backreference(&self) -> bool {
        self.has(|part| matches!(part, Self::Backreference { .. }))
    }

    /// Whether which texts match is a matter of the parts alone: nothing in it depends on
    /// what the engine had matched before or had given up (back-references, atomic groups,
    /// possessive repetition).
    pub fn is_exact(&self) -> bool {
        !self.has(|part| match part {
            Self::Atomic(_) | Self::Backreference { .. } => true,
            Self::Repeat { kind, .. } => *kind == Repetition::Possessive,
            _ => false,
        })
    }
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// The end: no origin has a line break, so `$`, `\z` and `\Z` say the same.
    End,
    /// Where no word begins or ends.
    NotWordBoundary,
    /// The beginning.
    Start,
    /// Between a byte of [`ByteSet::word`] and another, or the text's edge.
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
