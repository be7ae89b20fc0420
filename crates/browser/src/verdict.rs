//! What came of a fetch.

use crate::engine::Engine;
use crate::failure::Failure;
use crate::header::HeaderList;
use crate::request::Invalid;
use crate::trace::Step;

/// How a fetch ends for the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A `TypeError`; the console says why.
    Blocked,
    /// A `TypeError` before anything is sent.
    Invalid,
    /// A response that can be read.
    Ok,
    /// A response of which nothing can be read.
    Opaque,
    /// A redirect of which nothing can be read.
    OpaqueRedirect,
}

impl Outcome {
    /// Its name in the exchange format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Invalid => "invalid",
            Self::Ok => "ok",
            Self::Opaque => "opaque",
            Self::OpaqueRedirect => "opaqueredirect",
        }
    }
}

/// What a request on the wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentKind {
    /// The request itself.
    Actual,
    /// A CORS-preflight request.
    Preflight,
}

/// A request on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How many redirects led to it.
    pub hop: usize,
    /// What it is.
    pub kind: SentKind,
    /// Its URL.
    pub url: String,
    /// Its method.
    pub method: String,
    /// Its `Origin`.
    pub origin: Option<String>,
    /// Its `Access-Control-Request-Method`.
    pub access_control_request_method: Option<String>,
    /// Its `Access-Control-Request-Headers`.
    pub access_control_request_headers: Option<String>,
    /// What the script set and the browser sends: no forbidden names, the body's
    /// `Content-Type`, nothing that a redirect dropped. Empty for a preflight.
    pub headers: HeaderList,
}

/// The result of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whose.
    pub engine: Engine,
    /// How it ends.
    pub outcome: Outcome,
    /// The engine's name for the failure.
    pub code: Option<&'static str>,
    /// What the engine's console prints.
    pub console: Option<String>,
    /// Why it is blocked.
    pub failure: Option<Failure>,
    /// Why the constructor threw.
    pub invalid: Option<Invalid>,
    /// The status that the script sees.
    pub status: Option<u16>,
    /// What was sent.
    pub requests: Vec<Sent>,
    /// The names of the response headers that the script may read, in lower case, sorted.
    pub readable_headers: Vec<String>,
    /// How it came about.
    pub steps: Vec<Step>,
}

impl Verdict {
    /// Whether a preflight was sent.
    pub fn preflight_sent(&self) -> bool {
        self.requests.iter().any(|sent| sent.kind == SentKind::Preflight)
    }
}
