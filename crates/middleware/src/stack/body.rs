//! Bodies on both sides of the handler: bounded on their way in, and counted as requests
//! being served on their way out.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::rate_limit::Permit;

/// What may go wrong with a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pin_project! {
    /// A request's body as the handler gets it: collected and checked, or as it comes, and
    /// then cut off with an error beyond the route's bound.
    pub struct RequestBody<B> {
        #[pin]
        state: Incoming<B>,
    }
}

pin_project! {
    #[project = IncomingProjection]
    enum Incoming<B> {
        Streamed { #[pin] body: B, left: u64, cut: Cut },
        Whole { bytes: Bytes },
    }
}

/// Whether a body was cut off because it is too large.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut(Arc<AtomicBool>);

impl Cut {
    pub(super) fn is_made(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn make(&self) -> BoxError {
        self.0.store(true, Ordering::Relaxed);
        "the request body is larger than this route takes".into()
    }
}

impl<B> RequestBody<B> {
    /// A body of at most `limit` bytes, as it comes.
    pub(super) fn streamed(body: B, limit: u64, cut: Cut) -> Self {
        Self { state: Incoming::Streamed { body, left: limit, cut } }
    }

    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { state: Incoming::Whole { bytes } }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().state.project() {
            IncomingProjection::Whole { bytes } => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            IncomingProjection::Streamed { body, left, cut } => {
                let frame = match ready!(body.poll_frame(cx)) {
                    Some(Ok(frame)) => frame,
                    other => return Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
                };
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match left.checked_sub(length) {
                    Some(rest) => *left = rest,
                    None => return Poll::Ready(Some(Err(cut.make()))),
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            Incoming::Whole { bytes } => bytes.is_empty(),
            Incoming::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            Incoming::Whole { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Incoming::Streamed { body, .. } => body.size_hint(),
        }
    }
}

/// Reads a body until it ends, or has more than `at_most` bytes.
pub(super) async fn collect<B>(body: B, at_most: usize) -> Result<Bytes, B::Error>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(data) = frame?.into_data() {
            collected.extend_from_slice(&data);
        }
        if collected.len() > at_most {
            break;
        }
    }
    Ok(collected.freeze())
}

pin_project! {
    /// A response's body: the handler's, or the stack's own. The request counts as one
    /// being served until it ends or is dropped.
    pub struct ResponseBody<B> {
        #[pin]
        state: Outgoing<B>,
    }
}

pin_project! {
    #[project = OutgoingProjection]
    enum Outgoing<B> {
        Handler { #[pin] body: B, permits: Vec<Permit> },
        Own { bytes: Bytes },
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn of_handler(body: B, permits: Vec<Permit>) -> Self {
        Self { state: Outgoing::Handler { body, permits } }
    }

    pub(super) fn own(bytes: impl Into<Bytes>) -> Self {
        Self { state: Outgoing::Own { bytes: bytes.into() } }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            OutgoingProjection::Own { bytes } => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            OutgoingProjection::Handler { body, permits } => {
                let frame = body.poll_frame(cx);
                if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
                    permits.clear();
                }
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            Outgoing::Own { bytes } => bytes.is_empty(),
            Outgoing::Handler { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            Outgoing::Own { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Outgoing::Handler { body, .. } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
