//! The Fetch Standard's algorithms, a file each.

pub(crate) mod cors_check;
pub(crate) mod exchange;
pub(crate) mod preflight;
pub(crate) mod preflight_cache;
