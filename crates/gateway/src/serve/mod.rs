//! Serving: sockets, connections, one request from end to end, connections to upstreams.

mod exec;
pub(crate) mod handler;
pub(crate) mod lease;
pub(crate) mod listener;
pub(crate) mod pool;
mod stream;
pub(crate) mod upgrade;
pub(crate) mod worker;
