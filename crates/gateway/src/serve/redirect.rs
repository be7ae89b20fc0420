//! Plain HTTP, sent on to https.

use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode};

use crate::message::body::Body;
use crate::message::head;
use crate::message::problem::Problem;
use crate::serve::handler::Exchange;

/// The port of https, which is not written.
const HTTPS: u16 = 443;

/// A redirect to the same target over https, at a name that one of the certificates
/// covers: a host taken unchecked from the request would send the client anywhere.
pub(crate) fn to_https(exchange: &Exchange) -> Result<Response<Body>, Problem> {
    let tls = exchange.snapshot.config.tls.as_ref().ok_or(Problem::Internal)?;
    let host = exchange.host().and_then(head::host_name);
    let host = host.ok_or(Problem::BadRequest("the request has no host"))?;
    if !tls.covers(host) {
        return Err(Problem::Misdirected);
    }
    let host = host.to_ascii_lowercase();
    let target = exchange.head.uri.path_and_query().map_or("/", |target| target.as_str());
    let location = match tls.redirect_port.unwrap_or(exchange.worker.shared.port) {
        HTTPS => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    };
    let location = HeaderValue::try_from(location);
    let location = location.map_err(|_| Problem::BadRequest("the target is not well-formed"))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}
