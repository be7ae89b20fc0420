//! How reports are shown. Every function returns text and prints nothing.
//!
//! - [`human()`]: for people, with the source beside the finding;
//! - [`plain()`]: one line a finding, for `grep` and editors;
//! - [`json()`]: one object a run, schema `corsac.check/1`;
//! - [`sarif()`]: for code scanning and editors;
//! - [`github()`]: annotations of a GitHub workflow.

mod github;
mod human;
mod json;
mod plain;
mod run;
mod sarif;

pub use github::github;
pub use human::{Style, human};
pub use json::{CHECK_SCHEMA, json};
pub use plain::plain;
pub use run::{Run, UnreadFile};
pub use sarif::{SARIF_VERSION, sarif};
