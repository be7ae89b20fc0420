//! The service: decides, answers what is refused, hardens cookies.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::HOST;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::decide::Decision;
use super::layer::{CsrfLayer, Transport};
use super::set_cookie::CookieRules;
use super::token::{NewToken, RANDOM_BYTES};
use crate::guard::{Head, Problem};

/// A service that is guarded against cross-site request forgery.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    pub(super) inner: S,
    pub(super) layer: CsrfLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Guarded<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<String>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let CsrfLayer { csrf, transport, route, policy, cookies } = &self.layer;
        let is_secure = *transport == Transport::Tls;
        let head = head(&request, is_secure);
        let policy = policy.as_ref().map(crate::cors::PolicySource::load);
        let decision = csrf.decide(&head, policy.as_ref(), *route);
        if let Some(problem) = decision.problem() {
            return ResponseFuture { state: State::Refused { response: Some(refuse(&problem, decision)) } };
        }
        let token = csrf.new_token(&head, *route, system_random);
        request.extensions_mut().insert(decision);
        let stamp = Stamp { decision, token, cookies: cookies.clone(), is_secure };
        ResponseFuture { state: State::Passed { inner: self.inner.call(request), stamp: Some(stamp) } }
    }
}

/// What becomes of a request that passes.
struct Stamp {
    decision: Decision,
    token: Option<NewToken>,
    cookies: Option<Arc<CookieRules>>,
    is_secure: bool,
}

impl Stamp {
    fn apply<B>(self, response: &mut Response<B>) {
        response.extensions_mut().insert(self.decision);
        if let Some(rules) = &self.cookies {
            rules.harden(response.headers_mut(), self.is_secure);
        }
        if let Some(token) = self.token {
            token.stamp(response.headers_mut());
        }
    }
}

/// What the guard sees of a request. A host that is named twice in different ways is none.
fn head<B>(request: &Request<B>, is_secure: bool) -> Head<'_> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next().and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = match (field, authority) {
        _ if fields.next().is_some() => None,
        (Some(field), Some(authority)) => field.eq_ignore_ascii_case(authority).then_some(authority),
        (field, authority) => authority.or(field),
    };
    Head {
        method: request.method(),
        path: request.uri().path(),
        query: request.uri().query(),
        headers: request.headers(),
        host,
        is_secure,
        client: None,
    }
}

/// Random bytes of the system; none where it has none.
pub(crate) fn system_random() -> Option<[u8; RANDOM_BYTES]> {
    let mut random = [0; RANDOM_BYTES];
    aws_lc_rs::rand::fill(&mut random).ok().map(|()| random)
}

fn refuse<B: From<String>>(problem: &Problem, decision: Decision) -> Response<B> {
    let mut response = Response::new(B::from(problem.body()));
    *response.status_mut() = problem.status;
    problem.stamp(response.headers_mut());
    response.extensions_mut().insert(decision);
    response
}

pin_project! {
    /// The response of [`Guarded`].
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Passed { #[pin] inner: F, stamp: Option<Stamp> },
        Refused { response: Option<Response<B>> },
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed { inner, stamp } => {
                let answered = ready!(inner.poll(cx));
                let stamp = stamp.take();
                Poll::Ready(answered.map(|mut response| {
                    if let Some(stamp) = stamp {
                        stamp.apply(&mut response);
                    }
                    response
                }))
            }
            // Polled again after it was ready: a future may stay pending then.
            StateProjection::Refused { response } => {
                response.take().map_or(Poll::Pending, |it| Poll::Ready(Ok(it)))
            }
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
