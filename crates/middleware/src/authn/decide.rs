//! The compiled guard, and what it decides.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use corsac_credentials::{
    ApiKeys, ClaimRefusal, Place, PlaceRefusal, Places, Presented, Principal, Refusal, Timestamp, Unavailable,
};

use super::answer::Answers;
use super::compile::{self, Definitions};
use super::config::{AuthnConfig, AuthnErrors, Mistake, ReadFile};
use super::identity::{Forwarding, Identity};
use super::keys::{Asked, Jwt, Verified};
use super::opaque::Opaque;
use super::outside::Outside;
use super::wait::{Wait, Waited};
use crate::guard::{Head, Refused};

/// Waits of one request. One is enough where everything works: for keys, or for an answer;
/// a second covers keys that were fetched just before the issuer changed them.
const MAX_ROUNDS: u8 = 3;

/// Authentication that cannot be wrong. [`Authn::compile`] is the only road to it.
#[derive(Debug)]
pub struct Authn {
    pub(super) config: AuthnConfig,
    pub(super) groups: HashMap<String, Arc<Group>>,
    pub(super) definitions: Definitions,
    pub(super) verified: Arc<Verified>,
    pub(super) outside: Arc<dyn Outside>,
    pub(super) warnings: Vec<Mistake>,
}

impl Authn {
    /// Checks `config` and reads the files that it names. Nothing is fetched before
    /// [`Self::poll`] or a request asks for it.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile(
        config: &AuthnConfig,
        read: ReadFile<'_>,
        outside: Arc<dyn Outside>,
    ) -> Result<Self, AuthnErrors> {
        compile::compile(config, None, read, outside)
    }

    /// What takes this one's place after a reload. Methods whose definition and files are the
    /// same keep their keys, answers and errands; verified tokens are kept as long as the
    /// rules and the key that they were verified with are still there.
    ///
    /// # Errors
    /// All mistakes at once; this one stays in force.
    pub fn recompile(&self, config: &AuthnConfig, read: ReadFile<'_>) -> Result<Self, AuthnErrors> {
        compile::compile(config, Some(self), read, Arc::clone(&self.outside))
    }

    /// What was compiled.
    pub fn to_config(&self) -> AuthnConfig {
        self.config.clone()
    }

    /// What is not forbidden, and should be changed.
    pub fn warnings(&self) -> &[Mistake] {
        &self.warnings
    }

    /// The files that it was made of, to be watched.
    pub fn files(&self) -> Vec<&Path> {
        self.config.files()
    }

    /// What routes of this name take.
    pub fn group(&self, name: &str) -> Option<Arc<Group>> {
        self.groups.get(name).cloned()
    }

    /// Fetches the keys that are due, and gives up what has taken too long. Call it at the
    /// start and then once a second: nothing else ends a wait for a server that never answers.
    pub fn poll(&self, now: Timestamp) {
        self.definitions.jwt.values().for_each(|kept| kept.value.poll(now, &self.outside));
        self.definitions.opaque.values().for_each(|kept| kept.value.poll(now));
    }

    /// Verified tokens that are remembered, for metrics.
    pub fn verified_tokens(&self) -> usize {
        self.verified.len()
    }
}

/// One way to prove who calls.
#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) places: Places,
    pub(super) kind: Kind,
    pub(super) forwarding: Arc<Forwarding>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    ApiKeys(Arc<ApiKeys>),
    Jwt(Arc<Jwt>),
    Opaque(Arc<Opaque>),
}

/// What one kind of route takes.
pub struct Group {
    pub(super) name: String,
    pub(super) methods: Vec<Method>,
    pub(super) answers: Answers,
    pub(super) verified: Arc<Verified>,
    pub(super) outside: Arc<dyn Outside>,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is known of a request's caller.
#[derive(Debug)]
#[must_use = "a request that nobody decided about must not pass"]
pub enum Check {
    /// Who it is.
    Known(Identity),
    /// Nobody; the request is answered.
    Refused(Refused),
    /// Something is on its way. Await it, then [`Group::check_again`].
    Wait(Wait),
}

impl Group {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether one of its methods takes what browsers send by themselves, so that a guard
    /// against CSRF has to look at its requests.
    pub fn is_ambient(&self) -> bool {
        self.methods.iter().any(|method| method.places.are_ambient())
    }

    /// Who calls. Not for preflights, which carry no credential. Verifying a token that was
    /// not seen before takes as long as its signature, some 100 µs.
    pub fn check(&self, head: &Head<'_>, now: Timestamp) -> Check {
        self.decide(head, now, None)
    }

    /// Who calls, after a wait. A request that has waited often enough is refused.
    pub fn check_again(&self, head: &Head<'_>, now: Timestamp, waited: &Waited) -> Check {
        self.decide(head, now, Some(waited))
    }

    /// Who calls, and waits for it as often as it takes.
    ///
    /// # Errors
    /// Nobody is recognized.
    pub async fn identify(&self, head: &Head<'_>) -> Result<Identity, Box<Refused>> {
        let mut check = self.check(head, self.outside.now());
        loop {
            check = match check {
                Check::Known(identity) => return Ok(identity),
                Check::Refused(refused) => return Err(Box::new(refused)),
                Check::Wait(wait) => {
                    let waited = wait.await;
                    self.check_again(head, self.outside.now(), &waited)
                }
            }
        }
    }

    fn decide(&self, head: &Head<'_>, now: Timestamp, waited: Option<&Waited>) -> Check {
        let refuse = |method, refusal: &Refusal| Check::Refused(self.answers.refuse(head, method, refusal));
        let (index, method, presented) = match self.find(head) {
            Ok(found) => found,
            Err((method, refusal)) => return refuse(method, &refusal),
        };
        let asked = match &method.kind {
            Kind::ApiKeys(keys) => {
                keys.verify(presented.text(), now).map_or_else(Asked::Refused, Asked::Known)
            }
            Kind::Jwt(jwt) => jwt.ask(presented.text(), now, &self.verified, &self.outside),
            Kind::Opaque(opaque) => {
                let answer = |token: &[u8; 32]| waited?.answer(index, token);
                opaque.ask(presented.text(), now, &self.outside, answer)
            }
        };
        match asked {
            Asked::Known(principal) => {
                let known = Self::known(method, principal, presented.place(), now);
                known.map_or_else(|refusal| refuse(Some(index), &refusal), Check::Known)
            }
            Asked::Refused(refusal) => refuse(Some(index), &refusal),
            Asked::Wait(waiting, token) => match waited.map_or(0, |waited| waited.round) + 1 {
                round if round > MAX_ROUNDS => refuse(Some(index), &Unavailable::Keys.into()),
                round => Check::Wait(Wait { waiting, method: index, token, round }),
            },
        }
    }

    fn known(
        method: &Method,
        principal: Arc<Principal>,
        place: Place,
        now: Timestamp,
    ) -> Result<Identity, Refusal> {
        // An answer may have waited for the request longer than its token lived.
        if let Some(at) = principal.expires_at().filter(|at| *at <= now) {
            return Err(ClaimRefusal::Expired { at }.into());
        }
        let identity = Identity { principal, place, forwarding: Arc::clone(&method.forwarding) };
        if identity.fits() {
            Ok(identity)
        } else {
            Err(ClaimRefusal::TooLong("roles or scopes".into()).into())
        }
    }

    /// The one credential of a request, and whose it is. Two of different methods are refused as
    /// two of one are: the upstream may take the other one (RFC 6750, section 2).
    fn find<'g, 'r>(&'g self, head: &Head<'r>) -> Result<Found<'g, 'r>, (Option<usize>, Refusal)> {
        let mut found: Option<Found<'g, 'r>> = None;
        for (index, method) in self.methods.iter().enumerate() {
            match method.places.find(head.headers, head.query) {
                Err(Refusal::Place(PlaceRefusal::Missing)) => {}
                Err(refusal) => return Err((Some(index), refusal)),
                Ok(presented) => {
                    if let Some((_, _, first)) = &found {
                        let several = PlaceRefusal::Several(name(first.place()), name(presented.place()));
                        return Err((Some(index), several.into()));
                    }
                    found = Some((index, method, presented));
                }
            }
        }
        found.ok_or((None, PlaceRefusal::Missing.into()))
    }
}

type Found<'g, 'r> = (usize, &'g Method, Presented<'r>);

fn name(place: Place) -> &'static str {
    match place {
        Place::Bearer => "`Authorization`",
        Place::Cookie => "a cookie",
        Place::Header => "a header field",
        Place::Query => "the query",
    }
}
