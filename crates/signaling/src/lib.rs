//! WebRTC signaling that refuses by default: the protocol `corsac.signal.v1`.
//!
//! - [`Code`]: what a peer is told when something is refused, and how a connection is closed;
//! - [`check_description`]: which session descriptions are passed on, by [`SdpRules`];
//! - [`check_candidate`]: which ICE candidates are, by an [`IcePolicy`];
//! - [`Grants`]: what an access token lets its holder do in a room.
//!
//! The crate is pure: time ([`corsac_credentials::Timestamp`]) and random bytes are arguments.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod candidate;
mod code;
mod grants;
mod sdp;

pub use candidate::{IcePolicy, check_candidate};
pub use code::{Code, Refusal};
pub use grants::{Duties, Grants, Kind, Kinds};
pub use sdp::{
    Description, Direction, Fingerprint, FingerprintHash, Media, MediaKind, Role, SdpKind, SdpRules,
    check as check_description,
};
