//! How a verdict came about: the algorithms of the standard, their steps in a few quoted
//! words, and what was found.

/// One step of an algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about, in a word or two.
    pub label: &'static str,
    /// The algorithm's name in the Fetch Standard, or in Local Network Access.
    pub algorithm: &'static str,
    /// A few words of its step.
    pub says: &'static str,
    /// Whether the request got through.
    pub passed: bool,
    /// What was found in this exchange.
    pub evidence: String,
}

/// A step of a standard's algorithm. All there are stand in this file, so that each
/// quotation is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    label: &'static str,
    algorithm: &'static str,
    says: &'static str,
}

/// The steps that a trace can name, each by its algorithm and the words quoted.
pub fn quotations() -> impl Iterator<Item = (&'static str, &'static str)> {
    Place::ALL.iter().map(|place| (place.algorithm, place.says))
}

macro_rules! places {
    ($($name:ident: $label:literal, $algorithm:literal, $says:literal;)*) => {
        impl Place {
            const ALL: &'static [Self] = &[$(Self::$name),*];
            $(pub(crate) const $name: Self = Self { label: $label, algorithm: $algorithm, says: $says };)*
        }
    };
}

places! {
    ANSWER: "answer", "HTTP fetch", "Set response and internalResponse to the result";
    BAD_PORT: "request", "main fetch", "should request be blocked due to a bad port";
    CORS_CREDENTIALS: "CORS check", "CORS check", "If credentials is `true`, then return success";
    CORS_MISSING: "CORS check", "CORS check", "If origin is null, then return failure";
    CORS_ORIGIN: "CORS check", "CORS check", "is not origin, then return failure";
    CORS_PASSED: "CORS check", "CORS check", "then return success";
    HEADERS: "headers", "CORS-preflight fetch", "is not a byte-case-insensitive match for an item in headerNames";
    INSECURE_LOCAL_NETWORK: "request", "Local Network Access check", "request's client is not a secure context";
    LIST_SYNTAX: "syntax", "CORS-preflight fetch", "If either methods or headerNames is failure";
    LOCAL_NETWORK: "request", "Local Network Access check", "addressSpace is less public than request's policy container";
    LOCATION: "redirect", "HTTP-redirect fetch", "If locationURL is failure, then return a network error";
    METHODS: "methods", "CORS-preflight fetch", "request's method is not in methods";
    MIXED_CONTENT: "request", "main fetch", "should fetching request be blocked as mixed content";
    NO_ANSWER: "answer", "HTTP-network fetch", "return a network error";
    NO_CORS_REDIRECT_MODE: "redirect mode", "main fetch", "redirect mode is not \"follow\"";
    NO_PREFLIGHT: "no preflight", "main fetch", "Set request's response tainting to \"cors\"";
    PREFLIGHT_ANSWER: "preflight answer", "CORS-preflight fetch", "Let response be the result";
    PREFLIGHT_CACHE: "preflight cache", "HTTP fetch", "There is no method cache entry match";
    PREFLIGHT_FOR_FLAG: "preflight needed", "main fetch", "request's use-CORS-preflight flag is set";
    PREFLIGHT_FOR_HEADERS: "preflight needed", "main fetch", "CORS-unsafe request-header names with request's header list is not empty";
    PREFLIGHT_FOR_METHOD: "preflight needed", "main fetch", "request's method is not a CORS-safelisted method";
    REDIRECT: "redirect", "HTTP-redirect fetch", "Append locationURL to request's URL list";
    REDIRECT_COUNT: "redirect", "HTTP-redirect fetch", "request's redirect count is 20";
    REDIRECT_CREDENTIALS: "redirect", "HTTP-redirect fetch", "locationURL includes credentials";
    REDIRECT_MODE: "redirect mode", "HTTP fetch", "Set response to a network error";
    REDIRECT_SCHEME: "redirect", "HTTP-redirect fetch", "locationURL's scheme is not an HTTP(S) scheme";
    REDIRECT_STREAM: "redirect", "HTTP-redirect fetch", "request's body's source is null";
    RESOURCE_POLICY: "resource policy", "HTTP fetch", "cross-origin resource policy check";
    SAME_ORIGIN: "same origin", "main fetch", "same origin with request's origin";
    SAME_ORIGIN_MODE: "mode", "main fetch", "request's mode is \"same-origin\"";
    SCHEME: "scheme", "main fetch", "scheme is not an HTTP(S) scheme";
    STATUS: "status", "CORS-preflight fetch", "response's status is an ok status";
}

/// The steps taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<Step>);

impl Trace {
    pub(crate) fn passed(&mut self, place: Place, evidence: impl Into<String>) {
        self.push(place, true, evidence.into());
    }

    pub(crate) fn failed(&mut self, place: Place, evidence: impl Into<String>) {
        self.push(place, false, evidence.into());
    }

    fn push(&mut self, place: Place, passed: bool, evidence: String) {
        let Place { label, algorithm, says } = place;
        self.0.push(Step { label, algorithm, says, passed, evidence });
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.0
    }
}
