//! QUIC, and HTTP/3 as far as a session of WebTransport needs it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use corsac_events::Verdict;
use tokio::time::timeout;
use web_transport_quinn::proto::ConnectResponse;
use web_transport_quinn::quinn::crypto::rustls::QuicServerConfig;
use web_transport_quinn::quinn::{
    Endpoint, EndpointConfig, IdleTimeout, Incoming, ServerConfig, TokioRuntime, TransportConfig, VarInt,
};
use web_transport_quinn::{ALPN, Request, Session};

use super::tls::Identity;
use crate::code::Code;
use crate::message::SUBPROTOCOL;
use crate::service::WEBTRANSPORT_PATH;
use crate::service::admission::Admission;
use crate::service::observe::audit::Told;
use crate::service::observe::metrics::Turned;
use crate::service::origins::Named;
use crate::service::session::serve as serve_session;
use crate::service::shared::Shared;
use crate::service::transport::problem::Problem;
use crate::service::transport::webtransport::Framed;

/// Streams that a client may have open: the one of its request, and the one that carries messages.
const MAX_STREAMS: u32 = 2;

/// Streams in one direction: of HTTP/3 itself, and one or two that browsers open to keep servers honest.
const MAX_ONE_WAY: u32 = 8;

/// Bytes of one stream that may come before they are read: a message, and the next one's beginning.
const STREAM_WINDOW: u32 = 96 * 1024;

/// Bytes of all streams of a connection.
const WINDOW: u32 = 128 * 1024;

/// Bytes that were written and have not arrived.
const SEND_WINDOW: u64 = 256 * 1024;

/// Bytes of datagrams, which nobody reads. Browsers connect only where there are datagrams.
const DATAGRAMS: usize = 4 * 1024;

/// A connection that says nothing for so long has gone.
const IDLE: VarInt = VarInt::from_u32(60_000);

/// How often it is asked.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Handshakes that wait to be looked at.
const MAX_INCOMING: usize = 1_024;

/// Bytes that clients send before their handshakes are looked at.
const INCOMING_BUFFER: u64 = 4 << 20;

/// How long a client has to read why it was refused.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

pub(super) fn endpoint(address: SocketAddr, identity: &Identity) -> io::Result<Endpoint> {
    let tls = identity.server_config(ALPN.as_bytes()).map_err(io::Error::other)?;
    let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(transport()));
    config.max_incoming(MAX_INCOMING).incoming_buffer_size_total(INCOMING_BUFFER);
    let socket = UdpSocket::bind(address)?;
    Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(TokioRuntime))
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(MAX_STREAMS.into())
        .max_concurrent_uni_streams(MAX_ONE_WAY.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(Some(DATAGRAMS))
        .datagram_send_buffer_size(0)
        .max_idle_timeout(Some(IdleTimeout::from(IDLE)))
        .keep_alive_interval(Some(KEEP_ALIVE));
    transport
}

pub(super) async fn serve(shared: Arc<Shared>, endpoint: Endpoint) {
    let mut stopping = shared.stopping.subscribe();
    loop {
        let incoming = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => break,
            incoming = endpoint.accept() => incoming,
        };
        let Some(incoming) = incoming else { return };
        if shared.budget.is_busy() && !incoming.remote_address_validated() {
            // Its address may be somebody else's. A failure means that it was validated.
            let _ = incoming.retry();
            continue;
        }
        let Some(permit) = shared.budget.try_permit() else {
            shared.metrics.turned(Turned::Budget);
            incoming.refuse();
            continue;
        };
        let open = shared.metrics.webtransports.clone();
        let client = incoming.remote_address().ip();
        let admission = Admission::new(&shared.budget, client, WEBTRANSPORT_PATH, permit, open);
        tokio::spawn(connect(Arc::clone(&shared), incoming, admission));
    }
    endpoint.set_server_config(None);
    endpoint.wait_idle().await;
}

async fn connect(shared: Arc<Shared>, incoming: Incoming, admission: Arc<Admission>) {
    let mut stopping = shared.stopping.subscribe();
    let opened = tokio::select! {
        biased;
        () = admission.evicted() => return,
        _ = stopping.wait_for(|stopping| *stopping) => return,
        opened = Box::pin(open(&shared, incoming, &admission)) => opened,
    };
    drop(stopping);
    if let Some(framed) = opened {
        serve_session(shared, framed, admission).await;
    }
}

/// A session with its stream. What comes after the handshake has the time of a `hello`: its challenge
/// is sent on the stream.
async fn open(shared: &Shared, incoming: Incoming, admission: &Admission) -> Option<Framed> {
    let Ok(Some(session)) = timeout(shared.limits.handshake_time, session(shared, incoming, admission)).await
    else {
        shared.metrics.turned(Turned::Handshake);
        return None;
    };
    match timeout(shared.limits.hello_time, session.accept_bi()).await {
        Ok(stream) => Some(Framed::new(session.clone(), stream.ok()?)),
        Err(_) => {
            let code = Code::HelloTimeout;
            shared.metrics.closed(code);
            session.close(code.close().map_or(0, u32::from), code.as_str().as_bytes());
            let _ = timeout(REFUSAL_TIME, session.closed()).await;
            None
        }
    }
}

async fn session(shared: &Shared, incoming: Incoming, admission: &Admission) -> Option<Session> {
    let connection = incoming.accept().ok()?.await.ok()?;
    let request = Request::accept(connection.clone()).await.ok()?;
    if let Err(problem) = judge(shared, &request) {
        refuse(shared, &request, admission, problem);
        request.reject(problem.status()).await.ok()?;
        // The client closes once it has read why; dropping the connection would take the answer away.
        let _ = timeout(REFUSAL_TIME, connection.closed()).await;
        return None;
    }
    let offers = request.protocols.iter().any(|protocol| protocol == SUBPROTOCOL);
    let answer = ConnectResponse::OK;
    request.respond(if offers { answer.with_protocol(SUBPROTOCOL) } else { answer }).await.ok()
}

fn judge(shared: &Shared, request: &Request) -> Result<(), Problem> {
    if request.url.path() != WEBTRANSPORT_PATH {
        return Err(Problem::Path);
    }
    if request.url.query().is_some() {
        return Err(Problem::Query);
    }
    match shared.origins.judge(&request.headers) {
        Named::Listed => Ok(()),
        Named::None => Err(Problem::OriginMissing),
        Named::Other(_) => Err(Problem::Origin),
    }
}

fn refuse(shared: &Shared, request: &Request, admission: &Admission, problem: Problem) {
    shared.metrics.turned(problem.turned());
    let mut told = Told::new(admission.client, WEBTRANSPORT_PATH, Verdict::Denied, problem.code());
    told.status = Some(problem.status());
    if let Named::Other(origin) = shared.origins.judge(&request.headers) {
        told.origin = Some(origin);
    }
    shared.audit.record(0, told);
}
