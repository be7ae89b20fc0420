//! Which origins a server takes.

use crate::alphabet::ByteSet;
use crate::regex::{Mode, Node, Regex};

/// A condition on the text of the request's `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// All of them hold.
    AllOf(Vec<Self>),
    /// No condition.
    Any,
    /// One of them holds.
    AnyOf(Vec<Self>),
    /// The text contains this.
    Contains(String, LetterCase),
    /// The text is this.
    Exact(String, LetterCase),
    /// The whole text is these pieces, one after the other.
    Glob(Vec<Piece>),
    /// It does not hold.
    Not(Box<Self>),
    /// It is not known, for this reason: code decides, or syntax that is not modelled.
    Opaque(String),
    /// The text begins with this.
    Prefix(String, LetterCase),
    /// A regular expression.
    Regex(Regex),
    /// The text ends with this.
    Suffix(String, LetterCase),
    /// What a group of the expression has matched is the whole text; group 0 is the match.
    Whole(Regex, u32),
}

/// Whether letters match in either case. Browsers send origins in lower case, so that a
/// text with upper case matches none unless case is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LetterCase {
    /// It is ignored.
    Ignored,
    /// It matters.
    Matters,
}

/// A piece of a [`Matcher::Glob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text.
    Literal(String, LetterCase),
    /// A run of bytes of a set: at least so many, at most so many.
    Run(ByteSet, u32, Option<u32>),
}

impl Piece {
    /// Any run of bytes, also an empty one: what `*` means in most globs.
    pub fn anything() -> Self {
        Self::Run(ByteSet::ALL, 0, None)
    }

    /// A text whose case matters.
    pub fn literal(text: &str) -> Self {
        Self::Literal(text.to_owned(), LetterCase::Matters)
    }
}

impl Matcher {
    /// Why something in it is not known, if anything is.
    pub fn opaque(&self) -> Option<String> {
        match self {
            Self::AllOf(all) | Self::AnyOf(all) => all.iter().find_map(Self::opaque),
            Self::Not(inner) => inner.opaque(),
            Self::Opaque(reason) => Some(reason.clone()),
            Self::Regex(regex) | Self::Whole(regex, _) => regex.syntax().err().map(ToString::to_string),
            _ => None,
        }
    }

    /// How many bytes the texts have that it takes, at least and at most, as far as that is
    /// told at a glance; none have where the first is more.
    pub(crate) fn length(&self) -> (u64, Option<u64>) {
        let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        match self {
            Self::AllOf(all) => all.iter().map(Self::length).fold((0, None), |(least, most), one| {
                (least.max(one.0), most.into_iter().chain(one.1).min())
            }),
            Self::Contains(text, _) | Self::Prefix(text, _) | Self::Suffix(text, _) => (bytes(text), None),
            Self::Exact(text, _) => (bytes(text), Some(bytes(text))),
            Self::Not(inner) => match &**inner {
                // What is cut off behind so many bytes is longer.
                Self::Glob(pieces) => match pieces.as_slice() {
                    [Piece::Run(set, 0, Some(most))] if *set == ByteSet::ALL => {
                        (u64::from(*most).saturating_add(1), None)
                    }
                    _ => (0, None),
                },
                _ => (0, None),
            },
            Self::Regex(regex) if regex.mode() != Mode::Full => {
                (regex.syntax().map_or(0, |node| node.length().0), None)
            }
            Self::Regex(regex) | Self::Whole(regex, 0) => regex.syntax().map_or((0, None), Node::length),
            Self::Any | Self::AnyOf(_) | Self::Glob(_) | Self::Opaque(_) | Self::Whole(..) => (0, None),
        }
    }

    /// The text is this, in this case.
    pub fn exact(text: impl Into<String>) -> Self {
        Self::Exact(text.into(), LetterCase::Matters)
    }
}
