//! From conditions to scopes: the requests that a configuration tells apart.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Place, Preflight, Scope, Unread,
    Value as FieldValue,
};

use super::{Condition, Fact, Line, Notes, PathTest, Response, Value};

/// Most scopes of one server; the rest is reported as unread.
const MAX_SCOPES: usize = 64;

/// Most parts of conditions of all scopes of a server.
const MAX_SIZE: usize = 2_000_000;

/// Most facts that are tried both ways; others are opaque.
const MAX_FREE: usize = 4;

/// Most paths and hosts that are tried.
const MAX_TRIED: usize = 48;

/// What a server answers, under conditions.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) place: Option<Place>,
    pub(crate) response: Response,
    /// What answers preflights: the first that holds.
    pub(crate) preflight: Vec<(Condition, PreflightKind)>,
    /// When the answer is an upstream's.
    pub(crate) upstream: Condition,
}

/// What answers a preflight.
#[derive(Clone, Debug)]
pub(crate) enum PreflightKind {
    Answered,
    Authenticated(Option<Place>),
    Unanswered,
    Unknown,
}

/// A request, but for its origin.
#[derive(Clone, Debug)]
struct Request {
    host: String,
    path: String,
    method: String,
    free: Vec<(String, bool)>,
}

impl Request {
    /// Whether `fact` holds; opaque if it is not known.
    fn knows(&self, fact: &Fact) -> Condition {
        match fact {
            Fact::Host(host) => (*host == self.host).into(),
            Fact::Method(methods) => methods.contains(&self.method).into(),
            Fact::Path(test) => test.holds(&self.path).into(),
            Fact::Other(text) => self.free.iter().find(|(name, _)| name == text).map_or_else(
                || Condition::opaque(format!("it depends on {text}")),
                |(_, holds)| (*holds).into(),
            ),
        }
    }
}

/// The scopes of a server: one for each kind of request that it tells apart.
pub(crate) fn scopes(outcome: &Outcome, notes: &mut Notes) -> Vec<Scope> {
    let size = size(outcome).max(1);
    if size > MAX_SIZE {
        return vec![too_large(outcome, notes)];
    }
    let paths = facts(outcome).iter().filter(|fact| matches!(fact, Fact::Path(_))).count();
    if paths > MAX_TRIED {
        let reason = format!("{} tells apart more than {MAX_TRIED} paths", outcome.name);
        notes.unread(outcome.place.clone(), reason);
    }
    let most = (MAX_SIZE / size).clamp(1, MAX_SCOPES);
    let facts = facts(outcome);
    let mut seen: Vec<Vec<bool>> = Vec::new();
    let mut scopes = Vec::new();
    for request in requests(&facts) {
        let holds: Vec<bool> = facts.iter().map(|fact| request.knows(fact) == Condition::Always).collect();
        if seen.contains(&holds) {
            continue;
        }
        if scopes.len() >= most {
            let reason = format!("{} tells apart more than {most} kinds of requests", outcome.name);
            notes.unread.push(Unread { place: outcome.place.clone(), reason });
            break;
        }
        let words = described(&facts, &holds);
        seen.push(holds);
        scopes.push(scope(outcome, &request, &words));
    }
    scopes
}

/// How many parts the conditions of a server have.
fn size(outcome: &Outcome) -> usize {
    let conditions = outcome.response.all_lines().flat_map(Line::conditions);
    conditions.fold(0, |size, when| size.saturating_add(when.size()))
}

/// A server of which nothing is known.
fn too_large(outcome: &Outcome, notes: &mut Notes) -> Scope {
    let reason = format!("the conditions of {} are too many to be followed", outcome.name);
    notes.unread(outcome.place.clone(), reason.clone());
    let emission = Emission::Opaque(reason.clone());
    let opaque = Choice { cases: vec![Case { when: Matcher::Opaque(reason), then: true, place: None }] };
    let actual = Answer {
        allow_origin: vec![Choice::always(emission, None)],
        allow_credentials: vec![opaque],
        passes_upstream: true,
        ..Answer::default()
    };
    let (name, place) = (outcome.name.clone(), outcome.place.clone());
    Scope { name, place, actual, preflight: Preflight::Unknown }
}

/// The facts that matter, each once.
fn facts(outcome: &Outcome) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut visit = |fact: &Fact| {
        if facts.len() < 4 * MAX_TRIED && !facts.contains(fact) {
            facts.push(fact.clone());
        }
    };
    outcome.response.all_lines().flat_map(Line::conditions).for_each(|when| when.facts(&mut visit));
    outcome.preflight.iter().for_each(|(when, _)| when.facts(&mut visit));
    facts
}

/// Requests that differ in the facts.
fn requests(facts: &[Fact]) -> Vec<Request> {
    let mut hosts = vec![String::new()];
    let mut methods = vec!["GET".to_owned()];
    let mut free = Vec::new();
    for fact in facts {
        match fact {
            Fact::Host(host) if hosts.len() < MAX_TRIED => hosts.push(host.clone()),
            Fact::Method(named) => methods.extend(named.iter().filter(|m| *m != "OPTIONS").cloned()),
            Fact::Other(text) if free.len() < MAX_FREE => free.push(text.clone()),
            Fact::Other(_) | Fact::Host(_) | Fact::Path(_) => {}
        }
    }
    methods.truncate(4);
    let mut requests = Vec::new();
    for (host, path) in hosts.iter().flat_map(|host| paths(facts).into_iter().map(move |path| (host, path))) {
        for method in &methods {
            for bits in 0..1_usize << free.len() {
                let free = free.iter().enumerate().map(|(at, name)| (name.clone(), bits >> at & 1 == 1));
                let (host, path, method) = (host.clone(), path.clone(), method.clone());
                requests.push(Request { host, path, method, free: free.collect() });
            }
        }
    }
    requests
}

/// Paths of which each does something else.
fn paths(facts: &[Fact]) -> Vec<String> {
    let tests =
        || facts.iter().filter_map(|fact| if let Fact::Path(test) = fact { Some(test) } else { None });
    let mut starts = vec!["/".to_owned(), "/...".to_owned()];
    for test in tests().take(MAX_TRIED) {
        match test {
            PathTest::EndsWith(_) => {}
            PathTest::Is(text) => starts.push(text.clone()),
            PathTest::StartsWith(text) | PathTest::Under(text) => {
                let text = text.trim_end_matches('/');
                starts.extend([text.to_owned(), format!("{text}/..."), format!("{text}...")]);
            }
        }
    }
    let ends: Vec<_> = tests()
        .filter_map(|test| if let PathTest::EndsWith(end) = test { Some(end) } else { None })
        .take(8)
        .collect();
    let with_ends = starts
        .iter()
        .flat_map(|start| ends.iter().map(move |end| format!("{}/...{end}", start.trim_end_matches('/'))));
    let with_ends: Vec<_> = with_ends.collect();
    starts.extend(with_ends);
    starts
}

/// The facts that hold, in words.
fn described(facts: &[Fact], holds: &[bool]) -> String {
    let options_alone = |fact: &Fact| matches!(fact, Fact::Method(methods) if *methods == ["OPTIONS"]);
    let shown: Vec<String> = facts
        .iter()
        .zip(holds)
        .filter(|(fact, holds)| **holds && !options_alone(fact))
        .map(|(fact, _)| fact.to_string())
        .collect();
    std::iter::once(String::new()).chain(shown).collect::<Vec<_>>().join(", ")
}

fn scope(outcome: &Outcome, request: &Request, words: &str) -> Scope {
    let actual = answer(outcome, request);
    let preflight = Request { method: "OPTIONS".to_owned(), ..request.clone() };
    let kind = outcome.preflight.iter().find(|(when, kind)| {
        match when.assume(&|fact| preflight.knows(fact)) {
            Condition::Always => true,
            Condition::Never | Condition::Opaque(_) => false,
            // It depends on the origin: what is answered to those that it is for.
            _ => matches!(kind, PreflightKind::Answered),
        }
    });
    let preflight = match kind.map(|(_, kind)| kind) {
        Some(PreflightKind::Answered) => Preflight::Answered(Box::new(answer(outcome, &preflight))),
        Some(PreflightKind::Authenticated(place)) => Preflight::Authenticated(place.clone()),
        Some(PreflightKind::Unanswered) => Preflight::Unanswered,
        Some(PreflightKind::Unknown) | None => Preflight::Unknown,
    };
    Scope { name: format!("{}{words}", outcome.name), place: outcome.place.clone(), actual, preflight }
}

/// What one kind of request is answered.
fn answer(outcome: &Outcome, request: &Request) -> Answer {
    let known = |fact: &Fact| request.knows(fact);
    let lines = |name: &str| -> Vec<Line> {
        let all = outcome.response.lines(name).iter().map(|line| line.assume(&known));
        all.filter(|line| line.values().any(|(value, _)| *value != Value::Absent)).collect()
    };
    let origin = lines("access-control-allow-origin");
    let gone = outcome.response.cleared("access-control-allow-origin").assume(&known);
    let upstream = outcome.upstream.assume(&known);
    Answer {
        coverage: match origin.iter().all(|line| line.on_errors) {
            true if origin.is_empty() => Coverage::Unknown,
            true => Coverage::All,
            false => Coverage::Successes,
        },
        passes_upstream: upstream != Condition::Never && gone != Condition::Always,
        hides_upstream_origin: gone == Condition::Always,
        errors_elsewhere: Vec::new(),
        unread: None,
        allow_origin: origin.iter().map(Line::emissions).collect(),
        allow_credentials: lines("access-control-allow-credentials").iter().map(Line::flags).collect(),
        allow_methods: field(&lines("access-control-allow-methods"), "access-control-request-method"),
        allow_headers: field(&lines("access-control-allow-headers"), "access-control-request-headers"),
        max_age: field(&lines("access-control-max-age"), ""),
        expose_headers: field(&lines("access-control-expose-headers"), ""),
        allow_private_network: field(&lines("access-control-allow-private-network"), ""),
        vary: field(&lines("vary"), ""),
    }
}

/// The lines of a field as one value; `reflects` is what the request has for it.
fn field(lines: &[Line], reflects: &str) -> Option<Field> {
    let mut fields = lines.iter().filter_map(|line| line_field(line, reflects));
    let first = fields.next()?;
    Some(fields.fold(first, |before, line| {
        let value = match (before.value, line.value) {
            (FieldValue::Text(one), FieldValue::Text(two)) => FieldValue::Text(format!("{one}, {two}")),
            (FieldValue::Opaque(reason), _) | (_, FieldValue::Opaque(reason)) => FieldValue::Opaque(reason),
            (FieldValue::Reflected, _) | (_, FieldValue::Reflected) => FieldValue::Reflected,
        };
        Field { value, place: before.place }
    }))
}

fn line_field(line: &Line, reflects: &str) -> Option<Field> {
    let mut values = line.values().filter(|(value, _)| **value != Value::Absent);
    let (value, place) = values.next()?;
    let same = values.all(|(other, _)| other == value);
    let value = match value {
        _ if !same => FieldValue::Opaque("it depends on the request".to_owned()),
        Value::Text(text) => FieldValue::Text(text.trim().to_owned()),
        Value::Requested(name) if name == reflects => FieldValue::Reflected,
        Value::Opaque(reason) => FieldValue::Opaque(reason.clone()),
        Value::Absent | Value::Matched(..) | Value::Origin | Value::Requested(_) => {
            FieldValue::Opaque("it repeats a part of the request".to_owned())
        }
    };
    Some(Field { value, place: place.cloned() })
}
