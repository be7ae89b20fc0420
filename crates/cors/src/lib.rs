//! The server's half of CORS (Fetch Standard, "CORS protocol"): what a policy
//! says, compiled once, and what it decides for one request.
//!
//! ```
//! use corsac_cors::{Policy, PolicyConfig, RequestHead};
//!
//! let policy = Policy::compile(&PolicyConfig {
//!     origins: vec!["https://app.example.com".into()],
//!     methods: vec!["PUT".into()],
//!     request_headers: vec!["content-type".into()],
//!     credentials: true,
//!     ..PolicyConfig::default()
//! })?;
//! let request = http::Request::get("/items").header("origin", "https://app.example.com").body(())?;
//! let decision = policy.decide(&RequestHead::of(&request));
//! assert!(decision.is_allowed());
//!
//! let mut response = http::Response::new(());
//! decision.apply(response.headers_mut());
//! assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example.com");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! CORS decides who may *read* a response, in browsers only. It does not stop a
//! request from reaching the application, and no other client asks for it.
//!
//! - [`PolicyConfig`] is what people write, [`Policy`] cannot be wrong;
//!   [`Policy::compile`] is the only road and reports every mistake at once;
//! - [`Policy::decide`] gives a [`Decision`]: verdict, reason, header operations, Vary;
//! - [`RULES`] are the mistakes, each with a page: `corsac rule ID`.
//!
//! Pure and deliberately without: regular expressions, callbacks, reflection of what
//! was not validated, and a default policy.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod compile;
mod config;
mod decide;
mod decision;
mod error;
#[cfg(feature = "file")]
mod file;
mod header_name;
mod method;
mod policy;
mod request;
mod response;

pub use config::{Dangerous, PolicyConfig};
pub use decision::{Decision, Denial, HeaderNameAt, RequestKind, Verdict};
pub use error::rules::RULES;
pub use error::{Field, Mistake, MistakeKind, PolicyErrors};
#[cfg(feature = "file")]
pub use file::read_policy;
pub use header_name::is_forbidden_request_header;
pub use header_name::request_headers::{MAX_REQUEST_HEADER_NAMES, MAX_REQUEST_HEADERS_BYTES};
pub use policy::Policy;
pub use request::RequestHead;
pub use response::strip_access_control;
pub use response::vary::{Vary, merge_vary};
