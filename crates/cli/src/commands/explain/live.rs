//! A live server asked as a browser would: the preflight, the request, each redirect.

use std::time::{Duration, Instant};

use corsac_analysis::explain::{Answered, Fix, RecordedExchange, field_bytes};
use corsac_browser::{
    CredentialsMode, Engine, Exchange, HeaderList, PreflightCache, Response, Sent, SentKind, Verdict,
};
use corsac_diagnostics::duration_text;
use http::{HeaderValue, Request};
use ureq::unversioned::transport::DefaultConnector;
use url::Url;

use super::Answer;
use super::names::{self, BrowserNames};
use super::request::Asked;
use super::unanswered;
use crate::load::LoadError;

/// All requests together take at most so many times the wait for one: an endless redirect may
/// be slow, and engines differ in what they send.
const PATIENCE: u32 = 3;

/// Bytes of a response's head; browsers take about as many.
const MAX_HEAD: usize = 256 << 10;

/// Calls asked again at another URL, as a fix says: redirects that lead elsewhere.
const MAX_CALLS: usize = 4;

/// Asks once, as Chromium would, and lets every engine judge what came back. An engine that
/// sends something else asks for itself.
pub(crate) fn ask(
    asked: &Asked,
    engines: &[Engine],
    send: bool,
    timeout: Duration,
) -> Result<Answer, LoadError> {
    if send && asked.request.body.is_some() && asked.body.is_none() {
        let reason = "failed to send the request: its body's text is not in the call".to_owned();
        return Err(LoadError { reason, hint: "give it with -d, or leave --send out".to_owned() });
    }
    let known = &knowing(asked);
    let deadline = Instant::now() + timeout.saturating_mul(PATIENCE);
    let how = How { engines, send, timeout, deadline };
    let (mut answer, unsent) = look(known, how);
    if let Unsent::Unreadable(reason) = &unsent {
        let reason = format!("failed to judge the answer, which browsers may read: {reason}");
        return Err(LoadError { reason, hint: "ask with a browser, and export a HAR: --har".to_owned() });
    }
    if unsent == Unsent::Unknown {
        let reason = format!(
            "failed to judge the {}: it needs no preflight, so only its answer tells",
            asked.request.method
        );
        return Err(LoadError { reason, hint: "--send sends it".to_owned() });
    }
    if unsent == Unsent::Promised {
        answer.notes.push(format!(
            "the {} itself was not sent: its answer is taken to be like the preflight's; --send sends it",
            asked.request.method
        ));
    }
    if unsent == Unsent::Assumed {
        answer.notes.push(format!(
            "after such a preflight the {} is not sent: its answer is taken to be like the preflight's",
            asked.request.method
        ));
    }
    permit(&mut answer, known, how);
    follow(&mut answer, known, how);
    Ok(answer)
}

/// Behind a permission that is missing nothing was sent; what the server says once the user
/// has given it is asked for too, without sending anything that might change something.
fn permit(answer: &mut Answer, asked: &Asked, how: How<'_>) {
    if !answer.repair.changes.iter().any(Fix::is_permission) {
        return;
    }
    let mut permitted = asked.clone();
    permitted.page.may_reach_local_network = true;
    let (next, unsent) = look(&permitted, How { send: false, ..how });
    let changes = &mut answer.repair.changes;
    let more: Vec<_> = next.repair.changes.into_iter().filter(|change| !changes.contains(change)).collect();
    changes.extend(more);
    answer.repair.is_proven = next.repair.is_proven && unsent != Unsent::Unknown;
    answer.exchange.hops = next.exchange.hops;
    answer.server = answer.server.or(next.server);
}

/// How to ask.
#[derive(Clone, Copy)]
struct How<'a> {
    engines: &'a [Engine],
    send: bool,
    /// For one response.
    timeout: Duration,
    /// For all of them.
    deadline: Instant,
}

/// The same, with where the URL's name leads: a public page needs the user's permission for
/// a server of the local network, whatever its name.
fn knowing(asked: &Asked) -> Asked {
    let mut known = asked.clone();
    let url = Url::parse(&asked.request.url).ok();
    if let Some(host) = url.as_ref().and_then(Url::domain)
        && let Some(space) = names::space_of(host)
    {
        known.page.resolved.push((host.to_owned(), space));
    }
    known
}

/// Where a change is to ask for another URL, that is asked for, and what it lacks added.
/// Nothing is sent twice that might change something. A server that the user did not name is
/// not asked at all: a browser would not have sent it the call either.
fn follow(answer: &mut Answer, asked: &Asked, how: How<'_>) {
    let how = How { send: false, ..how };
    for _ in 0..MAX_CALLS {
        let call = answer.repair.changes.last().and_then(|change| change.call.as_deref());
        let Some(request) = call.filter(|_| !answer.repair.is_proven) else { return };
        if origin_of(&request.url) != origin_of(&asked.request.url) {
            let other = origin_of(&request.url).unwrap_or_default();
            answer.notes.push(format!(
                "{other} is another origin, and was not asked: may it have what the call carries?"
            ));
            return;
        }
        let moved = Asked { request: request.clone(), ..asked.clone() };
        let (next, unsent) = look(&moved, how);
        answer.repair.is_proven = next.repair.is_proven && unsent != Unsent::Unknown;
        if unsent == Unsent::Unknown || next.repair.changes.is_empty() {
            return;
        }
        answer.repair.changes.extend(next.repair.changes);
    }
}

fn look(asked: &Asked, how: How<'_>) -> (Answer, Unsent) {
    let mut network = Network::new(asked, how);
    let verdicts: Vec<_> = how.engines.iter().map(|&engine| network.judge(engine)).collect();
    let mut exchange = RecordedExchange::new(&asked.page, &asked.request);
    let mut asked_hops = Vec::new();
    for (sent, response) in network.known {
        asked_hops.extend((sent.kind == SentKind::Actual).then_some(sent.hop));
        exchange.record(&sent, response);
    }
    let mut unsent = network.unsent;
    if assume(&mut exchange, &asked_hops) && unsent == Unsent::None {
        unsent = Unsent::Assumed;
    }
    (Answer::new(exchange, verdicts, network.errors), unsent)
}

/// Behind a preflight that failed nothing is sent: what the server would have answered is
/// taken to say of CORS what its answer to the preflight says. Whether there was such a case.
fn assume(exchange: &mut RecordedExchange, asked_hops: &[usize]) -> bool {
    let mut is_assumed = false;
    for (number, hop) in exchange.hops.iter_mut().enumerate() {
        if let Some(Answered::Response(preflight)) = &hop.preflight
            && !asked_hops.contains(&number)
        {
            hop.actual = Answered::Response(Response { status: 200, ..preflight.clone() });
            is_assumed = true;
        }
    }
    is_assumed
}

struct Network<'a> {
    asked: &'a Asked,
    agent: ureq::Agent,
    how: How<'a>,
    /// What was asked already, and what came.
    known: Vec<(Sent, Option<Response>)>,
    errors: Vec<String>,
    unsent: Unsent,
}

/// What is known of a request that was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unsent {
    /// All were sent.
    None,
    /// What the answer to the preflight promises.
    Promised,
    /// Its preflight failed; what that says is taken for it.
    Assumed,
    /// Nothing: there was no preflight.
    Unknown,
    /// An answer came, and cannot be read here, though browsers may.
    Unreadable(String),
}

impl<'a> Network<'a> {
    fn new(asked: &'a Asked, how: How<'a>) -> Self {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_response_header_size(MAX_HEAD)
            // A full buffer would look like a closed connection.
            .input_buffer_size(MAX_HEAD + 1)
            .proxy(None)
            // Guards against bots refuse what does not begin like a browser's.
            .user_agent(concat!("Mozilla/5.0 (compatible; Corsac/", env!("CARGO_PKG_VERSION"), ")"))
            .build();
        let agent = ureq::Agent::with_parts(agent, DefaultConnector::new(), BrowserNames::default());
        Self { asked, agent, how, known: Vec::new(), errors: Vec::new(), unsent: Unsent::None }
    }

    fn judge(&mut self, engine: Engine) -> Verdict {
        let mut cache = PreflightCache::default();
        let mut exchange = Exchange::new(engine, &self.asked.page, &self.asked.request, &mut cache, 0);
        while let Some(sent) = exchange.poll_output() {
            let sent = sent.clone();
            let response = self.answer(&sent);
            exchange.handle_response(response, &mut cache);
        }
        exchange.into_verdict()
    }

    fn answer(&mut self, sent: &Sent) -> Option<Response> {
        if let Some((_, response)) = self.known.iter().find(|(known, _)| known == sent) {
            return response.clone();
        }
        let is_harmless = sent.kind == SentKind::Preflight || matches!(&*sent.method, "GET" | "HEAD");
        // What may change something is sent once; engines differ in fields that no answer
        // should depend on.
        let is_same =
            |known: &Sent| known.kind == sent.kind && known.method == sent.method && known.url == sent.url;
        if let Some((_, response)) = self.known.iter().find(|(known, _)| !is_harmless && is_same(known)) {
            return response.clone();
        }
        let response = if is_harmless || self.how.send { self.send(sent) } else { self.guess(sent) };
        self.known.push((sent.clone(), response.clone()));
        response
    }

    /// What the answer to the preflight promises for the request.
    fn guess(&mut self, sent: &Sent) -> Option<Response> {
        let before = self.known.iter().rev().find(|(known, _)| known.url == sent.url);
        if !matches!(self.unsent, Unsent::Unreadable(_)) {
            self.unsent = if before.is_none() { Unsent::Unknown } else { Unsent::Promised };
        }
        before.and_then(|(_, response)| response.clone())
    }

    fn send(&mut self, sent: &Sent) -> Option<Response> {
        let left = self.how.deadline.saturating_duration_since(Instant::now());
        let reason = match self.try_send(sent, left.min(self.how.timeout)) {
            Ok(response) => return Some(response),
            Err(error) if unanswered::may_be_readable(&error) => {
                let reason = unanswered::words(&error, &sent.url, self.how.timeout);
                self.unsent = Unsent::Unreadable(format!("{} {}: {reason}", sent.method, sent.url));
                return None;
            }
            Err(ureq::Error::Timeout(_)) if left < self.how.timeout => {
                let all = duration_text(self.how.timeout.saturating_mul(PATIENCE));
                format!("all requests together took {all}; --timeout waits longer")
            }
            Err(error) => unanswered::words(&error, &sent.url, self.how.timeout),
        };
        self.errors.push(format!("{} {}: {reason}", sent.method, sent.url));
        None
    }

    fn try_send(&self, sent: &Sent, timeout: Duration) -> Result<Response, ureq::Error> {
        if timeout.is_zero() {
            return Err(ureq::Error::Timeout(ureq::Timeout::Global));
        }
        let mut builder = Request::builder().method(&*sent.method).uri(&*sent.url);
        for (name, value) in self.fields(sent) {
            let value = HeaderValue::from_bytes(&value).map_err(|error| ureq::Error::Http(error.into()))?;
            builder = builder.header(name, value);
        }
        // A redirect that turns the method into GET drops the body.
        let has_body = sent.kind == SentKind::Actual && !matches!(&*sent.method, "GET" | "HEAD");
        let body = self.asked.body.as_ref().filter(|body| has_body && !body.is_empty());
        let response = match body {
            // A browser sends `Content-Length: 0` where the method could have a body.
            None if has_body => self.run(builder.body(""), timeout)?,
            None => self.run(builder.body(()), timeout)?,
            Some(body) => self.run(builder.body(body.clone()), timeout)?,
        };
        let headers = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(Response { status: response.status().as_u16(), headers: HeaderList::new(headers) })
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: http::Result<Request<B>>,
        timeout: Duration,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let request = request.map_err(ureq::Error::Http)?;
        self.agent.run(self.agent.configure_request(request).timeout_global(Some(timeout)).build())
    }

    /// What a browser sends that matters here: its own, the script's, and with the request
    /// itself the credentials that the user gave.
    fn fields(&self, sent: &Sent) -> Vec<(String, Vec<u8>)> {
        let mut fields = Vec::new();
        let mut add = |name: &str, value: &Option<String>| {
            fields.extend(value.iter().map(|value| (name.to_owned(), value.clone().into_bytes())));
        };
        add("origin", &sent.origin);
        add("access-control-request-method", &sent.access_control_request_method);
        add("access-control-request-headers", &sent.access_control_request_headers);
        let is_kept = |name: &str| !name.eq_ignore_ascii_case("authorization") || self.is_first_server(sent);
        let scripts = sent.headers.iter().filter(|(name, _)| is_kept(name));
        fields.extend(scripts.map(|(name, value)| (name.to_owned(), value.to_vec())));
        if self.may_present(sent) {
            let presented = self.asked.presented.iter().filter(|(name, _)| !sent.headers.contains(name));
            fields.extend(presented.map(|(name, value)| (name.clone(), field_bytes(value))));
        }
        if !sent.headers.contains("accept") {
            fields.push(("accept".to_owned(), b"*/*".to_vec()));
        }
        fields
    }

    /// The model drops `authorization` as each engine does, and one does not; here it never
    /// reaches a server that the user did not name.
    fn is_first_server(&self, sent: &Sent) -> bool {
        origin_of(&sent.url) == origin_of(&self.asked.request.url) && !self.has_crossed(sent)
    }

    /// Whether a redirect has led to another origin.
    fn has_crossed(&self, sent: &Sent) -> bool {
        let first = origin_of(&self.asked.request.url);
        self.known.iter().any(|(known, _)| known.hop < sent.hop && origin_of(&known.url) != first)
    }

    /// Whether a browser adds its credentials, and the user gave them for this server.
    fn may_present(&self, sent: &Sent) -> bool {
        let is_included = match self.asked.request.credentials {
            CredentialsMode::Include => true,
            CredentialsMode::SameOrigin => origin_of(&sent.url).as_ref() == Some(&self.asked.page.origin),
            CredentialsMode::Omit | CredentialsMode::Unknown => false,
        };
        sent.kind == SentKind::Actual && is_included && self.is_first_server(sent)
    }
}

fn origin_of(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}
