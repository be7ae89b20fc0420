//! A live server asked as a browser would: the preflight, the request, each redirect.

use std::time::Duration;

use corsac_analysis::explain::{Answered, RecordedExchange};
use corsac_browser::{
    Engine, Exchange, HeaderList, PreflightCache, RequestInit, Response, Sent, SentKind, Verdict,
};

use ureq::http::Request;
use ureq::unversioned::transport::DefaultConnector;

use super::Answer;
use super::names::{self, BrowserNames};
use super::request::Asked;
use crate::load::LoadError;

/// Longest wait for one response's head.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of a response's head; browsers take about as many.
const MAX_HEAD: usize = 256 << 10;

/// Calls asked again at another URL, as a fix says: redirects that lead elsewhere.
const MAX_CALLS: usize = 4;

/// Asks once, as Chromium would, and lets every engine judge what came back. An engine that
/// sends something else asks for itself.
pub(crate) fn ask(asked: &Asked, engines: &[Engine], send: bool) -> Result<Answer, LoadError> {
    let known = &knowing(asked);
    let (mut answer, unsent) = look(known, engines, send);
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
    follow(&mut answer, known, engines, send);
    Ok(answer)
}

/// The same, with where the URL's name leads: a public page needs the user's permission for
/// a server of the local network, whatever its name.
fn knowing(asked: &Asked) -> Asked {
    let mut known = asked.clone();
    let url = url::Url::parse(&asked.request.url).ok();
    if let Some(host) = url.as_ref().and_then(url::Url::domain)
        && let Some(space) = names::space_of(host)
    {
        known.page.resolved.push((host.to_owned(), space));
    }
    known
}

/// Where a change is to ask for something else, that is asked for, and what it lacks added.
fn follow(answer: &mut Answer, asked: &Asked, engines: &[Engine], send: bool) {
    for _ in 0..MAX_CALLS {
        let call = answer.repair.changes.last().and_then(|change| change.call.as_deref());
        let Some(request) = call.filter(|_| !answer.repair.is_proven) else { return };
        let moved = Asked { request: request.clone(), ..asked.clone() };
        let (next, unsent) = look(&moved, engines, send);
        answer.repair.is_proven = next.repair.is_proven && unsent != Unsent::Unknown;
        if unsent == Unsent::Unknown || next.repair.changes.is_empty() {
            return;
        }
        answer.repair.changes.extend(next.repair.changes);
    }
}

fn look(asked: &Asked, engines: &[Engine], send: bool) -> (Answer, Unsent) {
    let mut network = Network::new(asked, send);
    let verdicts: Vec<_> = engines.iter().map(|&engine| network.judge(engine)).collect();
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
    send: bool,
    /// What was asked already, and what came.
    known: Vec<(Sent, Option<Response>)>,
    errors: Vec<String>,
    unsent: Unsent,
}

/// What is known of a request that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsent {
    /// All were sent.
    None,
    /// What the answer to the preflight promises.
    Promised,
    /// Its preflight failed; what that says is taken for it.
    Assumed,
    /// Nothing: there was no preflight.
    Unknown,
}

impl<'a> Network<'a> {
    fn new(asked: &'a Asked, send: bool) -> Self {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_response_header_size(MAX_HEAD)
            .timeout_global(Some(TIMEOUT))
            .proxy(None)
            .build();
        let agent = ureq::Agent::with_parts(agent, DefaultConnector::new(), BrowserNames::default());
        Self { asked, agent, send, known: Vec::new(), errors: Vec::new(), unsent: Unsent::None }
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
        let response = if is_harmless || self.send { self.send(sent) } else { self.guess(sent) };
        self.known.push((sent.clone(), response.clone()));
        response
    }

    /// What the answer to the preflight promises for the request.
    fn guess(&mut self, sent: &Sent) -> Option<Response> {
        let before = self.known.iter().rev().find(|(known, _)| known.url == sent.url);
        self.unsent = if before.is_none() { Unsent::Unknown } else { Unsent::Promised };
        before.and_then(|(_, response)| response.clone())
    }

    fn send(&mut self, sent: &Sent) -> Option<Response> {
        match self.try_send(sent) {
            Ok(response) => Some(response),
            Err(error) => {
                self.errors.push(format!("{} {}: {error}", sent.method, sent.url));
                None
            }
        }
    }

    fn try_send(&self, sent: &Sent) -> Result<Response, ureq::Error> {
        let mut builder = Request::builder().method(&*sent.method).uri(&*sent.url);
        for (name, value) in fields(sent, &self.asked.request) {
            builder = builder.header(name, value);
        }
        let body = if sent.kind == SentKind::Actual {
            self.asked.body.clone().unwrap_or_default()
        } else {
            String::new()
        };
        let response = if body.is_empty() {
            self.agent.run(builder.body(()).map_err(ureq::Error::Http)?)?
        } else {
            self.agent.run(builder.body(body).map_err(ureq::Error::Http)?)?
        };
        let headers = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Ok(Response { status: response.status().as_u16(), headers: HeaderList::new(headers) })
    }
}

/// The fields that a browser sends which matter here; no cookies, nothing stored.
fn fields(sent: &Sent, request: &RequestInit) -> Vec<(String, String)> {
    let mut fields = vec![("accept".to_owned(), "*/*".to_owned())];
    let mut add = |name: &str, value: &Option<String>| {
        fields.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
    };
    add("origin", &sent.origin);
    add("access-control-request-method", &sent.access_control_request_method);
    add("access-control-request-headers", &sent.access_control_request_headers);
    if sent.kind == SentKind::Actual {
        fields.extend(request.headers.iter().cloned());
    }
    fields
}
