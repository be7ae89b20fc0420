//! What configurations and exchanges mean.
//!
//! - [`model`]: what some server answers, whoever configured it;
//! - [`question`]: what a model really admits, each answer with a witness or a proof;
//! - [`lint`]: what is wrong with it;
//! - [`regex`]: the expressions in such configurations, in eight dialects;
//! - [`certificate`]: proofs as files, for somebody else to check;
//! - [`stranger`]: whose an origin is;
//! - [`diff`]: what changes for browsers between two configurations;
//! - [`import`]: another system's configuration as a policy of ours;
//! - [`alphabet`]: the bytes that origins have;
//! - [`explain`]: recorded or imagined exchanges, judged as browsers do, and what to change.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alphabet;
mod automaton;
pub mod certificate;
pub mod diff;
pub mod explain;
mod grammar;
pub mod import;
pub mod lint;
pub mod model;
pub mod question;
pub mod regex;
mod search;
pub mod stranger;
