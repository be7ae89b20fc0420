//! How reports are shown. Every function returns text and prints nothing.
//!
//! - [`human()`]: for people, with the source beside the finding;
//! - [`plain()`]: one line a finding, for `grep` and editors;
//! - [`json()`]: one object a run, schema `corsac.check/1`.

mod human;
mod json;
mod plain;

pub use human::{Style, human};
pub use json::{CHECK_SCHEMA, json};
pub use plain::plain;
