//! Does it admit an origin that a stranger can own?

use corsac_origin::{MAX_LABEL_LEN, Section};

use super::{Attack, Prover, Verdict, host_of, is_an_origin};
use crate::alphabet::ByteSet;
use crate::automaton::{Table, TooLarge};
use crate::grammar;
use crate::model::{Matcher, Truth};
use crate::search::{Outcome, search};
use crate::stranger::{Intended, Shape, Stranger, Tier};

impl Prover<'_> {
    /// Whether `matcher` admits an origin that a stranger can own: a registrable name other
    /// than the `intended` ones, or a host under one.
    pub fn strangers(&self, matcher: &Matcher, intended: &Intended) -> Verdict {
        let mut states = 0;
        let mut unknown = None;
        for (within, tier) in [(grammar::secure_domains(), Tier::Odd), (grammar::plain_domains(), Tier::Http)]
        {
            match self.ask(matcher, within, &mut |table| self.search(matcher, intended, (table, tier))) {
                Ok(Outcome::Empty(seen)) => states += seen,
                Ok(Outcome::Unknown(reason)) => unknown = Some(reason),
                Ok(Outcome::Found(attack)) => return Verdict::Attack(attack),
                Err(error) => return self.by_example(matcher, intended, error.to_string()),
            }
        }
        match unknown {
            Some(reason) => self.by_example(matcher, intended, reason),
            None => Verdict::Proved { states },
        }
    }

    /// A stranger's origin among those of a scheme, which is had as easily as `tier` at least.
    fn search(
        &self,
        matcher: &Matcher,
        intended: &Intended,
        (table, tier): (&Table, Tier),
    ) -> Outcome<Attack> {
        let shape = Shape { intended, is_secure: tier == Tier::Odd };
        if let Outcome::Empty(seen) = search(table, &shape, &mut |_| Truth::True, &self.work) {
            return Outcome::Empty(seen);
        }
        let mut confirm = |origin: &str| self.is_strangers(matcher, intended, origin);
        match search(table, &self.side(intended, tier), &mut confirm, &self.work) {
            Outcome::Empty(seen) => Outcome::Empty(seen),
            Outcome::Unknown(reason) => Outcome::Unknown(reason),
            Outcome::Found(any) => Outcome::Found(self.easiest(matcher, intended, (table, tier), any)),
        }
    }

    fn side<'s>(&'s self, intended: &'s Intended, tier: Tier) -> Stranger<'s> {
        Stranger { suffixes: &self.suffixes, intended, tier }
    }

    /// The attack that is mounted most easily, now that `any` is known to be of `worst` or better.
    fn easiest(
        &self,
        matcher: &Matcher,
        intended: &Intended,
        (table, worst): (&Table, Tier),
        any: String,
    ) -> Attack {
        let mut confirm = |origin: &str| self.is_strangers(matcher, intended, origin);
        let own = self.side(intended, Tier::Http).tier_of(&any).unwrap_or(worst);
        let may_be_easier = own != Tier::Open && worst != Tier::Http;
        // Names with other bytes are not had easily; without them most searches have nowhere to go.
        let plain = may_be_easier.then(|| table.without(odd_bytes()));
        let easier = plain.and_then(|plain| {
            Tier::ALL.into_iter().take_while(|tier| *tier < own).find_map(|tier| {
                match search(&plain, &self.side(intended, tier), &mut confirm, &self.work) {
                    Outcome::Found(origin) => Some((origin, tier)),
                    _ => None,
                }
            })
        });
        let (witness, tier) = easier.unwrap_or((any, own));
        Attack { telling: self.telling(matcher, intended, tier), witness, tier }
    }

    /// What cannot be searched is tried.
    fn by_example(&self, matcher: &Matcher, intended: &Intended, reason: String) -> Verdict {
        for tier in Tier::ALL {
            if let Some(witness) = self.telling(matcher, intended, tier) {
                return Verdict::Attack(Attack { telling: None, witness, tier });
            }
        }
        if self.is_spent() {
            return Verdict::Unknown(TooLarge::File.to_string());
        }
        Verdict::Unknown(matcher.opaque().unwrap_or(reason))
    }

    /// Whether `host` is one of the `intended` names or under one, and nobody else's.
    pub(crate) fn is_meant(&self, host: &str, intended: &Intended) -> bool {
        intended.covers(host, self.list.registrable_domain(host).unwrap_or(host))
    }

    /// Whether `matcher` takes `origin` and a stranger can own it, told without automata.
    pub(super) fn is_strangers(&self, matcher: &Matcher, intended: &Intended, origin: &str) -> Truth {
        let host = host_of(origin);
        let is_listed = self.list.public_suffix(host).is_some_and(|(_, section)| section != Section::Default);
        let fits = host.split('.').all(|label| label.len() <= MAX_LABEL_LEN);
        let is_owned = is_listed
            && fits
            && self.list.registrable_domain(host).is_some()
            && !self.is_meant(host, intended)
            && is_an_origin(origin);
        if is_owned { self.takes(matcher, origin) } else { Truth::False }
    }

    /// How easily a stranger has `origin`; none if no stranger can own it.
    pub fn tier_of(&self, origin: &str, intended: &Intended) -> Option<Tier> {
        self.side(intended, Tier::Http).tier_of(origin)
    }
}

/// Bytes of hosts that registries and hosting services do not give out.
fn odd_bytes() -> ByteSet {
    let usual = ByteSet::of_all(b'a'..=b'z').or(ByteSet::digit()).or(ByteSet::of_all(*b"-.:/"));
    usual.complement()
}
