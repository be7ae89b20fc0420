//! The service: decides, answers preflights, stamps the rest.

use std::task::{Context, Poll};

use corsac_cors::{Decision, RequestHead};
use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::errors::{OnError, PropagateErrors};
use super::future::ResponseFuture;
use super::shared::PolicySource;

/// A service that owns CORS on every response of its inner service.
#[derive(Clone, Debug)]
pub struct Cors<S, H = PropagateErrors> {
    pub(super) inner: S,
    pub(super) policy: PolicySource,
    pub(super) on_error: H,
}

impl<S, H, ReqBody, ResBody> Service<Request<ReqBody>> for Cors<S, H>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    H: OnError<S::Error, ResBody>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let decision = self.policy.decide(&RequestHead::of(&request));
        if decision.is_preflight() {
            return ResponseFuture::ready(answer_preflight(decision));
        }
        ResponseFuture::stamping(self.inner.call(request), decision, self.on_error.clone())
    }
}

/// 204 with the fields of an allowed preflight, 403 without any of a denied one.
fn answer_preflight<B: Default>(decision: Decision) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() =
        if decision.is_allowed() { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN };
    decision.apply_once(response.headers_mut());
    response
}
