//! A reverse proxy that owns CORS on every response in front of any API.
//!
//! [`read`] turns a policy file into a [`Config`], reporting every mistake at once;
//! [`Gateway::start`] serves it; [`Gateway::reload`] puts another in its place while
//! requests are served: each request sees one configuration from beginning to end.
//!
//! One thread a worker, each with a single-threaded runtime, a listener socket of its
//! own and its own connections to the upstreams; what they share is read-only or a
//! counter.
#![forbid(unsafe_code)]

mod config;
mod control;
mod fetch;
mod gateway;
mod message;
mod observe;
mod serve;
mod snapshot;
mod tls;
mod watch;

pub use config::{
    AccessLog, Config, Events, Limits, Network, Ownership, RULES, RateLimitStore, Reading, Route, Ruling,
    Upstream, read, read_each,
};
pub use control::Teller;
pub use corsac_middleware::authn::Notice;
pub use gateway::{Gateway, Listening, ReloadError, StartError, Watchers};
pub use observe::event::{CorsEvent, RequestEvent};
pub use serve::upstream::dial::reach;
pub use serve::worker::Observer;
pub use tls::TlsFileError;
pub use tls::server::Tls;
pub use tls::upstream::UpstreamTls;
pub use watch::{WatchedFiles, watch};
