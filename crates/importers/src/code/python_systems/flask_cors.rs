//! Flask-CORS: `CORS(app, …)` and `@cross_origin(…)`.
//!
//! Traps, as version 6.0.5 answers: a text with one of `*\]?$^[]()` is a regular expression that
//! matches from the beginning, in either case, so that `https://*.example.com` does not admit
//! `https://api.example.com` but admits `https://xexample.com.evil.net`; all origins with
//! credentials reflects each; `*` is sent with `send_wildcard` only.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, LetterCase, Matcher, Model, Preflight, Scope, Value,
};
use corsac_analysis::regex::Mode;
use corsac_diagnostics::Source;

use super::super::answers::{self, Known, Reading, always, credentials_when, given, unknown};
use super::super::expression::{Argument, Expression, Kind};
use super::super::program::Around;
use super::super::syntax::{Language, extension};
use super::arguments::{Keywords, compiled, regex};
use super::flask_config::{Asker, Settings};
use crate::{Includes, Unreadable, spelling};

const METHODS: &str = "GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE";
/// The arguments of both, and the application.
const OPTIONS: [&str; 14] = [
    "allow_headers",
    "allow_private_network",
    "always_send",
    "app",
    "automatic_options",
    "expose_headers",
    "intercept_exceptions",
    "max_age",
    "methods",
    "origins",
    "resources",
    "send_wildcard",
    "supports_credentials",
    "vary_header",
];
/// What makes a text a regular expression.
const SIGNS: &str = "*\\]?$^[]()";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let words = ["flask_cors", "cross_origin", "flask.ext.cors"];
    // Django's settings have such names, too.
    let is_starlettes = text.contains("CORSMiddleware");
    if extension(name) == "py" && text.contains("CORS_") && super::imports(text, "flask") && !is_starlettes {
        return 86;
    }
    super::likeness(name, text, &words, &["flask"])
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    answers::read(Language::Python, source, uses)
}

fn uses(reading: &mut Reading<'_, '_>) {
    let settings = Settings::of(reading);
    let module = |name: &str| reading.program.imports.get(name);
    let wanted = |name: &str| {
        matches!(name, "CORS" | "cross_origin" | "init_app")
            || module(name).is_some_and(|module| module.contains("cors"))
    };
    let calls = reading.program.calls(|callee, _| wanted(callee));
    let mut answers_errors = false;
    for (call, around) in calls {
        let (callee, arguments) = match &call.kind {
            Kind::Call(callee, arguments) => (callee.as_ref(), arguments.as_slice()),
            _ => (&call, &[][..]),
        };
        let Some(kind) = kind(reading, callee, arguments) else { continue };
        // Without an application, `init_app` gives it one later.
        let app = arguments.iter().any(|argument| argument.name.as_deref().is_none_or(|name| name == "app"));
        if matches!(kind, Use::Extension(_)) && !app {
            continue;
        }
        if around.conditional {
            reading.unread(call.span.clone(), "it is called under a condition".to_owned());
        }
        let mut options = Keywords::new(reading, arguments);
        // A field's name in an argument sets nothing by itself.
        reading.used.push(call.span.clone());
        list_unknown(reading, arguments);
        if let Use::Extension(made_with) = &kind {
            options = options.over(&Keywords::new(reading, made_with));
        }
        let is_view = matches!(kind, Use::Decorator);
        configured(&mut options, &settings, (&call, arguments, around, is_view));
        match kind {
            Use::Decorator => {
                let name = "a view with `@cross_origin`".to_owned();
                scope(reading, name, &options, Coverage::Successes, &call);
            }
            Use::Extension(_) => {
                answers_errors = true;
                resources(reading, &options, &call);
            }
        }
    }
    // What a view with the decorator fails with is answered by the extension, in its own way.
    for scope in reading.scopes.iter_mut().filter(|_| answers_errors) {
        if scope.actual.coverage == Coverage::Successes {
            scope.actual.coverage = Coverage::Unknown;
        }
    }
}

/// Adds what the configuration says of arguments that a call does not name.
fn configured(
    options: &mut Keywords,
    settings: &Settings,
    (call, arguments, around, is_view): (&Expression, &[Argument], Around, bool),
) {
    let named = arguments.iter().find(|argument| argument.name.as_deref().is_none_or(|name| name == "app"));
    let asker = Asker {
        app: named.and_then(|app| app.value.path()?.first().copied()).filter(|_| !is_view),
        at: call.span.start,
        around,
        always: is_view,
    };
    match settings.counting(&asker) {
        Ok(settings) => {
            for (name, value) in settings {
                options.or(&name, value);
            }
        }
        Err(span) => {
            let unknown = Expression::new(Kind::Computed(String::new()), span);
            for name in OPTIONS {
                options.or(name, unknown.clone());
            }
        }
    }
}

/// Lists arguments that have no effect.
fn list_unknown(reading: &mut Reading<'_, '_>, arguments: &[Argument]) {
    for argument in arguments {
        if let Some(name) = argument.name.as_deref().filter(|name| !OPTIONS.contains(name)) {
            reading.unread(argument.value.span.clone(), spelling::unknown(name, &OPTIONS));
        }
    }
}

/// What a call is.
enum Use {
    Decorator,
    /// `CORS(app, …)`, or `init_app` of one that was made with these arguments.
    Extension(Vec<Argument>),
}

fn kind(reading: &Reading<'_, '_>, callee: &Expression, arguments: &[Argument]) -> Option<Use> {
    // `CORS().init_app(app)`
    if let Kind::Member(object, name) = &callee.kind
        && name == "init_app"
        && let Kind::Call(made_by, made_with) = &object.kind
    {
        return (made_by.last_name() == Some("CORS")).then(|| Use::Extension(made_with.clone()));
    }
    let path = callee.path()?;
    let name = *path.last()?;
    let module = reading.program.module_of(path.first()?);
    let ours = module
        .as_deref()
        .is_none_or(|module| module.starts_with("flask_cors") || module.starts_with("flask.ext.cors"));
    let original = module.as_deref().and_then(|module| module.rsplit('.').next()).filter(|_| path.len() == 1);
    match original.unwrap_or(name) {
        "CORS" if ours => Some(Use::Extension(Vec::new())),
        "cross_origin" if ours => Some(Use::Decorator),
        // `cors = CORS(); cors.init_app(app, …)`
        "init_app" => match reading.program.constant(path.first()?).map(|object| object.kind) {
            Some(Kind::Call(made_by, made_with)) => {
                (made_by.last_name() == Some("CORS")).then_some(Use::Extension(made_with))
            }
            // `from extensions import cors`: what it was made with is said elsewhere.
            _ if path.iter().any(|name| name.to_lowercase().contains("cors"))
                || speaks_of_cors(arguments) =>
            {
                let span = callee.span.clone();
                let elsewhere = Expression::new(Kind::Computed("its arguments".to_owned()), span.clone());
                let value = Expression::new(Kind::Spread(Box::new(elsewhere)), span);
                Some(Use::Extension(vec![Argument { name: None, value }]))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a call is given what only this extension takes.
fn speaks_of_cors(arguments: &[Argument]) -> bool {
    let names = ["origins", "resources", "supports_credentials"];
    arguments.iter().any(|argument| argument.name.as_deref().is_some_and(|name| names.contains(&name)))
}

/// A scope for each path of `resources`.
fn resources(reading: &mut Reading<'_, '_>, options: &Keywords, call: &Expression) {
    let intercepts = options.flag(reading, "intercept_exceptions", true);
    let coverage = match intercepts {
        Known::Is(true) => Coverage::All,
        Known::Is(false) => Coverage::Handled,
        Known::Not(_) => Coverage::Unknown,
    };
    let Some(given) = options.get("resources") else {
        return scope(reading, "all paths".to_owned(), options, coverage, call);
    };
    let given = given.clone();
    let value = reading.value(&given);
    let paths: Vec<(Expression, Option<Expression>)> = match value.kind {
        Kind::Table(pairs) => pairs.into_iter().map(|(path, own)| (path, Some(own))).collect(),
        Kind::List(items) => reading.program.items(&items).into_iter().map(|path| (path, None)).collect(),
        Kind::Text(_) => vec![(value, None)],
        _ if compiled(reading, &value).is_some() => vec![(value, None)],
        _ => {
            let reason = reading.opaque(&value);
            let (actual, preflight) = (unknown(&reason, &value.span), Preflight::Unknown);
            let (name, place) = ("paths that are not known".to_owned(), Reading::place(&value.span));
            return reading.scopes.push(Scope { name, place, actual, preflight });
        }
    };
    for (path, own) in paths {
        let path = reading.value(&path);
        let shown =
            path.as_text().map(str::to_owned).or_else(|| compiled(reading, &path).map(|(text, _)| text));
        let name = shown.map_or_else(|| reading.opaque(&path), |shown| format!("paths `{shown}`"));
        let table = own.as_ref().map(|own| reading.value(own));
        match table.as_ref().map(|table| &table.kind) {
            None => scope(reading, name, options, coverage, call),
            Some(Kind::Table(pairs)) => {
                let mut own: Vec<_> = Vec::new();
                for (key, value) in pairs {
                    let name = match key.kind {
                        Kind::Spread(_) => None,
                        _ => reading.value(key).as_text().map(str::to_owned),
                    };
                    // A key that is not known may be any.
                    let is_any = name.is_none() && !matches!(value.kind, Kind::Spread(_));
                    let any = || Expression::new(Kind::Spread(Box::new(key.clone())), key.span.clone());
                    own.push(Argument { name, value: if is_any { any() } else { value.clone() } });
                }
                let own = Keywords::new(reading, &own).over(options);
                scope(reading, name, &own, coverage, &path);
            }
            Some(_) => {
                let reason = table.map_or_else(String::new, |table| reading.opaque(&table));
                reading.scopes.push(Scope {
                    name,
                    place: Reading::place(&path.span),
                    actual: unknown(&reason, &path.span),
                    preflight: Preflight::Unknown,
                });
            }
        }
    }
}

fn scope(
    reading: &mut Reading<'_, '_>,
    name: String,
    options: &Keywords,
    coverage: Coverage,
    at: &Expression,
) {
    let place = Reading::place(&at.span);
    let Some(actual) = answer(reading, options, at) else {
        // A decorator's options are looked at when its view is called: that fails, and is answered
        // without fields.
        if coverage == Coverage::Successes {
            let preflight = Preflight::Unanswered;
            reading.scopes.push(Scope { name, place, actual: Answer::default(), preflight });
        }
        return;
    };
    let actual = Answer { coverage, ..actual };
    let methods = options.get("methods").map(|list| reading.field(list, ", "));
    let upper = |field: Field| match &field.value {
        Value::Text(text) => Field { value: Value::Text(text.to_uppercase()), ..field },
        _ => field,
    };
    let max_age = options.get("max_age").filter(|age| !matches!(age.kind, Kind::Nothing));
    let preflight = Answer {
        allow_methods: methods.map(upper).or_else(|| given(METHODS)),
        allow_headers: Some(allow_headers(reading, options)),
        max_age: max_age.map(|age| reading.field(age, ", ")),
        coverage: Coverage::All,
        ..actual.clone()
    };
    let preflight = match options.flag(reading, "automatic_options", true) {
        Known::Is(true) => Preflight::Answered(Box::new(preflight)),
        _ => Preflight::Unknown,
    };
    reading.scopes.push(Scope { name, place, actual, preflight });
}

/// What is answered; nothing if the program does not start with these options.
fn answer(reading: &mut Reading<'_, '_>, options: &Keywords, at: &Expression) -> Option<Answer> {
    let origins = options.get("origins").cloned();
    let items = origins.as_ref().map(|given| listed(reading, given));
    let star = |item: &Expression| matches!(item.as_text(), Some("*" | ".*"));
    let all = items.as_ref().is_none_or(|items| items.iter().any(star));
    let opaque = items.iter().flatten().find(|item| matches!(item.kind, Kind::Computed(_))).cloned();
    let with_credentials = options.flag(reading, "supports_credentials", false);
    let origins_at = origins.as_ref().map_or_else(|| at.span.clone(), |given| given.span.clone());
    let choice = match options.flag(reading, "send_wildcard", false) {
        Known::Is(true) if all && matches!(with_credentials, Known::Is(true)) => {
            let reason = "all origins with `send_wildcard` and `supports_credentials`: the program fails";
            reading.unread(at.span.clone(), reason.to_owned());
            return None;
        }
        Known::Is(true) if all => always(Emission::Fixed("*".to_owned()), &origins_at),
        Known::Is(true) if opaque.is_some() => {
            let reason = opaque.map(|item| reading.opaque(&item)).unwrap_or_default();
            return Some(unknown(&reason, &origins_at));
        }
        Known::Not(reason) if all || opaque.is_some() => return Some(unknown(&reason, &origins_at)),
        _ if all => always(Emission::Reflected, &origins_at),
        _ => {
            let items = items.unwrap_or_default();
            Choice { cases: items.iter().map(|item| case(reading, item)).collect() }
        }
    };
    let admitted: Vec<_> = choice.cases.iter().map(|case| case.when.clone()).collect();
    let plain = |case: &Case<Emission>| matches!(case.when, Matcher::Exact(..));
    let varies = choice.cases.len() > 1 || !choice.cases.iter().all(plain);
    let wildcard = choice.cases.iter().any(|case| matches!(case.then, Emission::Fixed(_)));
    let vary = match options.flag(reading, "vary_header", true) {
        Known::Is(true) if varies && !wildcard => given("Origin"),
        Known::Not(reason) => Some(Field { value: Value::Opaque(reason), place: None }),
        Known::Is(_) => None,
    };
    let expose_headers = options.get("expose_headers").filter(|list| !matches!(list.kind, Kind::Nothing));
    let credentials_at = options.get("supports_credentials").unwrap_or(at).span.clone();
    Some(Answer {
        allow_credentials: credentials_when(&admitted, &with_credentials, &credentials_at),
        allow_origin: vec![choice],
        expose_headers: expose_headers.map(|list| reading.field(list, ", ")),
        vary,
        ..Answer::default()
    })
}

fn listed(reading: &mut Reading<'_, '_>, given: &Expression) -> Vec<Expression> {
    let value = reading.value(given);
    match &value.kind {
        Kind::List(items) => reading.program.items(items),
        Kind::Text(_) => vec![value],
        _ if compiled(reading, &value).is_some() => vec![value],
        _ => vec![Expression::new(Kind::Computed(String::new()), value.span)],
    }
}

fn case(reading: &mut Reading<'_, '_>, item: &Expression) -> Case<Emission> {
    let when = match item.as_text() {
        Some(text) if text.contains(|letter| SIGNS.contains(letter)) => regex(text, "i", Mode::Prefix),
        Some(text) => Matcher::Exact(text.to_owned(), LetterCase::Ignored),
        None => match compiled(reading, item) {
            Some((text, flags)) => regex(&text, &flags, Mode::Prefix),
            None => return reading.opaque_case(item),
        },
    };
    Reading::reflected(when, item)
}

fn allow_headers(reading: &mut Reading<'_, '_>, options: &Keywords) -> Field {
    let Some(list) = options.get("allow_headers") else {
        return Field { value: Value::Reflected, place: None };
    };
    let field = reading.field(list, ", ");
    match &field.value {
        Value::Text(text) if text.split(", ").any(|name| matches!(name, "*" | ".*")) => {
            Field { value: Value::Reflected, ..field }
        }
        Value::Text(text) if text.contains(|letter| SIGNS.contains(letter)) => {
            Field { value: Value::Opaque("regular expressions choose the headers".to_owned()), ..field }
        }
        _ => field,
    }
}
