//! Servers and locations: who answers a request, and how it ends.

use std::rc::Rc;

use corsac_analysis::model::{ErrorsElsewhere, Place};
use corsac_diagnostics::excerpt;

use super::fields::{Kind, Page, PageFields, Response};
use super::known::Handler;
use super::location::{ErrorPage, Location};
use super::steps::{End, Flag, Returned, Runner, State, Step, program};
use super::syntax::Directive;
use super::value::{Captures, Case, Cases, Environment, Guard, all_cases, always};

/// Most `error_page`s of one location that are followed.
const MAX_PAGES: usize = 16;

/// A server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) place: Option<Place>,
    pub(super) location: Rc<Location>,
    pub(super) steps: Vec<Step>,
    /// Its locations, those inside of others among them.
    pub(super) sites: Vec<Site>,
}

/// A location of a server.
#[derive(Debug)]
pub(super) struct Site {
    /// As written: `= /x`, `~ ^/api`, `@name`.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) location: Rc<Location>,
    pub(super) steps: Vec<Step>,
    kind: SiteKind,
}

/// How a location is found.
#[derive(Debug, PartialEq, Eq)]
enum SiteKind {
    Exact(String),
    Named,
    Pattern,
    Prefix(String),
}

impl Server {
    /// Reads `server { … }`, or what would stand in one.
    pub(super) fn new(name: String, directives: &[Directive], outer: &Location) -> Self {
        let location = Rc::new(outer.inner(directives, false));
        let steps = program(directives, None);
        let mut server = Self { name, place: None, location, steps, sites: Vec::new() };
        let outer = server.location.clone();
        server.read_sites(directives, &outer);
        server
    }

    /// Directives that stand in a location of somebody else's making.
    pub(super) fn snippet(name: String, directives: &[Directive], outer: &Location) -> Self {
        let location = Rc::new(outer.inner(directives, true));
        let steps = program(directives, Some(&location));
        let mut server = Self { name, place: None, location, steps, sites: Vec::new() };
        let outer = server.location.clone();
        server.read_sites(directives, &outer);
        server
    }

    /// Whether a step of the server itself may answer.
    pub(super) fn ends_requests(&self) -> bool {
        fn ends(steps: &[Step]) -> bool {
            steps.iter().any(|step| match step {
                Step::If(inner) => ends(&inner.body),
                Step::Return(_) => true,
                Step::Rewrite { flag, .. } => matches!(flag, Flag::Redirect(_)),
                Step::Break | Step::Set { .. } => false,
            })
        }
        ends(&self.steps)
    }

    fn read_sites(&mut self, directives: &[Directive], outer: &Location) {
        for directive in directives.iter().filter(|directive| directive.name == "location") {
            let location = Rc::new(outer.inner(directive.inside(), false));
            let words: Vec<_> = directive.arguments.iter().map(|word| word.text.as_str()).collect();
            self.sites.push(Site {
                name: excerpt(&words.join(" ")).into_owned(),
                place: directive.place.clone(),
                steps: program(directive.inside(), Some(&location)),
                location: location.clone(),
                kind: site_kind(&words),
            });
            self.read_sites(directive.inside(), &location);
        }
    }

    /// Whether some location takes every path.
    pub(super) fn has_root(&self) -> bool {
        let is_root = |site: &Site| site.kind == SiteKind::Prefix("/".to_owned());
        self.sites.iter().any(is_root)
    }

    /// Whether no location takes `path`.
    fn keeps(&self, path: &str) -> bool {
        let takes = |site: &Site| match &site.kind {
            SiteKind::Exact(exact) => exact == path,
            SiteKind::Named => false,
            SiteKind::Pattern => true,
            SiteKind::Prefix(prefix) => path.starts_with(prefix.as_str()),
        };
        path.starts_with('/') && !self.sites.iter().any(takes)
    }

    /// The location that surely takes `path`.
    fn find(&self, path: &str) -> Option<&Site> {
        let named = path.starts_with('@').then(|| self.sites.iter().find(|site| site.name == path));
        if let Some(named) = named {
            return named;
        }
        let exact = |site: &&Site| matches!(&site.kind, SiteKind::Exact(exact) if exact == path);
        if let Some(site) = self.sites.iter().find(exact) {
            return Some(site);
        }
        let unsure = self.sites.iter().any(|site| site.kind == SiteKind::Pattern);
        let prefix = |site: &&Site| match &site.kind {
            SiteKind::Prefix(prefix) if path.starts_with(prefix.as_str()) => Some(prefix.len()),
            _ => None,
        };
        let longest = self.sites.iter().filter(|site| prefix(site).is_some()).max_by_key(prefix);
        longest.filter(|_| !unsure)
    }
}

fn site_kind(words: &[&str]) -> SiteKind {
    let (operator, path) = match words {
        [path] => match path.strip_prefix('=') {
            Some(path) => ("=", path),
            None => ("", *path),
        },
        [operator, path, ..] => (*operator, *path),
        [] => ("", ""),
    };
    match operator {
        "=" => SiteKind::Exact(path.to_owned()),
        "~" | "~*" => SiteKind::Pattern,
        _ if path.starts_with('@') => SiteKind::Named,
        _ if path.starts_with('~') => SiteKind::Pattern,
        _ => SiteKind::Prefix(path.to_owned()),
    }
}

/// Requests of one method, sent to a server.
pub(super) struct Request<'a> {
    pub(super) runner: Runner<'a>,
    pub(super) server: &'a Server,
    pub(super) method: &'static str,
}

impl Request<'_> {
    /// How a location answers; empty where no request comes to it and stays.
    pub(super) fn to_site(&self, site: &Site) -> Cases<Response> {
        let enter = |state: State| match state.end {
            End::No | End::Break => self.through(state, site),
            _ => always(state),
        };
        let mut ways = self.at_server();
        // What the server itself answers for other reasons than the origin is its own scope.
        ways.retain(|way| !is_over(&way.then) || !way.guards.iter().any(Guard::is_apart_from_origin));
        // Preflights may be answered for all locations at once.
        if self.method != "OPTIONS" && ways.iter().all(|way| is_over(&way.then)) {
            return Vec::new();
        }
        self.ended(all_cases(ways, enter), true)
    }

    /// How the server answers where no location does.
    pub(super) fn to_server(&self) -> Cases<Response> {
        let mut ways = self.at_server();
        if self.server.has_root() {
            for way in &mut ways {
                if matches!(way.then.end, End::No | End::Break) {
                    way.then.end = End::Elsewhere;
                }
            }
        }
        self.ended(ways, true)
    }

    fn at_server(&self) -> Cases<State> {
        let state = State {
            environment: Environment {
                method: self.method.into(),
                // Names and paths may be matched by expressions.
                captures: Captures::Unknown,
                ..Environment::default()
            },
            location: self.server.location.clone(),
            handler: self.server.location.handler,
            end: End::No,
        };
        self.runner.run(always(state), &self.server.steps)
    }

    /// Through the steps of a location.
    fn through(&self, mut state: State, site: &Site) -> Cases<State> {
        state.end = End::No;
        state.location = site.location.clone();
        state.handler = site.location.handler;
        match site.location.limit.as_ref().filter(|limit| limit.covers(&state.environment.method)) {
            Some(limit) => {
                state.location = limit.location.clone();
                state.handler = limit.location.handler;
                always(state)
            }
            None => self.runner.run(always(state), &site.steps),
        }
    }

    fn ended(&self, ways: Cases<State>, may_jump: bool) -> Cases<Response> {
        let elsewhere = |way: &Case<State>| way.then.end == End::Elsewhere;
        if ways.iter().all(elsewhere) {
            return Vec::new();
        }
        all_cases(ways, |state| self.response(state, may_jump))
    }

    fn response(&self, state: State, may_jump: bool) -> Cases<Response> {
        let kind = match &state.end {
            End::Elsewhere => Kind::Unknown("another location answers".into()),
            End::Unknown(reason) => Kind::Unknown(reason.clone()),
            End::Returned(Returned { status: Some(status), own_text }) => {
                if !own_text
                    && may_jump
                    && let Some(page) = page_for(&state.location, *status)
                {
                    return self.error_page(&state, *status, page, self.server.steps.is_empty());
                }
                Kind::Status(*status)
            }
            End::Returned(_) => Kind::Unknown("nginx refuses this `return`".into()),
            End::Break | End::No => self.content(&state),
        };
        let mut response = Response { state, kind, pages: Vec::new() };
        if may_jump {
            response.pages = self.pages(&response);
        }
        always(response)
    }

    /// A status for which another page is sent.
    /// `directly`: whether the server's own steps lead to it.
    fn error_page(&self, state: &State, status: u16, page: &ErrorPage, directly: bool) -> Cases<Response> {
        let answered = |kind| always(Response { state: state.clone(), kind, pages: Vec::new() });
        let unknown =
            || answered(Kind::Unknown(format!("the error page `{}` answers", excerpt(&page.target)).into()));
        if page.target.starts_with("http://") || page.target.starts_with("https://") {
            return answered(Kind::Status(302));
        }
        // Other pages are asked for with GET, and through the server's own steps.
        let named = page.target.starts_with('@');
        let Some(site) = self.server.find(&page.target).filter(|_| named || directly) else {
            return unknown();
        };
        let mut entered = state.clone();
        if !named {
            entered.environment.method = "GET".into();
        }
        let sent = match page.status {
            None => Some(status),
            Some(0) => None,
            Some(code) => Some(code),
        };
        let answers = self.ended(self.through(entered, site), false);
        if answers.is_empty() {
            return unknown();
        }
        let settle = |mut response: Response| {
            response.kind = match (response.kind, sent) {
                (Kind::Passed, Some(_)) => Kind::Unknown("an upstream writes the error page".into()),
                (kind, Some(code)) if succeeds(&kind, &response.state) => Kind::Status(code),
                (kind, _) => kind,
            };
            response
        };
        answers.into_iter().map(|case| case.map(settle)).collect()
    }

    /// The errors for which something else answers, where that makes a difference.
    fn pages(&self, response: &Response) -> Vec<Page> {
        let can_fail = matches!(response.kind, Kind::Authenticated(_) | Kind::Content | Kind::Passed);
        if !can_fail || !response.has_fields() {
            return Vec::new();
        }
        let pages = response.state.location.error_pages.iter().take(MAX_PAGES);
        pages.filter_map(|page| self.page(response, page)).collect()
    }

    fn page(&self, response: &Response, page: &ErrorPage) -> Option<Page> {
        let state = &response.state;
        let statuses: Vec<u16> =
            page.codes.iter().copied().filter(|status| may_fail(response, *status)).collect();
        let status = *statuses.first()?;
        let answers = if !self.runner.variables.search(self.server.sites.len()) {
            Vec::new()
        } else if self.server.keeps(&page.target) {
            let location = self.server.location.clone();
            let state = State { location, handler: None, ..state.clone() };
            always(Response { state, kind: Kind::Status(status), pages: Vec::new() })
        } else {
            self.error_page(state, status, page, true)
        };
        let mut fields = answers.iter().map(|case| case.then.fields_beside(response));
        let first = fields.next().unwrap_or(PageFields::Unknown);
        let fields = if fields.all(|other| other == first) { first } else { PageFields::Unknown };
        let errors = ErrorsElsewhere {
            statuses,
            only_own: leaves_errors(state),
            by: page.target.clone(),
            place: Some(page.place.clone()),
        };
        Some(Page { errors, fields })
    }

    /// After all steps: access, then content.
    fn content(&self, state: &State) -> Kind {
        let access = &state.location.access;
        match (access.denied, self.asked(state)) {
            (true, Asked::Everybody(place)) if access.satisfy_any => Kind::Authenticated(place),
            (true, Asked::Unknown(reason)) if access.satisfy_any => Kind::Unknown(reason),
            (true, _) => Kind::Status(403),
            (false, Asked::Everybody(place)) if !access.satisfy_any => Kind::Authenticated(place),
            (false, Asked::Unknown(reason)) if !access.satisfy_any => Kind::Unknown(reason),
            _ => match state.handler {
                Some(Handler::Code | Handler::Upstream) => Kind::Passed,
                Some(Handler::Server) | None => Kind::Content,
            },
        }
    }

    /// Who has to say who they are.
    fn asked(&self, state: &State) -> Asked {
        let access = &state.location.access;
        let request = access.request.as_ref().map(|(target, place)| (self.permits(target), place));
        let password = access.password.as_ref().map(|(realm, place)| {
            let realms = self.runner.variables.text(realm, &state.environment);
            (all_agree(realms.iter().map(|case| case.then.constant().map(|text| text == "off"))), place)
        });
        let mut asked = Asked::Nobody;
        for (passes, place) in [request, password].into_iter().flatten() {
            match passes {
                Some(true) => {}
                Some(false) => return Asked::Everybody(place.clone()),
                // Whoever has what it takes gets in.
                None if self.method != "OPTIONS" => return Asked::Everybody(place.clone()),
                None => asked = Asked::Unknown("who has to sign in is not known".into()),
            }
        }
        asked
    }

    /// Whether what `auth_request` asks lets the request pass, whoever sends it. An upstream is
    /// taken to refuse preflights, as they have nothing to sign in with.
    fn permits(&self, target: &str) -> Option<bool> {
        if !self.runner.variables.search(self.server.sites.len()) {
            return None;
        }
        let Some(site) = self.server.find(target) else {
            // A pattern may take it.
            return self.server.keeps(target).then_some(false);
        };
        // It is asked with GET, but `$request_method` stays what the client sent.
        if site.location.limit.is_some() {
            return None;
        }
        let enter = |state: State| match state.end {
            End::No | End::Break => self.through(state, site),
            _ => always(state),
        };
        let ends = all_cases(self.at_server(), enter);
        all_agree(ends.iter().map(|case| match (&case.then.end, case.then.handler) {
            _ if case.then.location.unread.is_some() => None,
            (End::Returned(returned), _) => returned.status.map(|status| (200..300).contains(&status)),
            (End::Break | End::No, Some(Handler::Upstream)) => Some(false),
            _ => None,
        }))
    }
}

/// Who has to say who they are.
enum Asked {
    Everybody(Place),
    Nobody,
    Unknown(Rc<str>),
}

/// What all say, if they say the same.
fn all_agree(mut all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = all.next().flatten()?;
    all.all(|other| other == Some(first)).then_some(first)
}

/// Whether an upstream's errors are sent as they are.
fn leaves_errors(state: &State) -> bool {
    state.handler == Some(Handler::Upstream) && !state.location.intercepts
}

/// Whether nginx may have to answer with this error.
fn may_fail(response: &Response, status: u16) -> bool {
    let access = &response.state.location.access;
    let asks = access.denied || access.password.is_some() || access.request.is_some();
    match status {
        ..=399 => false,
        401 | 403 if asks => true,
        // These are an upstream's.
        401..=407 | 409..=412 | 415..=420 | 422..=428 | 430..=493 => !leaves_errors(&response.state),
        _ => true,
    }
}

/// Whether the status of an error is sent in place of the answer's own, which a failure keeps.
fn succeeds(kind: &Kind, state: &State) -> bool {
    match kind {
        // Files are not served to `OPTIONS`.
        Kind::Content => &*state.environment.method != "OPTIONS",
        Kind::Status(status) => {
            *status < 400 || matches!(state.end, End::Returned(Returned { own_text: true, .. }))
        }
        Kind::Authenticated(_) | Kind::Failed | Kind::Passed | Kind::Unknown(_) => false,
    }
}

fn page_for(location: &Location, status: u16) -> Option<&ErrorPage> {
    location.error_pages.iter().find(|page| status >= 400 && page.codes.contains(&status))
}

fn is_over(state: &State) -> bool {
    !matches!(state.end, End::No | End::Break)
}
