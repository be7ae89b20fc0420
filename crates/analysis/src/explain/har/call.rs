//! A call of a page as an exchange that engines judge.

use corsac_browser::{
    AddressSpace, Body, CorsFailure, CredentialsMode, Engine, Failure, HeaderList, Outcome, Page, PageKind,
    RequestInit, Response, Verdict, is_token,
};
use url::Url;

use super::calls::{Call, Sent};
use super::entry::{Entry, Message};
use super::kind::{Kind, Skipped, is_no_cors, origin_of};
use crate::explain::exchange::{Answered, Hop, RecordedExchange, field_bytes};

/// How the credentials mode is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsBasis {
    /// Nothing tells: the default of `fetch()` is taken.
    Assumed,
    /// What the browser did fits this mode only.
    Inferred,
    /// Cookies were sent.
    Recorded,
}

impl CredentialsBasis {
    /// Its name in machine output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Inferred => "inferred",
            Self::Recorded => "recorded",
        }
    }
}

/// Why nothing is said of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A 304 that does not repeat what the response in the browser's cache allows.
    Cached,
    /// The browser refused it, and the headers that are recorded give no reason.
    Refused,
    /// No response is recorded.
    NoResponse,
    /// The preflight passes; the request is not in the HAR.
    NoRequest,
    /// The redirect is followed; its target is not in the HAR.
    NoTarget,
}

impl Unknown {
    /// Its name in machine output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::NoRequest => "no-request",
            Self::NoResponse => "no-response",
            Self::NoTarget => "no-target",
            Self::Refused => "refused",
        }
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HarOutcome {
    /// Refused, and it is known why.
    Blocked,
    /// The script read the response.
    Ok,
    /// Too little is recorded.
    Unknown(Unknown),
}

/// A call of a page, judged.
#[derive(Clone, Debug)]
pub struct HarCall {
    /// The number of its first entry, from 1.
    pub entry: u64,
    /// What was asked and answered. Its id is the URL.
    pub exchange: RecordedExchange,
    /// How its credentials mode is known.
    pub credentials: CredentialsBasis,
    /// Whose engine made it, if that is told.
    pub recorded_by: Option<Engine>,
    /// The status of the last response; 0 is none.
    pub status: u16,
    /// The browser's error, as the HAR has it.
    pub error: String,
    /// What became of it in the browser that recorded it, or else in the first engine asked.
    pub outcome: HarOutcome,
    /// A verdict for each engine, the recording one's first; none where too little is known.
    pub verdicts: Vec<Verdict>,
    /// What the reader should know beside it.
    pub notes: Vec<String>,
}

impl HarCall {
    /// Whether it was refused for a reason that is known.
    pub fn is_blocked(&self) -> bool {
        self.outcome == HarOutcome::Blocked
    }

    /// Whether too little is recorded.
    pub fn is_unknown(&self) -> bool {
        matches!(self.outcome, HarOutcome::Unknown(_))
    }
}

const NO_PREFLIGHT: &str =
    "the HAR has no preflight for it: it was in the browser's cache, or not exported; taken as passed";
const LET_THROUGH: &str =
    "the browser let it through all the same: an extension, a switch that turns CORS off, or changed headers";
const INFERRED: &str =
    "credentials mode `include` is inferred: the browser refused what it would have let through without";

/// What it takes to judge.
pub(super) struct Judge<'a> {
    pub(super) engines: &'a [Engine],
    /// The engine whose export this is.
    pub(super) exporter: Option<Engine>,
    /// The URL of the page of `log.pages`.
    pub(super) page: Option<&'a str>,
}

/// What the browser made of a call, as far as the HAR says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Blocked,
    Read,
    Unsure,
}

impl Judge<'_> {
    pub(super) fn judge(&self, call: &Call) -> Result<HarCall, Skipped> {
        let first = call.hops.first().and_then(Sent::entry).ok_or(Skipped::NotScript)?;
        if let Kind::Skipped(skipped) = Kind::of(first) {
            return Err(skipped);
        }
        let origin = call.origin().or_else(|| self.page.and_then(origin_of)).ok_or(Skipped::NoPage)?;
        let is_foreign = |sent: &Sent| {
            sent.entry().is_some_and(|entry| origin_of(entry.url()).as_deref() != Some(&origin))
        };
        if !call.hops.iter().any(is_foreign) {
            return Err(Skipped::SameOrigin);
        }
        let sent = call.hops.first().filter(|sent| sent.preflight.is_none());
        if sent.and_then(|sent| sent.actual.as_ref()).is_some_and(|actual| is_no_cors(actual, &origin)) {
            return Err(Skipped::NoCors);
        }
        let recorded_by = self.exporter.or_else(|| engine_of(first));
        let engines = self.order(recorded_by);
        let lead = engines.first().copied().unwrap_or(Engine::Standard);
        let seen = self.seen(call);
        let mut exchange = exchange(call, &origin);
        let credentials = if call.hops.iter().filter(|sent| is_foreign(sent)).any(has_cookies) {
            exchange.request.credentials = CredentialsMode::Include;
            CredentialsBasis::Recorded
        } else {
            infer(&mut exchange, recorded_by.unwrap_or(lead), seen)
        };
        let verdicts: Vec<_> = engines.iter().map(|&engine| exchange.judge(engine)).collect();
        // What another browser did is no measure for this one.
        let seen = if recorded_by == Some(lead) { seen } else { Seen::Unsure };
        let verdict = verdicts.first().ok_or(Skipped::NotScript)?;
        let outcome = outcome(call, verdict, seen)?;
        let mut notes = notes(call, verdict, (outcome, seen, credentials));
        notes.extend(would_block(&verdicts).filter(|_| outcome == HarOutcome::Ok));
        let last = call.hops.last().and_then(Sent::entry).unwrap_or(first);
        notes.extend(broken(&last.response.error).filter(|_| outcome == HarOutcome::Ok));
        let is_unknown = matches!(outcome, HarOutcome::Unknown(_));
        Ok(HarCall {
            entry: first.number,
            exchange,
            credentials,
            recorded_by,
            status: last.response.status,
            error: last.response.error.clone(),
            outcome,
            verdicts: if is_unknown { Vec::new() } else { verdicts },
            notes,
        })
    }

    /// The engines asked, the recording one first.
    fn order(&self, recorded_by: Option<Engine>) -> Vec<Engine> {
        let mut engines = self.engines.to_vec();
        engines.sort_by_key(|&engine| Some(engine) != recorded_by);
        engines
    }

    /// Chromium ends a request that CORS refuses with `net::ERR_FAILED`, whatever it got; other
    /// errors after a response, such as `net::ERR_ABORTED`, are about the body. Firefox writes
    /// no errors, so a status says nothing. `WebKit` writes its own message (`HARBuilder.js`).
    fn seen(&self, call: &Call) -> Seen {
        let Some(last) = call.hops.last().and_then(|sent| sent.actual.as_ref()) else { return Seen::Unsure };
        let error = &*last.response.error;
        let is_cors = match self.exporter {
            Some(Engine::Chromium) => error == "net::ERR_FAILED",
            Some(Engine::WebKit) => error.contains("ccess-Control-") || error.contains("ccess control"),
            _ => error.is_empty() && last.has_no_response(),
        };
        let tells_errors = matches!(self.exporter, Some(Engine::Chromium | Engine::WebKit));
        let has_arrived = !last.has_no_response() && last.redirect_target().is_none();
        match is_cors {
            true => Seen::Blocked,
            false if tells_errors && has_arrived && error.is_empty() => Seen::Read,
            false => Seen::Unsure,
        }
    }
}

fn has_cookies(sent: &Sent) -> bool {
    let request = sent.actual.as_ref().map(|actual| &actual.request);
    request.is_some_and(|request| request.has_cookies || request.fields.get("cookie").is_some())
}

/// The browsers that would block what the first one lets through.
fn would_block(verdicts: &[Verdict]) -> impl Iterator<Item = String> {
    let browsers = verdicts.iter().filter(|verdict| verdict.engine != Engine::Standard);
    browsers.filter(|verdict| verdict.outcome == Outcome::Blocked).map(|verdict| {
        let failure = verdict.failure.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} would block it: {failure}", verdict.engine.name())
    })
}

/// What ended a response that the page was allowed to read.
fn broken(error: &str) -> Option<String> {
    (!error.is_empty()).then(|| {
        format!(
            "the browser reports `{error}`: the headers let the page read it, and what failed is not CORS"
        )
    })
}

/// A request without credentials, unless the browser refused what would then be fine.
fn infer(exchange: &mut RecordedExchange, lead: Engine, seen: Seen) -> CredentialsBasis {
    if seen != Seen::Blocked
        || exchange.judge(lead).failure.as_ref().is_some_and(|failure| !is_network(failure))
    {
        return CredentialsBasis::Assumed;
    }
    exchange.request.credentials = CredentialsMode::Include;
    let failure = exchange.judge(lead).failure;
    if failure.is_some_and(|failure| !is_network(&failure)) {
        return CredentialsBasis::Inferred;
    }
    exchange.request.credentials = CredentialsMode::SameOrigin;
    CredentialsBasis::Assumed
}

/// No answer was recorded, for whatever reason.
fn is_network(failure: &Failure) -> bool {
    matches!(failure, Failure::Network { .. } | Failure::PreflightNetwork)
}

fn outcome(call: &Call, verdict: &Verdict, seen: Seen) -> Result<HarOutcome, Skipped> {
    if verdict.outcome == Outcome::Invalid {
        return Err(Skipped::NotScript);
    }
    // The check is made on the cached response with the fields of the 304 laid over it (Fetch,
    // "HTTP-network-or-cache fetch", and RFC 9111, section 4.3.4).
    if matches!(verdict.failure, Some(Failure::Cors(CorsFailure::Missing, 304))) {
        return Ok(HarOutcome::Unknown(Unknown::Cached));
    }
    let is_known = verdict.failure.as_ref().is_some_and(|failure| !is_network(failure));
    if is_known {
        return Ok(HarOutcome::Blocked);
    }
    let last = call.hops.last();
    let unknown = match last.map(|sent| &sent.actual) {
        _ if verdict.requests.last().is_some_and(|sent| sent.hop >= call.hops.len()) => Unknown::NoTarget,
        Some(None) if last.and_then(Sent::entry).is_some_and(|entry| !entry.has_no_response()) => {
            Unknown::NoRequest
        }
        _ if verdict.failure.is_some() && is_cancelled(last) => return Err(Skipped::Cancelled),
        _ if verdict.failure.is_some() => Unknown::NoResponse,
        _ if seen == Seen::Blocked => Unknown::Refused,
        _ => return Ok(HarOutcome::Ok),
    };
    Ok(HarOutcome::Unknown(unknown))
}

fn is_cancelled(last: Option<&Sent>) -> bool {
    let error = last.and_then(Sent::entry).map_or("", |entry| &entry.response.error);
    // `cancelled` is WebKit's, NS_BINDING_ABORTED Firefox's (in Playwright's HARs).
    ["net::ERR_ABORTED", "cancelled", "NS_BINDING_ABORTED"].contains(&error)
}

fn notes(
    call: &Call,
    verdict: &Verdict,
    (outcome, seen, credentials): (HarOutcome, Seen, CredentialsBasis),
) -> Vec<String> {
    let lacks_preflight = verdict.requests.iter().any(|sent| {
        let hop = call.hops.get(sent.hop);
        sent.kind == corsac_browser::SentKind::Preflight && hop.is_some_and(|hop| hop.preflight.is_none())
    });
    let is_wrong = outcome == HarOutcome::Blocked && seen == Seen::Read;
    let cases = [
        (lacks_preflight, NO_PREFLIGHT),
        (is_wrong, LET_THROUGH),
        (credentials == CredentialsBasis::Inferred, INFERRED),
    ];
    cases.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note.to_owned()).collect()
}

/// The browser that a request names, for HARs that proxies write.
fn engine_of(entry: &Entry) -> Option<Engine> {
    let agent = entry.request.fields.get("user-agent")?;
    let words =
        [("Firefox/", Engine::Firefox), ("Chrom", Engine::Chromium), ("AppleWebKit/", Engine::WebKit)];
    words.into_iter().find(|(word, _)| agent.contains(word)).map(|(_, engine)| engine)
}

fn exchange(call: &Call, origin: &str) -> RecordedExchange {
    let mut page = Page::of(origin);
    if origin == "null" {
        page.kind = PageKind::Sandbox;
    }
    // Whether the user let the page reach the local network is not recorded; what was answered
    // was let through.
    page.address_space = AddressSpace::Loopback;
    let request = call.hops.first().map(|first| request(first, origin)).unwrap_or_default();
    let hops = call.hops.iter().map(|sent| hop(sent, origin)).collect();
    RecordedExchange { id: request.url.clone(), page, request, hops }
}

fn request(first: &Sent, origin: &str) -> RequestInit {
    let asked = first.preflight.as_ref().and_then(Entry::asked_method);
    let actual = first.actual.as_ref();
    let method = actual.map(|actual| &*actual.request.method).or(asked).unwrap_or("GET");
    let written = first.entry().map_or("", Entry::url);
    // As browsers write it, also where a file was edited: without tabs, for one.
    let url = Url::parse(written).map_or_else(
        |_| written.replace('\t', ""),
        |mut parsed| {
            // An XMLHttpRequest may have a user name in its URL, which `fetch()` refuses. It is
            // left in only where the URL can have none.
            let _ = parsed.set_username("").and_then(|()| parsed.set_password(None));
            parsed.into()
        },
    );
    let is_foreign = origin_of(&url).as_deref() != Some(origin);
    let has_body = actual.is_some_and(|actual| actual.request.has_body);
    RequestInit {
        url,
        method: method.to_owned(),
        headers: if is_foreign { script_fields(first) } else { Vec::new() },
        body: (has_body && !matches!(method, "GET" | "HEAD")).then_some(Body::Bytes),
        ..RequestInit::default()
    }
}

/// The fields that the script set. A preflight names those that matter; without one, there are
/// those that browsers do not add by themselves.
fn script_fields(sent: &Sent) -> Vec<(String, String)> {
    let recorded = |name: &str| {
        let value = sent.actual.as_ref().and_then(|actual| actual.request.fields.get(name));
        value.map(|value| value.chars().map(|char| if u32::from(char) > 0xff { '?' } else { char }).collect())
    };
    if let Some(preflight) = &sent.preflight {
        let names = preflight.asked_names();
        let own = ["content-type"].into_iter().filter(|own| !names.iter().any(|name| name == own));
        let own = own.filter_map(|own| Some((own.to_owned(), recorded(own)?))).collect::<Vec<_>>();
        // A value that is not recorded, such as a sanitized one, is one that needs a preflight.
        let named = names.into_iter().map(|name| {
            let value = recorded(&name).unwrap_or_else(|| UNRECORDED.to_owned());
            (name, value)
        });
        return named.chain(own).filter(|(name, _)| is_token(name.as_bytes())).collect();
    }
    let fields = sent.actual.iter().flat_map(|actual| actual.request.fields.iter());
    let own = fields.filter(|(name, _)| is_set_by_scripts(name) && is_token(name.as_bytes()));
    own.filter_map(|(name, _)| Some((name.to_ascii_lowercase(), recorded(name)?))).collect()
}

/// Stands for a value that the HAR does not have. The quote makes it unsafe wherever that
/// depends on the value.
const UNRECORDED: &str = "\"";

/// Names that scripts use and browsers do not add. Firefox's exports add the fields of the parts
/// of a form to the request's (`har-builder.js`, `appendHeadersPostData`), so that what is
/// unknown here stays out.
fn is_set_by_scripts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // `x-client-data` is Chrome's own.
    let is_extra = name.starts_with("x-") && name != "x-client-data";
    is_extra || matches!(&*name, "authorization" | "content-type" | "range")
}

fn hop(sent: &Sent, origin: &str) -> Hop {
    let preflight = match &sent.preflight {
        Some(preflight) => answered(preflight),
        None => Answered::Response(passing(sent, origin)),
    };
    let actual = sent.actual.as_ref().map(answered).unwrap_or_default();
    Hop { preflight: Some(preflight), actual }
}

fn answered(entry: &Entry) -> Answered {
    if entry.has_no_response() {
        return Answered::NetworkError;
    }
    Answered::Response(Response { status: entry.response.status, headers: header_list(&entry.response) })
}

/// Names, and the values of those fields that are read.
fn header_list(response: &Message) -> HeaderList {
    let read = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("access-control-") || name.starts_with("cross-origin-") || name == "location"
    };
    let fields = response.fields.iter();
    HeaderList::new(
        fields.map(|(name, value)| (name, if read(name) { field_bytes(value) } else { Vec::new() })),
    )
}

/// The answer that a preflight must have had that is not in the HAR.
fn passing(sent: &Sent, origin: &str) -> Response {
    let actual = sent.actual.as_ref();
    let origin = actual.and_then(|actual| actual.request.fields.get("origin")).unwrap_or(origin);
    let names: Vec<_> = script_fields(sent).into_iter().map(|(name, _)| name).collect();
    let method = actual.map_or("GET", |actual| &actual.request.method);
    let fields = [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", method),
        ("access-control-allow-headers", &names.join(",")),
    ];
    Response { status: 204, headers: HeaderList::new(fields) }
}
