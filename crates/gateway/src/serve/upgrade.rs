//! WebSockets. CORS does not cover them: a page of any origin may open one, cookies
//! included (RFC 6455, section 10.2). So the handshake's `Origin` is held against the
//! route's policy, and where the policy gives no credentials, the handshake is
//! forwarded without cookies and `Authorization`: what `fetch` may not do, a socket
//! may not do either.

use corsac_cors::Verdict;
use http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, HeaderMap, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use crate::config::{Ownership, Route};
use crate::message::body::{Body, RequestBody, drain};
use crate::message::forward;
use crate::message::head;
use crate::message::problem::Problem;
use crate::serve::handler::{Exchange, denial_text};
use crate::serve::pool::Pool;
use crate::snapshot::Matched;

/// Whether a request asks for a WebSocket (RFC 6455, section 4.1).
pub(crate) fn is_websocket<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && headers.contains_key(SEC_WEBSOCKET_KEY)
        && has_token(headers, CONNECTION, b"upgrade")
        && has_token(headers, UPGRADE, b"websocket")
}

fn has_token(headers: &HeaderMap, name: http::HeaderName, token: &[u8]) -> bool {
    let lines = headers.get_all(name).iter();
    let mut tokens = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token))
}

/// Checks the handshake's origin and opens the tunnel.
pub(crate) async fn open(
    exchange: &Exchange,
    matched: Matched<'_>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    if head::announced_length(request.headers()).is_some_and(|length| length > 0)
        || request.headers().contains_key(TRANSFER_ENCODING)
    {
        drain(request.into_body());
        return Err(Problem::BadRequest("a WebSocket handshake has no body"));
    }
    if let Err(problem) = admit(exchange, matched.route, request.headers_mut()) {
        drain(request.into_body());
        return Err(problem);
    }
    let downstream = hyper::upgrade::on(&mut request);
    let protocol = request.headers().get(UPGRADE).cloned();
    let mut request = exchange.prepare(matched, Version::HTTP_11, request.map(|_| RequestBody::none()))?;
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    request.headers_mut().insert(UPGRADE, protocol.unwrap_or(HeaderValue::from_static("websocket")));

    let upstream = exchange.snapshot.config.upstreams.get(matched.route.upstream).ok_or(Problem::Internal)?;
    let pool = Pool::new(upstream.clone());
    let mut sender = pool.connect_for_upgrade().await.map_err(|_| Problem::UpstreamFailed)?;
    let sent = tokio::time::timeout(exchange.response_timeout(matched), sender.send_request(request)).await;
    let mut response = sent.map_err(|_| Problem::UpstreamTimeout)?.map_err(|_| Problem::UpstreamFailed)?;
    exchange.set_from_upstream();
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let silence = exchange.snapshot.config.limits.body_timeout;
        forward::remove_hop_by_hop(response.headers_mut());
        return Ok(response.map(|body| Body::upstream(body, silence, None)));
    }
    exchange.framing.stop();
    let stopping = exchange.worker.shared.stopping.subscribe();
    let upstream = hyper::upgrade::on(&mut response);
    tokio::task::spawn_local(tunnel(downstream, upstream, stopping));
    Ok(response.map(|_| Body::empty()))
}

/// No `Origin`: no browser. Otherwise it must be one that may read this route's
/// responses; a route without a policy has none.
fn admit(exchange: &Exchange, route: &Route, headers: &mut HeaderMap) -> Result<(), Problem> {
    if route.ownership == Ownership::Passthrough || !headers.contains_key(ORIGIN) {
        return Ok(());
    }
    let Some(decision) = &exchange.decision else {
        return Err(Problem::WebSocketDenied("the origin is not allowed"));
    };
    let verdict = decision.policy().admits(headers);
    exchange.set_verdict(verdict);
    match verdict {
        Verdict::Denied(_) => return Err(Problem::WebSocketDenied(denial_text(verdict))),
        Verdict::Allowed { .. } if !decision.policy().allows_credentials() => {
            headers.remove(COOKIE);
            headers.remove(AUTHORIZATION);
        }
        Verdict::Allowed { .. } | Verdict::NotCors => {}
    }
    Ok(())
}

/// Copies bytes both ways until one side ends or the gateway stops.
async fn tunnel(downstream: OnUpgrade, upstream: OnUpgrade, mut stopping: watch::Receiver<bool>) {
    let (Ok(downstream), Ok(upstream)) = (downstream.await, upstream.await) else { return };
    let (mut downstream, mut upstream) = (TokioIo::new(downstream), TokioIo::new(upstream));
    let copying = tokio::io::copy_bidirectional(&mut downstream, &mut upstream);
    let stopped = stopping.wait_for(|stopping| *stopping);
    tokio::select! {
        // Either way both sides are closed by being dropped.
        _ = copying => {}
        _ = stopped => {}
    }
}
