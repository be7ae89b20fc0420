//! What configurations and exchanges mean.
//!
//! - [`model`]: what some server answers, whoever configured it;
//! - [`regex`]: the expressions in such configurations, in eight dialects;
//! - [`alphabet`]: the bytes that origins have;
//! - [`explain`]: recorded or imagined exchanges, judged as browsers do, and what to change.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alphabet;
pub mod explain;
pub mod model;
pub mod regex;
