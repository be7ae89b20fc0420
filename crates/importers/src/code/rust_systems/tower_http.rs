//! tower-http's `CorsLayer`.
//!
//! Traps, as version 0.7 answers: one origin is sent to everyone, whoever asks; the credentials
//! field is sent to origins that are refused, too; `*` with credentials, or within a list,
//! panics, but `mirror_request` and `very_permissive` do not.

use corsac_analysis::model::{Answer, Choice, Coverage, Emission, Field, Matcher, Preflight, Scope, Value};

use super::super::answers::{Known, Reading, always, credentials, given};
use super::super::expression::{Expression, Kind};
use super::chain::{Chain, name};
use super::value::{bare, flag, is_own, list, names, value};

pub(super) fn scope(reading: &mut Reading<'_, '_>, chain: &Chain, start: &str) {
    let preset = match start {
        "permissive" => Preset::Star,
        "very_permissive" => Preset::Mirror,
        _ => Preset::Nothing,
    };
    let Some(origin) = origin(reading, chain, preset) else {
        let reason = "`AllowOrigin::list` with `*`: the program panics";
        return reading.unread(chain.span.clone(), reason.to_owned());
    };
    let (with_credentials, at) = match chain.last("allow_credentials") {
        None => (Known::Is(preset == Preset::Mirror), chain.span.clone()),
        Some((arguments, at)) => (with_credentials(reading, arguments.first()), at.clone()),
    };
    let [methods, headers, exposed] =
        [("allow_methods", false), ("allow_headers", true), ("expose_headers", true)]
            .map(|(method, lower)| many(reading, chain, method, preset, lower));
    let star = |field: &Option<Field>| {
        field.as_ref().is_some_and(|field| field.value == Value::Text("*".to_owned()))
    };
    let any = origin.cases.iter().any(|case| case.then == Emission::Fixed("*".to_owned()));
    if matches!(with_credentials, Known::Is(true))
        && (any || [&methods, &headers, &exposed].into_iter().any(star))
    {
        let reason = "`*` with credentials: the program panics";
        return reading.unread(chain.span.clone(), reason.to_owned());
    }
    let fixed = origin.cases.iter().any(|case| matches!(case.then, Emission::Fixed(_)));
    let mirrors = |field: &Option<Field>| field.as_ref().is_some_and(|field| field.value == Value::Reflected);
    let varies = [
        (!fixed, "origin"),
        (mirrors(&methods), "access-control-request-method"),
        (mirrors(&headers), "access-control-request-headers"),
    ];
    let varies: Vec<_> = varies.into_iter().filter(|(varies, _)| *varies).map(|(_, name)| name).collect();
    let vary = match chain.last("vary") {
        Some((arguments, _)) => arguments.first().map(|list| names(reading, list, true, ", ")),
        None if varies.is_empty() => None,
        None => given(&varies.join(", ")),
    };
    let actual = Answer {
        allow_origin: vec![origin],
        allow_credentials: credentials(&with_credentials, &at),
        expose_headers: exposed,
        vary,
        coverage: Coverage::Unknown,
        ..Answer::default()
    };
    let preflight = Answer {
        allow_methods: methods,
        allow_headers: headers,
        max_age: max_age(reading, chain),
        expose_headers: None,
        coverage: Coverage::All,
        ..actual.clone()
    };
    let preflight = Preflight::Answered(Box::new(preflight));
    reading.scopes.push(Scope { name: name(chain), place: Reading::place(&chain.span), actual, preflight });
}

/// What the constructor sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preset {
    Mirror,
    Nothing,
    Star,
}

/// `Access-Control-Allow-Origin`; nothing if the program panics.
fn origin(reading: &mut Reading<'_, '_>, chain: &Chain, preset: Preset) -> Option<Choice<Emission>> {
    let star = || Emission::Fixed("*".to_owned());
    let Some((arguments, at)) = chain.last("allow_origin") else {
        return Some(match preset {
            Preset::Nothing => Choice::default(),
            Preset::Star => always(star(), &chain.span),
            Preset::Mirror => always(Emission::Reflected, &chain.span),
        });
    };
    let given = arguments.first()?;
    if given.last_name() == Some("Any") {
        return Some(always(star(), at));
    }
    let value = value(reading, given);
    if let Kind::Call(callee, inner) = &value.kind
        && let Some(path) = callee.path()
        && let [.., "AllowOrigin", method] = path.as_slice()
        && !is_own(reading, &path)
    {
        let first = inner.first().map(|argument| argument.value.clone());
        return match (*method, first) {
            ("any", _) => Some(always(star(), at)),
            ("mirror_request", _) => Some(always(Emission::Reflected, at)),
            ("exact" | "from", Some(one)) => several(reading, &one, at),
            ("list", Some(items)) => several(reading, &items, at),
            _ => Some(always(Emission::Opaque(reading.opaque(&value)), at)),
        };
    }
    several(reading, given, at)
}

/// A list of origins, or one.
fn several(
    reading: &mut Reading<'_, '_>,
    given: &Expression,
    at: &std::ops::Range<usize>,
) -> Option<Choice<Emission>> {
    if let Some(items) = list(reading, given) {
        let mut cases = Vec::with_capacity(items.len());
        for item in &items {
            cases.push(match item.as_text() {
                Some("*") => return None,
                Some(text) => Reading::reflected(Matcher::exact(text), item),
                None => reading.opaque_case(item),
            });
        }
        return Some(Choice { cases });
    }
    let value = bare(reading, given);
    Some(match value.as_text() {
        Some(text) => always(Emission::Fixed(text.to_owned()), &given.span),
        None => always(Emission::Opaque(reading.opaque(given)), at),
    })
}

fn with_credentials(reading: &mut Reading<'_, '_>, given: Option<&Expression>) -> Known<bool> {
    let Some(given) = given else { return Known::Is(false) };
    match &given.kind {
        Kind::Call(callee, _)
            if callee.path().is_some_and(|path| path.ends_with(&["AllowCredentials", "yes"])) =>
        {
            Known::Is(true)
        }
        _ => flag(reading, given),
    }
}

/// Methods, request headers or exposed headers.
fn many(
    reading: &mut Reading<'_, '_>,
    chain: &Chain,
    method: &str,
    preset: Preset,
    lower: bool,
) -> Option<Field> {
    let field =
        |value: Value, span: &std::ops::Range<usize>| Some(Field { value, place: Reading::place(span) });
    let star = || Value::Text("*".to_owned());
    let Some((arguments, at)) = chain.last(method) else {
        return match preset {
            Preset::Star => field(star(), &chain.span),
            Preset::Mirror if method != "expose_headers" => field(Value::Reflected, &chain.span),
            _ => None,
        };
    };
    let given = arguments.first()?;
    if given.last_name() == Some("Any") {
        return field(star(), at);
    }
    match &given.kind {
        Kind::Call(callee, inner) => match (callee.last_name(), inner.first()) {
            (Some("any"), _) => field(star(), at),
            (Some("mirror_request"), _) => field(Value::Reflected, at),
            (Some("list" | "exact"), Some(items)) => Some(names(reading, &items.value, lower, ",")),
            _ => Some(names(reading, given, lower, ",")),
        },
        _ => Some(names(reading, given, lower, ",")),
    }
    .filter(|field| field.value != Value::Text(String::new()))
}

/// `Duration::from_secs(…)`; products of it are computed.
fn max_age(reading: &mut Reading<'_, '_>, chain: &Chain) -> Option<Field> {
    let (arguments, at) = chain.last("max_age")?;
    let given = arguments.first()?;
    let seconds = match &given.kind {
        Kind::Call(callee, inner) => match (callee.last_name(), inner.first()) {
            (Some("from_secs"), Some(seconds)) => match value(reading, &seconds.value).kind {
                Kind::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let value = seconds.map_or_else(|| Value::Opaque(reading.opaque(given)), Value::Text);
    Some(Field { value, place: Reading::place(at) })
}
