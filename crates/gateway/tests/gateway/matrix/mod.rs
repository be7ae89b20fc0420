//! Each outcome, for each page that can have sent the request, over each way in.

mod abort;
mod outcomes;
mod site;
mod wire;

use std::collections::BTreeSet;

use outcomes::{Asked, By, OUTCOMES, Outcome};
use site::{MARKER, Seen, Site};
use wire::{Content, Lane, Sent};

use crate::support::{APP, Answer, EVIL, PATIENCE};

const STRICT: &str = "max-age=31536000";

/// Who asks: the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Allowed,
    Foreign,
    /// No origin: the same origin, or no browser.
    None,
    /// `Origin: null`.
    Null,
    Preflight,
    ForeignPreflight,
}

impl Page {
    const ALL: [Self; 6] =
        [Self::Allowed, Self::Foreign, Self::None, Self::Null, Self::Preflight, Self::ForeignPreflight];

    fn origin(self) -> Option<&'static str> {
        match self {
            Self::Allowed | Self::Preflight => Some(APP),
            Self::Foreign | Self::ForeignPreflight => Some(EVIL),
            Self::None => None,
            Self::Null => Some("null"),
        }
    }

    fn is_preflight(self) -> bool {
        matches!(self, Self::Preflight | Self::ForeignPreflight)
    }

    fn may_read(self) -> bool {
        self.origin() == Some(APP)
    }
}

/// What a cell is to be.
struct Expected {
    status: u16,
    by: By,
    guards: Vec<String>,
    reaches: bool,
}

impl Expected {
    fn of(row: &Outcome, page: Page) -> Self {
        let answered =
            |status, by, guard: &str| Self { status, by, guards: vec![guard.into()], reaches: false };
        match row.preflight {
            Asked::Granted(_) if page == Page::Preflight => {
                answered(204, By::Upstream, "preflight allowed allowed")
            }
            Asked::Granted(_) if page == Page::ForeignPreflight => {
                answered(403, By::Gateway("preflight-denied"), "preflight denied origin-not-listed")
            }
            Asked::Denied(_) if page.is_preflight() => {
                let reason = if page.may_read() { "method-not-listed" } else { "origin-not-listed" };
                answered(403, By::Gateway("preflight-denied"), &format!("preflight denied {reason}"))
            }
            _ => Self {
                status: row.status,
                by: row.by,
                guards: row.guards.iter().map(|&guard| told(guard, page)).collect(),
                reaches: row.reaches && !page.is_preflight(),
            },
        }
    }

    /// Whether the page reads it: a refused preflight has nothing to be read.
    fn is_readable(&self, page: Page) -> bool {
        page.may_read() && !matches!(self.by, By::Gateway("preflight-denied"))
    }
}

/// A decision, whose reason may be the page's.
fn told(guard: &str, page: Page) -> String {
    match guard {
        // Told apart before Fetch Metadata is asked.
        "csrf denied cross-site" if page == Page::Null => "csrf denied null-origin".to_owned(),
        other => other.to_owned(),
    }
}

fn sent<'s>(site: &Site, row: &'s Outcome, page: Page, target: &'s str) -> Sent<'s> {
    let fields = row.fields.iter().map(|(name, value)| (*name, site.value(value)));
    let mut fields: Vec<_> = fields.chain([("x-marker", MARKER.to_owned())]).collect();
    fields.extend(page.origin().map(|origin| ("origin", origin.to_owned())));
    if !page.is_preflight() {
        return Sent { method: row.method, target, fields, content: row.content };
    }
    // A browser sends neither credentials nor the request's own fields.
    fields.retain(|(name, _)| ["origin", "x-marker", "x-large"].contains(name));
    fields.push(("access-control-request-method", row.method.to_owned()));
    Sent { method: "OPTIONS", target, fields, content: Content::Nothing }
}

/// All that is wrong with a cell.
struct Faults {
    cell: String,
    found: Vec<String>,
}

impl Faults {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: T, expected: T) {
        let pair = (is, expected);
        if pair.0 != pair.1 {
            self.found.push(format!("{}: {what} is {:?}, not {:?}", self.cell, pair.0, pair.1));
        }
    }
}

/// Tokens of all fields of that name, as sent, in lower case.
fn tokens(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.all(name).join(",").to_ascii_lowercase();
    values.split(',').map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()).collect()
}

/// Who may read, and nobody else; nothing of what the upstream said of that.
fn check_cors(answer: &Answer, page: Page, expected: &Expected, faults: &mut Faults) {
    let own = answer.fields.iter().filter(|(name, _)| name.starts_with("access-control-"));
    let names: BTreeSet<_> = own.clone().map(|(name, _)| name.as_str()).collect();
    faults.same("the number of CORS fields", own.count(), names.len());
    let varies = tokens(answer, "vary").iter().filter(|token| *token == "origin").count();
    faults.same("how often `Vary` has `Origin`", varies, 1);
    if !expected.is_readable(page) {
        return faults.same("CORS", names, BTreeSet::new());
    }
    faults.same("the origin", answer.all("access-control-allow-origin"), vec![APP]);
    faults.same("credentials", answer.all("access-control-allow-credentials"), vec!["true"]);
    if expected.status == 204 {
        let all = ["allow-credentials", "allow-methods", "allow-origin", "max-age"];
        let all = all.map(|name| format!("access-control-{name}"));
        let is = names.into_iter().filter(|name| !name.ends_with("headers")).map(str::to_owned);
        return faults.same("the grant", is.collect::<Vec<_>>(), all.to_vec());
    }
    let exposed = tokens(answer, "access-control-expose-headers");
    for name in ["x-version", "x-request-id", "www-authenticate", "retry-after", "ratelimit"] {
        let is_there = name == "x-version" || answer.fields.iter().any(|(own, _)| own == name);
        if is_there && !page.is_preflight() {
            let times = exposed.iter().filter(|own| *own == name).count();
            faults.same(&format!("how often `{name}` is exposed"), times, 1);
        }
    }
    faults.same("a leak", exposed.contains(&"x-leak".to_owned()), false);
    let others = names.into_iter().filter(|name| name.contains("allow-methods") || name.contains("max-age"));
    faults.same("a field of preflights", others.count() > 0 && !page.is_preflight(), false);
}

/// The body, what it says, and what it does not repeat.
fn check_content(answer: &Answer, row: &Outcome, expected: &Expected, faults: &mut Faults) {
    let is_outcome = expected.status == row.status && !matches!(expected.by, By::Gateway("preflight-denied"));
    if let Some((name, begins)) = row.tells.filter(|_| is_outcome) {
        let told = answer.all(name);
        let is_told = told.len() == 1 && told.iter().all(|value| value.starts_with(begins));
        faults.same(&format!("`{name}: {begins}…` ({told:?})"), is_told, true);
    }
    let By::Gateway(code) = expected.by else {
        let is_kept = tokens(answer, "vary").contains(&"accept".to_owned());
        faults.same("the upstream's own `Vary`", is_kept, expected.reaches);
        let body = if matches!(expected.status, 204 | 304) { "" } else { "hello" };
        return faults.same("the body", answer.text().as_str(), body);
    };
    faults.same("the type", answer.all("content-type"), vec!["application/problem+json"]);
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    faults.same("the code", problem["code"].as_str(), Some(code));
    faults.same("the status within", problem["status"].as_u64(), Some(expected.status.into()));
    let whole = format!("{:?} {}", answer.fields, answer.text()).to_ascii_lowercase();
    faults.same("an echo", whole.contains(MARKER), false);
    faults.same("a word of the upstream's", whole.contains("hello"), false);
}

/// What those who watch see.
fn check_event(seen: &Seen, page: Page, expected: &Expected, faults: &mut Faults) {
    let problem = match expected.by {
        By::Gateway(code) => Some(code),
        By::Upstream => None,
    };
    faults.same("the event", (seen.status, seen.problem), (expected.status, problem));
    faults.same("the decisions", &seen.guards, &expected.guards);
    let cors = match (page.origin(), expected.is_readable(page)) {
        (None, _) => "not-cors",
        (Some(_), true) => "allowed",
        (Some(_), false) => "denied",
    };
    faults.same("CORS in the event", seen.cors, Some(cors));
}

/// Asks for one cell; the id and the status under which it is logged.
async fn cell(site: &Site, lane: Lane, row: &Outcome, page: Page) -> (Option<(String, u16)>, Vec<String>) {
    let why = match row.preflight {
        Asked::Granted(why) | Asked::Denied(why) if page.is_preflight() => format!(" ({why})"),
        _ => String::new(),
    };
    let cell = format!("{lane:?} / {} / {page:?}{why}", row.name);
    let mut faults = Faults { cell, found: Vec::new() };
    let (expected, before) = (Expected::of(row, page), site.upstream.requests());
    let target = format!("{}?q={MARKER}", row.target);
    let answer = match site.caller.send(&sent(site, row, page, &target)).await {
        Ok(answer) => answer,
        Err(error) => {
            faults.same("the answer", error.as_str(), "there");
            return (None, faults.found);
        }
    };
    faults.same("the status", answer.status, expected.status);
    faults.same("what the upstream got", site.upstream.requests() - before, usize::from(expected.reaches));
    check_cors(&answer, page, &expected, &mut faults);
    check_content(&answer, row, &expected, &mut faults);
    let strict = if lane.is_tls() { vec![STRICT] } else { Vec::new() };
    faults.same("HSTS", answer.all("strict-transport-security"), strict);
    let ids = answer.all("x-request-id");
    faults.same("request ids", ids.len(), 1);
    let id = ids.first().copied().unwrap_or_default().to_owned();
    if row.name != "panic" {
        let seen = site.events.recv_timeout(PATIENCE).unwrap();
        faults.same("the id in the event", &seen.id, &id);
        faults.same("TLS in the event", seen.is_secure, lane.is_tls());
        check_event(&seen, page, &expected, &mut faults);
    }
    (Some((id, expected.status)), faults.found)
}

async fn matrix(lane: Lane) {
    let site = Site::start(lane);
    // What `/limited` lets pass in a day.
    let first = sent(&site, &OUTCOMES[0], Page::None, "/limited");
    assert_eq!(site.caller.send(&first).await.unwrap().status, 200);
    site.events.recv_timeout(PATIENCE).unwrap();
    let (mut logged, mut faults) = (Vec::new(), Vec::new());
    for row in OUTCOMES {
        for page in Page::ALL {
            let (line, mut found) = cell(&site, lane, row, page).await;
            logged.extend(line);
            faults.append(&mut found);
        }
    }
    assert!(site.events.try_recv().is_err(), "one event a request");
    let lines = site.stop();
    for (id, status) in &logged {
        let own = lines.iter().filter(|line| line["id"] == id.as_str());
        let statuses: Vec<_> = own.map(|line| line["status"].as_u64().unwrap()).collect();
        if statuses != [u64::from(*status)] {
            faults.push(format!("{lane:?}: the lines of {id} have {statuses:?}, not {status}"));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(logged.len(), OUTCOMES.len() * Page::ALL.len());
    assert_eq!(lines.len(), logged.len() + 1);
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn every_outcome_over_http1_is_what_the_invariants_say() {
    block_on(matrix(Lane::Http1));
}

#[test]
fn every_outcome_over_http1_and_tls_is_what_the_invariants_say() {
    block_on(matrix(Lane::Http1Tls));
}

#[test]
fn every_outcome_over_http2_is_what_the_invariants_say() {
    block_on(matrix(Lane::Http2));
}

#[test]
fn every_outcome_over_http2_and_tls_is_what_the_invariants_say() {
    block_on(matrix(Lane::Http2Tls));
}
