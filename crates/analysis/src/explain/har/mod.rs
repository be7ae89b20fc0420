//! HAR files: the calls of pages in them, and what browsers make of each.
//!
//! A *call* is what a script asked for once: one entry for the request, perhaps one for its
//! preflight, and as many again for each redirect. A HAR says nothing of modes, hardly anything
//! of why a request failed, and not which preflight belongs to what; this module puts together
//! what is there, and says what it had to infer.
//!
//! What is said here of browsers was seen in exports of Chromium 156 and Firefox ESR 153 unless
//! a source is named; HAR 1.2 (softwareishard.com/blog/har-12-spec) has the rest.
//!
//! Entries are read one by one: memory does not grow with the file.

mod bounded;
mod call;
mod calls;
mod entry;
mod json;
mod kind;
mod read;
mod summary;
mod time;

pub use call::{CredentialsBasis, HarCall, HarOutcome, Unknown};
pub use kind::Skipped;
pub use read::read_har;
pub use summary::{HarError, HarSummary};
