//! Regular expressions as the software that applies them understands them.
//!
//! One parser for eight dialects, because a parser of another dialect accepts some syntax
//! with another meaning (`[a&&b]`, `x*+`, `\h`, `\Z`) and a verdict about another language
//! is worth nothing. What cannot be modelled (recursion, conditionals, `\K`, `\G`, code) is
//! refused with a reason. Bytes that no origin has are dropped from classes: see
//! [`crate::alphabet`].

mod dialect;
mod syntax;

pub use dialect::{Dialect, Flags, Mode};
pub use syntax::{Assertion, Direction, Node, Repetition, Sign, Unset};

mod backtrack;
mod certain;
mod parse;

pub use backtrack::Found;
pub use parse::Refusal;

/// An expression as a program applies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regex {
    text: String,
    dialect: Dialect,
    mode: Mode,
    flags: Flags,
    syntax: Result<Node, Refusal>,
}

impl Regex {
    /// Reads `text`. One that cannot be read is kept with the reason: a model of a
    /// configuration is no better for a part that fell out of it.
    pub fn new(text: &str, dialect: Dialect, mode: Mode, flags: Flags) -> Self {
        let syntax = parse::parse(text, dialect, &flags);
        Self { text: text.to_owned(), dialect, mode, flags, syntax }
    }

    /// An expression of our own, put together rather than written.
    pub(crate) fn of_syntax(node: Node, mode: Mode) -> Self {
        let (text, flags) = (String::new(), Flags::default());
        Self { text, dialect: Dialect::Pcre, mode, flags, syntax: Ok(node) }
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose syntax it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How much of a text has to match.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The flags outside of it.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// What it means.
    ///
    /// # Errors
    /// Why it is not modelled, and where.
    pub fn syntax(&self) -> Result<&Node, &Refusal> {
        self.syntax.as_ref()
    }

    /// What the engine finds in `text`, by trying as the engine does; `None` if the
    /// expression was refused or the bound of steps is reached.
    ///
    /// Where a match is, and not only whether there is one, is the engine's own in ECMAScript,
    /// Java, PCRE and Python. In the others it can differ after loops over nothing, and POSIX
    /// settles on the longest match, which this does not look for.
    pub fn find(&self, text: &str) -> Option<Found> {
        backtrack::find(self.syntax.as_ref().ok()?, self.dialect, self.mode, text)
    }

    /// Whether the program accepts `text`; `None` as for [`Self::find`].
    pub fn accepts(&self, text: &str) -> Option<bool> {
        self.find(text).map(|found| matches!(found, Found::Match(_)))
    }
}
