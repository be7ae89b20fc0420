//! What a ledger records.
//!
//! Of a person it has the subject, the room, the connection's id, the id of the token, the public
//! key, and the consents word for word, which say what was agreed to and for what purpose. It has
//! no address, no description, no candidate, no token, and no message between peers.

use std::collections::BTreeMap;

use corsac_credentials::{Claims, Json};
use serde_json::Value;

use crate::grants::{Kind, Kinds};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal { $($member:ident: $kind:ty),* $(,)? })*) => {
        /// One thing that happened. `room`, `sub` and `id` are the room, subject and connection that it
        /// happened to; `sub` and `id` are empty for who has not shown a token yet.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "members that all have are said above, the others at their event")]
        pub enum Event {
            $($(#[$doc])* $variant { $($member: $kind),* },)*
        }

        impl Event {
            /// Its name in `event`.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// Adds its members to those of a record.
            pub(super) fn write(&self, members: &mut BTreeMap<&'static str, Value>) {
                members.insert("event", self.name().into());
                match self {
                    $(Self::$variant { $($member),* } => {
                        $(members.insert(stringify!($member), $member.write());)*
                    })*
                }
            }

            /// Reads what [`Self::write`] wrote. It overlooks members that do not belong to it: a
            /// record is held against what would be written of it.
            pub(super) fn read(claims: &Claims<'_>) -> Option<Self> {
                Some(match claims.text("event").ok()? {
                    $($name => Self::$variant { $($member: read(claims, stringify!($member))?),* },)*
                    _ => return None,
                })
            }
        }
    };
}

events! {
    /// It accepted a call.
    Accept = "accept" { room: String, sub: String, id: String }
    /// It consented to what `jws` says, signed with the key `jwk`: evidence by itself
    /// ([`super::verify_consent_record`]).
    Consent = "consent" { room: String, sub: String, id: String, jws: String, jwk: String }
    /// It was cut off, and was told `code`.
    Eviction = "eviction" { room: String, sub: String, id: String, code: String }
    /// It came in, with the token `jti`.
    Join = "join" { room: String, sub: String, id: String, jti: String }
    /// The subject `by` removed it.
    Kick = "kick" { room: String, sub: String, id: String, by: String }
    /// It left; `refused` is how often something was refused to it.
    Leave = "leave" { room: String, sub: String, id: String, refused: u32 }
    /// The subject locked the room.
    Lock = "lock" { room: String, sub: String }
    /// The subject `by` took its consent to `scope` back.
    Mute = "mute" { room: String, sub: String, id: String, by: String, scope: Kinds }
    /// Something was refused to it, and it was told `code`.
    Refusal = "refusal" { room: String, sub: String, id: String, code: String }
    /// It took a consent back; as in [`Self::Consent`].
    Revoke = "revoke" { room: String, sub: String, id: String, jws: String, jwk: String }
    /// The subject unlocked the room.
    Unlock = "unlock" { room: String, sub: String }
}

/// What a member may be: texts, whole numbers, lists of texts.
trait Member: Sized {
    fn write(&self) -> Value;
    fn read(json: &Json<'_>) -> Option<Self>;
}

fn read<M: Member>(claims: &Claims<'_>, name: &str) -> Option<M> {
    M::read(claims.as_object().get(name)?)
}

impl Member for String {
    fn write(&self) -> Value {
        self.as_str().into()
    }

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_text().map(str::to_owned)
    }
}

impl Member for u32 {
    fn write(&self) -> Value {
        (*self).into()
    }

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_integer().and_then(|number| number.try_into().ok())
    }
}

impl Member for Kinds {
    fn write(&self) -> Value {
        self.iter().map(Kind::as_str).collect()
    }

    fn read(json: &Json<'_>) -> Option<Self> {
        json.as_list()?.iter().map(|kind| kind.as_text().and_then(Kind::parse)).collect()
    }
}
