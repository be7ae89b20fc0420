//! Input limits: what a request may be, in size, type and shape.
//!
//! ```
//! use corsac_middleware::limits::{Limits, LimitsConfig, RouteConfig, SchemaConfig};
//!
//! let limits = Limits::compile(
//!     &LimitsConfig {
//!         schemas: vec![SchemaConfig { name: "item".into(), file: "item.schema.json".into() }],
//!         routes: vec![RouteConfig {
//!             route: "/items".into(),
//!             body_schema: Some("item".into()),
//!             ..RouteConfig::default()
//!         }],
//!         ..LimitsConfig::default()
//!     },
//!     &|_| Ok(br#"{"type": "object", "required": ["name"]}"#.to_vec()),
//! )?;
//! assert!(limits.route("/items").is_some());
//! # Ok::<(), corsac_middleware::limits::LimitsErrors>(())
//! ```
//!
//! - [`LimitsConfig`] is what people write, [`Limits`] cannot be wrong;
//! - [`HeadLimits::check`] bounds a head; [`RouteLimits::check`] asks for the operation,
//!   its parameters and the body's type, and gives a [`BodyPlan`];
//! - whoever collects the body asks [`BodyCheck::check`] before a byte of it is forwarded.
//!
//! Nothing of a body is ever repeated, in answers or logs, but for names of its members
//! in the pointers that a client gets back.
//!
//! What it deliberately leaves out: fetching what a `$ref` names, patterns that backtrack,
//! YAML, and OpenAPI 3.0, whose schemas mean something else.

mod compile;
mod config;
#[cfg(feature = "file")]
mod file;
mod head;
mod json;
mod media_type;
mod openapi;
mod pointer;
mod route;
mod schema;

pub use compile::{Limits, MAX_BODY, MAX_VALUES};
pub use config::{
    HeadConfig, LimitsConfig, LimitsErrors, MAX_FILE, MAX_NAMED, Mistake, MistakeKind, OpenApiConfig,
    RouteConfig, SchemaConfig, Unknown,
};
#[cfg(feature = "file")]
pub use file::{read_openapi, read_route, read_schemas};
pub use head::HeadLimits;
#[cfg(all(feature = "file", feature = "stack"))]
pub(crate) use head::MAX_COUNT;
pub use json::MAX_DEPTH;
pub use route::{BodyCheck, BodyPlan, Presence, RouteLimits};
