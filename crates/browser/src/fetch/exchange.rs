//! One call of `fetch()` from its constructor to its verdict, without I/O: ask for the
//! next request with [`Exchange::poll_output`], hand in its response with
//! [`Exchange::handle_response`] (Fetch, sections 4.1, 4.4 and 4.5).

mod redirect;

use url::Url;

use crate::console::Context;
use crate::engine::{Again, Dropped, Engine, Profile};
use crate::failure::Failure;
use crate::fetch::cors_check::{CorsFailure, cors_check};
use crate::fetch::preflight::{Asked, Redirected, judge};
use crate::fetch::preflight_cache::{Key, PreflightCache};
use crate::header::HeaderList;
use crate::network::{is_bad_port, is_mixed_content, is_same_site, local_network};
use crate::request::{
    CacheMode, CredentialsMode, Initiator, Invalid, Mode, Page, RedirectMode, Request, RequestInit,
};
use crate::response::{Response, basic_filtered, cors_filtered};
use crate::safelist::{is_safelisted_method, unsafe_names};
use crate::trace::{Place, Trace};
use crate::verdict::{Outcome, Sent, SentKind, Verdict};

/// A request's "response tainting".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tainting {
    /// The page's own.
    Basic,
    /// The CORS protocol.
    Cors,
    /// Nothing is shown.
    Opaque,
}

/// What the redirect that led to a hop did to the request.
#[derive(Clone, Copy, Debug, Default)]
struct Redirect {
    /// It led to another origin.
    is_crossing: bool,
    /// It made a `GET` of the request.
    turns_to_get: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// Waits for the response to a preflight that asked for these names.
    Preflight(Vec<String>),
    /// Waits for the response to the request itself.
    Actual,
    Done(Outcome, Option<Failure>),
}

/// A fetch in progress.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what a request remembers of its hops")]
pub struct Exchange<'p> {
    engine: Engine,
    page: &'p Page,
    now: u64,
    /// None if the constructor threw.
    request: Option<Request>,
    invalid: Option<Invalid>,
    first_url: String,
    is_xml_http_request: bool,
    /// The URL before the last redirect.
    last_url: Option<Url>,
    /// Where a redirect led that was not followed.
    refused_location: Option<Url>,
    /// Redirects followed so far.
    hop: usize,
    tainting: Tainting,
    /// Whether the first URL was of the page's own origin.
    began_at_home: bool,
    /// Whether the request's origin is serialized as `null` for where it has been.
    is_tainted: bool,
    /// Whether the current `GET` was a `POST` that carried `Origin`.
    keeps_origin: bool,
    /// The CORS-unsafe request-header names before any redirect.
    first_names: Vec<String>,
    /// The names that the last preflight asked for, if there was one.
    preflighted: Option<Vec<String>>,
    state: State,
    sent: Vec<Sent>,
    readable: Vec<String>,
    status: Option<u16>,
    trace: Trace,
}

impl<'p> Exchange<'p> {
    /// Begins: runs the constructor and decides what is sent first.
    pub fn new(
        engine: Engine,
        page: &'p Page,
        init: &RequestInit,
        cache: &mut PreflightCache,
        now: u64,
    ) -> Self {
        let constructed = Request::construct(init, engine.profile());
        let (request, invalid) = match constructed {
            Ok(request) => (Some(request), None),
            Err(invalid) => (None, Some(invalid)),
        };
        let mut exchange = Self {
            engine,
            page,
            now,
            request,
            invalid,
            first_url: init.url.clone(),
            is_xml_http_request: init.initiator != Initiator::Fetch,
            last_url: None,
            refused_location: None,
            hop: 0,
            tainting: Tainting::Basic,
            began_at_home: false,
            is_tainted: false,
            keeps_origin: false,
            first_names: Vec::new(),
            preflighted: None,
            state: State::Done(Outcome::Invalid, None),
            sent: Vec::new(),
            readable: Vec::new(),
            status: None,
            trace: Trace::default(),
        };
        if let Some(request) = &exchange.request {
            exchange.began_at_home = origin_of(&request.url) == page.origin;
            if request.has_stream && engine.profile().refuses_streams {
                exchange.block(Failure::StreamBody);
            } else {
                exchange.first_names = unsafe_names(&request.headers, engine.profile());
                exchange.main_fetch(cache, Redirect::default());
            }
        }
        exchange
    }

    /// The request to be sent next; none once there is a verdict.
    pub fn poll_output(&self) -> Option<&Sent> {
        match self.state {
            State::Done(..) => None,
            _ => self.sent.last(),
        }
    }

    /// Takes the response to the last request; `None` is a network error.
    pub fn handle_response(&mut self, response: Option<Response>, cache: &mut PreflightCache) {
        let response = response.map(|mut response| {
            if self.profile().trims_names {
                response.headers.trim_names();
            }
            response
        });
        match std::mem::replace(&mut self.state, State::Actual) {
            State::Preflight(names) => self.handle_preflight(names, response, cache),
            State::Actual => self.handle_actual(response, cache),
            done @ State::Done(..) => self.state = done,
        }
    }

    /// What came of it.
    pub fn into_verdict(self) -> Verdict {
        let (outcome, failure) = match self.state {
            State::Done(outcome, failure) => (outcome, failure),
            _ => (Outcome::Blocked, Some(Failure::Network { after_preflight: false })),
        };
        let url = self.request.as_ref().map_or(&*self.first_url, |request| request.url.as_str());
        let context = Context {
            url,
            last_url: self.last_url.as_ref().map_or(url, Url::as_str),
            location: self.refused_location.as_ref().map(Url::as_str),
            first_url: &self.first_url,
            origin: &self.page.origin,
            kind: self.page.kind,
            tainting: self.tainting,
            hop: self.hop,
            is_xml_http_request: self.is_xml_http_request,
        };
        let console = failure.as_ref().and_then(|failure| self.engine.console(failure, &context));
        let code = failure.as_ref().and_then(|failure| self.engine.code(failure, &context));
        Verdict {
            engine: self.engine,
            outcome,
            code,
            console,
            failure,
            invalid: self.invalid,
            status: self.status,
            requests: self.sent,
            readable_headers: self.readable,
            steps: self.trace.into_steps(),
        }
    }

    fn profile(&self) -> &'static Profile {
        self.engine.profile()
    }

    fn block(&mut self, failure: Failure) {
        self.state = State::Done(Outcome::Blocked, Some(failure));
    }

    /// The request's origin as the current hop's server sees it.
    fn origin(&self) -> &str {
        if self.is_tainted { "null" } else { &self.page.origin }
    }

    /// "Main fetch": how the current URL may be asked for.
    fn main_fetch(&mut self, cache: &mut PreflightCache, redirect: Redirect) {
        let Some(request) = &self.request else { return };
        let is_same_origin = origin_of(&request.url) == self.page.origin;
        if let Some(failure) = self.refused_outright(request, is_same_origin) {
            self.trace.failed(outright_place(&failure), failure.to_string());
            return self.block(failure);
        }
        let scheme = request.url.scheme();
        if is_same_origin && self.tainting == Tainting::Basic || scheme == "data" {
            let url = request.url.to_string();
            self.trace.passed(Place::SAME_ORIGIN, url);
            return self.scheme_fetch(Tainting::Basic);
        }
        match request.mode {
            Mode::SameOrigin => {
                let redirected = self.hop > 0;
                let url = request.url.to_string();
                self.trace.failed(Place::SAME_ORIGIN_MODE, url);
                return self.block(Failure::SameOriginMode { redirected });
            }
            Mode::NoCors if request.redirect != RedirectMode::Follow => {
                let evidence = Failure::NoCorsRedirectMode.to_string();
                self.trace.failed(Place::NO_CORS_REDIRECT_MODE, evidence);
                return self.block(Failure::NoCorsRedirectMode);
            }
            Mode::NoCors => return self.scheme_fetch(Tainting::Opaque),
            Mode::Cors | Mode::Navigate | Mode::Unknown => {}
        }
        if !matches!(scheme, "http" | "https") {
            let scheme = scheme.to_owned();
            self.trace.failed(Place::SCHEME, format!("`{scheme}:`"));
            return self.block(Failure::Scheme(scheme));
        }
        self.tainting = Tainting::Cors;
        self.maybe_preflight(cache, redirect);
    }

    fn refused_outright(&self, request: &Request, is_same_origin: bool) -> Option<Failure> {
        if let Some(port) = is_bad_port(&request.url) {
            return Some(Failure::BadPort { port, redirected: self.hop > 0 });
        }
        if is_mixed_content(request, self.page, self.profile()) {
            return Some(Failure::MixedContent);
        }
        if is_same_origin { None } else { local_network(request, self.page, self.profile()) }
    }

    /// "Scheme fetch", for responses that need no CORS check.
    fn scheme_fetch(&mut self, tainting: Tainting) {
        let Some(request) = &self.request else { return };
        self.tainting = tainting;
        match request.url.scheme() {
            "http" | "https" if request.cache == CacheMode::OnlyIfCached => {
                self.trace.failed(Place::NO_ANSWER, "nothing is cached");
                self.block(Failure::Network { after_preflight: false });
            }
            "http" | "https" => self.send_actual(),
            "data" | "about" | "blob" => {
                let is_opaque = tainting == Tainting::Opaque;
                self.readable = match is_opaque {
                    true => Vec::new(),
                    false if self.profile().data_urls_have_length => {
                        vec!["content-length".into(), "content-type".into()]
                    }
                    false => vec!["content-type".into()],
                };
                self.state = State::Done(if is_opaque { Outcome::Opaque } else { Outcome::Ok }, None);
            }
            scheme => {
                let scheme = scheme.to_owned();
                self.block(Failure::Scheme(scheme));
            }
        }
    }

    /// "HTTP fetch": asks first where the request needs it and no earlier answer covers it.
    fn maybe_preflight(&mut self, cache: &mut PreflightCache, redirect: Redirect) {
        let profile = self.profile();
        let Some(request) = &mut self.request else { return };
        let mut names = unsafe_names(&request.headers, profile);
        let is_unsafe_method = !is_safelisted_method(&request.method);
        let mut needs =
            is_unsafe_method || !names.is_empty() || request.has_stream || request.asks_for_preflight;
        if redirect.is_crossing && profile.authorization == Dropped::AfterDeciding {
            request.headers.remove(is_authorization);
        }
        match (&self.preflighted, profile.preflights_again) {
            (_, Again::Yes) => {
                needs |= self.preflighted.is_some() || !self.first_names.is_empty();
                names.clone_from(&self.first_names);
                names.retain(|name| {
                    !(redirect.turns_to_get && is_about_body(name)
                        || redirect.is_crossing && is_authorization(name))
                });
            }
            (Some(old), Again::YesWithOldNames) => {
                needs = true;
                names.clone_from(old);
            }
            _ => {}
        }
        if !needs {
            let evidence =
                format!("`{}` is a CORS-safelisted method, and so is every header", request.method);
            self.trace.passed(Place::NO_PREFLIGHT, evidence);
            return self.send_actual();
        }
        let (place, reason) = if is_unsafe_method {
            (Place::PREFLIGHT_FOR_METHOD, format!("`{}` is not a CORS-safelisted method", request.method))
        } else if let Some(name) = names.first() {
            (Place::PREFLIGHT_FOR_HEADERS, format!("`{name}` is not CORS-safelisted with this value"))
        } else {
            (Place::PREFLIGHT_FOR_FLAG, "the body is a stream, or an earlier hop needed one".to_owned())
        };
        self.trace.passed(place, reason);
        let key = self.cache_key();
        let Some(request) = &self.request else { return };
        let asks = request.has_stream || request.asks_for_preflight;
        let method = (is_unsafe_method || asks).then_some(&*request.method);
        if !asks && cache.covers(&key, (method, &names), self.now, profile) {
            self.trace.passed(Place::PREFLIGHT_CACHE, "an earlier preflight allows it");
            return self.send_actual();
        }
        self.send_preflight(names);
    }

    fn cache_key(&self) -> Key {
        let (url, credentials) =
            self.request.as_ref().map_or((String::new(), CredentialsMode::Omit), |request| {
                (request.url.to_string(), request.credentials)
            });
        Key { origin: self.origin().to_owned(), url, credentials }
    }

    fn send_preflight(&mut self, names: Vec<String>) {
        let Some(request) = &self.request else { return };
        let origin =
            if self.profile().preflights_with_page_origin { &self.page.origin } else { self.origin() };
        self.sent.push(Sent {
            hop: self.hop,
            kind: SentKind::Preflight,
            url: request.url.to_string(),
            method: "OPTIONS".to_owned(),
            origin: Some(origin.to_owned()),
            access_control_request_method: Some(request.method.clone()),
            access_control_request_headers: Some(names.join(",")).filter(|names| !names.is_empty()),
            headers: HeaderList::default(),
        });
        self.state = State::Preflight(names);
    }

    fn handle_preflight(
        &mut self,
        names: Vec<String>,
        response: Option<Response>,
        cache: &mut PreflightCache,
    ) {
        let profile = self.profile();
        let Some(request) = &self.request else { return };
        let Some(response) = response else {
            self.trace.failed(Place::PREFLIGHT_ANSWER, Failure::PreflightNetwork.to_string());
            cache.clear(&self.cache_key());
            return self.block(Failure::PreflightNetwork);
        };
        let uses_page_origin = profile.preflights_with_page_origin;
        let asked = Asked {
            method: &request.method,
            names: &names,
            origin: if uses_page_origin { &self.page.origin } else { self.origin() },
            credentials: request.credentials,
            redirected: match request.redirect {
                RedirectMode::Error | RedirectMode::Manual if profile.preflights_with_redirect_mode => {
                    Redirected::Status
                }
                _ if profile.vets_preflight_redirects && !self.leads_to_http(&response) => Redirected::Error,
                _ => Redirected::Refused,
            },
            is_checked: !(uses_page_origin && origin_of(&request.url) == self.page.origin),
        };
        if self.refused_early(&response).is_some() {
            self.trace.failed(Place::PREFLIGHT_ANSWER, Failure::PreflightNetwork.to_string());
            return self.block(Failure::PreflightNetwork);
        }
        match judge(&asked, &response, profile) {
            Ok(granted) => {
                self.trace
                    .passed(Place::PREFLIGHT_ANSWER, format!("{}, allows the request", seen(&response)));
                cache.store(self.cache_key(), granted, self.now, profile);
                self.preflighted = Some(names);
                self.send_actual();
            }
            Err(failure) => {
                self.trace.passed(Place::PREFLIGHT_ANSWER, seen(&response));
                self.trace.failed(failed_check(&failure), failure.to_string());
                cache.clear(&self.cache_key());
                self.block(failure);
            }
        }
    }

    fn send_actual(&mut self) {
        let Some(request) = &self.request else { return };
        self.sent.push(Sent {
            hop: self.hop,
            kind: SentKind::Actual,
            url: request.url.to_string(),
            method: request.method.clone(),
            origin: self.origin_header(request),
            access_control_request_method: None,
            access_control_request_headers: None,
            headers: request.headers.clone(),
        });
        self.state = State::Actual;
    }

    /// "To append a request `Origin` header."
    fn origin_header(&self, request: &Request) -> Option<String> {
        if self.tainting == Tainting::Cors {
            return Some(self.origin().to_owned());
        }
        if matches!(&*request.method, "GET" | "HEAD") && !self.keeps_origin {
            return None;
        }
        // The default referrer policy, `strict-origin-when-cross-origin`.
        let is_downgrade = self.page.origin.starts_with("https://") && request.url.scheme() != "https";
        Some(if is_downgrade && request.mode != Mode::Cors {
            "null".to_owned()
        } else {
            self.origin().to_owned()
        })
    }

    fn handle_actual(&mut self, response: Option<Response>, cache: &mut PreflightCache) {
        let Some(response) = response else {
            self.trace.failed(Place::NO_ANSWER, "no response");
            let after_preflight = self.sent.iter().rev().nth(1).is_some_and(|sent| sent.hop == self.hop);
            return self.block(Failure::Network { after_preflight });
        };
        if let Some(failure) = self.refused_early(&response) {
            return self.fail_redirect(failure);
        }
        if let Err(failure) = self.check_response(&response) {
            if self.profile().clears_cache_on_failure {
                cache.clear(&self.cache_key());
            }
            return self.block(failure);
        }
        if !response.is_redirect() {
            return self.finish(&response);
        }
        match self.request.as_ref().map_or(RedirectMode::Follow, |request| request.redirect) {
            RedirectMode::Error if self.has_nothing_to_refuse(&response) => self.finish(&response),
            RedirectMode::Error => {
                let failure = self.refused_in_mode_error(&response).unwrap_or(Failure::RedirectMode);
                let evidence = format!("{}: {failure}", response.status);
                self.trace.failed(Place::REDIRECT_MODE, evidence);
                self.block(failure);
            }
            RedirectMode::Manual => self.state = State::Done(Outcome::OpaqueRedirect, None),
            RedirectMode::Follow | RedirectMode::Unknown => self.redirect(&response, cache),
        }
    }

    /// The CORS check, and what stands in for it where there is none.
    fn check_response(&mut self, response: &Response) -> Result<(), Failure> {
        let Some(request) = &self.request else { return Ok(()) };
        match self.tainting {
            Tainting::Basic => Ok(()),
            Tainting::Opaque => {
                let checked = check_policy(&response.headers, &request.url, self.page);
                if let Err(failure) = &checked {
                    self.trace.failed(Place::RESOURCE_POLICY, failure.to_string());
                }
                checked
            }
            Tainting::Cors => {
                let is_redirect = response.is_redirect() && response.headers.contains("location");
                let is_strict = is_redirect
                    && self.profile().redirects_need_credentials
                    && request.credentials == CredentialsMode::SameOrigin
                    && self.began_at_home;
                let credentials = if is_strict { CredentialsMode::Include } else { request.credentials };
                let checked = cors_check(&response.headers, self.origin(), credentials);
                self.trace_check(response, checked.as_ref().err());
                let wrap = if is_redirect { Failure::RedirectCors } else { Failure::Cors };
                checked.map_err(|failure| wrap(failure, response.status))
            }
        }
    }

    fn trace_check(&mut self, response: &Response, failure: Option<&CorsFailure>) {
        self.trace.passed(Place::ANSWER, seen(response));
        match failure {
            None => self.trace.passed(Place::CORS_PASSED, "passes"),
            Some(failure) => self.trace.failed(cors_place(failure), failure.to_string()),
        }
    }

    fn finish(&mut self, response: &Response) {
        let Some(request) = &self.request else { return };
        self.status = Some(response.status);
        let (outcome, readable) = match self.tainting {
            Tainting::Basic => (Outcome::Ok, basic_filtered(&response.headers)),
            Tainting::Cors => {
                (Outcome::Ok, cors_filtered(&response.headers, request.credentials, self.profile()))
            }
            Tainting::Opaque => (Outcome::Opaque, Vec::new()),
        };
        self.readable = readable;
        self.state = State::Done(outcome, None);
    }
}

/// The response in a few words.
fn seen(response: &Response) -> String {
    let is_ours = |(name, _): &(&str, &[u8])| name.to_ascii_lowercase().starts_with("access-control-");
    match response.headers.iter().filter(is_ours).count() {
        0 => format!("{}, no CORS header", response.status),
        1 => format!("{}, one CORS header", response.status),
        count => format!("{}, {count} CORS headers", response.status),
    }
}

/// Which check of a preflight's response failed.
fn failed_check(failure: &Failure) -> Place {
    match failure {
        Failure::PreflightCors(failure, _) => cors_place(failure),
        Failure::MethodNotAllowed(_) => Place::METHODS,
        Failure::HeaderNotAllowed(_) => Place::HEADERS,
        Failure::AllowMethodsSyntax(_) | Failure::AllowHeadersSyntax(_) => Place::LIST_SYNTAX,
        _ => Place::STATUS,
    }
}

/// Where the CORS check returned failure.
fn cors_place(failure: &CorsFailure) -> Place {
    match failure {
        CorsFailure::Credentials(_) => Place::CORS_CREDENTIALS,
        CorsFailure::Missing => Place::CORS_MISSING,
        _ => Place::CORS_ORIGIN,
    }
}

/// Which of the checks before the CORS protocol failed.
fn outright_place(failure: &Failure) -> Place {
    match failure {
        Failure::InsecureLocalNetwork(_) => Place::INSECURE_LOCAL_NETWORK,
        Failure::LocalNetwork(_) => Place::LOCAL_NETWORK,
        Failure::MixedContent => Place::MIXED_CONTENT,
        _ => Place::BAD_PORT,
    }
}

/// Whether a field goes when a redirect leads to another origin.
fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// Whether a name is a request-body-header name (Fetch, section 2.2.2).
fn is_about_body(name: &str) -> bool {
    ["content-encoding", "content-language", "content-location", "content-type"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

/// The serialized origin of a URL.
pub(crate) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The "cross-origin resource policy check", for responses that are not read.
fn check_policy(headers: &HeaderList, url: &Url, page: &Page) -> Result<(), Failure> {
    let Some(value) = headers.get("cross-origin-resource-policy") else { return Ok(()) };
    let is_same_site = || is_same_site(&page.origin, &origin_of(url));
    match &*value {
        b"same-origin" if origin_of(url) != page.origin => {
            Err(Failure::CrossOriginResourcePolicy("same-origin".into()))
        }
        b"same-site" if !is_same_site() => Err(Failure::CrossOriginResourcePolicy("same-site".into())),
        _ => Ok(()),
    }
}
