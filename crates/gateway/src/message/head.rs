//! What a request's head must be before anything believes it.

use corsac_middleware::guard::framing_flaw;
use http::Method;
use http::header::{HeaderMap, HeaderValue};
use http::request::Parts;

use crate::config::Limits;
use crate::message::fields::Fields;
use crate::message::problem::Problem;

/// Sizes, methods and framing that hyper leaves to us (RFC 9112, sections 3.2 and 6.1).
pub(crate) fn check(head: &Parts, fields: Fields, limits: &Limits) -> Result<(), Problem> {
    let headers = &head.headers;
    if headers.len() > limits.header_fields || header_bytes(headers) > limits.header_size {
        return Err(Problem::HeadTooLarge);
    }
    if head.uri.path_and_query().map_or(0, |target| target.as_str().len()) > limits.target_size {
        return Err(Problem::TargetTooLong);
    }
    if matches!(head.method, Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotProxied);
    }
    if !fields.has(Fields::TRANSFER_ENCODING) && !fields.has(Fields::CONTENT_LENGTH) {
        return Ok(());
    }
    framing_flaw(headers).map_or(Ok(()), |flaw| Err(Problem::BadRequest(flaw)))
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// The host without its port.
pub(crate) fn host_name(host: &HeaderValue) -> Option<&str> {
    let text = host.to_str().ok()?;
    let colon = text.rfind(':').filter(|_| !text.ends_with(']'));
    text.get(..colon.unwrap_or(text.len())).filter(|name| !name.is_empty())
}
