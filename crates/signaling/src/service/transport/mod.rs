//! What carries sessions.

mod frames;
pub(crate) mod problem;
pub(crate) mod websocket;
pub(crate) mod webtransport;
