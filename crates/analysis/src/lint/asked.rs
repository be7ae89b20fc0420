//! What the prover says of a pattern, asked once: preflights repeat what actual responses
//! have, and a hundred locations inherit one line.

use std::cell::RefCell;
use std::rc::Rc;

use super::cause::{self, Suspect, WayIn};
use crate::model::{Matcher, Truth, is_never};
use crate::question::{Facts, Prover, Verdict, Witness};
use crate::stranger::Intended;

/// Most answers that are remembered; looking one up compares it with all.
const MAX_REMEMBERED: usize = 1_000;

/// How many websites are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every one.
    Everyone,
    /// Every one that is served over https.
    EveryoneSecure,
    /// Not every one, or it is not known.
    Some,
}

/// What the prover says of a pattern.
pub(super) struct Asked {
    pub(super) facts: Facts,
    pub(super) reach: Reach,
    /// Whether a stranger is admitted.
    pub(super) verdict: Verdict,
    /// Whether the verdict is about requests with credentials.
    pub(super) is_of_credentials: bool,
    /// How the stranger gets in.
    pub(super) way_in: Option<WayIn>,
    /// Some origins that are admitted.
    pub(super) members: Vec<String>,
}

impl Asked {
    /// Of what is not modelled.
    pub(super) fn unknown() -> Self {
        Self {
            facts: Facts::UNKNOWN,
            reach: Reach::Some,
            verdict: Verdict::Unknown(String::new()),
            is_of_credentials: false,
            way_in: None,
            members: Vec::new(),
        }
    }
}

/// A prover that remembers.
pub(super) struct Memory<'a> {
    pub(super) prover: &'a Prover<'a>,
    remembered: RefCell<Vec<Remembered>>,
}

struct Remembered {
    when: Matcher,
    readers: Matcher,
    with_credentials: Matcher,
    names: Vec<String>,
    asked: Rc<Asked>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(prover: &'a Prover<'a>) -> Self {
        Self { prover, remembered: RefCell::new(Vec::new()) }
    }

    /// What is to be said of the pattern `when`, that lets these read, without credentials and
    /// with them.
    pub(super) fn ask(
        &self,
        when: &Matcher,
        (readers, with_credentials): (&Matcher, &Matcher),
        intended: &Intended,
    ) -> Rc<Asked> {
        let is_same = |one: &&Remembered| {
            one.when == *when
                && one.readers == *readers
                && one.with_credentials == *with_credentials
                && one.names == intended.names()
        };
        if let Some(known) = self.remembered.borrow().iter().find(is_same) {
            return Rc::clone(&known.asked);
        }
        let asked = Rc::new(self.asked(when, (readers, with_credentials), intended));
        let mut remembered = self.remembered.borrow_mut();
        if remembered.len() < MAX_REMEMBERED {
            remembered.push(Remembered {
                when: when.clone(),
                readers: readers.clone(),
                with_credentials: with_credentials.clone(),
                names: intended.names().to_vec(),
                asked: Rc::clone(&asked),
            });
        }
        asked
    }

    fn asked(
        &self,
        when: &Matcher,
        (readers, with_credentials): (&Matcher, &Matcher),
        intended: &Intended,
    ) -> Asked {
        let facts = self.prover.facts(readers);
        let reach = reach(readers, &facts);
        if reach != Reach::Some {
            return Asked { facts, reach, ..Asked::unknown() };
        }
        let (verdict, is_of_credentials) = self.verdict(readers, with_credentials, intended);
        let way_in = match &verdict {
            Verdict::Attack(attack) => {
                let suspect = Suspect { when, readers, attack, intended, prover: self.prover };
                Some(cause::of(&suspect))
            }
            Verdict::Proved { .. } | Verdict::Unknown(_) => None,
        };
        let members = members(self.prover, readers, &facts, &verdict);
        Asked { facts, reach, verdict, is_of_credentials, way_in, members }
    }

    /// About requests with credentials, where that is worse.
    fn verdict(&self, readers: &Matcher, with_credentials: &Matcher, intended: &Intended) -> (Verdict, bool) {
        let ask = |matcher: &Matcher| self.prover.strangers(matcher, intended);
        if is_never(with_credentials) {
            return (ask(readers), false);
        }
        let verdict = ask(with_credentials);
        if matches!(verdict, Verdict::Attack(_)) || with_credentials == readers {
            return (verdict, true);
        }
        (ask(readers), false)
    }
}

fn reach(readers: &Matcher, facts: &Facts) -> Reach {
    const SITES: [&str; 3] =
        ["https://attacker-site.com", "https://zq7x.org", "https://another-attacker.dev"];
    if facts.everything == Some(true) {
        Reach::Everyone
    } else if SITES.iter().all(|site| readers.matches(site) == Truth::True) {
        Reach::EveryoneSecure
    } else {
        Reach::Some
    }
}

fn members(prover: &Prover<'_>, readers: &Matcher, facts: &Facts, verdict: &Verdict) -> Vec<String> {
    let mut members: Vec<String> =
        [&facts.http, &facts.address].into_iter().filter_map(Witness::found).map(str::to_owned).collect();
    if let Verdict::Attack(attack) = verdict {
        members.push(attack.witness.clone());
        members.extend(attack.telling.clone());
    }
    members.extend(prover.example(readers));
    members
}
