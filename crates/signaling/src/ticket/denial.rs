//! Why a text that somebody signed is not accepted: complete for the audit log, terse for the
//! caller.

use std::fmt;

use corsac_credentials::{ClaimRefusal, KeyRefusal, KeyRejection, Refusal as CredentialRefusal};

use crate::code::{Code, Refusal};

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The access token.
    Access,
    /// The peer assertion.
    Assertion,
    /// A consent.
    Consent,
    /// The proof of possession.
    Possession,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Access => "access token",
            Self::Assertion => "peer assertion",
            Self::Consent => "consent",
            Self::Possession => "proof of possession",
        })
    }
}

/// A refusal with its reason. `Display` is for the audit log and has excerpts of what a
/// stranger wrote, never a token; the caller learns [`Self::told`], and the two share no sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What was refused.
    pub part: Part,
    /// What the caller learns.
    pub code: Code,
    /// Why.
    pub reason: Reason,
}

impl Denial {
    /// For the caller: nothing that helps to forge.
    pub fn told(&self) -> Refusal {
        let detail = match self.code {
            Code::Confirmation => "the tokens do not belong together",
            Code::ConsentSignature => "not a consent that counts here",
            Code::JtiReplay => "ask for a new token",
            Code::Possession => "sign the nonce of this connection",
            _ => "not accepted",
        };
        Refusal::new(self.code, detail)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        denial.told()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.reason)
    }
}

impl std::error::Error for Denial {}

/// Why a text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its form, its key, its signature, or a claim that every token has.
    Credential(CredentialRefusal),
    /// There is no room to remember that a token was used. Nobody comes in until some expire.
    Full,
    /// `cnf.jwk` is not a key.
    Key(KeyRejection),
    /// A member says something else than it must.
    Mismatch(&'static str),
    /// Signed too long ago, in seconds.
    Old(u64),
    /// The token was used before.
    Spent,
    /// A member that does not belong here.
    Unknown(String),
    /// A member is not what its name promises.
    Value(&'static str),
}

impl Reason {
    pub(crate) fn denies(self, part: Part, code: Code) -> Denial {
        Denial { part, code, reason: self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(refusal) => refusal.fmt(f),
            Self::Full => f.write_str("too many tokens are in use to remember one more"),
            Self::Key(rejection) => write!(f, "`cnf.jwk`: {rejection}"),
            Self::Mismatch(name) => write!(f, "`{name}` does not match"),
            Self::Old(seconds) => write!(f, "signed {seconds} s ago"),
            Self::Spent => f.write_str("used before"),
            // On one line, and no longer than a name.
            Self::Unknown(name) => {
                let name: String = name.chars().take(64).flat_map(char::escape_debug).collect();
                write!(f, "the unknown member `{name}`")
            }
            Self::Value(name) => write!(f, "`{name}` has a wrong form"),
        }
    }
}

impl From<CredentialRefusal> for Reason {
    fn from(refusal: CredentialRefusal) -> Self {
        Self::Credential(refusal)
    }
}

impl From<ClaimRefusal> for Reason {
    fn from(refusal: ClaimRefusal) -> Self {
        Self::Credential(refusal.into())
    }
}

impl From<KeyRefusal> for Reason {
    fn from(refusal: KeyRefusal) -> Self {
        Self::Credential(refusal.into())
    }
}

impl From<KeyRejection> for Reason {
    fn from(rejection: KeyRejection) -> Self {
        Self::Key(rejection)
    }
}
