//! Tickets: what lets a peer in. An access token, the peer assertion that other peers see, and
//! the proof that the key of both is the caller's.
//!
//! [`verify_hello`] makes a [`Caller`] of the three, in the protocol's order; what remains is
//! for who keeps state: that the token was not used before ([`Jtis`]), and that the room is not
//! full.

mod access;
mod assertion;
pub(crate) mod denial;
mod jtis;
mod media_keys;
pub(crate) mod rules;

pub use access::Access;
pub use assertion::Assertion;
pub use denial::{Denial, Part, Reason};
pub use jtis::{Jtis, MAX_JTIS};
pub use media_keys::MediaKeys;
pub use rules::{AccessConfig, AccessMistake, AccessRules};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{ClaimRefusal, Claims, Jws, KeySet, Timestamp};

use crate::code::Code;
use crate::digest::Digest;
use rules::{POSSESSION, check_age};

/// Bytes of the nonce in `challenge`.
pub const NONCE_BYTES: usize = 32;

/// What somebody presents who wants to come in.
#[derive(Clone, Copy)]
pub struct Hello<'h> {
    /// The access token.
    pub token: &'h str,
    /// The peer assertion.
    pub assertion: &'h str,
    /// The proof that the key is the caller's.
    pub proof: Proof<'h>,
}

/// A proof of possession, and the nonce that it must answer.
#[derive(Clone, Copy)]
pub struct Proof<'p> {
    /// What the caller signed.
    pub pop: &'p str,
    /// What this connection's `challenge` said.
    pub nonce: &'p [u8; NONCE_BYTES],
}

/// Nothing of the token.
impl std::fmt::Debug for Hello<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello").finish_non_exhaustive()
    }
}

/// Nothing of what was signed.
impl std::fmt::Debug for Proof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

/// Who has shown a token, and that its key is theirs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caller {
    /// What the token says.
    pub access: Access,
    /// What other peers see.
    pub assertion: Assertion,
}

/// Verifies a `hello`: access token, assertion, that the two belong together, then the proof.
/// The caller of this function goes on with [`Jtis::spend`] and the size of the room.
///
/// # Errors
///
/// [`Code::Token`], [`Code::Confirmation`] or [`Code::Possession`]: the first that applies.
pub fn verify_hello(
    hello: &Hello<'_>,
    rules: &AccessRules,
    keys: &KeySet,
    now: Timestamp,
) -> Result<Caller, Denial> {
    let access = Access::verify(hello.token, rules, keys, now)?;
    let assertion = Assertion::verify(hello.assertion, rules, keys, now)?;
    check_pair(&access, &assertion)?;
    let caller = Caller { access, assertion };
    caller.verify_pop(&hello.proof, rules, now)?;
    Ok(caller)
}

impl Caller {
    /// Verifies a proof of possession for the token that the caller has: for `resume`, where it
    /// answers the new connection's nonce. A token that has expired meanwhile resumes nothing.
    ///
    /// # Errors
    ///
    /// [`Code::Token`] where the token has expired; [`Code::Possession`].
    pub fn verify_pop(&self, proof: &Proof<'_>, rules: &AccessRules, now: Timestamp) -> Result<(), Denial> {
        let at = self.access.exp;
        if at <= now {
            return Err(Reason::from(ClaimRefusal::Expired { at }).denies(Part::Access, Code::Token));
        }
        self.check_pop(proof, rules, now).map_err(|reason| reason.denies(Part::Possession, Code::Possession))
    }

    /// Verifies the token of `token.refresh`: the same subject and key, as in `hello`, and the same
    /// room. Its grants and its end are those of the session from then on, also where they are
    /// less. It is spent like any other ([`Jtis::spend`]).
    ///
    /// # Errors
    ///
    /// [`Code::Token`] also where the room is another; [`Code::Confirmation`].
    pub fn refresh(
        &self,
        token: &str,
        rules: &AccessRules,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Access, Denial> {
        let access = Access::verify(token, rules, keys, now)?;
        check_pair(&access, &self.assertion)?;
        if access.room != self.access.room {
            return Err(Reason::Mismatch("room").denies(Part::Access, Code::Token));
        }
        Ok(access)
    }

    fn check_pop(&self, proof: &Proof<'_>, rules: &AccessRules, now: Timestamp) -> Result<(), Reason> {
        let payload = self.assertion.key.verify(&Jws::read(proof.pop, &POSSESSION)?)?;
        let claims = Claims::read(&payload)?;
        let nonce = URL_SAFE_NO_PAD.encode(proof.nonce);
        if claims.text("nonce")? != nonce {
            return Err(Reason::Mismatch("nonce"));
        }
        // A list would be for other servers too.
        if claims.text("aud")? != rules.audience() {
            return Err(Reason::Mismatch("aud"));
        }
        if Digest::parse(claims.text("ath")?) != Some(self.access.hash) {
            return Err(Reason::Mismatch("ath"));
        }
        check_age(&claims, rules.leeway(), now).map(|_| ())
    }
}

/// That a token and an assertion are about one subject and one key.
fn check_pair(access: &Access, assertion: &Assertion) -> Result<(), Denial> {
    let mismatch = if access.key != assertion.key.thumbprint() {
        "cnf.jkt"
    } else if access.sub != assertion.sub {
        "sub"
    } else {
        return Ok(());
    };
    Err(Reason::Mismatch(mismatch).denies(Part::Access, Code::Confirmation))
}
