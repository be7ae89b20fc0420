//! Header names: which are forbidden or safelisted (Fetch, section 2.2.2), and sets
//! of them, asked without regard to case.

pub(crate) mod request_headers;

use std::cmp::Ordering;

/// Whether scripts cannot set the header `name` (Fetch, "forbidden request-header"); in either
/// case. Refused: `cookie`, `Sec-Fetch-Site`; not: `authorization`.
pub fn is_forbidden_request_header(name: &str) -> bool {
    const FORBIDDEN: [&str; 21] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    let name = name.to_ascii_lowercase();
    FORBIDDEN.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with("sec-")
}

/// "forbidden response-header name": scripts never read it.
pub(crate) fn is_forbidden_response_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie") || name.eq_ignore_ascii_case("set-cookie2")
}

/// "CORS-safelisted response-header name": scripts read it anyway.
pub(crate) fn is_safelisted_response_header(name: &str) -> bool {
    const SAFELISTED: [&str; 7] = [
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    ];
    SAFELISTED.iter().any(|safe| safe.eq_ignore_ascii_case(name))
}

/// Names in lower case, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderNames {
    sorted: Box<[Box<str>]>,
    /// Length of the longest: a longer name needs no search.
    longest: usize,
}

impl HeaderNames {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut sorted: Vec<Box<str>> = names.map(|name| name.to_ascii_lowercase().into()).collect();
        sorted.sort();
        sorted.dedup();
        let longest = sorted.iter().map(|name| name.len()).max().unwrap_or(0);
        Self { sorted: sorted.into(), longest }
    }

    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        name.len() <= self.longest
            && self.sorted.binary_search_by(|own| compare_ignoring_case(own.as_bytes(), name)).is_ok()
    }

    /// Bytes of all names joined by commas.
    pub(crate) fn joined_len(&self) -> usize {
        self.sorted.iter().map(|name| name.len() + 1).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    pub(crate) fn joined(&self) -> String {
        self.sorted.join(", ")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

/// `own` is in lower case already.
fn compare_ignoring_case(own: &[u8], asked: &[u8]) -> Ordering {
    own.iter().copied().cmp(asked.iter().map(u8::to_ascii_lowercase))
}
