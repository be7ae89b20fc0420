//! Serving: sockets, connections, one request from end to end, connections to upstreams.

mod exec;
pub(crate) mod handler;
mod handshake;
pub(crate) mod listener;
mod redirect;
mod report;
mod stream;
pub(crate) mod upgrade;
pub(crate) mod upstream;
pub(crate) mod worker;
