//! WebRTC signaling that refuses by default: the protocol `corsac.signal.v1`.
//!
//! - [`Code`]: what a peer is told when something is refused, and how a connection is closed;
//! - [`Grants`]: what an access token lets its holder do in a room.
//!
//! The crate is pure: time ([`corsac_credentials::Timestamp`]) and random bytes are arguments.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod code;
mod grants;

pub use code::{Code, Refusal};
pub use grants::{Duties, Grants, Kind, Kinds};
