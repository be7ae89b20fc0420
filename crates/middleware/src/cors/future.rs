//! The future of a response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use corsac_cors::Decision;
use http::Response;
use pin_project_lite::pin_project;

use super::errors::OnError;

pin_project! {
    /// The response of [`super::Cors`].
    pub struct ResponseFuture<F, B, H> {
        #[pin]
        state: State<F, B, H>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B, H> {
        Stamping { #[pin] inner: F, decision: Option<Decision>, on_error: H },
        Ready { response: Option<Response<B>> },
    }
}

impl<F, B, H> ResponseFuture<F, B, H> {
    pub(super) fn ready(response: Response<B>) -> Self {
        Self { state: State::Ready { response: Some(response) } }
    }

    pub(super) fn stamping(inner: F, decision: Decision, on_error: H) -> Self {
        Self { state: State::Stamping { inner, decision: Some(decision), on_error } }
    }
}

impl<F, B, E, H> Future for ResponseFuture<F, B, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    H: OnError<E, B>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Stamping { inner, decision, on_error } => {
                let answered = ready!(inner.poll(cx)).or_else(|error| on_error.respond(error));
                let decision = decision.take();
                Poll::Ready(answered.map(|mut response| {
                    if let Some(decision) = decision {
                        decision.apply_once(response.headers_mut());
                    }
                    response
                }))
            }
            // Polled again after it was ready: a future may stay pending then.
            StateProjection::Ready { response } => {
                response.take().map_or(Poll::Pending, |it| Poll::Ready(Ok(it)))
            }
        }
    }
}

impl<F, B, H> fmt::Debug for ResponseFuture<F, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
