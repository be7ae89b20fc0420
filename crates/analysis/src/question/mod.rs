//! What a configuration really admits.
//!
//! Each question is answered with a witness, with a proof that there is none, or not at all:
//! [`Verdict::Unknown`] is a verdict, and never safe. A witness was accepted by a matcher
//! that shares nothing with the automata but the syntax tree, and was read back by a URL
//! parser, before it is told.

mod difference;
mod facts;
mod guess;
mod strangers;
mod telling;

use std::sync::Arc;

use corsac_origin::PublicSuffixList;

use crate::automaton::{Table, TooLarge, Work};
use crate::model::{Matcher, Truth};
use crate::search::Outcome;
use crate::stranger::{SuffixTrie, Tier};

pub use difference::Difference;
pub use facts::Facts;
pub use guess::intended_names;
pub(crate) use guess::spelt_words;

/// Answers questions with one public suffix list. What is explored for one question is
/// bounded; for what is explored for one file, see [`Prover::for_a_file`].
#[derive(Debug)]
pub struct Prover<'l> {
    list: &'l PublicSuffixList,
    suffixes: Arc<SuffixTrie>,
    /// What it may still explore.
    work: Work,
}

/// Whether a stranger can own an origin that is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One can.
    Attack(Attack),
    /// Nobody can, under the [assumptions](Prover::assumptions).
    Proved {
        /// How many states of the product were seen.
        states: usize,
    },
    /// It is not known, for this reason.
    Unknown(String),
}

/// An origin of a stranger that is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attack {
    /// A shortest one.
    pub witness: String,
    /// One that tells more at a glance, where there is one.
    pub telling: Option<String>,
    /// How easily it is had.
    pub tier: Tier,
}

/// An origin that has a property, or the certainty that none is admitted that has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// This one.
    Found(String),
    /// There is none.
    None,
    /// It is not known, for this reason.
    Unknown(String),
}

impl From<Outcome> for Witness {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Empty(_) => Self::None,
            Outcome::Found(origin) => Self::Found(origin),
            Outcome::Unknown(reason) => Self::Unknown(reason),
        }
    }
}

impl Witness {
    /// The origin, if there is one.
    pub fn found(&self) -> Option<&str> {
        match self {
            Self::Found(origin) => Some(origin),
            Self::None | Self::Unknown(_) => None,
        }
    }
}

impl<'l> Prover<'l> {
    /// A prover with `list`.
    pub fn new(list: &'l PublicSuffixList) -> Self {
        Self { list, suffixes: Arc::new(SuffixTrie::of(list)), work: Work::unbounded() }
    }

    /// The same, for all that is asked of one file: what is explored for it is bounded as a
    /// whole, and whatever is asked after that is unknown.
    #[must_use]
    pub fn for_a_file(&self) -> Self {
        Self { list: self.list, suffixes: Arc::clone(&self.suffixes), work: Work::of_a_file() }
    }

    /// Whether `matcher` takes `origin`; what trying costs is counted, and nothing is tried once
    /// all that may be explored was.
    pub(crate) fn takes(&self, matcher: &Matcher, origin: &str) -> Truth {
        if self.is_spent() {
            return Truth::Unknown;
        }
        let mut steps = 0;
        let taken = matcher.matches_counting(origin, &mut steps);
        // The next step of the search ends it where this was too much.
        let _ = self.work.spend(steps);
        taken
    }

    /// What `ask` makes of the origins of `within` that `matcher` takes: of as few states as
    /// settle it, and of what is surely taken first where something is not known. `ask` confirms
    /// what it finds.
    fn ask<T>(
        &self,
        matcher: &Matcher,
        within: &Table,
        ask: &mut dyn FnMut(&Table) -> Outcome<T>,
    ) -> Result<Outcome<T>, TooLarge> {
        let is_heavy = Table::is_heavy(matcher, &self.work)?;
        if is_heavy && let Some(settled) = self.loosely(matcher, within, ask) {
            return Ok(settled);
        }
        if let (Some(_), Ok(sure)) = (matcher.opaque(), Table::surely(matcher, within, &self.work))
            && let found @ Outcome::Found(_) = ask(&sure)
        {
            return Ok(found);
        }
        match Table::of(matcher, within, &self.work) {
            Ok(table) => Ok(ask(&table)),
            Err(TooLarge::Expression) if !is_heavy => {
                self.loosely(matcher, within, ask).ok_or(TooLarge::Expression)
            }
            Err(error) => Err(error),
        }
    }

    /// What fewer states already settle.
    fn loosely<T>(
        &self,
        matcher: &Matcher,
        within: &Table,
        ask: &mut dyn FnMut(&Table) -> Outcome<T>,
    ) -> Option<Outcome<T>> {
        match ask(&Table::loosely(matcher, within, &self.work).ok()?) {
            Outcome::Unknown(_) => None,
            settled => Some(settled),
        }
    }

    /// Whether all that may be explored was.
    pub(crate) fn is_spent(&self) -> bool {
        self.work.is_spent()
    }

    /// What may still be explored.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// The public suffixes.
    pub fn list(&self) -> &'l PublicSuffixList {
        self.list
    }

    /// What every verdict takes for granted.
    pub fn assumptions(&self) -> Vec<String> {
        vec![
            format!("public suffixes are those of the list of {}", self.suffixes.version()),
            "strangers register names under listed suffixes only, of letters, digits and hyphens".to_owned(),
            "over https a host has a certificate: other bytes stand in its first label only".to_owned(),
            format!(
                "browsers send http and https origins in one spelling, of at most {} bytes",
                corsac_origin::MAX_ORIGIN_LEN
            ),
        ]
    }
}

/// Whether a URL parser reads `origin` as an origin and writes it the same.
fn is_an_origin(origin: &str) -> bool {
    url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}

/// The host of an origin.
fn host_of(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let end = if rest.starts_with('[') {
        rest.find(']').map_or(rest.len(), |at| at + 1)
    } else {
        rest.find(':').unwrap_or(rest.len())
    };
    rest.get(..end).unwrap_or(rest)
}
