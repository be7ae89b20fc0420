//! Corsac's guards as tower layers.
//!
//! - [`cors`]: one owner of CORS on every response;
#![cfg_attr(feature = "stack", doc = "- [`audit_log`]: what each guard decided;")]
#![cfg_attr(feature = "authn", doc = "- [`authn`]: who is it;")]
#![cfg_attr(feature = "authz", doc = "- [`authz`]: may they;")]
#![cfg_attr(feature = "csrf", doc = "- [`csrf`]: did the page mean to send it;")]
#![cfg_attr(feature = "guard", doc = "- [`guard`]: what all guards share;")]
#![cfg_attr(feature = "limits", doc = "- [`limits`]: what a request may be, in size, type and shape;")]
#![cfg_attr(feature = "mistake", doc = "- [`mistake`]: what is wrong with a configuration;")]
#![cfg_attr(feature = "rate_limit", doc = "- [`rate_limit`]: how often, for whom;")]
#![cfg_attr(feature = "route", doc = "- [`route`]: which requests a route is for;")]
#![cfg_attr(feature = "stack", doc = "- [`stack`]: all guards in their order.")]
//!
//! The order of a stack matters: [`cors::CorsLayer`] is the outermost layer that may
//! answer, so that a page can read errors too. A layer outside it (a rate limit, an
//! authenticator) answers without CORS fields, and the page sees a network error
//! instead of the reason.
#![forbid(unsafe_code)]

#[cfg(feature = "stack")]
pub mod audit_log;
#[cfg(feature = "authn")]
pub mod authn;
#[cfg(feature = "authz")]
pub mod authz;
#[cfg(feature = "cors")]
pub mod cors;
#[cfg(feature = "csrf")]
pub mod csrf;
#[cfg(feature = "guard")]
pub mod guard;
#[cfg(feature = "limits")]
pub mod limits;
#[cfg(feature = "mistake")]
pub mod mistake;
#[cfg(feature = "rate_limit")]
pub mod rate_limit;
#[cfg(feature = "route")]
pub mod route;
#[cfg(feature = "stack")]
pub mod stack;
