//! Drives real browsers, and serves them exact bytes: what a browser did is the judge of
//! what the model says that it would do. For tests only.
//!
//! [`Chromium`] and [`Firefox`] are driven over their own protocols; a [`Server`] answers as
//! a closure says; a [`Lab`] runs whole exchanges.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "every error says that a browser did not do as it was told")]

mod browser;
mod chromium;
mod firefox;
mod lab;
mod process;
mod server;

pub use browser::{Browser, Window};
pub use chromium::{Chromium, CorsIssue, NetworkFailure, NetworkRequest, Page};
pub use firefox::{ConsoleMessage, Firefox, Tab};
pub use lab::{Case, Initiator, Lab, Observed, Seen, Site};
pub use server::{Answer, Request, Server};

use serde_json::Value;

/// The error is for people to read: no test decides anything by how driving a browser failed.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// The string at `pointer`; empty if there is none.
fn text(value: &Value, pointer: &str) -> String {
    text_at(value, pointer).unwrap_or_default()
}
