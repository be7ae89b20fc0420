//! The service: one request from its head to its response, in the order of the stack.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body;
use tower_service::Service;

use super::body::{BoxError, Cut, RequestBody, ResponseBody, collect};
use super::compile::Stack;
use super::count::Outcome;
use super::entry::{self, Entry};
use super::layer::{Settings, StackLayer};
use super::outside::time_of_day;
use super::passage::{Asked, Passage, Step};
use super::route::REQUEST_ID;
use super::websocket::{SocketRuling, is_websocket};
use crate::authn::{BoxFuture, Identity};
use crate::authz::Permit;
use crate::cors::{OnError, PropagateErrors};
use crate::guard::{Refused, announced_length};
use crate::limits::{BodyPlan, Presence};
use crate::rate_limit::{ClientAddress, Moment};

/// A service that is reached through all guards of a [`Stack`] only.
#[derive(Clone)]
pub struct Guarded<S, H = PropagateErrors> {
    pub(super) inner: S,
    pub(super) layer: StackLayer<H>,
}

impl<S, H, B, R> Service<Request<B>> for Guarded<S, H>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Send + 'static,
    S::Future: Send,
    H: OnError<S::Error, R> + Send + Sync + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send,
    R: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = BoxFuture<Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone that is left is not the one that said it is ready.
        let rest = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, rest);
        let layer = self.layer.clone();
        Box::pin(async move { serve(&layer, ready, request).await })
    }
}

async fn serve<S, H, B, R>(
    layer: &StackLayer<H>,
    service: S,
    request: Request<B>,
) -> Result<Response<ResponseBody<R>>, S::Error>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    H: OnError<S::Error, R>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
    R: Body<Data = Bytes>,
{
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, ());
    let begun = catch_unwind(AssertUnwindSafe(|| Exchange::new(layer, request)));
    let Ok(mut exchange) = begun else { return Ok(refusal(&entry::internal_error())) };
    let answered = caught(within(&layer.settings, exchange.answer(service, body, &layer.on_error))).await;
    let mut response = match answered {
        Some(Some(Ok(response))) => response,
        Some(Some(Err(Stop::Error(error)))) => return Err(error),
        Some(Some(Err(Stop::Refused(refused)))) => exchange.refuse(&refused),
        Some(None) if exchange.at == At::Body => exchange.refuse(&entry::body_too_slow()),
        Some(None) => exchange.refuse(&entry::handler_too_slow()),
        None => exchange.refuse(&entry::internal_error()),
    };
    exchange.stamp(response.headers_mut());
    if let Some(observer) = &layer.settings.observer {
        observer(&exchange.passage, response.status());
    }
    Ok(response)
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Guards,
    Body,
    Handler,
    /// The handler has answered.
    Answered,
}

/// Why there is no response of the handler's.
enum Stop<E> {
    Error(E),
    Refused(Refused),
}

impl<E> From<Refused> for Stop<E> {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

struct Exchange<'l> {
    settings: &'l Settings,
    stack: Arc<Stack>,
    entry: Entry,
    passage: Passage,
    at: At,
}

impl<'l> Exchange<'l> {
    fn new<H>(layer: &'l StackLayer<H>, request: Request<()>) -> Self {
        let stack = layer.stack();
        let entry = Entry::new(request, &layer.settings);
        let passage = entry.begin(&stack);
        Self { settings: &layer.settings, stack, entry, passage, at: At::Guards }
    }

    async fn answer<S, H, B, R>(
        &mut self,
        mut service: S,
        body: B,
        on_error: &H,
    ) -> Result<Response<ResponseBody<R>>, Stop<S::Error>>
    where
        S: Service<Request<RequestBody<B>>, Response = Response<R>>,
        H: OnError<S::Error, R>,
        B: Body<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        self.entry.check(&self.stack)?;
        let presence = if body.is_end_stream() { Presence::Absent } else { Presence::Possible };
        let Some((permit, plan)) = self.guard(presence).await? else {
            let mut response = Response::new(ResponseBody::own(Bytes::new()));
            *response.status_mut() = StatusCode::NO_CONTENT;
            return Ok(response);
        };
        self.check_socket()?;
        let cut = Cut::default();
        self.at = At::Body;
        let body = self.admit(body, plan, &cut).await?;
        let request = self.prepare(permit, body)?;
        self.at = At::Handler;
        let answered = service.call(request).await;
        if cut.is_made() {
            return Err(entry::body_too_large().into());
        }
        let response = answered.or_else(|error| on_error.respond(error)).map_err(Stop::Error)?;
        self.at = At::Answered;
        let permits = self.passage.take_permits();
        Ok(response.map(|body| ResponseBody::of_handler(body, permits)))
    }

    /// Asks the guards. Nothing, if it is a preflight to be answered.
    async fn guard(&mut self, body: Presence) -> Result<Option<(Option<Permit>, BodyPlan)>, Refused> {
        loop {
            let asked = Asked { head: self.entry.head(), body, moment: Moment::now(), time: time_of_day() };
            match self.stack.advance(&mut self.passage, &asked) {
                Step::Preflight => return Ok(None),
                Step::Refused(refused) => return Err(refused),
                Step::Through(permit, plan) => return Ok(Some((permit, plan))),
                Step::Wait(wait) => {
                    let waited = wait.await;
                    self.passage.waited(waited);
                }
                Step::Count(counting) => {
                    let outcome = match &self.settings.count {
                        Some(count) => count(counting).await,
                        None => Outcome::Refused,
                    };
                    self.passage.counted(outcome);
                }
            }
        }
    }

    /// Holds a WebSocket handshake's origin against the policy.
    fn check_socket(&mut self) -> Result<(), Refused> {
        let request = &mut self.entry.request;
        if !is_websocket(request.method(), request.version(), request.headers()) {
            return Ok(());
        }
        let has_body = announced_length(request.headers()).is_some_and(|length| length > 0);
        if has_body || request.headers().contains_key(http::header::TRANSFER_ENCODING) {
            return Err(entry::bad_request("a WebSocket handshake has no body"));
        }
        match self.stack.rule_socket(&self.passage, request.headers()).0 {
            SocketRuling::Refused(reason) => return Err(entry::socket_denied(reason)),
            SocketRuling::WithCredentials => {}
            SocketRuling::WithoutCredentials => {
                request.headers_mut().remove(COOKIE);
                request.headers_mut().remove(AUTHORIZATION);
            }
        }
        Ok(())
    }

    /// The body as the handler gets it, checked first where the route says so.
    async fn admit<B>(&mut self, body: B, plan: BodyPlan, cut: &Cut) -> Result<RequestBody<B>, Refused>
    where
        B: Body<Data = Bytes>,
    {
        let limit = self.stack.body_size(&self.passage);
        if announced_length(self.entry.request.headers()).is_some_and(|length| length > limit) {
            return Err(entry::body_too_large());
        }
        let BodyPlan::Collect(check) = plan else {
            return Ok(RequestBody::streamed(body, limit, cut.clone()));
        };
        let collected = collect(body, check.at_most()).await;
        let collected = collected.map_err(|_| entry::bad_request("the request body is broken"))?;
        check.check(&collected)?;
        Ok(RequestBody::whole(collected))
    }

    /// The request as the handler sees it: what was matched is what is handled.
    fn prepare<B>(
        &mut self,
        permit: Option<Permit>,
        body: RequestBody<B>,
    ) -> Result<Request<RequestBody<B>>, Refused> {
        let malformed = || entry::bad_request("the target is not well-formed");
        let path = self.entry.path.as_deref().map_err(|error| entry::bad_request(error.text()))?;
        let (mut head, ()) = std::mem::take(&mut self.entry.request).into_parts();
        head.uri = retarget(head.uri, path).ok_or_else(malformed)?;
        head.headers.insert(REQUEST_ID, self.entry.id.clone());
        self.stack.stamp_request(&self.passage, &mut head.headers);
        // What an outer layer left there was not decided here.
        head.extensions.remove::<Arc<Permit>>();
        head.extensions.remove::<Identity>();
        head.extensions.remove::<Arc<corsac_credentials::Principal>>();
        if let Some(permit) = permit {
            head.extensions.insert(Arc::new(permit));
        }
        if let Some(identity) = self.passage.identity() {
            head.extensions.insert(Arc::clone(identity.principal()));
            head.extensions.insert(identity.clone());
        }
        if let Some(client) = self.entry.client {
            head.extensions.insert(ClientAddress(client));
        }
        Ok(Request::from_parts(head, body))
    }

    fn refuse<R>(&mut self, refused: &Refused) -> Response<ResponseBody<R>> {
        self.passage.note_refused(refused);
        refusal(refused)
    }

    fn stamp(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(REQUEST_ID) {
            headers.insert(REQUEST_ID, self.entry.id.clone());
        }
        if self.at == At::Answered && self.stack.is_cors_by_handler(&self.passage) {
            self.stack.stamp_guards(&self.passage, headers, self.entry.is_secure);
        } else {
            self.stack.stamp(&self.passage, headers, self.entry.is_secure);
        }
    }
}

fn refusal<R>(refused: &Refused) -> Response<ResponseBody<R>> {
    let problem = &refused.problem;
    let mut response = Response::new(ResponseBody::own(problem.body()));
    *response.status_mut() = problem.status;
    problem.stamp(response.headers_mut());
    response
}

/// The same target with the canonical path.
fn retarget(uri: Uri, path: &str) -> Option<Uri> {
    if uri.path() == path {
        return Some(uri);
    }
    let target = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(target.ok()?);
    Uri::from_parts(parts).ok()
}

/// Nothing, if it takes too long.
async fn within<F: Future>(settings: &Settings, future: F) -> Option<F::Output> {
    match settings.timeout {
        Some(timeout) => tokio::time::timeout(timeout, future).await.ok(),
        None => Some(future.await),
    }
}

/// Nothing, if it panics. It is not polled again then.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let poll = |cx: &mut Context<'_>| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    };
    std::future::poll_fn(poll).await
}

impl<S: fmt::Debug, H> fmt::Debug for Guarded<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}
