//! TLS over TCP, and HTTP/1.1 until a connection is a WebSocket.
//!
//! What a connection has cost before it says something is a task and a socket: TLS begins with its first
//! byte, and all of it has one time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::service::WEBSOCKET_PATH;
use crate::service::admission::Admission;
use crate::service::observe::metrics::Turned;
use crate::service::shared::Shared;
use crate::service::transport::websocket;

/// Bytes of a request's head: cookies are part of it.
const MAX_HEAD: usize = 16 * 1024;

/// A pause when the system has no socket for a connection: some have to be closed first.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener, tls: Arc<ServerConfig>) {
    let mut stopping = shared.stopping.subscribe();
    let acceptor = TlsAcceptor::from(tls);
    loop {
        // Others wait in the kernel while there are as many as there may be. The permit comes second: one that
        // waits for a connection would be kept from other listeners.
        let next = async {
            let accepted = listener.accept().await;
            Some((accepted, shared.budget.permit().await?))
        };
        let next = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            next = next => next,
        };
        let Some((accepted, permit)) = next else { return };
        let Ok((stream, address)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let open = shared.metrics.websockets.clone();
        let admission = Admission::new(&shared.budget, address.ip(), WEBSOCKET_PATH, permit, open);
        tokio::spawn(connect(Arc::clone(&shared), acceptor.clone(), stream, admission));
    }
}

/// A connection until it is a WebSocket or closed, others need its place, or the service shuts down.
async fn connect(shared: Arc<Shared>, acceptor: TlsAcceptor, stream: TcpStream, admission: Arc<Admission>) {
    let mut stopping = shared.stopping.subscribe();
    tokio::select! {
        biased;
        () = admission.evicted() => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
        () = begin(&shared, acceptor, stream, &admission) => {}
    }
}

async fn begin(shared: &Arc<Shared>, acceptor: TlsAcceptor, stream: TcpStream, admission: &Arc<Admission>) {
    let deadline = Instant::now() + shared.limits.handshake_time;
    let first = timeout_at(deadline, stream.readable()).await;
    if !matches!(first, Ok(Ok(()))) || stream.set_nodelay(true).is_err() {
        return shared.metrics.turned(Turned::Handshake);
    }
    // In a place of its own: whoever sends nothing costs none of it.
    let spoken = Box::pin(async {
        let stream = timeout_at(deadline, acceptor.accept(stream)).await.ok()?.ok()?;
        timeout(shared.limits.handshake_time, request(shared, stream, admission)).await.ok()?.ok()
    });
    if spoken.await.is_none() {
        shared.metrics.turned(Turned::Handshake);
    }
}

/// One request. A connection that becomes a WebSocket goes on in another task.
async fn request(
    shared: &Arc<Shared>,
    stream: TlsStream<TcpStream>,
    admission: &Arc<Admission>,
) -> Result<(), hyper::Error> {
    let service = service_fn(|mut request: Request<Incoming>| {
        let mut response = websocket::upgrade(shared, &mut request, Arc::clone(admission));
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        async move { Ok::<_, Infallible>(response) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(shared.limits.handshake_time).max_buf_size(MAX_HEAD);
    builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await
}
