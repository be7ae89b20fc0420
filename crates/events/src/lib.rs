//! Security events: what each guard decided about a request, kept apart from the
//! request's path and free of secrets.
//!
//! ```
//! use std::time::SystemTime;
//! use corsac_events::{Address, AddressDetail, Event, Guard, Limits, Sink, Text, Verdict, JsonLines};
//!
//! let (sink, recorders) = Sink::start(JsonLines::new(Vec::new()), Limits::default())?;
//! let mut event = Event::new(SystemTime::now(), Guard::RateLimit, Verdict::Denied, "quota-exceeded");
//! event.client = Address::of("203.0.113.7".parse()?, AddressDetail::Network);
//! event.path = Text::path("/sign-in?token=hunter2");
//! if let Some(recorder) = recorders.first() {
//!     recorder.record(event); // never waits
//! }
//! let closed = sink.close(std::time::Duration::from_secs(1));
//! assert_eq!((closed.counts.written, closed.counts.dropped), (1, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Event`] owns what it says; its texts are bounded, its client's address is
//!   redacted when it is made, and what may be secret is a [`Secret`], which nothing
//!   prints;
//! - [`Sink`] takes events without making a request wait, and counts what it drops;
//! - [`JsonLines`] is the wire form, `corsac.event/1`, documented in `docs/events.md`.
//!
//! Deliberately without: a store, queries, and detectors. They read the sink's output
//! later.
#![forbid(unsafe_code)]

mod event;
mod json;
mod redact;
mod sink;
mod text;

pub use event::{Event, Guard, Verdict};
pub use json::{JsonLines, SCHEMA, write_line};
pub use redact::{Address, AddressDetail, IdentityKey, PrincipalId, Secret};
pub use sink::{Closed, Counts, Limits, MAX_RECORDERS, Recorder, Sink, Writer};
pub use text::{MAX_TEXT, Text};
