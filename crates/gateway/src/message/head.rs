//! What a request's head must be before anything believes it.

use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{Method, Request, Version};

use crate::config::Limits;
use crate::message::problem::Problem;

/// Sizes, methods and framing that hyper leaves to us (RFC 9112, sections 3.2 and 6.1).
pub(crate) fn check<B>(request: &Request<B>, limits: &Limits) -> Result<(), Problem> {
    let headers = request.headers();
    if headers.len() > limits.header_fields || header_bytes(headers) > limits.header_size {
        return Err(Problem::HeadTooLarge);
    }
    if request.uri().path_and_query().map_or(0, |target| target.as_str().len()) > limits.target_size {
        return Err(Problem::TargetTooLong);
    }
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotProxied);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        || codings.next().is_some()
    {
        return Err(Problem::BadRequest("the request has a transfer coding other than `chunked`"));
    }
    if !headers.contains_key(CONTENT_LENGTH) {
        return Ok(());
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(Problem::BadRequest("the request has both a length and a transfer coding"));
    }
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Problem::BadRequest("the request has several lengths"));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// The host that the request is for: exactly one, well-formed, and the same in the
/// target and the field. HTTP/1.0 may do without.
pub(crate) fn host<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Problem> {
    const WRONG: Problem = Problem::BadRequest("the request has no well-formed host");
    let mut fields = request.headers().get_all(HOST).iter();
    let (field, second) = (fields.next(), fields.next());
    let target = request.uri().authority();
    if second.is_some() {
        return Err(Problem::BadRequest("the request has several hosts"));
    }
    let host = match (field, target) {
        (Some(field), Some(target)) if !field.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes()) => {
            return Err(Problem::BadRequest("the request's target and its host differ"));
        }
        (Some(field), _) => field.clone(),
        (None, Some(target)) => HeaderValue::from_str(target.as_str()).map_err(|_| WRONG)?,
        (None, None) if request.version() < Version::HTTP_11 => return Ok(None),
        (None, None) => return Err(WRONG),
    };
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| WRONG)?;
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    if plain { Ok(Some(host)) } else { Err(WRONG) }
}

/// The length that the request announces.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
