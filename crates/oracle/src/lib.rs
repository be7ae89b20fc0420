//! Drives real browsers, and serves them exact bytes: what a browser did is the judge of
//! what the model says that it would do. For tests only.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "every error says that a browser did not do as it was told")]

mod chromium;

pub use chromium::{Chromium, NetworkFailure, NetworkRequest, Page};

/// The error is for people to read: no test decides anything by how driving a browser failed.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
