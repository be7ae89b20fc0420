//! Bodies on both sides: streamed, bounded in size and in silence.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use corsac_middleware::rate_limit::Permit;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use crate::message::forward::clean_trailers;
use crate::message::patience::{Patience, TooSlow};
use crate::serve::upstream::lease::Lease;
use crate::serve::upstream::pool::Pool;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a response to the client.
pub(crate) enum Body {
    /// The gateway's own.
    Full(Option<Bytes>),
    /// The upstream's.
    Upstream {
        source: Source,
        silence: Patience,
        failed: Option<BoxError>,
        /// Places among the requests being served.
        _permits: Vec<Permit>,
    },
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::Full(None)
    }

    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::Full(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn upstream(
        incoming: Incoming,
        timeout: Duration,
        lease: Option<(Lease, Rc<Pool>)>,
        permits: Vec<Permit>,
    ) -> Self {
        let mut source = Source { incoming, lease };
        // The server never asks for a body that has ended (204, 304, `HEAD`).
        if source.incoming.is_end_stream() {
            source.give_back();
        }
        Self::Upstream { source, silence: Patience::new(timeout), failed: None, _permits: permits }
    }
}

/// A response's body with the connection that it comes from.
pub(crate) struct Source {
    incoming: Incoming,
    /// None for connections with a task of their own.
    lease: Option<(Lease, Rc<Pool>)>,
}

impl Source {
    fn give_back(&mut self) {
        if let Some((lease, pool)) = self.lease.take() {
            pool.give_back(lease);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = match &mut self.lease {
            Some((lease, _)) => lease.poll_frame(&mut self.incoming, cx),
            None => Pin::new(&mut self.incoming).poll_frame(cx),
        };
        // The connection is free for the next request once the body ended.
        if matches!(polled, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.give_back();
        }
        polled
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upstream { source, silence, failed, .. } => {
                if let Some(error) = failed.take() {
                    return Poll::Ready(Some(Err(error)));
                }
                let polled = source.poll(cx);
                let frame = ready!(silence.bound(cx, polled)).map_err(BoxError::from);
                match frame.and_then(|frame| Ok(frame.transpose()?)) {
                    Ok(frame) => Poll::Ready(frame.map(Ok)),
                    Err(error) => {
                        // What came before goes out first: a client that got nothing might
                        // take the request for one that was never served.
                        *failed = Some(error);
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_none(),
            Self::Upstream { source, .. } => source.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.remaining() as u64))
            }
            Self::Upstream { source, .. } => source.incoming.size_hint(),
        }
    }
}

/// Why a request body was cut off; the handler looks here when the upstream's client
/// fails, since the client only knows that its body broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is malformed, or the client went away.
    Broken,
    TooLarge,
    TooSlow,
}

/// The body of a request on its way to the upstream.
pub(crate) enum RequestBody {
    /// None; a request with none can be sent again.
    None,
    /// As it comes.
    Streamed(Streamed),
    /// Collected and checked.
    Whole(Bytes),
}

pub(crate) struct Streamed {
    incoming: Incoming,
    left: u64,
    silence: Patience,
    fate: Rc<Fate>,
}

/// What became of a request body, for the handler.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    cut: Cell<Option<Cut>>,
    is_whole: Cell<bool>,
}

impl Fate {
    /// Why it was cut off.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.cut.get()
    }

    /// Whether all of it went to the upstream.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.get()
    }
}

impl RequestBody {
    /// No body.
    pub(crate) fn none() -> Self {
        Self::None
    }

    /// A body that is known.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }

    /// The same body once more, unless it comes as a stream.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::None => Some(Self::None),
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Streamed(_) => None,
        }
    }

    /// The body, and where to look for what became of it.
    pub(crate) fn new(incoming: Incoming, limit: u64, timeout: Duration) -> (Self, Option<Rc<Fate>>) {
        if incoming.is_end_stream() {
            return (Self::none(), None);
        }
        let fate = Rc::new(Fate::default());
        let silence = Patience::new(timeout);
        let streamed = Streamed { incoming, left: limit, silence, fate: Rc::clone(&fate) };
        (Self::Streamed(streamed), Some(fate))
    }

    /// Whether it can be sent again.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Streamed(_))
    }
}

/// A frame whose trailers say nothing that fields may not.
fn cleaned(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            clean_trailers(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

impl Streamed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(cx);
        let frame = match ready!(self.silence.bound(cx, polled)) {
            Ok(Some(Err(_))) => return Poll::Ready(Some(Err(self.cut(Cut::Broken)))),
            Ok(frame) => frame.and_then(Result::ok).map(cleaned),
            Err(TooSlow) => return Poll::Ready(Some(Err(self.cut(Cut::TooSlow)))),
        };
        let length = frame.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Some(Err(self.cut(Cut::TooLarge)))),
        }
        if frame.is_none() || self.incoming.is_end_stream() {
            self.fate.is_whole.set(true);
        }
        Poll::Ready(frame.map(Ok))
    }

    fn cut(&self, why: Cut) -> BoxError {
        self.fate.cut.set(Some(why));
        "the request body was cut off".into()
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::None => Poll::Ready(None),
            Self::Streamed(streamed) => streamed.poll(cx),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Streamed(streamed) => streamed.incoming.is_end_stream(),
            Self::Whole(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Streamed(streamed) => streamed.incoming.size_hint(),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

/// Reads a body until it ends, or has more than `at_most` bytes.
pub(crate) async fn collect(mut body: RequestBody, at_most: usize) -> Result<Bytes, ()> {
    let mut collected = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(drop)?.into_data() {
            collected.extend_from_slice(&data);
        }
        if collected.len() > at_most {
            break;
        }
    }
    Ok(collected.freeze())
}

/// Longest time that the rest of a refused request body is read and thrown away.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Most bytes thrown away; whoever sends more does not read the answer anyway.
const DRAIN_BYTES: u64 = 16 << 20;

/// Reads what is left of a refused body in the background: a connection closed with
/// unread data is reset, and the page would never see why it was refused.
pub(crate) fn drain(incoming: Incoming) {
    if incoming.is_end_stream() {
        return;
    }
    let (mut body, _) = RequestBody::new(incoming, DRAIN_BYTES, DRAIN_TIME);
    tokio::task::spawn_local(async move {
        let reading = async {
            while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
        };
        // Out of time or bytes: the connection is closed, which is all that is left to do.
        let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
    });
}
