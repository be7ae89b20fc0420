//! Rate limits: how often.
//!
//! Limits are GCRA buckets, one for each key that is counted: an address (IPv6 by /64),
//! an API key, a principal, an origin, a route, or a combination. Memory has a bound,
//! and nobody can leave debt behind by filling it; `table` says how.
//!
//! ```
//! use corsac_middleware::rate_limit::{LimitConfig, RateLimit, RateLimitConfig, RateLimitLayer, RouteConfig};
//!
//! let limit = RateLimit::compile(&RateLimitConfig {
//!     limits: vec![LimitConfig { limit: "100/1m".into(), burst: Some(20), ..LimitConfig::default() }],
//!     routes: vec![RouteConfig { route: "/items".into(), ..RouteConfig::default() }],
//!     ..RateLimitConfig::default()
//! })?;
//! let app: axum::Router = axum::Router::new()
//!     .route("/items", axum::routing::get(|| async { "[]" }))
//!     .layer(RateLimitLayer::new(&limit, "/items"));
//! # Ok::<(), corsac_middleware::rate_limit::RateLimitErrors>(())
//! ```
//!
//! - [`RateLimitConfig`] is what people write, [`RateLimit`] cannot be wrong;
//! - [`RouteLimit::decide`] gives a [`Decision`], which stamps a response's fields and
//!   tells the [`Problem`] to answer. It takes the time as an argument;
//! - preflights count against their own limits only;
//! - a [`Permit`] is a place among the requests being served;
#![cfg_attr(feature = "redis", doc = "- [`shared`] keeps buckets in Redis, for several processes.")]
//!
//! CORS stands outside of this layer, so that a page can read the 429.
//!
//! What it deliberately leaves out: windows that start at a full minute, at whose edge
//! twice the quantity passes; sleeping, which keeps what should be refused; counting by
//! a forwarding field that nobody vouches for.

mod compile;
mod concurrency;
mod config;
mod decide;
mod fields;
#[cfg(feature = "file")]
mod file;
mod gcra;
mod key;
mod layer;
mod service;
#[cfg(feature = "redis")]
pub mod shared;
mod table;

pub use concurrency::Permit;
pub use config::{
    ConcurrencyConfig, LimitConfig, MAX_LIMITS, MAX_NAME, MAX_QUANTITY, MAX_ROUTE_LIMITS, Mistake,
    MistakeKind, RateLimitConfig, RateLimitErrors, RouteConfig,
};
pub use decide::{Decision, RateLimit, RouteLimit};
pub use fields::{FIELDS, Problem, QUOTA_EXCEEDED, RATE_LIMIT, RATE_LIMIT_POLICY};
#[cfg(feature = "file")]
pub use file::{CONCURRENCY, LIMITS, diagnostic, read_limits, read_route};
pub use gcra::{Charge, Gcra, MAX_FILL, MAX_WINDOW, MIN_INTERVAL, Moment, Verdict};
pub use key::{KeyPart, Seed, Subject};
pub use layer::{ClientAddress, Clock, ConnectionAddress, Identify, ManualClock, RateLimitLayer};
pub use service::{Limited, LimitedBody, ResponseFuture};
pub use table::{MAX_KEYS, MIN_KEYS};
