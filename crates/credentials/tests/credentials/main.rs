//! Every kind of credential: what is accepted, and the nearest thing that is refused.
#![cfg(test)]

mod api_keys;
mod attacks;
mod caches;
mod claims;
mod configuration;
mod introspection;
mod jwks_cache;
mod key_sets;
mod minting;
mod places;
mod refusals;
