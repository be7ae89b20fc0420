//! Rules, run for all requests at once.
//!
//! A request meets the frontend's rules, then the backend's; its response the backend's
//! `http-response`, then the frontend's. What `return` sends meets none of these, but
//! `http-after-response` of both.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use corsac_analysis::model::Place;

use super::acl::{condition, split_condition};
use super::expression::{Expression, format};
use super::words::Word;
use crate::Includes;
use crate::conditional::{Condition, Line, Notes, Outcome, Pattern, PreflightKind, Response, Test, Value};

/// Most comparisons that one configuration makes; beyond, its conditions are opaque.
const MAX_WORK: usize = 4_000_000;

/// Most rules that answer requests.
const MAX_STOPS: usize = 500;

/// No origin in a browser is longer: a scheme, 253 bytes of host, a port.
const LONGEST_ORIGIN: u32 = 272;

/// What a rule can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Request,
    Response,
}

/// Files and bounds, for the whole configuration.
pub(super) struct Shared<'a> {
    pub(super) name: String,
    pub(super) includes: &'a dyn Includes,
    files: RefCell<BTreeMap<String, Option<Rc<str>>>>,
    work: Cell<usize>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(name: &str, includes: &'a dyn Includes) -> Self {
        Self { name: name.to_owned(), includes, files: RefCell::default(), work: Cell::new(0) }
    }
}

/// What stands when a rule is reached.
pub(super) struct State<'a> {
    shared: &'a Shared<'a>,
    pub(super) phase: Phase,
    pub(super) acls: BTreeMap<String, Vec<Vec<Word>>>,
    pub(super) origin: Line,
    pub(super) captures: Vec<Line>,
    variables: BTreeMap<String, Line>,
    /// When the request has not been answered yet.
    alive: Condition,
    /// When the rules of this set are still tried.
    active: Condition,
    stops: usize,
    from_upstream: Response,
    own: Response,
    preflight: Vec<(Condition, PreflightKind)>,
}

impl State<'_> {
    pub(super) fn variable(&self, name: &str) -> Line {
        self.variables.get(name.trim()).cloned().unwrap_or_default()
    }

    /// A list in a file.
    pub(super) fn file(&self, name: &str) -> Option<Rc<str>> {
        let known = self.shared.files.borrow().get(name).cloned();
        let file = known.unwrap_or_else(|| {
            let read = self.shared.includes.read(&self.shared.name, name).ok();
            let text = read.and_then(|files| files.first().map(|file| Rc::from(file.text())));
            self.shared.files.borrow_mut().insert(name.to_owned(), text.clone());
            text
        });
        file.filter(|text| self.spend(text.len() / 8))
    }

    /// Counts comparisons; false once there are too many.
    pub(super) fn spend(&self, comparisons: usize) -> bool {
        let spent = self.shared.work.get().saturating_add(comparisons);
        self.shared.work.set(spent);
        spent <= MAX_WORK
    }
}

/// A frontend and one of its backends.
pub(super) struct Pair<'a> {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) front: &'a [Vec<Word>],
    pub(super) back: Option<&'a [Vec<Word>]>,
}

/// What a frontend and a backend answer together.
pub(super) fn run(pair: &Pair<'_>, shared: &Shared<'_>, notes: &mut Notes) -> Outcome {
    let mut state = State {
        shared,
        phase: Phase::Request,
        acls: BTreeMap::new(),
        origin: Line::always(Value::Origin),
        captures: Vec::new(),
        variables: BTreeMap::new(),
        alive: Condition::Always,
        active: Condition::Always,
        stops: 0,
        from_upstream: Response::default(),
        own: Response::default(),
        preflight: Vec::new(),
    };
    let sides = [Some(pair.front), pair.back];
    for lines in sides.into_iter().flatten() {
        state.active = Condition::Always;
        state.acls = acls(lines);
        for words in lines {
            state.request_rule(words, notes);
        }
    }
    state.phase = Phase::Response;
    for (keyword, also_own) in [("http-response", false), ("http-after-response", true)] {
        if also_own {
            let alive = state.alive.clone();
            state.from_upstream.only(&alive);
            let own = std::mem::take(&mut state.own);
            state.from_upstream.beside(own);
        }
        for lines in sides.into_iter().rev().flatten() {
            state.active = Condition::Always;
            state.acls = acls(lines);
            let rules = lines.iter().filter(|words| is_response_rule(words, keyword));
            rules.for_each(|words| state.response_rule(words, also_own, notes));
        }
    }
    state.preflight.push((Condition::Always, PreflightKind::Unknown));
    Outcome {
        name: pair.name.clone(),
        place: Some(Place { file: 0, span: pair.span.clone() }),
        response: state.from_upstream,
        preflight: state.preflight,
        upstream: state.alive,
    }
}

/// The ACLs of a section, by name.
fn acls(lines: &[Vec<Word>]) -> BTreeMap<String, Vec<Vec<Word>>> {
    let mut acls: BTreeMap<String, Vec<Vec<Word>>> = BTreeMap::new();
    for words in lines {
        if let [keyword, name, rest @ ..] = words.as_slice()
            && keyword.text == "acl"
        {
            acls.entry(name.text.clone()).or_default().push(rest.to_vec());
        }
    }
    acls
}

fn is_response_rule(words: &[Word], keyword: &str) -> bool {
    let first = words.first().map_or("", |word| word.text.as_str());
    first == keyword
        || keyword == "http-response" && matches!(first, "rspadd" | "rspidel" | "rspdel" | "filter")
}

fn place(words: &[Word]) -> Place {
    let start = words.first().map_or(0, |word| word.span.start);
    Place { file: 0, span: start..words.last().map_or(start, |word| word.span.end) }
}

/// `set-var(txn.origin)`: the action and what stands in its parentheses.
fn action(word: &str) -> (&str, &str) {
    word.split_once('(').map_or((word, ""), |(name, rest)| (name, rest.trim_end_matches(')')))
}

impl State<'_> {
    fn request_rule(&mut self, words: &[Word], notes: &mut Notes) {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        match texts.as_slice() {
            ["capture", "request", "header", name, "len", length, ..] => {
                let line = self.request_field(name);
                self.captures.push(cut(&line, length));
            }
            ["declare", "capture", "request", ..] => self.captures.push(Line::default()),
            ["redirect", ..] => {
                let (_, clause) = split_condition(words);
                self.stop(&condition(self, clause), &PreflightKind::Unanswered);
            }
            ["http-request", ..] => self.http_request(words, notes),
            _ => {}
        }
    }

    fn request_field(&self, name: &str) -> Line {
        if name.eq_ignore_ascii_case("origin") {
            return self.origin.clone();
        }
        Line::always(Value::Requested(name.to_ascii_lowercase()))
    }

    fn http_request(&mut self, words: &[Word], notes: &mut Notes) {
        let (before, clause) = split_condition(words.get(1..).unwrap_or_default());
        let Some((first, arguments)) = before.split_first() else { return };
        let bare = self.active.clone().and(condition(self, clause));
        let when = self.alive.clone().and(bare.clone());
        let (name, argument) = action(&first.text);
        let of_origin = arguments.first().is_some_and(|word| word.text.eq_ignore_ascii_case("origin"));
        match name {
            "return" => self.returned(arguments, &bare),
            "deny" | "reject" | "tarpit" | "silent-drop" | "redirect" => {
                self.stop(&bare, &PreflightKind::Unanswered);
            }
            "auth" => self.stop(&bare, &PreflightKind::Authenticated(Some(place(words)))),
            "allow" => self.active = self.active.clone().and(when.not()),
            "set-var" | "set-var-fmt" | "unset-var" => self.set_variable(name, argument, arguments, &when),
            "capture" => self.capture(arguments),
            "set-header" if of_origin => {
                let value = arguments.get(1).map_or_else(Line::default, |word| format(&word.text, self));
                self.origin.set_to(&when, &value, &Value::Absent, None);
            }
            "del-header" if of_origin => self.origin.set(when, Value::Absent, None),
            "add-header" | "replace-header" | "replace-value" if of_origin => {
                let reason = format!("`{name}` changes the request's Origin");
                self.origin.set(when, Value::Opaque(reason), None);
            }
            "use-service" | "lua" | "cache-use" | "do-resolve" => {
                self.foreign(&first.text, &when, words, notes);
            }
            _ if name.starts_with("lua.") => self.foreign(&first.text, &when, words, notes),
            "set-path" | "replace-path" | "set-uri" | "set-method" | "replace-uri" | "set-pathq" => {
                notes.unread(
                    Some(place(words)),
                    format!("`{name}`: later conditions see the request as it came"),
                );
            }
            _ => {}
        }
    }

    /// Code or another program decides.
    fn foreign(&mut self, name: &str, when: &Condition, words: &[Word], notes: &mut Notes) {
        let place = place(words);
        let reason = format!("`{name}` is not read");
        self.from_upstream.forget(when, &reason, &place);
        self.preflight.push((when.clone(), PreflightKind::Unknown));
        notes.unread(Some(place), reason);
    }

    /// HAProxy answers itself.
    fn stop(&mut self, when: &Condition, kind: &PreflightKind) {
        self.stops += 1;
        if self.stops > MAX_STOPS {
            self.alive = Condition::opaque("too many rules answer requests");
            return;
        }
        let bare = when.clone();
        let when = self.alive.clone().and(bare.clone());
        self.preflight.push((when.clone(), kind.clone()));
        self.alive = self.alive.clone().and(bare.not());
    }

    /// `return status 204 hdr Access-Control-Allow-Origin *`.
    fn returned(&mut self, arguments: &[Word], bare: &Condition) {
        let when = &self.alive.clone().and(bare.clone());
        let mut status = "200";
        for (at, word) in arguments.iter().enumerate() {
            let argument = |offset: usize| arguments.get(at + offset).map_or("", |word| word.text.as_str());
            match word.text.as_str() {
                "status" => status = argument(1),
                "hdr" => {
                    if let Some(name) = Response::follows(argument(1)) {
                        // Here, a field without a value is not sent.
                        let value = format(argument(2), self).map(|value| match value {
                            Value::Text(text) if text.is_empty() => Value::Absent,
                            other => other.clone(),
                        });
                        self.own.add(
                            name,
                            when,
                            &value,
                            &place(arguments.get(at..at + 3).unwrap_or_default()),
                        );
                    }
                }
                _ => {}
            }
        }
        let kind = if status.starts_with('2') { PreflightKind::Answered } else { PreflightKind::Unanswered };
        self.stop(bare, &kind);
    }

    fn set_variable(&mut self, action: &str, name: &str, arguments: &[Word], when: &Condition) {
        let name = name.split(',').next().unwrap_or_default().trim();
        let text = arguments.iter().map(|word| word.text.as_str()).collect::<String>();
        let value = match action {
            "set-var" => Expression::parse(&text).value(self),
            "set-var-fmt" => format(arguments.first().map_or("", |word| word.text.as_str()), self),
            _ => Line::default(),
        };
        let variable = self.variables.entry(name.to_owned()).or_default();
        if action == "unset-var" {
            return variable.set(when.clone(), Value::Absent, None);
        }
        // A sample that is not there leaves a variable as it was.
        let present = when.clone().and(value.is_set());
        variable.set_to(&present, &value, &Value::Absent, None);
    }

    /// `http-request capture req.hdr(origin) len 128`.
    fn capture(&mut self, arguments: &[Word]) {
        let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        if let [expression, .., "len", length] = texts.as_slice() {
            let value = Expression::parse(expression).value(self);
            self.captures.push(cut(&value, length));
        }
    }

    fn response_rule(&mut self, words: &[Word], on_errors: bool, notes: &mut Notes) {
        if self.from_upstream.is_full() {
            return;
        }
        let (before, clause) = split_condition(words);
        let when = self.active.clone().and(condition(self, clause));
        let texts: Vec<&str> = before.iter().map(|word| word.text.as_str()).collect();
        let place = place(before);
        match texts.as_slice() {
            ["rspadd", field] => {
                let (name, value) = field.split_once(':').unwrap_or((field, ""));
                self.change("add-header", &[name.trim(), value.trim()], (&when, on_errors), &place);
            }
            ["rspidel" | "rspdel" | "filter", what, ..] => {
                let reason = format!("`{what}` may change the response");
                if !matches!(*what, "compression" | "trace" | "bwlim-in" | "bwlim-out") {
                    self.from_upstream.forget(&when, &reason, &place);
                    notes.unread(Some(place), reason);
                }
            }
            [_, name, arguments @ ..] => {
                let (bare, argument) = action(name);
                match bare {
                    "set-var" | "set-var-fmt" | "unset-var" => {
                        self.set_variable(bare, argument, before.get(2..).unwrap_or_default(), &when);
                    }
                    "allow" => self.active = self.active.clone().and(when.not()),
                    "deny" | "return" | "redirect" | "silent-drop" => {
                        self.from_upstream.forget(&when, &format!("`{bare}` answers in its place"), &place);
                        notes.unread(Some(place), format!("`http-response {bare}` is not read"));
                    }
                    _ if bare.starts_with("lua") => {
                        self.from_upstream.forget(&when, &format!("`{name}` runs code"), &place);
                        notes.unread(Some(place), format!("`{name}` runs code"));
                    }
                    _ => self.change(bare, arguments, (&when, on_errors), &place),
                }
            }
            _ => {}
        }
    }

    /// An action on a field of the response.
    fn change(
        &mut self,
        action: &str,
        arguments: &[&str],
        (when, on_errors): (&Condition, bool),
        place: &Place,
    ) {
        let Some(written) = arguments.first() else { return };
        if action == "del-header" && arguments.get(1) == Some(&"-m") {
            return self.delete_like(written, arguments.get(2).copied(), when, place);
        }
        let Some(name) = Response::follows(written) else { return };
        let mut value = arguments.get(1).map_or_else(Line::default, |text| format(text, self));
        value.on_errors = on_errors;
        let response = &mut self.from_upstream;
        match action {
            "set-header" => response.set(name, when, &value, place),
            "add-header" => response.add(name, when, &value, place),
            "del-header" => response.remove(name, when, place),
            "replace-header" | "replace-value" => {
                let reason = format!("`{action}` changes it");
                response.change(name, when, place, |_| Value::Opaque(reason.clone()));
            }
            _ => {}
        }
    }

    /// `del-header access-control- -m beg`.
    fn delete_like(&mut self, pattern: &str, method: Option<&str>, when: &Condition, place: &Place) {
        let lower = pattern.to_ascii_lowercase();
        for name in Response::names() {
            let likewise = match method {
                Some("beg") => name.starts_with(&lower).into(),
                Some("end") => name.ends_with(&lower).into(),
                Some("sub") => name.contains(&lower).into(),
                Some("str") => (name == lower).into(),
                _ => Test::Regex(Pattern {
                    text: pattern.to_owned(),
                    dialect: corsac_analysis::regex::Dialect::Pcre,
                    flags: "i".to_owned(),
                })
                .on_text(name),
            };
            self.from_upstream.remove(name, &when.clone().and(likewise), place);
        }
    }
}

/// A value of which at most so many bytes are kept.
fn cut(line: &Line, length: &str) -> Line {
    let length: u32 = length.parse().unwrap_or(0);
    let is_origin = line.holds(|value| (*value == Value::Origin).into());
    let mut cut = Line::default();
    cut.set_to(&Condition::Always, line, &Value::Absent, None);
    if length < LONGEST_ORIGIN && is_origin != Condition::Never {
        let short = Condition::Origin(Test::NoLongerThan(length));
        let pattern = Pattern {
            text: format!("^.{{{length}}}"),
            dialect: corsac_analysis::regex::Dialect::Pcre,
            flags: String::new(),
        };
        cut.set(is_origin.and(short.not()), Value::Matched(pattern, 0), None);
    }
    cut
}
