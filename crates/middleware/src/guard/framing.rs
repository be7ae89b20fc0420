//! Where a request's body ends, as its fields say (RFC 9112, section 6).

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

/// What leaves in doubt where a body ends.
pub fn framing_flaw(headers: &HeaderMap) -> Option<&'static str> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = codings.next();
    if first.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        || codings.next().is_some()
    {
        return Some("the request has a transfer coding other than `chunked`");
    }
    if first.is_some() && headers.contains_key(CONTENT_LENGTH) {
        return Some("the request has both a length and a transfer coding");
    }
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Some("the request has several lengths");
    }
    None
}

/// The length that a request announces.
pub fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
