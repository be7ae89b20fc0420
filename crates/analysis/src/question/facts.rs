//! What else is worth knowing of the origins that are admitted.

use super::{Prover, Witness, is_an_origin};
use crate::automaton::Table;
use crate::grammar;
use crate::model::{Matcher, Truth};
use crate::search::{Outcome, search};

/// Origins of special kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether `null` is admitted; `None` if it is not known.
    pub null: Option<bool>,
    /// One over `http` that is not loopback.
    pub http: Witness,
    /// One whose host is an address that is not loopback.
    pub address: Witness,
    /// Whether every web origin is admitted; `None` if it is not known.
    pub everything: Option<bool>,
    /// Whether none is that any browser sends; `None` if it is not known.
    pub dead: Option<bool>,
}

impl Facts {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        null: None,
        http: Witness::Unknown(String::new()),
        address: Witness::Unknown(String::new()),
        everything: None,
        dead: None,
    };
}

impl Prover<'_> {
    /// The facts about what `matcher` takes.
    pub fn facts(&self, matcher: &Matcher) -> Facts {
        let null = match matcher.matches("null") {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown => None,
        };
        Facts {
            null,
            http: self.witness(matcher, grammar::plain()),
            address: self.witness(matcher, grammar::addresses()),
            everything: self.is_everything(matcher),
            dead: self.is_dead(matcher),
        }
    }

    /// A web origin that `matcher` takes, if one is found.
    pub(crate) fn example(&self, matcher: &Matcher) -> Option<String> {
        self.witness(matcher, grammar::web()).found().map(str::to_owned)
    }

    /// An origin of `within` that `matcher` takes.
    fn witness(&self, matcher: &Matcher, within: &Table) -> Witness {
        let mut confirm = |origin: &str| Truth::from(is_an_origin(origin)).and(self.takes(matcher, origin));
        let found = self.ask(matcher, within, &mut |table| search(table, &(), &mut confirm, &self.work));
        found.map_or_else(|error| Witness::Unknown(error.to_string()), Witness::from)
    }

    /// Whether every web origin is taken; `None` if it is not known.
    pub(crate) fn is_everything(&self, matcher: &Matcher) -> Option<bool> {
        let others = Matcher::Not(Box::new(matcher.clone()));
        // Most matchers refuse the first origin that comes to mind.
        if matcher.matches("https://evil-site.com") == Truth::False {
            return Some(false);
        }
        match self.witness(&others, grammar::web()) {
            Witness::None => Some(true),
            Witness::Found(_) => Some(false),
            Witness::Unknown(_) => None,
        }
    }

    /// Whether no browser sends an origin that `matcher` takes; `None` if it is not known.
    pub(crate) fn is_dead(&self, matcher: &Matcher) -> Option<bool> {
        let table = Table::at_least(matcher, grammar::all(), &self.work).ok()?;
        if table.is_empty() {
            return Some(true);
        }
        if table.is_exact {
            return Some(false);
        }
        match search(&table, &(), &mut |origin| self.takes(matcher, origin), &self.work) {
            Outcome::Empty(_) => Some(true),
            Outcome::Found(_) => Some(false),
            Outcome::Unknown(_) => None,
        }
    }
}
