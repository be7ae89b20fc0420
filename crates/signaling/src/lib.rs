//! WebRTC signaling that refuses by default: the protocol `corsac.signal.v1`.
//!
//! - [`Code`]: what a peer is told when something is refused, and how a connection is closed;
//! - [`Grants`]: what an access token lets its holder do in a room;
//! - [`ClientMessage`]: what peers send;
//! - [`Room`]: who is in, what they may do, what they say to each other; [`Pace`], how often.
//!
//! The crate is pure: time ([`corsac_credentials::Timestamp`]) and random bytes are arguments.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod code;
mod grants;
mod message;
mod pace;
mod room;

pub use code::{Code, Refusal};
pub use grants::{Duties, Grants, Kind, Kinds};
pub use message::{Body, ClientMessage, DescriptionKind, First, MAX_MESSAGE, SUBPROTOCOL, Seen};
pub use pace::Pace;
pub use room::{Connection, Effect, Entrance, Journal, MAX_PEERS, Moment, Names, Notice, Room};
