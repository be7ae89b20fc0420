//! What does one admit that the other did not?

use std::collections::HashSet;

use super::{Prover, Witness, is_an_origin};
use crate::automaton::Table;
use crate::grammar;
use crate::model::{LetterCase, Matcher, Truth};
use crate::search::{Listed, search};

/// How two matchers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// An origin that only the new one admits.
    pub gained: Witness,
    /// An origin that only the old one admits.
    pub lost: Witness,
}

impl Difference {
    /// Whether both admit the same; `None` if it is not known.
    pub fn is_none(&self) -> Option<bool> {
        match (&self.gained, &self.lost) {
            (Witness::Found(_), _) | (_, Witness::Found(_)) => Some(false),
            (Witness::None, Witness::None) => Some(true),
            _ => None,
        }
    }
}

impl Prover<'_> {
    /// What tells `old` and `new` apart, among all that a browser sends: origins of the
    /// web, of extensions and applications, and `null`.
    pub fn difference(&self, old: &Matcher, new: &Matcher) -> Difference {
        let (old, new) = (Split::of(old), Split::of(new));
        Difference { gained: new.beyond(&old, self), lost: old.beyond(&new, self) }
    }
}

/// A matcher as single origins and the rest: lists have a hundred thousand of them.
struct Split<'m> {
    exact: HashSet<&'m str>,
    /// In the order in which they were written.
    listed: Vec<&'m str>,
    rest: Matcher,
}

impl<'m> Split<'m> {
    fn of(matcher: &'m Matcher) -> Self {
        let mut listed = Vec::new();
        let mut rest = Vec::new();
        split(matcher, &mut listed, &mut rest);
        let rest = Matcher::AnyOf(rest.into_iter().cloned().collect());
        Self { exact: listed.iter().copied().collect(), listed, rest }
    }

    fn takes(&self, origin: &str, prover: &Prover<'_>) -> Truth {
        Truth::from(self.exact.contains(origin)).or(prover.takes(&self.rest, origin))
    }

    /// An origin of this that is none of `other`.
    fn beyond(&self, other: &Self, prover: &Prover<'_>) -> Witness {
        let mut unknown = None;
        for origin in self.listed.iter().filter(|origin| !other.exact.contains(**origin)) {
            match other.rest.matches(origin) {
                Truth::False if is_sent(origin) => return Witness::Found((*origin).to_owned()),
                Truth::Unknown => unknown = Some("it is not known whether a listed origin is admitted"),
                _ => {}
            }
        }
        match (self.rest_beyond(other, prover), unknown) {
            (Witness::None, Some(reason)) => Witness::Unknown(reason.to_owned()),
            (found, _) => found,
        }
    }

    fn rest_beyond(&self, other: &Self, prover: &Prover<'_>) -> Witness {
        if matches!(&self.rest, Matcher::AnyOf(any) if any.is_empty()) {
            return Witness::None;
        }
        let others = Matcher::Not(Box::new(other.rest.clone()));
        let table =
            match Table::of(&Matcher::AllOf(vec![self.rest.clone(), others]), grammar::all(), &prover.work) {
                Ok(table) => table,
                Err(error) => return Witness::Unknown(error.to_string()),
            };
        let mut confirm = |origin: &str| {
            let is_beyond = self.takes(origin, prover).and(other.takes(origin, prover).negated());
            Truth::from(is_sent(origin)).and(is_beyond)
        };
        search(&table, &Listed::of(&other.listed), &mut confirm, &prover.work).into()
    }
}

fn split<'m>(matcher: &'m Matcher, listed: &mut Vec<&'m str>, rest: &mut Vec<&'m Matcher>) {
    match matcher {
        Matcher::AnyOf(any) => any.iter().for_each(|one| split(one, listed, rest)),
        Matcher::Exact(text, LetterCase::Matters) => listed.push(text),
        other => rest.push(other),
    }
}

/// Whether a browser may send `origin`.
fn is_sent(origin: &str) -> bool {
    // Schemes other than the web's are opaque to the URL parser.
    let is_own = !origin.starts_with("http://") && !origin.starts_with("https://");
    is_an_origin(origin) || (is_own && corsac_origin::OriginRef::parse(origin.as_bytes()).is_ok())
}
