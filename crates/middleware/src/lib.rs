//! Corsac's guards as tower layers.
//!
//! - [`cors`]: one owner of CORS on every response.
//!
//! The order of a stack matters: [`cors::CorsLayer`] is the outermost layer that may
//! answer, so that a page can read errors too. A layer outside it (a rate limit, an
//! authenticator) answers without CORS fields, and the page sees a network error
//! instead of the reason.
#![forbid(unsafe_code)]

#[cfg(feature = "cors")]
pub mod cors;
