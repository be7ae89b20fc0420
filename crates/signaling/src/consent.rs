//! Consent: what a user agrees to publish, in a text that the user's key signs. It says nothing
//! of the browser's own prompt, which alone opens a camera; it is evidence, and the server
//! holds descriptions against it.

use corsac_credentials::{Claims, ConfirmationKey, Json, Jws, Timestamp};

use crate::code::Code;
use crate::digest::Digest;
use crate::grants::{Kind, Kinds};
use crate::ticket::denial::{Denial, Part, Reason};
use crate::ticket::rules::{CONSENT, LEEWAY, check_age};

/// Bytes of a purpose.
const MAX_PURPOSE_BYTES: usize = 512;

/// The members of a consent, all of them required: evidence has no second reading.
const MEMBERS: [&str; 9] = ["v", "room", "sub", "sid", "scope", "decision", "purpose", "notice", "iat"];

/// What stands in a scope beside the kinds of media.
const RECORDING: &str = "recording";

/// Whether something is allowed from now on, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// `grant`
    Grant,
    /// `revoke`
    Revoke,
}

impl Decision {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "grant" => Some(Self::Grant),
            "revoke" => Some(Self::Revoke),
            _ => None,
        }
    }
}

/// A consent whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent {
    /// Where.
    pub room: String,
    /// Who.
    pub sub: String,
    /// In which session.
    pub sid: String,
    /// What is published. None of it, if it is about recording alone.
    pub scope: Kinds,
    /// Whether it is about recording.
    pub recording: bool,
    /// What is decided.
    pub decision: Decision,
    /// What for, in the application's words.
    pub purpose: String,
    /// The hash of the text that the user was shown.
    pub notice: Digest,
    /// When it was signed.
    pub issued_at: Timestamp,
}

/// What a consent must be about.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The room.
    pub room: &'c str,
    /// The subject.
    pub sub: &'c str,
    /// `sid` of `welcome`.
    pub sid: &'c str,
    /// `notice.hash` of `welcome`: [`Digest::of`] the text that users are shown.
    pub notice: &'c str,
}

impl Consent {
    /// Verifies the `jws` of a `consent` message, with the identity key of who sent it.
    ///
    /// # Errors
    ///
    /// [`Code::ConsentSignature`], whatever the reason: signature, members, context or age.
    pub fn verify(
        jws: &str,
        key: &ConfirmationKey,
        context: &Context<'_>,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let consent = Self::read(jws, key, now).and_then(|consent| {
            let mismatch = if consent.room != context.room {
                "room"
            } else if consent.sub != context.sub {
                "sub"
            } else if consent.sid != context.sid {
                "sid"
            } else if consent.notice.to_string() != context.notice {
                "notice"
            } else {
                return Ok(consent);
            };
            Err(Reason::Mismatch(mismatch))
        });
        consent.map_err(|reason| reason.denies(Part::Consent, Code::ConsentSignature))
    }

    /// Signature, form and age.
    pub(crate) fn read(jws: &str, key: &ConfirmationKey, now: Timestamp) -> Result<Self, Reason> {
        let payload = key.verify(&Jws::read(jws, &CONSENT)?)?;
        let claims = Claims::read(&payload)?;
        if let Some((name, _)) = claims.as_object().iter().find(|(name, _)| !MEMBERS.contains(name)) {
            return Err(Reason::Unknown(name.to_owned()));
        }
        if claims.required("v")?.as_integer() != Some(1) {
            return Err(Reason::Value("v"));
        }
        let (scope, recording) = scope(claims.required("scope")?).ok_or(Reason::Value("scope"))?;
        Ok(Self {
            room: claims.name("room")?.to_owned(),
            sub: claims.name("sub")?.to_owned(),
            sid: claims.name("sid")?.to_owned(),
            scope,
            recording,
            decision: Decision::parse(claims.text("decision")?).ok_or(Reason::Value("decision"))?,
            purpose: purpose(claims.text("purpose")?).ok_or(Reason::Value("purpose"))?,
            notice: Digest::parse(claims.text("notice")?).ok_or(Reason::Value("notice"))?,
            issued_at: check_age(&claims, LEEWAY, now)?,
        })
    }
}

/// Each name once, and at least one.
fn scope(json: &Json<'_>) -> Option<(Kinds, bool)> {
    let (mut kinds, mut recording) = (Kinds::NONE, false);
    for name in json.as_list()? {
        match (name.as_text()?, name.as_text().and_then(Kind::parse)) {
            (_, Some(kind)) if !kinds.contains(kind) => kinds = kinds.with(kind),
            (RECORDING, None) if !recording => recording = true,
            _ => return None,
        }
    }
    (recording || !kinds.is_empty()).then_some((kinds, recording))
}

/// May be empty: a revocation needs none.
fn purpose(text: &str) -> Option<String> {
    let fine = text.len() <= MAX_PURPOSE_BYTES && !text.contains(char::is_control);
    fine.then(|| text.to_owned())
}

/// What a peer consents to now. Nothing, until it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consents {
    kinds: Kinds,
    recording: bool,
}

impl Consents {
    /// Adds what is granted, or removes what is revoked.
    pub fn apply(&mut self, consent: &Consent) {
        match consent.decision {
            Decision::Grant => {
                self.kinds = consent.scope.iter().fold(self.kinds, Kinds::with);
                self.recording |= consent.recording;
            }
            Decision::Revoke => self.revoke(consent.scope, consent.recording),
        }
    }

    /// Removes these, whoever wants it: a moderator who mutes somebody, for instance.
    pub fn revoke(&mut self, kinds: Kinds, recording: bool) {
        self.kinds = kinds.iter().fold(self.kinds, Kinds::without);
        self.recording &= !recording;
    }

    /// What may be published.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Whether it may be recorded.
    pub fn recording(&self) -> bool {
        self.recording
    }
}
