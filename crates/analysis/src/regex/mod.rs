//! Regular expressions as the software that applies them understands them.
//!
//! One parser for eight dialects, because a parser of another dialect accepts some syntax
//! with another meaning (`[a&&b]`, `x*+`, `\h`, `\Z`) and a verdict about another language
//! is worth nothing. What cannot be modelled (recursion, conditionals, `\K`, `\G`, code) is
//! refused with a reason. Bytes that no origin has are dropped from classes: see
//! [`crate::alphabet`].

use std::sync::{Arc, OnceLock};

use backtrack::Runner;

mod dialect;
mod syntax;

pub use dialect::{Dialect, Flags, Mode};
pub use syntax::{Assertion, Direction, Node, Repetition, Sign, Unset};

mod backtrack;
mod certain;
mod parse;

pub use backtrack::Found;
pub use parse::Refusal;

/// An expression as a program applies it. It is cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regex(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    text: String,
    dialect: Dialect,
    mode: Mode,
    flags: Flags,
    syntax: Result<Node, Refusal>,
    /// What is run on texts, once one is tried.
    runner: OnceLock<Runner>,
}

impl PartialEq for Parsed {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
            && self.dialect == other.dialect
            && self.mode == other.mode
            && self.flags == other.flags
            && self.syntax == other.syntax
    }
}

impl Eq for Parsed {}

impl Regex {
    /// Reads `text`. One that cannot be read is kept with the reason: a model of a
    /// configuration is no better for a part that fell out of it.
    pub fn new(text: &str, dialect: Dialect, mode: Mode, flags: Flags) -> Self {
        let syntax = parse::parse(text, dialect, &flags);
        Self::of(text.to_owned(), dialect, (mode, flags), syntax)
    }

    /// An expression of our own, put together rather than written.
    pub(crate) fn of_syntax(node: Node, mode: Mode) -> Self {
        Self::of(String::new(), Dialect::Pcre, (mode, Flags::default()), Ok(node))
    }

    fn of(
        text: String,
        dialect: Dialect,
        (mode, flags): (Mode, Flags),
        syntax: Result<Node, Refusal>,
    ) -> Self {
        Self(Arc::new(Parsed { text, dialect, mode, flags, syntax, runner: OnceLock::new() }))
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whose syntax it is.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// How much of a text has to match.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// The flags outside of it.
    pub fn flags(&self) -> &Flags {
        &self.0.flags
    }

    /// What it means.
    ///
    /// # Errors
    /// Why it is not modelled, and where.
    pub fn syntax(&self) -> Result<&Node, &Refusal> {
        self.0.syntax.as_ref()
    }

    /// What the engine finds in `text`, by trying as the engine does; `None` if the
    /// expression was refused or the bound of steps is reached.
    ///
    /// Where a match is, and not only whether there is one, is the engine's own in ECMAScript,
    /// Java, PCRE and Python. In the others it can differ after loops over nothing, and POSIX
    /// settles on the longest match, which this does not look for.
    pub fn find(&self, text: &str) -> Option<Found> {
        self.find_counting(text, &mut 0)
    }

    /// As [`Self::find`], and adds to `steps` how many it took.
    pub(crate) fn find_counting(&self, text: &str, steps: &mut usize) -> Option<Found> {
        let syntax = self.syntax().ok()?;
        let runner = self.0.runner.get_or_init(|| Runner::new(syntax, self.dialect(), self.mode()));
        runner.find(text, steps)
    }

    /// Whether the program accepts `text`; `None` as for [`Self::find`].
    pub fn accepts(&self, text: &str) -> Option<bool> {
        self.find(text).map(|found| matches!(found, Found::Match(_)))
    }
}
