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
use tokio::time::timeout;

use crate::config::Upstream;
use crate::message::body::RequestBody;
use crate::serve::exec::LocalExecutor;
use crate::serve::upstream::dial::{Spoken, Stream, dial};
use crate::serve::upstream::lease::{Http1, Lease};

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum SendError {
    /// No connection in time, or refused, or not to the right upstream: why.
    Connect(String),
    /// The connection broke off, or the request body did: why.
    Broken(String),
}

impl SendError {
    fn broken(error: &hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(reason) => write!(f, "no connection: {reason}"),
            Self::Broken(reason) => write!(f, "the connection broke off: {reason}"),
        }
    }
}

/// The connections of one worker to one upstream.
pub(crate) struct Pool {
    upstream: Upstream,
    idle: RefCell<Vec<Idle>>,
    shared: RefCell<Option<http2::SendRequest<RequestBody>>>,
}

struct Idle {
    lease: Lease,
    since: Instant,
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
    /// had been waiting turns out to be closed; `again` makes it anew.
    pub(crate) async fn send(
        self: &Rc<Self>,
        request: Request<RequestBody>,
        again: impl Fn() -> Option<Request<RequestBody>>,
    ) -> Result<(Response<Incoming>, Option<Lease>), SendError> {
        if self.upstream.http2 {
            let response = Box::pin(self.send_http2(request)).await?;
            return Ok((response, None));
        }
        let (response, lease) = self.send_http1(request, again).await?;
        Ok((response, Some(lease)))
    }

    async fn send_http1(
        self: &Rc<Self>,
        mut request: Request<RequestBody>,
        again: impl Fn() -> Option<Request<RequestBody>>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        // Idempotent methods (RFC 9110, section 9.2.2) without a body.
        let is_repeatable = request.method().is_idempotent() && request.body().is_repeatable();
        loop {
            let mut lease = match self.take_idle() {
                Some(lease) => lease,
                None => Lease::new(Box::pin(self.handshake()).await?),
            };
            match lease.send(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(error) if !lease.is_reused() => return Err(SendError::broken(error.error())),
                Err(mut error) => {
                    let unsent = error.take_message();
                    let repeated = || is_repeatable.then(&again).flatten();
                    request = unsent.or_else(repeated).ok_or_else(|| SendError::broken(error.error()))?;
                }
            }
        }
    }

    fn take_idle(&self) -> Option<Lease> {
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { mut lease, since }) = idle.pop() {
            if lease.is_open() && since.elapsed() < self.upstream.idle_timeout {
                return Some(lease);
            }
        }
        None
    }

    /// Takes a connection back whose response was read to its end.
    pub(crate) fn give_back(&self, lease: Lease) {
        let mut idle = self.idle.borrow_mut();
        if let Some(lease) = lease.rest()
            && idle.len() < self.upstream.idle_connections
        {
            idle.push(Idle { lease, since: Instant::now() });
        }
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
            let stream = dial(&self.upstream, Spoken::Http1).await?;
            let stream: TokioIo<Stream> = TokioIo::new(stream);
            http1::Builder::new()
                .handshake(stream)
                .await
                .map_err(|error| SendError::Connect(error.to_string()))
        };
        timeout(self.upstream.connect_timeout, connecting).await.map_err(|_| self.too_slow())?
    }

    fn too_slow(&self) -> SendError {
        SendError::Connect(format!("no answer within {:?}", self.upstream.connect_timeout))
    }

    async fn send_http2(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        let shared = self.shared.borrow().clone().filter(|sender| !sender.is_closed());
        let mut sender = match shared {
            Some(sender) => sender,
            None => self.connect_http2().await?,
        };
        // An upstream that is going away says so without closing: nothing was sent yet.
        if sender.ready().await.is_err() {
            sender = self.connect_http2().await?;
            sender.ready().await.map_err(|error| SendError::broken(&error))?;
        }
        sender.send_request(request).await.map_err(|error| SendError::broken(&error))
    }

    async fn connect_http2(&self) -> Result<http2::SendRequest<RequestBody>, SendError> {
        let handshake = async {
            let stream = dial(&self.upstream, Spoken::Http2).await?;
            let mut builder = http2::Builder::new(LocalExecutor);
            builder.timer(TokioTimer::new());
            let connected = builder.handshake(TokioIo::new(stream)).await;
            connected.map_err(|error| SendError::Connect(error.to_string()))
        };
        let connected = timeout(self.upstream.connect_timeout, handshake).await;
        let (sender, connection) = connected.map_err(|_| self.too_slow())??;
        tokio::task::spawn_local(async move {
            let _ = connection.await;
        });
        *self.shared.borrow_mut() = Some(sender.clone());
        Ok(sender)
    }

    /// Closes connections that waited too long, or that the upstream closed.
    pub(crate) fn sweep(&self) {
        let keep = self.upstream.idle_timeout;
        self.idle.borrow_mut().retain_mut(|Idle { lease, since }| lease.is_open() && since.elapsed() < keep);
    }
}
