//! The service: decides, answers what is beyond the limits, stamps the rest.

mod body;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use corsac_cors::RequestHead;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::decide::Decision;
use super::fields::Problem;
use super::layer::{Identify, RateLimitLayer};

pub use body::LimitedBody;

/// A service whose requests are limited.
#[derive(Clone)]
pub struct Limited<S, I> {
    pub(super) inner: S,
    pub(super) layer: RateLimitLayer<I>,
}

impl<S, I, ReqBody, ResBody> Service<Request<ReqBody>> for Limited<S, I>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    I: Identify,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<LimitedBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let RateLimitLayer { rules, identify, clock } = &self.layer;
        let is_preflight = RequestHead::of(&request).is_preflight();
        let limit = if is_preflight { &rules.preflights } else { &rules.requests };
        let decision = limit.as_ref().map(|limit| {
            limit.decide(&identify.identify(request.extensions(), request.headers()), clock.now())
        });
        match decision {
            Some(decision) if !decision.is_allowed() => ResponseFuture::denied(decision),
            decision => ResponseFuture::limited(self.inner.call(request), decision),
        }
    }
}

impl<S: fmt::Debug, I> fmt::Debug for Limited<S, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

pin_project! {
    /// The response of [`Limited`].
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Limited { #[pin] inner: F, decision: Option<Decision> },
        Denied { decision: Option<Decision> },
    }
}

impl<F> ResponseFuture<F> {
    fn limited(inner: F, decision: Option<Decision>) -> Self {
        Self { state: State::Limited { inner, decision } }
    }

    fn denied(decision: Decision) -> Self {
        Self { state: State::Denied { decision: Some(decision) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<LimitedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Limited { inner, decision } => {
                let answered = ready!(inner.poll(cx));
                let mut decision = decision.take();
                Poll::Ready(answered.map(|mut response| {
                    if let Some(decision) = &decision {
                        decision.stamp(response.headers_mut());
                    }
                    let permit = decision.as_mut().and_then(Decision::take_permit);
                    response.map(|body| LimitedBody::of_service(body, permit))
                }))
            }
            // Polled again after it was ready: a future may stay pending then.
            StateProjection::Denied { decision } => {
                decision.take().map_or(Poll::Pending, |it| Poll::Ready(Ok(refuse(&it))))
            }
        }
    }
}

fn refuse<B>(decision: &Decision) -> Response<LimitedBody<B>> {
    let mut response = Response::new(LimitedBody::of_problem(decision.problem().body()));
    *response.status_mut() = Problem::STATUS;
    Problem::stamp(response.headers_mut());
    decision.stamp(response.headers_mut());
    response
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
