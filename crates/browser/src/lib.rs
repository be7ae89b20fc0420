//! The browser's half of CORS: what a browser sends for a call of `fetch()`, what it makes
//! of the answers, and why it blocks.
//!
//! The model follows the Fetch Standard's algorithms step by step and has each engine's
//! deviations as named items of a profile. It does no I/O: an [`Exchange`] says what is
//! sent and takes what came back. It shares no CORS logic with `corsac-cors`, so that the
//! two can be held against each other.
//!
//! ```
//! use corsac_browser::{Engine, Exchange, HeaderList, Outcome, Page, PreflightCache, RequestInit, Response};
//!
//! let page = Page::of("https://app.example.com");
//! let request = RequestInit { url: "https://api.example.com/items".into(), method: "PUT".into(), ..RequestInit::default() };
//! let mut cache = PreflightCache::default();
//! let mut exchange = Exchange::new(Engine::Chromium, &page, &request, &mut cache, 0);
//!
//! let preflight = exchange.poll_output().unwrap();
//! assert_eq!(preflight.access_control_request_method.as_deref(), Some("PUT"));
//! exchange.handle_response(Some(Response { status: 204, headers: HeaderList::default() }), &mut cache);
//!
//! let verdict = exchange.into_verdict();
//! assert_eq!(verdict.outcome, Outcome::Blocked);
//! assert_eq!(verdict.code, Some("PreflightMissingAllowOriginHeader"));
//! ```
//!
//! Left out: cookies, service workers, referrer policies other than the default, and what
//! no script can observe.
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod console;
mod engine;
mod failure;
mod fetch;
mod header;
mod network;
mod request;
mod response;
mod safelist;
mod trace;
mod verdict;

pub use engine::{Deviation, Engine, Topic, deviations};
pub use failure::Failure;
pub use fetch::cors_check::{CorsFailure, Several};
pub use fetch::exchange::Exchange;
pub use fetch::preflight_cache::PreflightCache;
pub use header::{HeaderList, is_token};
pub use request::{
    AddressSpace, Body, CacheMode, CredentialsMode, Initiator, Invalid, Mode, Page, PageKind, RedirectMode,
    RequestInit,
};
pub use response::Response;
pub use trace::{Step, quotations};
pub use verdict::{Outcome, Sent, SentKind, Verdict};
