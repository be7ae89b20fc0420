//! `Access-Control-Request-Headers`: is every name allowed?
//!
//! Browsers send one line, in lower case, sorted (Fetch, "CORS-unsafe request-header
//! names"); Firefox repeats names, proxies split lines and add white space. So any
//! number of lines, any order, any case, repeats and empty elements are accepted
//! within named bounds. A longer list is refused without being read: 8 KB of commas
//! cost as much as an empty field.

use http::HeaderMap;
use http::header::ACCESS_CONTROL_REQUEST_HEADERS;

use crate::decision::{Denial, HeaderNameAt};
use crate::method::is_token;
use crate::policy::RequestHeaders;

/// Bytes read of all lines together. No browser sends so much: the names of all
/// registered header fields together have less than 6 KB. A policy that allows more
/// than half of this many bytes of names raises the bound to twice its own.
pub const MAX_REQUEST_HEADERS_BYTES: usize = 4_096;

/// List elements read, empty ones too. A policy that allows more than half as many names
/// raises the bound to twice its own.
pub const MAX_REQUEST_HEADER_NAMES: usize = 128;

impl RequestHeaders {
    /// Checks the names that a preflight asks for.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Denial> {
        let mut bytes_left = MAX_REQUEST_HEADERS_BYTES.max(2 * self.names.joined_len());
        let mut names_left = MAX_REQUEST_HEADER_NAMES.max(2 * self.names.len());
        for (line, value) in headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().enumerate() {
            let bytes = value.as_bytes();
            bytes_left = bytes_left.checked_sub(bytes.len()).ok_or(Denial::RequestHeadersTooLong)?;
            let mut start = 0;
            for element in bytes.split(|&byte| byte == b',') {
                names_left = names_left.checked_sub(1).ok_or(Denial::RequestHeadersTooLong)?;
                let leading = element.iter().take_while(|byte| is_white_space(**byte)).count();
                let name = trim(element);
                if !name.is_empty() {
                    let at = HeaderNameAt { line, start: start + leading, len: name.len() };
                    self.check_name(name, at)?;
                }
                start += element.len() + 1;
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &[u8], at: HeaderNameAt) -> Result<(), Denial> {
        if self.names.contains(name) {
            Ok(())
        } else if !is_token(name) {
            Err(Denial::RequestHeadersUnparsable)
        } else if !self.any {
            Err(Denial::RequestHeaderNotListed(at))
        } else if name.eq_ignore_ascii_case(b"authorization") {
            Err(Denial::AuthorizationNotListed)
        } else {
            Ok(())
        }
    }
}

/// Optional white space around list elements (RFC 9110, section 5.6.3).
fn trim(element: &[u8]) -> &[u8] {
    let mut rest = element;
    while let [b' ' | b'\t', tail @ ..] = rest {
        rest = tail;
    }
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    rest
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
