//! Connections to upstreams.

pub(crate) mod lease;
pub(crate) mod pool;
