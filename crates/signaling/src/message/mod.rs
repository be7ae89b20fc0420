//! Messages of `corsac.signal.v1`: what peers send, parsed and bounded, and what the server sends.

mod client;
mod members;
pub(crate) mod server;

pub use client::{Body, ClientMessage, DescriptionKind, First, Seen};

/// The protocol's name: the subprotocol of WebSocket connections.
pub const SUBPROTOCOL: &str = "corsac.signal.v1";

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
