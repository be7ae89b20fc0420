//! One HTTP/1.1 connection to an upstream, driven by whoever waits for a response on it.
//!
//! It has no task of its own. So a request is written in the turn in which it was read,
//! and its response is passed on in the turn in which it came: what many requests in
//! flight keep in memory between turns is small.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::{Request, Response};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;

use crate::message::body::RequestBody;
use crate::serve::upstream::dial::Stream;

/// Longest time that an upstream reads nothing of what is sent to it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

type Connection = http1::Connection<TokioIo<Stream>, RequestBody>;

/// Where requests go in, and what moves their bytes.
pub(crate) type Http1 = (http1::SendRequest<RequestBody>, Connection);

/// A connection in use or at rest. Dropped, it is closed.
pub(crate) struct Lease {
    sender: http1::SendRequest<RequestBody>,
    /// `None` once it is closed.
    connection: Option<Box<Connection>>,
    signal: Arc<Signal>,
    waker: Waker,
    reused: bool,
}

/// Passes wake-ups of the connection on to the task that waits, if one does.
#[derive(Default)]
struct Signal {
    task: AtomicWaker,
    /// Something happened that no one has looked at.
    pending: AtomicBool,
    /// Wake-ups come from the task itself, which is awake.
    muted: AtomicBool,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.muted.load(Ordering::Relaxed) {
            self.pending.store(true, Ordering::Relaxed);
            self.task.wake();
        }
    }
}

impl Lease {
    pub(crate) fn new((sender, connection): Http1) -> Self {
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        Self { sender, connection: Some(Box::new(connection)), signal, waker, reused: false }
    }

    /// Whether it has served a request before.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Sends `request` and waits for the head of the response.
    pub(crate) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        // Without a budget: a response that is there is taken.
        let response = tokio::task::unconstrained(self.sender.try_send_request(request));
        let mut response = std::pin::pin!(response);
        poll_fn(|cx| {
            self.drive(Some(cx));
            // Only driving the connection brings the response, so its waker is the one.
            response.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }

    /// The next frame of the body of a response that came on this connection.
    pub(crate) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut polled = self.take_frame(body);
        if polled.is_pending() {
            self.drive(Some(cx));
            polled = self.take_frame(body);
        }
        polled
    }

    /// Takes a frame that was read. The connection's wish to read more is granted when
    /// the body is polled next.
    fn take_frame(&self, body: &mut Incoming) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.signal.muted.store(true, Ordering::Relaxed);
        let polled = Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()));
        self.signal.muted.store(false, Ordering::Relaxed);
        polled
    }

    /// Reads and writes what can be read and written; `task` is woken when there is more.
    fn drive(&mut self, task: Option<&mut Context<'_>>) {
        match task {
            Some(cx) => self.signal.task.register(cx.waker()),
            None => drop(self.signal.task.take()),
        }
        self.signal.pending.store(false, Ordering::Relaxed);
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(&mut Context::from_waker(&self.waker)).is_ready()
        {
            // Whoever waits for a response on it learns of the failure.
            self.connection = None;
        }
    }

    /// Whether a connection at rest is still open.
    pub(crate) fn is_open(&mut self) -> bool {
        if self.signal.pending.load(Ordering::Relaxed) {
            self.drive(None);
        }
        self.connection.is_some()
    }

    /// Gives the connection a task of its own, for as long as the request is still on its
    /// way: its body must not wait for the client to read the response.
    pub(crate) fn detach(self) {
        if let Some(connection) = self.connection {
            tokio::task::spawn_local(async move {
                // Whoever reads the response learns of the failure.
                let _ = connection.await;
            });
        }
    }

    /// The connection at rest, once a response has been read to its end; `None` if it is
    /// of no more use.
    pub(crate) fn rest(mut self) -> Option<Self> {
        self.reused = true;
        self.drive(None);
        if self.sender.is_ready() {
            return self.connection.is_some().then_some(self);
        }
        // The upstream answered before it had read the whole request.
        self.detach();
        None
    }
}
