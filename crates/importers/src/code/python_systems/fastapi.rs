//! Starlette's `CORSMiddleware`, which `FastAPI` re-exports.
//!
//! Traps, as Starlette 1.10 answers: `"*"` with credentials reflects every origin with
//! `Access-Control-Allow-Credentials: true`; a text where a list is meant takes every part of it
//! for an origin; credentials are announced to origins that are refused, too; a preflight that
//! is refused is a 400; an exception that nothing handles is answered outside of the middleware.

use std::collections::BTreeSet;

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Model, Preflight, Scope, Value,
};
use corsac_analysis::regex::Mode;
use corsac_diagnostics::Source;

use super::super::answers::{self, Known, Reading, credentials, given, unknown};
use super::super::expression::{Argument, Expression, Kind};
use super::super::syntax::Language;
use super::arguments::{Keywords, compiled, flag, regex};
use crate::{Includes, Unreadable};

const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";
const SAFELISTED: [&str; 4] = ["Accept", "Accept-Language", "Content-Language", "Content-Type"];
const PREFLIGHT_VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                              Access-Control-Request-Private-Network";
/// Longest text whose parts are taken for origins one by one.
const MAX_TEXT_OF_ORIGINS: usize = 256;

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    super::likeness(name, text, &["CORSMiddleware"], &["fastapi", "starlette"])
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    answers::read(Language::Python, source, middlewares)
}

fn middlewares(reading: &mut Reading<'_, '_>) {
    let module = |name: &str| reading.program.imports.get(name);
    let named = |words: &str| {
        words.ends_with("CORSMiddleware")
            || module(words).is_some_and(|module| module.ends_with(".CORSMiddleware"))
    };
    let calls = reading.program.calls(|callee, first| {
        named(callee) || named(first.rsplit('=').next().unwrap_or_default().trim_start())
    });
    let mut count = 0_usize;
    for (call, around) in calls {
        let Kind::Call(callee, arguments) = &call.kind else { continue };
        let is_ours = |expression: &Expression| {
            let is_of_package = |module: &str| {
                let package = module.split('.').next().unwrap_or_default();
                matches!(package, "fastapi" | "starlette")
            };
            // `starlette.middleware.cors.CORSMiddleware`
            if let Some([root, .., "CORSMiddleware"]) = expression.path().as_deref() {
                let module = reading.program.module_of(root);
                return module.map_or_else(|| is_of_package(root), |module| is_of_package(&module));
            }
            expression.last_name().is_some_and(|name| {
                let is_packages = |module: &str| module.ends_with(".CORSMiddleware") && is_of_package(module);
                match reading.program.module_of(name) {
                    Some(module) => is_packages(&module),
                    // A part of a module that is named, or of a file that does not show its imports.
                    None => name == "CORSMiddleware" && !reading.program.defines(name),
                }
            })
        };
        let (wraps, options) = match arguments.split_first() {
            _ if is_ours(callee) => {
                (true, arguments.get(1..).filter(|_| positional(arguments)).unwrap_or(arguments))
            }
            Some((first, rest)) if is_first(first) && is_ours(&first.value) => (false, rest),
            _ => continue,
        };
        count += 1;
        if count == 2 {
            let reason =
                "a second `CORSMiddleware`: where both apply, the outer one's fields replace the inner one's";
            reading.unread(call.span.clone(), reason.to_owned());
        }
        let name = callee.path().map_or_else(|| "CORSMiddleware".to_owned(), |path| path.join("."));
        let (actual, preflight) = answer(reading, options, &call);
        let coverage = if wraps { Coverage::All } else { Coverage::Handled };
        if around.conditional {
            reading.unread(call.span.clone(), "`CORSMiddleware` is added under a condition".to_owned());
        }
        let scope = Scope {
            name,
            place: Reading::place(&call.span),
            actual: Answer { coverage, ..actual },
            preflight,
        };
        reading.scopes.push(scope);
    }
}

/// Whether an argument is the class that is added.
fn is_first(argument: &Argument) -> bool {
    matches!(argument.name.as_deref(), None | Some("cls" | "middleware_class"))
}

/// Whether the first argument is the application.
fn positional(arguments: &[Argument]) -> bool {
    arguments.first().is_some_and(|first| first.name.is_none())
}

fn answer(reading: &mut Reading<'_, '_>, options: &[Argument], call: &Expression) -> (Answer, Preflight) {
    let options = Keywords::new(reading, &all_named(options));
    let with_credentials = options.flag(reading, "allow_credentials", false);
    let origins = options.get("allow_origins").map(|given| origins(reading, given));
    let origins = origins.unwrap_or(Origins::Listed(Vec::new()));
    let mut choice = match (&origins, &with_credentials) {
        (Origins::All, Known::Is(false)) => answers::always(Emission::Fixed("*".to_owned()), &call.span),
        (Origins::All, Known::Is(true)) => answers::always(Emission::Reflected, &call.span),
        (Origins::Unknown(reason), _) | (Origins::All, Known::Not(reason)) => {
            return (unknown(reason, &call.span), Preflight::Unknown);
        }
        (Origins::Listed(cases), _) => Choice { cases: cases.clone() },
    };
    if let Some(expression) = options.get("allow_origin_regex") {
        choice.cases.extend(pattern(reading, expression));
    }
    let at = options.get("allow_origins").map_or_else(|| call.span.clone(), |given| given.span.clone());
    for case in &mut choice.cases {
        case.place =
            case.place.take().filter(|place| place.span != call.span).or_else(|| Reading::place(&at));
    }
    let expose_headers = options.get("expose_headers").map(|list| reading.field(list, ", "));
    let actual = Answer {
        allow_origin: vec![choice],
        allow_credentials: credentials(
            &with_credentials,
            &options.get("allow_credentials").unwrap_or(call).span,
        ),
        expose_headers: expose_headers.filter(|field| field.value != Value::Text(String::new())),
        vary: given("Origin"),
        ..Answer::default()
    };
    let preflight = Answer {
        allow_methods: Some(methods(reading, &options)),
        allow_headers: Some(headers(reading, &options)),
        max_age: options.get("max_age").map_or_else(|| given("600"), |age| Some(reading.field(age, ", "))),
        expose_headers: None,
        vary: given(PREFLIGHT_VARY),
        allow_private_network: private_network(reading, &options),
        ..actual.clone()
    };
    (actual, Preflight::Answered(Box::new(preflight)))
}

/// Arguments under their names, those too that are given by position.
fn all_named(options: &[Argument]) -> Vec<Argument> {
    const POSITIONS: [&str; 8] = [
        "allow_origins",
        "allow_methods",
        "allow_headers",
        "allow_credentials",
        "allow_origin_regex",
        "allow_private_network",
        "expose_headers",
        "max_age",
    ];
    let mut unnamed = POSITIONS.iter();
    let named = options.iter().map(|option| match (&option.name, &option.value.kind) {
        (None, kind) if !matches!(kind, Kind::Spread(_)) => {
            Argument { name: unnamed.next().map(|name| (*name).to_owned()), value: option.value.clone() }
        }
        _ => option.clone(),
    });
    named.collect()
}

/// What `allow_origins` says.
enum Origins {
    All,
    Listed(Vec<Case<Emission>>),
    Unknown(String),
}

fn origins(reading: &mut Reading<'_, '_>, expression: &Expression) -> Origins {
    let value = reading.value(expression);
    let items = match &value.kind {
        Kind::List(items) => reading.program.items(items),
        Kind::Text(text) if text.contains('*') => return Origins::All,
        Kind::Text(text) => return parts(reading, text, &value),
        _ => return Origins::Unknown(reading.opaque(&value)),
    };
    if items.iter().any(|item| item.as_text() == Some("*")) {
        return Origins::All;
    }
    // What is not known may be `"*"`, which changes all.
    if let Some(unknown) = items.iter().find(|item| matches!(item.kind, Kind::Computed(_))) {
        return Origins::Unknown(reading.opaque(unknown));
    }
    let cases = items.iter().map(|item| match item.as_text() {
        Some(text) => Reading::reflected(Matcher::exact(text), item),
        None => reading.opaque_case(item),
    });
    Origins::Listed(cases.collect())
}

/// `origin in "text"`: every part of the text that is an origin.
fn parts(reading: &mut Reading<'_, '_>, text: &str, value: &Expression) -> Origins {
    if text.len() > MAX_TEXT_OF_ORIGINS {
        return Origins::Unknown(reading.opaque(value));
    }
    let mut origins = BTreeSet::new();
    for (colon, _) in text.match_indices("://") {
        let before = text.get(..colon).unwrap_or_default();
        let starts = before.char_indices().rev().take_while(|(_, letter)| letter.is_ascii_alphanumeric());
        for start in starts.map(|(start, _)| start) {
            let ends = text.char_indices().map(|(end, letter)| end + letter.len_utf8());
            let ends = ends.filter(|end| *end > colon + 3);
            origins.extend(ends.filter_map(|end| text.get(start..end)));
        }
    }
    if text.contains("null") {
        origins.insert("null");
    }
    let any = origins.into_iter().map(Matcher::exact).collect();
    Origins::Listed(vec![Reading::reflected(Matcher::AnyOf(any), value)])
}

fn pattern(reading: &mut Reading<'_, '_>, expression: &Expression) -> Option<Case<Emission>> {
    let value = reading.value(expression);
    let (text, flags) = match &value.kind {
        Kind::Nothing => return None,
        Kind::Text(text) => (text.clone(), String::new()),
        _ => match compiled(reading, &value) {
            Some(compiled) => compiled,
            None => return Some(reading.opaque_case(&value)),
        },
    };
    Some(Reading::reflected(regex(&text, &flags, Mode::Full), expression))
}

fn methods(reading: &mut Reading<'_, '_>, options: &Keywords) -> Field {
    let Some(list) = options.get("allow_methods") else {
        return Field { value: Value::Text("GET".to_owned()), place: None };
    };
    let field = reading.field(list, ", ");
    match &field.value {
        Value::Text(text) if text.split(", ").any(|method| method == "*") => {
            Field { value: Value::Text(METHODS.to_owned()), ..field }
        }
        _ => field,
    }
}

fn headers(reading: &mut Reading<'_, '_>, options: &Keywords) -> Field {
    let (text, place) = match options.get("allow_headers").map(|list| reading.field(list, ", ")) {
        Some(Field { value: Value::Text(text), place }) => (text, place),
        Some(unknown) => return unknown,
        None => (String::new(), None),
    };
    let names = text.split(", ").filter(|name| !name.is_empty());
    let names: BTreeSet<&str> = names.chain(SAFELISTED).collect();
    if names.contains("*") {
        return Field { value: Value::Reflected, place };
    }
    let names: Vec<_> = names.into_iter().collect();
    Field { value: Value::Text(names.join(", ")), place }
}

fn private_network(reading: &mut Reading<'_, '_>, options: &Keywords) -> Option<Field> {
    let expression = options.get("allow_private_network")?;
    let value = match flag(reading, expression) {
        Known::Is(false) => return None,
        Known::Is(true) => Value::Text("true".to_owned()),
        Known::Not(reason) => Value::Opaque(reason),
    };
    Some(Field { value, place: Reading::place(&expression.span) })
}
