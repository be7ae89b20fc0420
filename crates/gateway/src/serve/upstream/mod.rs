//! Connections to upstreams.

pub(crate) mod dial;
pub(crate) mod lease;
pub(crate) mod pool;
