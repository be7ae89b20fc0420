//! CORS for any tower HTTP service.
//!
//! [`CorsLayer`] decides once per request and stamps every response: errors, 404s of
//! the router, panics that a catcher inside turned into a response. It answers
//! preflights itself, never forwarding them; an `OPTIONS` that is no preflight
//! reaches the application. It removes `Access-Control-*` fields that anybody inside
//! set and merges `Vary` token by token.
//!
//! ```
//! use corsac_cors::{Policy, PolicyConfig};
//! use corsac_middleware::cors::CorsLayer;
//!
//! let policy = Policy::compile(&PolicyConfig {
//!     origins: vec!["https://app.example.com".into()],
//!     ..PolicyConfig::default()
//! })?;
//! let app: axum::Router = axum::Router::new()
//!     .route("/items", axum::routing::get(|| async { "[]" }))
//!     .layer(CorsLayer::new(policy));
//! # Ok::<(), corsac_cors::PolicyErrors>(())
//! ```
//!
//! What it deliberately leaves out: refusing requests. CORS decides who may read; a
//! request of a foreign page still reaches the service.

mod errors;
mod future;
mod layer;
mod service;
mod shared;

pub use errors::{AnswerErrors, OnError, PropagateErrors};
pub use future::ResponseFuture;
pub use layer::CorsLayer;
pub use service::Cors;
pub use shared::{PolicySource, SharedPolicy};
