//! The policy file: everything the gateway runs on.
//!
//! Reading reports every mistake at once and gives a configuration only if there is
//! none that prevents it from running.

mod definitions;
mod events;
mod files;
mod gateway;
mod lint;
mod routes;
mod rules;
mod store;
mod tls;

use std::iter;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, Document, FieldPath, Severity, Source, TableReader};
use corsac_middleware::route::{Matcher, canonical_path};
use corsac_middleware::stack::file::{PROFILES, lay_profile, profiles};
use corsac_middleware::stack::{self, StackConfig};
use corsac_origin::PublicSuffixList;
use http::uri::Authority;
use ipnet::IpNet;

use crate::tls::server::Tls;
use crate::tls::upstream::UpstreamTls;

use files::Files;

pub use corsac_middleware::stack::file::Ownership;
pub use events::Events;
pub use rules::RULES;
pub use store::RateLimitStore;

/// A whole configuration, valid by construction.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where requests are accepted; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What it is served with over TLS; without it, in plain.
    pub tls: Option<Tls>,
    /// Where plain HTTP is sent on to `listen`, which speaks TLS.
    pub redirect_listen: Option<SocketAddr>,
    /// Where `/healthz` and `/metrics` are; loopback unless somebody says otherwise.
    pub admin: SocketAddr,
    /// Threads that serve requests, each with its own listener socket.
    pub workers: usize,
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// Peers whose `Forwarded` and `X-Forwarded-*` fields are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What a client may cost.
    pub limits: Limits,
    /// How long requests in flight may take after a signal to stop.
    pub shutdown_grace: Duration,
    /// The CORS policies with their names.
    pub policies: Vec<(String, Policy)>,
    /// The upstreams.
    pub upstreams: Vec<Upstream>,
    /// The routes.
    pub routes: Vec<Route>,
    /// Where guards' decisions go.
    pub events: Option<Events>,
    /// Where limits are kept that other gateways share.
    pub rate_limit_store: Option<RateLimitStore>,
    /// The guards of each route, in the same order.
    pub stack: StackConfig,
}

/// Where the access log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// Nowhere.
    Off,
    /// Standard error, one JSON object a line.
    Stderr,
    /// Appended to a file.
    File(PathBuf),
}

/// What a client may cost. Every bound has a default and a maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body; beyond: 413.
    pub body_size: u64,
    /// Longest silence of whoever sends a body, a client or an upstream, and longest time
    /// that a client reads nothing of what is sent to it.
    pub body_timeout: Duration,
    /// Connections at a time, over all workers; beyond: not accepted until one ends.
    pub connections: usize,
    /// Header fields of a request; beyond: 431.
    pub header_fields: usize,
    /// Bytes of all names and values of a request; beyond: 431.
    pub header_size: usize,
    /// Time for a request's head, and of idling between two requests.
    pub header_timeout: Duration,
    /// Bytes of path and query; beyond: 414.
    pub target_size: usize,
    /// Longest silence of a WebSocket, both ways.
    pub tunnel_timeout: Duration,
}

/// A server that requests are forwarded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Host and port.
    pub authority: Authority,
    /// How it is spoken to over TLS; without it, in plain.
    pub tls: Option<UpstreamTls>,
    /// Whether it is spoken to in HTTP/2: with prior knowledge, or negotiated over TLS.
    pub http2: bool,
    /// Whether it sees the client's `Host`, or its own name.
    pub preserve_host: bool,
    /// Who else listens on the way to it, as somebody says.
    pub network: Network,
    /// Time for a connection.
    pub connect_timeout: Duration,
    /// Time until the head of the response.
    pub response_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// Unused connections kept by each worker.
    pub idle_connections: usize,
}

/// What lies between the gateway and an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nobody says.
    #[default]
    Any,
    /// One on which nobody else listens.
    Trusted,
}

/// Which requests go where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `/api/{*rest}`, `/users/{id}`.
    pub path: String,
    /// An index into `upstreams`.
    pub upstream: usize,
    /// An index into `policies`; without one, no other origin may read.
    pub policy: Option<usize>,
    /// Who owns CORS.
    pub ownership: Ownership,
    /// Another bound on request bodies than the gateway's.
    pub body_size: Option<u64>,
    /// Another bound on the response's head than the upstream's.
    pub response_timeout: Option<Duration>,
}

/// Who decides about requests for a path.
#[derive(Clone, Copy, Debug)]
pub enum Ruling<'c> {
    /// Nobody: no other origin may read. The route, if there is one.
    Nobody(Option<usize>),
    /// A policy, by its name.
    Policy(&'c str, &'c Policy),
    /// The path is refused, and why.
    Refused(&'static str),
    /// The upstream: the route passes its fields through.
    Upstream(usize),
}

impl Config {
    /// Finds the number of the route for a canonical path.
    pub(crate) fn matcher(&self) -> Matcher {
        Matcher::new(self.routes.iter().map(|route| route.path.as_str()))
    }

    /// The route for `path`, as the gateway finds it, with its guards.
    pub fn guards(&self, path: &str) -> Option<&stack::Route> {
        let canonical = canonical_path(path).ok()?;
        self.stack.routes.get(self.matcher().find(&canonical)?)
    }

    /// Who decides about requests for `path`, as the gateway finds it.
    pub fn ruling(&self, path: &str) -> Ruling<'_> {
        let canonical = match canonical_path(path) {
            Ok(canonical) => canonical,
            Err(error) => return Ruling::Refused(error.text()),
        };
        let found = self.matcher().find(&canonical);
        let route = found.and_then(|index| self.routes.get(index));
        if let (Some(index), Some(Ownership::Passthrough)) = (found, route.map(|route| route.ownership)) {
            return Ruling::Upstream(index);
        }
        let ruling = match found {
            Some(index) => self.stack.routes.get(index).and_then(stack::Route::policy),
            None => self.stack.unrouted.as_ref(),
        };
        ruling.map_or(Ruling::Nobody(found), |named| Ruling::Policy(&named.name, &named.policy))
    }
}

/// What was read: the configuration if it can run, the document, and all findings.
#[derive(Debug)]
pub struct Reading {
    /// Nothing, if a finding is an error.
    pub config: Option<Config>,
    /// The document with the profile laid over it.
    pub document: Document,
    /// Errors, warnings and notes.
    pub findings: Vec<Diagnostic>,
    /// Other files that it was made of, such as certificates, whether they could be read
    /// or not.
    pub files: Vec<PathBuf>,
}

impl Reading {
    /// Whether a finding prevents the configuration from running.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Reads a policy file; `profile` names the table of `[profiles]` laid over it.
pub fn read(source: Source, profile: Option<&str>, suffixes: &PublicSuffixList) -> Reading {
    read_parsed(Document::parse(source), profile, suffixes)
}

/// Reads a policy file as it stands, and then under each of its profiles. It is parsed
/// once.
pub fn read_each(source: Source, suffixes: &PublicSuffixList) -> impl Iterator<Item = Reading> {
    let parsed = Document::parse(source);
    let (document, mistakes) = &parsed;
    let profiles = if mistakes.is_empty() { profiles(document) } else { Vec::new() };
    let chosen = iter::once(None).chain(profiles.into_iter().map(Some));
    chosen.map(move |profile| read_parsed(parsed.clone(), profile.as_deref(), suffixes))
}

fn read_parsed(
    (mut document, mut findings): (Document, Vec<Diagnostic>),
    profile: Option<&str>,
    suffixes: &PublicSuffixList,
) -> Reading {
    // What a mistake of syntax upset would look like other mistakes.
    if !findings.is_empty() {
        return Reading { config: None, document, findings, files: Vec::new() };
    }
    lay_profile(&mut document, profile, &mut findings);
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut findings);
    // Their contents are read when they are laid over the rest.
    root.take(PROFILES);
    let files = Files::of(document.source.name());
    let reader = definitions::Reader { suffixes, profile, files: &files };
    let config = reader.read(root, &mut findings);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let config = config.filter(|_| !failed);
    if let Some(config) = &config {
        findings.extend(lint::findings(config, profile));
    }
    let files = files.into_named();
    Reading { config, document, findings, files }
}
