//! Counters for Prometheus, on an address of the operator's choice, in the clear: `/metrics` and
//! `/healthz`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::service::shared::Shared;

/// Connections at a time.
const MAX_CONNECTIONS: usize = 16;

/// How long one may take.
const TIME: Duration = Duration::from_secs(10);

/// A pause when the system has no socket.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stopping = shared.stopping.subscribe();
    let accepts = async {
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let response = answer(&shared, &request);
                    async move { Ok::<_, Infallible>(response) }
                });
                let mut builder = http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(TIME);
                // One that fails has told its client what there was to tell.
                let _ = timeout(TIME, builder.serve_connection(TokioIo::new(stream), service)).await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        _ = stopping.wait_for(|stopping| *stopping) => {}
        () = accepts => {}
    }
}

fn answer<B>(shared: &Shared, request: &Request<B>) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, shared.metrics.text()),
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n".to_owned()),
        (_, "/metrics" | "/healthz") => (StatusCode::METHOD_NOT_ALLOWED, "read only\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "see /healthz and /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
