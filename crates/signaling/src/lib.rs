//! WebRTC signaling that refuses by default: the protocol `corsac.signal.v1`.
//!
//! - [`Code`]: what a peer is told when something is refused, and how a connection is closed;
//! - [`Grants`]: what an access token lets its holder do in a room;
//! - [`verify_hello`]: what lets somebody in, and [`Jtis`], which lets it in once;
//! - [`ClientMessage`]: what peers send;
//! - [`Room`]: who is in, what they may do, what they say to each other; [`Pace`], how often;
//! - [`Consent`]: what a user agrees to publish, and [`Consents`], what that comes to;
//! - [`ledger`]: what happened, in records that show when one was changed;
//! - [`check_description`]: which session descriptions are passed on, by [`SdpRules`];
//! - [`check_candidate`]: which ICE candidates are, by an [`IcePolicy`];
//! - [`check_bind`]: what the server looks at of the signature over a description;
//! - [`TurnServer`]: credentials for a relay.
//!
//! The crate is pure: time ([`corsac_credentials::Timestamp`]) and random bytes are arguments. But for the feature
//! `service`, module `service`: sockets, files and the clock.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod binding;
mod candidate;
mod code;
mod consent;
mod digest;
mod grants;
pub mod ledger;
mod message;
mod pace;
mod room;
mod sdp;
#[cfg(feature = "service")]
pub mod service;
mod ticket;
mod turn;

pub use binding::check_bind;
pub use candidate::{IcePolicy, check_candidate};
pub use code::{Code, Refusal};
pub use consent::{Consent, Consents, Context, Decision};
pub use digest::Digest;
pub use grants::{Duties, Grants, Kind, Kinds};
pub use message::{Body, ClientMessage, DescriptionKind, First, MAX_MESSAGE, SUBPROTOCOL, Seen};
pub use pace::Pace;
pub use room::{Connection, Effect, Entrance, Journal, MAX_PEERS, Moment, Names, Notice, Room};
pub use sdp::{
    Description, Direction, Fingerprint, FingerprintHash, Media, MediaKind, Role, SdpKind, SdpRules,
    check as check_description,
};
pub use ticket::{Access, AccessConfig, AccessMistake, AccessRules, Assertion, Caller, verify_hello};
pub use ticket::{Denial, Hello, Jtis, MAX_JTIS, MediaKeys, NONCE_BYTES, Part, Proof, Reason};
pub use turn::{Credentials, Revocation, TurnConfig, TurnIds, TurnMistake, TurnServer};
