//! WebRTC signaling that refuses by default: the protocol `corsac.signal.v1`.
//!
//! - [`Code`]: what a peer is told when something is refused, and how a connection is closed;
//! - [`Grants`]: what an access token lets its holder do in a room;
//! - [`verify_hello`]: what lets somebody in, and [`Jtis`], which lets it in once;
//! - [`Consent`]: what a user agrees to publish, and [`Consents`], what that comes to;
//! - [`ledger`]: what happened, in records that show when one was changed;
//! - [`check_bind`]: what the server looks at of the signature over a description;
//! - [`TurnServer`]: credentials for a relay.
//!
//! The crate is pure: time ([`corsac_credentials::Timestamp`]) and random bytes are arguments.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod binding;
mod code;
mod consent;
mod digest;
mod grants;
mod ice;
pub mod ledger;
mod ticket;
mod turn;

pub use binding::check_bind;
pub use code::{Code, Refusal};
pub use consent::{Consent, Consents, Context, Decision};
pub use digest::Digest;
pub use grants::{Duties, Grants, Kind, Kinds};
pub use ice::IcePolicy;
pub use ticket::{Access, AccessConfig, AccessMistake, AccessRules, Assertion, Caller, verify_hello};
pub use ticket::{Denial, Hello, Jtis, MAX_JTIS, MediaKeys, NONCE_BYTES, Part, Proof, Reason};
pub use turn::{Credentials, Revocation, TurnConfig, TurnIds, TurnMistake, TurnServer};
