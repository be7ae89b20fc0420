//! Connections to one upstream, owned by one worker: no locks, no wake-ups between
//! threads.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Instant;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::Upstream;
use crate::message::body::RequestBody;
use crate::serve::exec::LocalExecutor;

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum SendError {
    /// No connection in time, or refused.
    Connect,
    /// The connection broke off, or the request body did.
    Broken,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::Broken => "the connection broke off",
        })
    }
}

/// Where requests go in, and what moves their bytes.
type Http1 = (http1::SendRequest<RequestBody>, http1::Connection<TokioIo<TcpStream>, RequestBody>);

/// The connections of one worker to one upstream.
pub(crate) struct Pool {
    upstream: Upstream,
    idle: RefCell<Vec<Idle>>,
    shared: RefCell<Option<http2::SendRequest<RequestBody>>>,
}

struct Idle {
    sender: http1::SendRequest<RequestBody>,
    since: Instant,
}

/// A connection in use. Dropped, it is closed; given back, it serves the next request.
pub(crate) struct Lease {
    pool: Rc<Pool>,
    sender: http1::SendRequest<RequestBody>,
    reused: bool,
}

impl Lease {
    pub(crate) fn give_back(self) {
        let mut idle = self.pool.idle.borrow_mut();
        if !self.sender.is_closed() && idle.len() < self.pool.upstream.idle_connections {
            idle.push(Idle { sender: self.sender, since: Instant::now() });
        }
    }
}

impl Pool {
    pub(crate) fn new(upstream: Upstream) -> Rc<Self> {
        Rc::new(Self { upstream, idle: RefCell::default(), shared: RefCell::default() })
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Sends `request` and waits for the head of the response. A request that had not
    /// left, or may be repeated and has no body, is tried again when a connection that
    /// had been waiting turns out to be closed.
    pub(crate) async fn send(
        self: &Rc<Self>,
        request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Option<Lease>), SendError> {
        if self.upstream.http2 {
            let response = self.send_http2(request).await?;
            return Ok((response, None));
        }
        let (response, lease) = self.send_http1(request).await?;
        Ok((response, Some(lease)))
    }

    async fn send_http1(
        self: &Rc<Self>,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        loop {
            let mut lease = match self.take_idle() {
                Some(lease) => lease,
                None => self.connect().await?,
            };
            let copy = lease.reused.then(|| repeatable(&request)).flatten();
            match lease.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(mut error) => match error.take_message().or(copy) {
                    Some(again) if lease.reused => request = again,
                    _ => return Err(SendError::Broken),
                },
            }
        }
    }

    fn take_idle(self: &Rc<Self>) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { sender, since }) = idle.pop() {
            if !sender.is_closed() && since.elapsed() < self.upstream.idle_timeout {
                return Some(Lease { pool: Rc::clone(self), sender, reused: true });
            }
        }
        None
    }

    async fn connect(self: &Rc<Self>) -> Result<Lease, SendError> {
        let (sender, connection) = self.handshake().await?;
        tokio::task::spawn_local(async move {
            // Whoever waits for a response on it learns of the failure.
            let _ = connection.await;
        });
        Ok(Lease { pool: Rc::clone(self), sender, reused: false })
    }

    /// A new connection that may become a tunnel.
    pub(crate) async fn connect_for_upgrade(&self) -> Result<http1::SendRequest<RequestBody>, SendError> {
        let (sender, connection) = self.handshake().await?;
        tokio::task::spawn_local(async move {
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    async fn handshake(&self) -> Result<Http1, SendError> {
        let connecting = async {
            let stream = self.open().await?;
            http1::Builder::new().handshake(TokioIo::new(stream)).await.map_err(|_| SendError::Connect)
        };
        timeout(self.upstream.connect_timeout, connecting).await.map_err(|_| SendError::Connect)?
    }

    async fn open(&self) -> Result<TcpStream, SendError> {
        let address = self.upstream.authority.as_str();
        let stream = TcpStream::connect(address).await.map_err(|_| SendError::Connect)?;
        // Without it the last packet of a request may wait for an acknowledgement.
        stream.set_nodelay(true).map_err(|_| SendError::Connect)?;
        Ok(stream)
    }

    async fn send_http2(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        let shared = self.shared.borrow().clone().filter(|sender| !sender.is_closed());
        let mut sender = match shared {
            Some(sender) => sender,
            None => self.connect_http2().await?,
        };
        sender.ready().await.map_err(|_| SendError::Broken)?;
        sender.send_request(request).await.map_err(|_| SendError::Broken)
    }

    async fn connect_http2(&self) -> Result<http2::SendRequest<RequestBody>, SendError> {
        let handshake = async {
            let stream = self.open().await?;
            let mut builder = http2::Builder::new(LocalExecutor);
            builder.timer(TokioTimer::new());
            builder.handshake(TokioIo::new(stream)).await.map_err(|_| SendError::Connect)
        };
        let connected = timeout(self.upstream.connect_timeout, handshake).await;
        let (sender, connection) = connected.map_err(|_| SendError::Connect)??;
        tokio::task::spawn_local(async move {
            let _ = connection.await;
        });
        *self.shared.borrow_mut() = Some(sender.clone());
        Ok(sender)
    }

    /// Closes connections that waited too long.
    pub(crate) fn sweep(&self) {
        let keep = self.upstream.idle_timeout;
        self.idle.borrow_mut().retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < keep);
    }
}

/// A second copy of a request that an upstream may see twice: an idempotent method
/// (RFC 9110, section 9.2.2) without a body.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    if !request.method().is_idempotent() || !request.body().is_none() {
        return None;
    }
    let mut copy = Request::new(RequestBody::none());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}
