//! The admin address: `/healthz` and `/metrics`, nothing that changes anything.
//!
//! It answers only to hosts that are IP addresses or `localhost`: a website whose name
//! is rebound to this machine's address sends its own name.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::serve::worker::Shared;

/// Admin connections at a time.
const MAX_CONNECTIONS: usize = 32;

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until the task is dropped.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let response = answer(&shared, &request);
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::task::spawn_local(async move {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            drop(permit);
        });
    }
}

fn answer(shared: &Shared, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    if !is_own_host(request) {
        return text(StatusCode::MISDIRECTED_REQUEST, "text/plain", "not a host of this address\n".into());
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/healthz" | "/metrics" if !is_read => {
            text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "read only\n".into())
        }
        "/healthz" if *shared.stopping.borrow() => {
            text(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "stopping\n".into())
        }
        "/healthz" => text(StatusCode::OK, "text/plain", "ok\n".into()),
        "/metrics" => text(StatusCode::OK, OPENMETRICS, shared.metrics.text()),
        _ => text(StatusCode::NOT_FOUND, "text/plain", "see /healthz and /metrics\n".into()),
    }
}

fn is_own_host<B>(request: &Request<B>) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
