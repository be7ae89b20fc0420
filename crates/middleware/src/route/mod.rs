//! Which requests a route is for: its path, and how a request's path is read.

mod canonical;
#[cfg(feature = "file")]
mod file;
mod matcher;
#[cfg(feature = "file")]
mod placeholders;

pub use canonical::{PathError, canonical_path};
#[cfg(feature = "file")]
pub use file::{
    Paths, ROUTE_CONFLICT, UNKNOWN_REFERENCE, UNUSED_DEFINITION, unknown_reference, unused_definition,
};
pub use matcher::{Matcher, Parameters};
