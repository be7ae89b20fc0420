//! What configurations and exchanges mean.
//!
//! For now: explanations. [`explain`] judges recorded or imagined exchanges as browsers do
//! and says what to change.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod explain;
