//! Methods: which are safelisted, forbidden, or misspelt (Fetch, section 2.2.1).

/// Whether `bytes` is a token (RFC 9110, section 5.6.2), the syntax of methods and
/// header names.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// "CORS-safelisted method": allowed without being listed.
pub(crate) fn is_safelisted(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"POST")
}

/// "forbidden method": scripts cannot send it.
pub(crate) fn is_forbidden(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|forbidden| forbidden.eq_ignore_ascii_case(method))
}

/// Methods that are in use in upper case. Browsers put `put` right but send `patch`
/// as written (Fetch, "normalize a method"), and no server knows it by that name.
const STANDARD: [&str; 16] = [
    "COPY", "DELETE", "GET", "HEAD", "LOCK", "MKCOL", "MOVE", "OPTIONS", "PATCH", "POST", "PROPFIND", "PUT",
    "QUERY", "REPORT", "SEARCH", "UNLOCK",
];

/// The standard method that `method` is a misspelling of by case.
pub(crate) fn right_case(method: &str) -> Option<&'static str> {
    let same = |standard: &&&str| standard.eq_ignore_ascii_case(method) && **standard != method;
    STANDARD.iter().find(same).copied()
}
