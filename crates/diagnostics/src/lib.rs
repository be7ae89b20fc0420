//! What a finding is, where it stands in a file, and how it is shown.
//!
//! A rule points at *fields* (`cors.app.origins[2]`); only a [`Report`] knows the
//! text and turns a field into line and column. So a policy that was built in code
//! and one that was read from a file share every rule.
//!
//! - [`Diagnostic`], [`Rule`], [`Severity`], [`Confidence`], [`Fix`];
//! - [`FieldPath`] and [`Place`]: where;
//! - [`Source`]: a text and its lines;
//! - [`excerpt()`] and [`listed`]: what a message repeats of what somebody wrote;
//! - `Document` and `TableReader` (feature `document`): TOML that keeps the place of
//!   every value, read so that all mistakes are reported at once;
//! - `fingerprints` and `render` (feature `render`): how a finding is known again; human, plain,
//!   JSON, SARIF and GitHub output.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod diagnostic;
#[cfg(feature = "document")]
mod document;
mod excerpt;
mod field;
#[cfg(feature = "render")]
mod fingerprint;
mod fix;
#[cfg(feature = "document")]
mod reader;
#[cfg(feature = "render")]
pub mod render;
mod report;
mod rule;
mod source;
#[cfg(feature = "document")]
mod units;

pub use diagnostic::{Diagnostic, Label};
#[cfg(feature = "document")]
pub use document::{Document, MAX_DOCUMENT_BYTES, Node, Value};
pub use excerpt::{excerpt, listed, unreadable};
pub use field::{FieldPath, Place, Segment};
#[cfg(feature = "render")]
pub use fingerprint::fingerprints;
pub use fix::{Edit, Fix, Safety};
#[cfg(feature = "document")]
pub use reader::{
    INVALID_VALUE, MISSING_KEY, RULES as DOCUMENT_RULES, TOML_SYNTAX, TableReader, UNKNOWN_KEY, WRONG_TYPE,
};
pub use report::{Report, Resolve, Resolved, ResolvedFix};
pub use rule::{Confidence, Rule, Severity};
pub use source::{Position, Source};
#[cfg(feature = "document")]
pub use units::{UnitError, duration_text, parse_duration, parse_size};
