//! WebSockets. CORS does not cover them: a page of any origin may open one, cookies
//! included (RFC 6455, section 10.2). So the handshake's `Origin` is held against the
//! route's policy, and where the policy gives no credentials, the handshake is
//! forwarded without cookies and `Authorization`: what `fetch` may not do, a socket
//! may not do either.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use corsac_middleware::guard::announced_length;
use corsac_middleware::stack::SocketRuling;
use http::header::{AUTHORIZATION, CONNECTION, COOKIE, HeaderValue, UPGRADE};
use http::{Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::io::InspectReader;

use crate::message::body::{Body, RequestBody, drain};
use crate::message::fields::Fields;
use crate::message::problem::{Failure, Problem};
use crate::serve::handler::Exchange;
use crate::serve::upstream::pool::Pool;
use crate::snapshot::Matched;

/// How long the end of a tunnel may take to be said.
const GOODBYE: Duration = Duration::from_millis(200);

/// Checks the handshake's origin and opens the tunnel.
pub(crate) async fn open(
    exchange: &Exchange,
    matched: Matched<'_>,
    body: Incoming,
) -> Result<Response<Body>, Failure> {
    let headers = &exchange.head.headers;
    let has_body = announced_length(headers).is_some_and(|length| length > 0)
        || exchange.fields.has(Fields::TRANSFER_ENCODING);
    drain(body);
    if has_body {
        return Err(Problem::BadRequest("a WebSocket handshake has no body").into());
    }
    let with_credentials = admit(exchange)?;
    let downstream = exchange.head.extensions.get::<OnUpgrade>().cloned().ok_or(Problem::Internal)?;
    let mut request = exchange.prepare(matched, Version::HTTP_11, RequestBody::none())?;
    let fields = request.headers_mut();
    if !with_credentials {
        fields.remove(COOKIE);
        fields.remove(AUTHORIZATION);
    }
    fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    fields.insert(UPGRADE, HeaderValue::from_static("websocket"));

    let upstream = exchange.snapshot.config.upstreams.get(matched.route.upstream).ok_or(Problem::Internal)?;
    let pool = Pool::new(upstream.clone());
    let mut sender = pool.connect_for_upgrade().await.map_err(|error| exchange.upstream_failed(&error))?;
    let sent = tokio::time::timeout(exchange.response_timeout(matched), sender.send_request(request)).await;
    let mut response =
        sent.map_err(|_| Problem::UpstreamTimeout)?.map_err(|error| exchange.upstream_failed(&error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(exchange.pass_on(response, None)?);
    }
    // Another protocol was not asked for, and nobody guards what it carries.
    let mut protocols = response.headers().get_all(UPGRADE).iter();
    let only = protocols.next().filter(|_| protocols.next().is_none());
    if !only.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(Problem::UpstreamFailed.into());
    }
    exchange.set_from_upstream();
    exchange.framing.stop();
    let stopping = exchange.worker.shared.stopping.subscribe();
    let upstream = hyper::upgrade::on(&mut response);
    let patience = exchange.snapshot.config.limits.tunnel_timeout;
    let served = (Rc::clone(&exchange.peer), exchange.take_permits());
    tokio::task::spawn_local(async move {
        tunnel(downstream, upstream, patience, stopping).await;
        // The connection, and the request, count as one until here.
        drop(served);
    });
    Ok(response.map(|_| Body::empty()))
}

/// No `Origin`: no browser. Otherwise it must be one that may read this route's
/// responses; a route without a policy has none. Returns whether cookies go with it.
fn admit(exchange: &Exchange) -> Result<bool, Problem> {
    let stack = &exchange.snapshot.stack;
    let (ruling, verdict) = stack.rule_socket(&exchange.passage.borrow(), &exchange.head.headers);
    if let Some(verdict) = verdict {
        exchange.set_verdict(verdict);
    }
    match ruling {
        SocketRuling::Refused(reason) => Err(Problem::WebSocketDenied(reason)),
        SocketRuling::WithCredentials => Ok(true),
        SocketRuling::WithoutCredentials => Ok(false),
    }
}

/// Copies bytes both ways until one side ends, nothing was said for `patience`, or the
/// gateway stops.
async fn tunnel(
    downstream: OnUpgrade,
    upstream: OnUpgrade,
    patience: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let (Ok(downstream), Ok(upstream)) = (downstream.await, upstream.await) else { return };
    let last = Cell::new(Instant::now());
    // Every byte is read from one of the two.
    let heard = |_: &[u8]| last.set(Instant::now());
    let mut downstream = InspectReader::new(TokioIo::new(downstream), heard);
    let mut upstream = InspectReader::new(TokioIo::new(upstream), heard);
    let silence = async {
        while last.get().elapsed() < patience {
            tokio::time::sleep_until(last.get() + patience).await;
        }
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut downstream, &mut upstream) => {}
        () = silence => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    // Over TLS an end is said, so that nobody takes it for one that somebody else made.
    let goodbye = async { tokio::join!(downstream.shutdown(), upstream.shutdown()) };
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
}
