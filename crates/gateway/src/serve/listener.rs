//! Sockets and connections. Each worker has a listener of its own on the same address
//! (`SO_REUSEPORT`), so that the kernel spreads connections and no thread hands one
//! to another.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::config::Limits;
use crate::message::forward::{Entry, Peer};
use crate::message::framing::{Framing, FramingGuard, HYPER_MAX_FIELDS, HYPER_MAX_HEAD};
use crate::serve::exec::LocalExecutor;
use crate::serve::handler::handle;
use crate::serve::handshake::{HANDSHAKE, accept, refuse_plain};
use crate::serve::stream::Patient;
use crate::serve::worker::Worker;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;

/// Bytes of a head over HTTP/2.
const HTTP2_MAX_HEAD: u32 = 512 << 10;

/// How long a connection without a request is looked at once more before the gateway
/// stops: the kernel may have bytes that nobody has been told of.
const LAST_LOOK: Duration = Duration::from_millis(50);

/// Requests at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// Streams that a client may reset before they are answered (CVE-2023-44487).
const MAX_RESET_STREAMS: usize = 64;

/// Binds one listener a worker to `address`; with port 0 all get the same free port.
pub(crate) fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<StdListener>> {
    let first = bind_one(address)?;
    let actual = first.local_addr()?;
    let others = (1..workers).map(|_| bind_one(actual));
    std::iter::once(Ok(first)).chain(others).collect()
}

fn bind_one(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Fails if somebody else serves `address` already: with `SO_REUSEPORT` two gateways of
/// one user could share it, each getting half of the requests.
pub(crate) fn check_free(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// What is spoken on a listener's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// HTTP.
    Plain,
    /// HTTP that is sent on to https.
    Redirect,
    /// TLS.
    Tls,
}

impl Door {
    /// How its connections come in, before a handshake.
    fn entry(self) -> Entry {
        if self == Self::Redirect { Entry::Redirect } else { Entry::Plain }
    }
}

/// Accepts connections until the gateway stops, then waits for those that are open.
pub(crate) async fn serve(worker: Rc<Worker>, listener: TcpListener, permits: Arc<Semaphore>, door: Door) {
    let mut stopping = worker.shared.stopping.subscribe();
    let open = Rc::new(watch::Sender::new(0_usize));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, address)) = accepted else {
            // Out of file descriptors, most likely: wait for some to be closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // A worker that took a permit before it had a connection would keep it from the
        // others. The one that waits here is the only one it has taken too many.
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&permits).acquire_owned() => permit.ok(),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        };
        let peer = Peer::new(address.ip(), door.entry(), (Open::new(&worker, &open), permit));
        tokio::task::spawn_local(serve_connection(Rc::clone(&worker), stream, peer, door));
    }
    accept_waiting(&worker, &listener, &open, door).await;
    drop(listener);
    let _ = open.subscribe().wait_for(|open| *open == 0).await;
}

/// Connections that the kernel had accepted before the gateway stopped are served.
async fn accept_waiting(
    worker: &Rc<Worker>,
    listener: &TcpListener,
    open: &Rc<watch::Sender<usize>>,
    door: Door,
) {
    while let Ok(Ok((stream, address))) = tokio::time::timeout(Duration::ZERO, listener.accept()).await {
        let peer = Peer::new(address.ip(), door.entry(), Open::new(worker, open));
        tokio::task::spawn_local(serve_connection(Rc::clone(worker), stream, peer, door));
    }
}

/// Counts an open connection.
struct Open {
    worker: Rc<Worker>,
    open: Rc<watch::Sender<usize>>,
}

impl Open {
    fn new(worker: &Rc<Worker>, open: &Rc<watch::Sender<usize>>) -> Self {
        worker.shared.metrics.connections.inc();
        open.send_modify(|open| *open += 1);
        Self { worker: Rc::clone(worker), open: Rc::clone(open) }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.worker.shared.metrics.connections.dec();
        self.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}

async fn serve_connection(worker: Rc<Worker>, stream: TcpStream, peer: Peer, door: Door) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    if door == Door::Tls {
        return Box::pin(serve_tls(worker, stream, peer)).await;
    }
    let mut stopping = worker.shared.stopping.subscribe();
    let limits = worker.snapshot().config.limits.clone();
    let protocol = tokio::select! {
        biased;
        protocol = tokio::time::timeout(limits.header_timeout, protocol(&stream)) => protocol,
        // A request that is here already is served.
        _ = stopping.wait_for(|stopping| *stopping) => tokio::time::timeout(LAST_LOOK, protocol(&stream)).await,
    };
    let peer = Rc::new(peer);
    let stream = Patient::new(stream, limits.body_timeout);
    match protocol {
        Ok(Some(Protocol::Http1)) => serve_http1(worker, stream, peer, &limits).await,
        Ok(Some(Protocol::Http2)) => Box::pin(serve_http2(worker, stream, peer, &limits)).await,
        Ok(None) | Err(_) => {}
    }
}

/// Like [`serve_connection`], after a handshake. All of it has the time of one head. What
/// is written is bounded below TLS, so that its own messages are too.
async fn serve_tls(worker: Rc<Worker>, stream: TcpStream, mut peer: Peer) {
    let mut stopping = worker.shared.stopping.subscribe();
    let limits = worker.snapshot().config.limits.clone();
    let deadline = Instant::now() + limits.header_timeout;
    let first = tokio::select! {
        biased;
        first = timeout_at(deadline, first_byte(&stream)) => first,
        _ = stopping.wait_for(|stopping| *stopping) => tokio::time::timeout(LAST_LOOK, first_byte(&stream)).await,
    };
    let mut stream = Patient::new(stream, limits.body_timeout);
    match first {
        Ok(Some(HANDSHAKE)) => {}
        Ok(Some(_)) => return drop(timeout_at(deadline, refuse_plain(&mut stream)).await),
        Ok(None) | Err(_) => return,
    }
    // The certificates of now: whatever is reloaded meanwhile is for the next one.
    let Some(tls) = worker.snapshot().config.tls.clone() else { return };
    let accepted = timeout_at(deadline, Box::pin(accept(stream, &tls))).await;
    let Ok(Some((stream, secured))) = accepted else { return };
    drop(tls);
    peer.entry = Entry::Tls(Box::new(secured));
    let peer = Rc::new(peer);
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(worker, stream, peer, &limits).await;
    } else {
        serve_http1(worker, stream, peer, &limits).await;
    }
}

async fn serve_http1<S>(worker: Rc<Worker>, stream: S, peer: Rc<Peer>, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut stopping = worker.shared.stopping.subscribe();
    let (stream, framing) = FramingGuard::new(stream, limits);
    let service =
        service_fn(move |request| handle(Rc::clone(&worker), Rc::clone(&peer), framing.clone(), request));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(HYPER_MAX_FIELDS)
        .max_buf_size(HYPER_MAX_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let stopped = async {
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(LAST_LOOK).await;
    };
    tokio::select! {
        biased;
        // A connection that fails has told its client what there was to tell.
        _ = connection.as_mut() => return,
        () = stopped => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn serve_http2<S>(worker: Rc<Worker>, stream: S, peer: Rc<Peer>, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut stopping = worker.shared.stopping.subscribe();
    let service =
        service_fn(move |request| handle(Rc::clone(&worker), Rc::clone(&peer), Framing::default(), request));
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_header_list_size(HTTP2_MAX_HEAD)
        .keep_alive_interval(limits.header_timeout)
        .keep_alive_timeout(limits.header_timeout);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// The first byte that a client sends, left where it is. `None` if it goes away first.
async fn first_byte(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) => Some(first[0]),
        Ok(_) | Err(_) => None,
    }
}

/// The versions of HTTP that a client may begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Looks at the first bytes until they tell HTTP/1.1 from HTTP/2 with prior knowledge
/// (RFC 9113, section 3.3). `None` if the client goes away first.
async fn protocol(stream: &TcpStream) -> Option<Protocol> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return None,
            Ok(read) if PREFACE.get(..read) != first.get(..read) => return Some(Protocol::Http1),
            Ok(read) if read == PREFACE.len() => return Some(Protocol::Http2),
            // The bytes stay there, so readiness says nothing about more of them.
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
