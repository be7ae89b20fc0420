//! One request from its head to its response, in the fixed order: the policy is known
//! first, whatever is answered after it is stamped last.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use corsac_cors::{Decision, RequestHead, Verdict};
use corsac_middleware::authn::Identity;
use corsac_middleware::guard::{Head, Host, announced_length, proxy};
use corsac_middleware::limits::{BodyPlan, Presence};
use corsac_middleware::rate_limit::{Moment, Permit};
use corsac_middleware::route::{PathError, canonical_path};
use corsac_middleware::stack::{Asked, Passage, Step, is_websocket};
use futures_util::FutureExt;
use http::header::{CONNECTION, HeaderMap, HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::config::Ownership;
use crate::control::wall_clock;
use crate::message::body::{Body, Cut, Fate, RequestBody, collect, drain};
use crate::message::fields::Fields;
use crate::message::forward::{self, Entry, Peer};
use crate::message::framing::{Flaw, Framing};
use crate::message::head;
use crate::message::problem::{Failure, Problem};
use crate::serve::redirect;
use crate::serve::upgrade;
use crate::serve::upstream::lease::Lease;
use crate::serve::upstream::pool::Pool;
use crate::serve::worker::Worker;
use crate::snapshot::{Matched, Snapshot};

/// One request on its way.
pub(crate) struct Exchange {
    pub(crate) worker: Rc<Worker>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) peer: Rc<Peer>,
    pub(super) started: Instant,
    pub(super) time: SystemTime,
    pub(super) id: HeaderValue,
    pub(super) client: IpAddr,
    trusted: bool,
    /// As it came.
    pub(crate) head: Parts,
    /// Which fields `head` has.
    pub(crate) fields: Fields,
    host: Result<Host, &'static str>,
    /// The canonical path, where it is not the one that was sent.
    path: Result<Option<String>, PathError>,
    /// Its way through the guards. Borrowed for no longer than a guard is asked.
    pub(crate) passage: RefCell<Passage>,
    pub(super) is_websocket: bool,
    pub(super) verdict: Cell<Option<Verdict>>,
    pub(super) upstream_cors: Cell<bool>,
    /// What the upstream answered itself, for routes whose upstream owns CORS.
    from_upstream: Cell<bool>,
    /// Why the upstream failed, for the log alone.
    pub(super) upstream_error: OnceCell<String>,
    pub(super) observed: Cell<bool>,
    pub(super) recorded: Cell<bool>,
    pub(crate) framing: Framing,
    /// What is wrong with the request as a whole.
    flaw: Option<Flaw>,
}

/// Serves one request. Never fails: a bug becomes a 500, stamped like any other answer.
pub(crate) async fn handle(
    worker: Rc<Worker>,
    peer: Rc<Peer>,
    framing: Framing,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let begun = std::panic::catch_unwind(AssertUnwindSafe(|| Exchange::new(worker, peer, framing, head)));
    let Ok(exchange) = begun else { return Ok(Problem::Internal.response()) };
    let answered = AssertUnwindSafe(exchange.answer(body)).catch_unwind().await;
    let (response, failure) = match answered {
        Ok(Ok(response)) => (response, None),
        Ok(Err(failure)) => (failure.response(), Some(failure)),
        Err(_) => (Problem::Internal.response(), Some(Problem::Internal.into())),
    };
    let response = exchange.finish(response);
    if exchange.report(response.status(), Some(response.headers()), failure.as_ref()).is_ok() {
        return Ok(response);
    }
    // What whoever watches has not seen does not leave, and this is nobody's but ours.
    exchange.from_upstream.set(false);
    let failure = Failure::from(Problem::Internal);
    let response = exchange.finish(failure.response());
    // The observer is not asked twice.
    let _ = exchange.report(response.status(), Some(response.headers()), Some(&failure));
    Ok(response)
}

impl Exchange {
    fn new(worker: Rc<Worker>, peer: Rc<Peer>, framing: Framing, head: Parts) -> Self {
        let snapshot = worker.snapshot();
        let headers = &head.headers;
        let fields = Fields::of(headers);
        let trusted_proxies = &snapshot.config.trusted_proxies;
        let trusted = !trusted_proxies.is_empty() && proxy::is_trusted(peer.address, trusted_proxies);
        let id = trusted.then(|| proxy::given_request_id(headers)).flatten();
        let canonical = canonical_path(head.uri.path());
        let asked = RequestHead { method: &head.method, headers };
        let passage = snapshot.stack.begin(canonical.as_deref().ok(), &asked);
        let path = canonical.map(|path| match path {
            Cow::Borrowed(_) => None,
            Cow::Owned(path) => Some(path),
        });
        Self {
            started: Instant::now(),
            time: SystemTime::now(),
            id: id.unwrap_or_else(|| worker.request_id()),
            client: proxy::client_address(peer.address, headers, trusted_proxies),
            trusted,
            host: Host::of(&head.uri, head.version, headers),
            verdict: Cell::new(passage.cors().map(Decision::verdict)),
            is_websocket: fields.has(Fields::SEC_WEBSOCKET_KEY)
                && is_websocket(&head.method, head.version, &head.headers),
            path,
            passage: RefCell::new(passage),
            upstream_cors: Cell::new(false),
            from_upstream: Cell::new(false),
            upstream_error: OnceCell::new(),
            observed: Cell::new(false),
            recorded: Cell::new(false),
            flaw: framing.next(),
            framing,
            head,
            fields,
            worker,
            snapshot,
            peer,
        }
    }

    pub(crate) fn host(&self) -> Option<&HeaderValue> {
        self.host.as_ref().ok().and_then(|host| host.value(&self.head.headers))
    }

    pub(super) fn matched(&self) -> Option<Matched<'_>> {
        let route = self.passage.borrow().route();
        route.and_then(|index| self.snapshot.route(index))
    }

    async fn answer(&self, body: Incoming) -> Result<Response<Body>, Failure> {
        let guarded = match self.check_head() {
            Ok(()) if matches!(self.peer.entry, Entry::Redirect) => {
                drain(body);
                // Browsers follow no redirect of a preflight.
                let is_preflight =
                    (RequestHead { method: &self.head.method, headers: &self.head.headers }).is_preflight();
                return if is_preflight {
                    Err(Problem::TlsRequired.into())
                } else {
                    Ok(redirect::to_https(self)?)
                };
            }
            Ok(()) => self.guard(&body).await,
            Err(problem) => Err(problem.into()),
        };
        let (matched, plan) = match guarded {
            Ok(Some(guarded)) => guarded,
            Ok(None) => {
                drain(body);
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                return Ok(response);
            }
            Err(failure) => {
                drain(body);
                return Err(failure);
            }
        };
        if self.is_websocket {
            return Box::pin(upgrade::open(self, matched, body)).await;
        }
        let limit = matched.route.body_size.unwrap_or(self.snapshot.config.limits.body_size);
        let has_length = self.fields.has(Fields::CONTENT_LENGTH);
        if has_length && announced_length(&self.head.headers).is_some_and(|length| length > limit) {
            drain(body);
            return Err(Problem::BodyTooLarge.into());
        }
        let (body, fate) = RequestBody::new(body, limit, self.snapshot.config.limits.body_timeout);
        let BodyPlan::Collect(check) = plan else {
            return Ok(self.forward(matched, body, fate).await?);
        };
        let collected = Box::pin(collect(body, check.at_most())).await;
        let collected = collected.map_err(|()| cut_off(fate.and_then(|fate| fate.cut())))?;
        let checked = check.check(&collected);
        self.passage.borrow_mut().body_checked(checked.as_ref().err());
        checked.map_err(Failure::Refused)?;
        Ok(self.forward(matched, RequestBody::whole(collected), None).await?)
    }

    fn check_head(&self) -> Result<(), Problem> {
        match self.flaw {
            Some(Flaw::Ambiguous) => {
                return Err(Problem::BadRequest("the request has both a length and a transfer coding"));
            }
            Some(Flaw::Unreadable) => {
                return Err(Problem::BadRequest("the request's length cannot be read"));
            }
            Some(Flaw::TargetTooLong) => return Err(Problem::TargetTooLong),
            Some(Flaw::HeadTooLarge) => return Err(Problem::HeadTooLarge),
            None => {}
        }
        head::check(&self.head, self.fields, &self.snapshot.config.limits)?;
        if let Err(wrong) = &self.host {
            return Err(Problem::BadRequest(wrong));
        }
        self.check_connection()?;
        match self.path {
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::BadRequest(error.text())),
        }
    }

    /// Over TLS the host must be one that the connection's certificate covers, unless a
    /// trusted proxy sends it (RFC 9110, section 7.4). A browser that joined connections of
    /// several hosts tries again on one of its own.
    fn check_connection(&self) -> Result<(), Problem> {
        let Some(secured) = self.peer.secured().filter(|_| !self.trusted) else { return Ok(()) };
        match self.host().and_then(head::host_name) {
            Some(host) if !secured.covers(host) => Err(Problem::Misdirected),
            _ => Ok(()),
        }
    }

    /// The request's head as guards see it.
    fn guarded_head(&self) -> Result<Head<'_>, Problem> {
        let path = self.path.as_ref().map_err(|_| Problem::Internal)?;
        Ok(Head {
            method: &self.head.method,
            path: path.as_deref().unwrap_or(self.head.uri.path()),
            query: self.head.uri.query(),
            headers: &self.head.headers,
            host: self.host().and_then(|host| host.to_str().ok()),
            is_secure: self.is_secure(),
            client: Some(self.client),
        })
    }

    /// Whether the request came over TLS.
    pub(super) fn is_secure(&self) -> bool {
        forward::is_secure(&self.peer, &self.head.headers, self.trusted)
    }

    /// Asks the guards. The route and what to do with the body, if the request may pass;
    /// nothing, if it is a preflight to be answered.
    async fn guard(&self, body: &Incoming) -> Result<Option<(Matched<'_>, BodyPlan)>, Failure> {
        let head = self.guarded_head()?;
        let body = if body.is_end_stream() { Presence::Absent } else { Presence::Possible };
        loop {
            let asked = Asked { head, body, moment: Moment::now(), time: wall_clock() };
            let step = self.snapshot.stack.advance(&mut self.passage.borrow_mut(), &asked);
            match step {
                Step::Preflight => return Ok(None),
                Step::Refused(refused) => return Err(Failure::Refused(refused)),
                Step::Through(_permit, plan) => {
                    return Ok(Some((self.matched().ok_or(Problem::Internal)?, plan)));
                }
                Step::Wait(wait) => {
                    let waited = Box::pin(wait).await;
                    self.passage.borrow_mut().waited(waited);
                }
                Step::Count(counting) => {
                    let outcome = Box::pin(self.worker.count(&self.snapshot, &counting)).await;
                    self.passage.borrow_mut().counted(outcome);
                }
            }
        }
    }

    /// The places that the request has among those being served at the same time.
    pub(crate) fn take_permits(&self) -> Vec<Permit> {
        self.passage.borrow_mut().take_permits()
    }

    async fn forward(
        &self,
        matched: Matched<'_>,
        body: RequestBody,
        fate: Option<Rc<Fate>>,
    ) -> Result<Response<Body>, Problem> {
        let pool = self.worker.pool(&self.snapshot, matched.route.upstream).ok_or(Problem::Internal)?;
        let version = if pool.upstream().http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        let request = self.prepare(matched, version, body)?;
        let repeated = request.body().again();
        let again = || self.prepare(matched, version, repeated.as_ref()?.again()?).ok();
        let sent = tokio::time::timeout(self.response_timeout(matched), pool.send(request, again)).await;
        match (sent, fate.as_ref().and_then(|fate| fate.cut())) {
            (Ok(Ok((response, lease))), _) => {
                let is_whole = fate.is_none_or(|fate| fate.is_whole());
                if is_whole {
                    return self.pass_on(response, lease.map(|lease| (lease, pool)));
                }
                // The client may read the response only once it has sent everything.
                lease.into_iter().for_each(Lease::detach);
                self.pass_on(response, None)
            }
            (_, Some(cut)) => Err(cut_off(Some(cut))),
            (Ok(Err(error)), None) => Err(self.upstream_failed(&error)),
            (Err(_), None) => Err(Problem::UpstreamTimeout),
        }
    }

    /// The problem that the upstream failed; why, is for the log.
    pub(crate) fn upstream_failed(&self, error: &impl std::fmt::Display) -> Problem {
        self.upstream_error.get_or_init(|| error.to_string());
        Problem::UpstreamFailed
    }

    /// The upstream's response as the client sees it.
    pub(crate) fn pass_on(
        &self,
        response: Response<Incoming>,
        lease: Option<(Lease, Rc<Pool>)>,
    ) -> Result<Response<Body>, Problem> {
        let (mut parts, incoming) = response.into_parts();
        let fields = Fields::of(&parts.headers);
        // Nobody asked for a switch, and a response with two lengths ends where its reader
        // thinks it does.
        let two_lengths = fields.has(Fields::TRANSFER_ENCODING) && fields.has(Fields::CONTENT_LENGTH);
        if parts.status == StatusCode::SWITCHING_PROTOCOLS || two_lengths {
            return Err(Problem::UpstreamFailed);
        }
        forward::remove_hop_by_hop(&mut parts.headers, fields);
        parts.version = self.head.version;
        self.from_upstream.set(true);
        let silence = self.snapshot.config.limits.body_timeout;
        Ok(Response::from_parts(parts, Body::upstream(incoming, silence, lease, self.take_permits())))
    }

    /// The request as the upstream sees it.
    pub(crate) fn prepare(
        &self,
        matched: Matched<'_>,
        version: Version,
        body: RequestBody,
    ) -> Result<Request<RequestBody>, Problem> {
        let upstream = self.snapshot.config.upstreams.get(matched.route.upstream).ok_or(Problem::Internal)?;
        let own = || HeaderValue::from_str(upstream.authority.as_str()).ok();
        let host = self.host().cloned().or_else(own).ok_or(Problem::Internal)?;
        let path = self.path.as_ref().map_err(|_| Problem::Internal)?;
        let path = path.as_deref().unwrap_or(self.head.uri.path());
        let mut request = Request::new(body);
        *request.method_mut() = self.head.method.clone();
        let passage = self.passage.borrow();
        let added = forward::ADDED_FIELDS + passage.identity().map_or(0, |_| Identity::FIELDS);
        let mut headers = forward::request_fields(&self.head.headers, self.fields, self.trusted, added);
        forward::set_forwarding(&mut headers, &self.peer, self.trusted, &host);
        headers.insert(forward::REQUEST_ID, self.id.clone());
        self.snapshot.stack.stamp_request(&passage, &mut headers);
        *request.headers_mut() = headers;
        if !forward::retarget(&mut request, upstream, version, (&self.head.uri, path), &host) {
            return Err(Problem::BadRequest("the target is not well-formed"));
        }
        Ok(request)
    }

    /// The verdict of a check beyond reading, for the log.
    pub(crate) fn set_verdict(&self, verdict: Verdict) {
        self.verdict.set(Some(verdict));
    }

    /// The response as it leaves, whoever made it.
    fn finish(&self, mut response: Response<Body>) -> Response<Body> {
        self.stamp(response.headers_mut());
        let is_last = self.fields.has(Fields::TRANSFER_ENCODING) || self.flaw.is_some();
        if is_last && response.version() == Version::HTTP_11 {
            // Where this request ended only hyper knows; see `framing.rs`.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Makes the route's owner the only owner of CORS.
    fn stamp(&self, headers: &mut HeaderMap) {
        let matched = self.matched();
        let ownership = matched.map_or(Ownership::Own, |matched| matched.route.ownership);
        if !headers.contains_key(forward::REQUEST_ID) {
            headers.insert(forward::REQUEST_ID, self.id.clone());
        }
        if self.peer.is_secure()
            && let Some(strict) = self.snapshot.config.tls.as_ref().and_then(|tls| tls.strict.as_ref())
        {
            headers.insert(STRICT_TRANSPORT_SECURITY, strict.clone());
        }
        if ownership == Ownership::Passthrough && self.from_upstream.get() {
            self.snapshot.stack.stamp_guards(&self.passage.borrow(), headers, self.is_secure());
            return;
        }
        let removed = self.snapshot.stack.stamp(&self.passage.borrow(), headers, self.is_secure());
        self.upstream_cors.set(removed && ownership == Ownership::Report);
    }

    /// Notes that the response is the upstream's own.
    pub(crate) fn set_from_upstream(&self) {
        self.from_upstream.set(true);
    }

    /// How long the head of the upstream's response may take.
    pub(crate) fn response_timeout(&self, matched: Matched<'_>) -> Duration {
        let upstream = self.snapshot.config.upstreams.get(matched.route.upstream);
        let default = upstream.map_or(Duration::from_secs(30), |upstream| upstream.response_timeout);
        matched.route.response_timeout.unwrap_or(default)
    }
}

/// The problem of a request body that was cut off.
fn cut_off(cut: Option<Cut>) -> Problem {
    match cut {
        Some(Cut::TooLarge) => Problem::BodyTooLarge,
        Some(Cut::TooSlow) => Problem::RequestTimeout,
        Some(Cut::Broken) | None => Problem::BadRequest("the request body is broken"),
    }
}
