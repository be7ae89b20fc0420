//! A service, its issuer, and who connects to it.

pub(crate) mod client;
pub(crate) mod minting;
pub(crate) mod peer;
pub(crate) mod world;
