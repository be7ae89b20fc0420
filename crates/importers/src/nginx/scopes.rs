//! The scopes of a configuration: its servers and locations, each asked with every method.

use std::rc::Rc;

use corsac_analysis::model::{Place, Preflight, Scope};

use super::answer::{Folded, FoldedPreflight};
use super::fields::Response;
use super::server::{Request, Server, Site};
use super::steps::{Assumptions, Runner};
use super::value::{Cases, Variables};

/// Most scopes of a model.
pub(super) const MAX_SCOPES: usize = 4096;

/// Most conditions of a whole model; each costs some hundred bytes.
const MAX_CONDITIONS: usize = 1 << 18;

/// Most conditions on other things than the origin that a location is told apart by.
const MAX_SPLITS: usize = 4;

/// Methods of actual requests, the one that stands for all others first.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// What a scope answers.
type Answers = (Folded, FoldedPreflight);

/// Scopes on their way into a model.
pub(super) struct Scopes {
    variables: Variables,
    found: Vec<Scope>,
    /// Conditions that the model has room for.
    room: usize,
}

impl Scopes {
    pub(super) fn new(variables: Variables) -> Self {
        Self { variables, found: Vec::new(), room: MAX_CONDITIONS }
    }

    pub(super) fn server(&mut self, server: &Server) {
        if !server.has_root() || server.ends_requests() {
            self.visit(server, None, &server.name);
        }
        for site in &server.sites {
            self.visit(server, Some(site), &format!("{}, location {}", server.name, site.name));
        }
    }

    /// A file that stands in a server or a location; `answers` if it has more than locations.
    pub(super) fn part(&mut self, part: &Server, answers: bool) {
        if answers && (!part.has_root() || part.ends_requests()) {
            self.visit(part, None, &part.name);
        }
        for site in &part.sites {
            self.visit(part, Some(site), &format!("location {}", site.name));
        }
    }

    pub(super) fn done(self) -> Vec<Scope> {
        self.found
    }

    /// A location, once for each way that conditions on other things may go, as far as the
    /// answers differ.
    fn visit(&mut self, server: &Server, site: Option<&Site>, name: &str) {
        let met = self.conditions(server, site);
        let mut known: Vec<(Vec<&'static str>, Answers)> = Vec::new();
        for number in 0..1_usize << met.len() {
            let ways = met.iter().enumerate().map(|(index, words)| (words.clone(), number >> index & 1 == 1));
            let assumptions = Assumptions { known: ways.collect(), ..Assumptions::default() };
            let visit = Visit { variables: &self.variables, server, site, assumptions: &assumptions };
            let mut found = visit.answers();
            found.retain(|answers| !known.contains(answers));
            known.extend(found.iter().cloned());
            for (methods, answers) in found {
                let place = site.map(|site| site.place.clone()).or_else(|| server.place.clone());
                self.add(full_name(name, &methods, &assumptions), place, answers);
            }
        }
    }

    /// The conditions on other things that a location is told apart by.
    fn conditions(&self, server: &Server, site: Option<&Site>) -> Vec<Rc<str>> {
        let assumptions = Assumptions::default();
        let visit = Visit { variables: &self.variables, server, site, assumptions: &assumptions };
        visit.responses("GET");
        visit.responses("OPTIONS");
        let mut met = assumptions.met.take();
        met.truncate(MAX_SPLITS);
        met
    }

    fn add(&mut self, name: String, place: Option<Place>, (actual, preflight): Answers) {
        if self.found.len() > MAX_SCOPES {
            return;
        }
        let size = actual.size() + preflight.size();
        let (actual, preflight) = if size > self.room {
            (Folded::opaque("the configuration is too large"), Preflight::Unknown)
        } else {
            self.room -= size;
            (actual.into_answer(), preflight.into_preflight())
        };
        self.found.push(Scope { name, place, actual, preflight });
    }
}

fn full_name(name: &str, methods: &[&str], assumptions: &Assumptions) -> String {
    let holding = assumptions.known.iter().filter(|(_, holds)| *holds).map(|(words, _)| &**words);
    let holding: Vec<&str> = holding.collect();
    let mut parts = vec![name.to_owned()];
    if !methods.is_empty() {
        parts.push(methods.join(" "));
    }
    if !holding.is_empty() {
        parts.push(format!("where {}", holding.join(" and ")));
    }
    parts.join(", ")
}

/// A location, asked under some assumptions.
struct Visit<'a> {
    variables: &'a Variables,
    server: &'a Server,
    site: Option<&'a Site>,
    assumptions: &'a Assumptions,
}

impl Visit<'_> {
    fn responses(&self, method: &'static str) -> Cases<Response> {
        let runner = Runner { variables: self.variables, assumptions: self.assumptions };
        let request = Request { runner, server: self.server, method };
        self.site.map_or_else(|| request.to_server(), |site| request.to_site(site))
    }

    /// What actual requests of a method are answered; `None` where none comes here.
    fn folded(&self, method: &'static str) -> Option<Folded> {
        let responses = self.responses(method);
        (!responses.is_empty()).then(|| Folded::new(&responses, self.variables))
    }

    /// The answers, with the methods of each that differs from that of `GET`.
    fn answers(&self) -> Vec<(Vec<&'static str>, Answers)> {
        let Some(usual) = self.folded("GET") else { return Vec::new() };
        let preflight = FoldedPreflight::new(&self.responses("OPTIONS"), self.variables);
        let mut others: Vec<(Vec<&'static str>, Folded)> = Vec::new();
        let methods = if self.variables.asks_method { &METHODS[..] } else { &[] };
        for &method in methods.iter().skip(1) {
            let Some(answer) = self.folded(method).filter(|answer| *answer != usual) else { continue };
            match others.iter_mut().find(|(_, known)| *known == answer) {
                Some((methods, _)) => methods.push(method),
                None => others.push((vec![method], answer)),
            }
        }
        let all = std::iter::once((Vec::new(), usual)).chain(others);
        all.map(|(methods, actual)| (methods, (actual, preflight.clone()))).collect()
    }
}
