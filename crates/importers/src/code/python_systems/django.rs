//! django-cors-headers: a module of settings.
//!
//! Traps, as version 4.9 answers: expressions match from the beginning only (`re.match`), so that
//! one without `$` takes every longer host; an entry is compared by scheme and host, whatever
//! follows them, and one without a scheme equals the origin `null`; a text where a list is meant
//! is a list of letters; all origins with credentials reflects each.

use std::ops::Range;

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Model, Preflight, Scope, Value,
};
use corsac_analysis::regex::Mode;
use corsac_diagnostics::Source;

use super::super::answers::{self, Known, Reading, always, credentials_when, given, unknown};
use super::super::expression::{Expression, Kind};
use super::super::program::Setting;
use super::super::syntax::Language;
use super::arguments::{compiled, flag, regex};
use crate::{Includes, Unreadable};

const HEADERS: &str = "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with";
const METHODS: &str = "DELETE, GET, OPTIONS, PATCH, POST, PUT";
const MIDDLEWARE: &str = "corsheaders.middleware.CorsMiddleware";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    super::likeness(name, text, &["CORS_ALLOW", "CORS_ORIGIN", "corsheaders"], &[])
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    answers::read(Language::Python, source, settings)
}

fn settings(reading: &mut Reading<'_, '_>) {
    let coverage = match installed(reading) {
        Installed::First => Coverage::All,
        Installed::Absent(span) => {
            let reason = format!("`MIDDLEWARE` lacks `{MIDDLEWARE}`: no setting of it has effect");
            reading.unread(span, reason);
            return;
        }
        Installed::Unknown => Coverage::Unknown,
    };
    let (actual, preflight) = match answer(reading) {
        Ok(actual) => {
            let preflight = preflight(reading, &actual);
            (actual, Preflight::Answered(Box::new(preflight)))
        }
        Err((reason, span)) => (unknown(&reason, &span), Preflight::Unknown),
    };
    let name = match setting(reading, "CORS_URLS_REGEX") {
        Found::Is(paths) => {
            let value = reading.value(&paths);
            let text = value
                .as_text()
                .map(str::to_owned)
                .or_else(|| compiled(reading, &value).map(|(text, _)| text));
            text.map_or_else(|| reading.opaque(&value), |text| format!("paths that match `{text}`"))
        }
        Found::Absent => "all paths".to_owned(),
        Found::Unclear(..) => "paths that are not known".to_owned(),
    };
    let place = actual.allow_origin.iter().flat_map(|line| &line.cases).find_map(|case| case.place.clone());
    reading.scopes.push(Scope { name, place, actual: Answer { coverage, ..actual }, preflight });
}

/// Where the middleware stands.
enum Installed {
    Absent(Range<usize>),
    First,
    Unknown,
}

fn installed(reading: &mut Reading<'_, '_>) -> Installed {
    let Setting::Is(list) = reading.program.setting("MIDDLEWARE") else { return Installed::Unknown };
    let Kind::List(items) = reading.value(&list).kind else { return Installed::Unknown };
    let items = reading.program.items(&items);
    let known = items.iter().all(|item| item.as_text().is_some());
    match items.iter().position(|item| item.as_text() == Some(MIDDLEWARE)) {
        Some(0) => Installed::First,
        None if known => Installed::Absent(list.span),
        _ => Installed::Unknown,
    }
}

/// A setting, as far as this module says.
enum Found {
    Absent,
    Is(Expression),
    /// For this reason, here.
    Unclear(String, Range<usize>),
}

fn setting(reading: &mut Reading<'_, '_>, name: &str) -> Found {
    match reading.program.setting(name) {
        Setting::Is(value) => Found::Is(value),
        Setting::Absent => match reading.program.imports_all.clone() {
            None => Found::Absent,
            Some(span) => {
                let reason = format!("`{name}` may come from a module whose names are all imported");
                reading.unread(span.clone(), reason.clone());
                Found::Unclear(reason, span)
            }
        },
        Setting::Unclear(span) => {
            let reason = format!("`{name}` is set under a condition, in a class, or changed");
            reading.unread(span.clone(), reason.clone());
            Found::Unclear(reason, span)
        }
    }
}

/// A setting that had another name before version 3.
fn renamed(reading: &mut Reading<'_, '_>, name: &str, old: &str) -> Found {
    match (reading.program.setting(name), reading.program.setting(old)) {
        // A starred import may bring the new name, which is preferred.
        (Setting::Absent, Setting::Is(_) | Setting::Unclear(_)) if reading.program.imports_all.is_none() => {
            setting(reading, old)
        }
        _ => setting(reading, name),
    }
}

fn switch(reading: &mut Reading<'_, '_>, found: Found) -> (Known<bool>, Range<usize>) {
    match found {
        Found::Absent => (Known::Is(false), 0..0),
        Found::Is(value) => (flag(reading, &value), value.span),
        Found::Unclear(reason, span) => (Known::Not(reason), span),
    }
}

fn answer(reading: &mut Reading<'_, '_>) -> Result<Answer, (String, Range<usize>)> {
    let all = renamed(reading, "CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL");
    let (all, all_at) = switch(reading, all);
    let found = setting(reading, "CORS_ALLOW_CREDENTIALS");
    let (with_credentials, credentials_at) = switch(reading, found);
    let listed = cases(reading);
    let choice = match (&all, &with_credentials) {
        (Known::Is(true), Known::Is(false)) => always(Emission::Fixed("*".to_owned()), &all_at),
        (Known::Is(true), Known::Is(true)) => always(Emission::Reflected, &all_at),
        (Known::Not(reason), _) => return Err((reason.clone(), all_at)),
        (Known::Is(true), Known::Not(reason)) => return Err((reason.clone(), credentials_at)),
        (Known::Is(false), _) => Choice { cases: listed },
    };
    let admitted: Vec<_> = choice.cases.iter().map(|case| case.when.clone()).collect();
    let expose_headers = match setting(reading, "CORS_EXPOSE_HEADERS") {
        Found::Absent => None,
        Found::Is(list) => Some(reading.field(&list, ", ")),
        Found::Unclear(reason, span) => {
            Some(Field { value: Value::Opaque(reason), place: Reading::place(&span) })
        }
    };
    Ok(Answer {
        allow_credentials: credentials_when(&admitted, &with_credentials, &credentials_at),
        allow_origin: vec![choice],
        expose_headers: expose_headers.filter(|field| field.value != Value::Text(String::new())),
        vary: given("origin"),
        ..Answer::default()
    })
}

fn preflight(reading: &mut Reading<'_, '_>, actual: &Answer) -> Answer {
    let mut listed = |name: &str, default: &str| match setting(reading, name) {
        Found::Absent => given(default),
        Found::Is(list) => {
            let value = reading.value(&list);
            Some(match &value.kind {
                // `list(default_methods) + […]`, `(*default_headers, "x")`
                Kind::List(items) => {
                    let items: Vec<_> = items.iter().flat_map(defaults).collect();
                    reading.field(&Expression::new(Kind::List(items), value.span.clone()), ", ")
                }
                _ => reading.field(&value, ", "),
            })
        }
        Found::Unclear(reason, span) => {
            Some(Field { value: Value::Opaque(reason), place: Reading::place(&span) })
        }
    };
    let allow_headers = listed("CORS_ALLOW_HEADERS", HEADERS);
    let allow_methods = listed("CORS_ALLOW_METHODS", METHODS);
    let max_age =
        listed("CORS_PREFLIGHT_MAX_AGE", "86400").filter(|age| age.value != Value::Text("0".to_owned()));
    let network = setting(reading, "CORS_ALLOW_PRIVATE_NETWORK");
    let (network, network_at) = switch(reading, network);
    let network = match network {
        Known::Is(false) => None,
        Known::Is(true) => Some(Value::Text("true".to_owned())),
        Known::Not(reason) => Some(Value::Opaque(reason)),
    };
    let allow_private_network = network.map(|value| Field { value, place: Reading::place(&network_at) });
    Answer {
        allow_headers,
        allow_methods,
        max_age,
        allow_private_network,
        coverage: Coverage::All,
        ..actual.clone()
    }
}

/// The package's own lists, where they are spread into another.
fn defaults(item: &Expression) -> Vec<Expression> {
    let Kind::Spread(inner) = &item.kind else { return vec![item.clone()] };
    let list = match inner.last_name() {
        Some("default_headers") => HEADERS,
        Some("default_methods") => METHODS,
        _ => return vec![item.clone()],
    };
    list.split(", ").map(|name| Expression::new(Kind::Text(name.to_owned()), item.span.clone())).collect()
}

/// The origins of both lists.
fn cases(reading: &mut Reading<'_, '_>) -> Vec<Case<Emission>> {
    let list = renamed(reading, "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST");
    let mut cases = entries(reading, list, |_, item| Some(same_host(item.as_text()?)));
    let list = renamed(reading, "CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST");
    cases.extend(entries(reading, list, |reading, item| {
        let text = item.as_text().map(|text| (text.to_owned(), String::new()));
        let (text, flags) = text.or_else(|| compiled(reading, item))?;
        Some(regex(&text, &flags, Mode::Prefix))
    }));
    cases
}

fn entries(
    reading: &mut Reading<'_, '_>,
    list: Found,
    matcher: fn(&Reading<'_, '_>, &Expression) -> Option<Matcher>,
) -> Vec<Case<Emission>> {
    let list = match list {
        Found::Absent => return Vec::new(),
        Found::Unclear(reason, span) => {
            let place = Reading::place(&span);
            return vec![Case { when: Matcher::Opaque(reason), then: Emission::Reflected, place }];
        }
        Found::Is(list) => list,
    };
    let value = reading.value(&list);
    let letter = |letter: char| Expression::new(Kind::Text(letter.to_string()), value.span.clone());
    let items = match &value.kind {
        Kind::List(items) => reading.program.items(items),
        Kind::Text(text) => text.chars().map(letter).collect(),
        Kind::Nothing => Vec::new(),
        _ => return vec![reading.opaque_case(&value)],
    };
    let case = |item: &Expression| match matcher(reading, item) {
        Some(when) => Reading::reflected(when, item),
        None => reading.opaque_case(item),
    };
    items.iter().map(case).collect()
}

/// The origin whose scheme and host `urlsplit` finds in `entry`.
fn same_host(entry: &str) -> Matcher {
    let entry = entry.trim_start_matches(|letter: char| letter <= ' ').replace(['\t', '\r', '\n'], "");
    let is_scheme = |scheme: &&str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    };
    let scheme = entry.split(':').next().filter(|scheme| scheme.len() < entry.len()).filter(is_scheme);
    let rest = scheme.and_then(|scheme| entry.get(scheme.len() + 1..)).unwrap_or(&entry);
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match (scheme.map(str::to_lowercase), host.filter(|host| !host.is_empty())) {
        // Neither: what `urlsplit("null")` has.
        (None, None) => Matcher::exact("null"),
        (None, Some(host)) => Matcher::exact(format!("//{host}")),
        (Some(scheme), host) => Matcher::exact(format!("{scheme}://{}", host.unwrap_or_default())),
    }
}
