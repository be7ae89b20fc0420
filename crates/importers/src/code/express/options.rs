//! Options of the npm package `cors`.
//!
//! Traps, as version 2.8.6 answers: a text is sent to everyone, whoever asks; `"*"` within a list
//! matches nothing; other truthy values admit all; a falsy origin turns the middleware off; the
//! credentials field is sent to origins that are refused, too. An expression with the flag `g`
//! admits every second request (`lastIndex`): here it admits.

use std::ops::Range;

use corsac_analysis::model::{
    Answer, Case, Choice, Emission, Field, LetterCase, Matcher, Preflight, Truth, Value,
};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use super::super::answers::{Known, Reading, always, credentials_when, given, plain, unknown};
use super::super::expression::{Argument, Expression, Kind};
use super::callback;
use super::condition::{and, not};

/// Most choices within a choice.
const MAX_CHOICES: usize = 8;

/// What a package takes the same options for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    Cors,
    /// `@fastify/cors`.
    Fastify,
}

/// Options: an object literal, its spread parts in their places.
pub(super) struct Options {
    pairs: Vec<(String, Expression)>,
    /// Why keys before this index, or missing ones, may be otherwise.
    others: Option<(usize, String)>,
    span: Range<usize>,
}

impl Options {
    /// The options that `given` is; `Err` with a reason where code decides.
    pub(super) fn new(
        reading: &mut Reading<'_, '_>,
        given: Option<&Expression>,
        call: &Expression,
    ) -> Result<Self, String> {
        let mut options = Self { pairs: Vec::new(), others: None, span: call.span.clone() };
        let Some(given) = given else { return Ok(options) };
        let value = reading.value(given);
        match &value.kind {
            Kind::Table(pairs) => {
                options.take(reading, pairs);
                Ok(options)
            }
            Kind::Nothing | Kind::Boolean(_) | Kind::Number(_) => Ok(options),
            _ => Err(reading.opaque(&value)),
        }
    }

    fn take(&mut self, reading: &mut Reading<'_, '_>, pairs: &[(Expression, Expression)]) {
        for (key, value) in pairs {
            match &key.kind {
                Kind::Text(name) => self.pairs.push((name.clone(), value.clone())),
                Kind::Spread(inner) => {
                    let inner = reading.value(inner);
                    match &inner.kind {
                        Kind::Table(more) if more.iter().all(|(key, _)| key.as_text().is_some()) => {
                            self.take(reading, more);
                        }
                        _ => self.others = Some((self.pairs.len(), reading.opaque(key))),
                    }
                }
                _ => self.others = Some((self.pairs.len(), reading.opaque(key))),
            }
        }
    }

    /// The last value of a key; `Err` with a reason if it may be another.
    fn get(&self, name: &str) -> Result<Option<&Expression>, &str> {
        let found = self.pairs.iter().enumerate().rev().find(|(_, (key, _))| key == name);
        match (&self.others, found) {
            (Some((after, reason)), Some((index, _))) if index < *after => Err(reason),
            (Some((_, reason)), None) => Err(reason),
            (_, found) => Ok(found.map(|(_, (_, value))| value)),
        }
    }
}

/// Actual responses and preflights under `options`.
pub(super) fn answer(
    reading: &mut Reading<'_, '_>,
    options: &Options,
    package: Package,
) -> (Answer, Preflight) {
    let (allow_origin, refused) = match origin(reading, options, package) {
        Origin::Off => return (Answer::default(), Preflight::Unanswered),
        Origin::Unknown(reason) => {
            return (unknown(&reason, &options.span), Preflight::Unknown);
        }
        Origin::Chosen(choice) => (choice, Refused::WithNothing),
        Origin::Sent(choice) => (choice, Refused::WithOthers),
    };
    let (with_credentials, at) = flag(reading, options, "credentials", package);
    let whens = match refused {
        Refused::WithNothing => allow_origin.cases.iter().map(|case| case.when.clone()).collect(),
        Refused::WithOthers => vec![Matcher::Any],
    };
    // Fastify knows that a fixed origin does not vary.
    let same = allow_origin.cases.iter().any(|case| match &case.then {
        Emission::Fixed(text) => text == "*" || package == Package::Fastify,
        _ => false,
    });
    let actual = Answer {
        allow_credentials: credentials_when(&whens, &with_credentials, &at),
        expose_headers: field(reading, options, "exposedHeaders", ","),
        vary: if same { None } else { given("Origin") },
        allow_origin: vec![allow_origin],
        ..Answer::default()
    };
    let default_methods = match package {
        Package::Cors => "GET,HEAD,PUT,PATCH,POST,DELETE",
        Package::Fastify => "GET,HEAD,POST",
    };
    let headers = request_headers(reading, options, package);
    let mirrors = headers.as_ref().is_some_and(|field| field.value == Value::Reflected);
    let vary = match (same, mirrors) {
        (false, false) => given("Origin"),
        (false, true) => given("Origin, Access-Control-Request-Headers"),
        (true, true) => given("Access-Control-Request-Headers"),
        (true, false) => None,
    };
    let preflight = Answer {
        allow_methods: field(reading, options, "methods", ",").or_else(|| given(default_methods)),
        allow_headers: headers,
        max_age: field(reading, options, "maxAge", ","),
        vary,
        coverage: corsac_analysis::model::Coverage::All,
        ..actual.clone()
    };
    let answered = answers_preflights(reading, options, package);
    let preflight = if answered == Some(true) {
        Preflight::Answered(Box::new(preflight))
    } else if answered == Some(false) {
        Preflight::Unanswered
    } else {
        Preflight::Unknown
    };
    (actual, preflight)
}

/// `Access-Control-Allow-Headers`: what was asked for, unless the options say.
fn request_headers(reading: &mut Reading<'_, '_>, options: &Options, package: Package) -> Option<Field> {
    let names: &[&str] =
        if package == Package::Cors { &["allowedHeaders", "headers"] } else { &["allowedHeaders"] };
    for name in names {
        let Ok(given) = options.get(name) else { return field(reading, options, name, ",") };
        let value = given.map(|given| reading.value(given));
        match value.as_ref().map(|value| &value.kind) {
            // A list without entries is not nothing: the field is then not sent.
            Some(Kind::List(items)) if items.is_empty() => return None,
            None | Some(Kind::Nothing | Kind::Boolean(false)) => {}
            Some(Kind::Text(text)) if text.is_empty() => {}
            Some(_) => return field(reading, options, name, ","),
        }
    }
    Some(Field { value: Value::Reflected, place: None })
}

fn empty(field: &Field) -> bool {
    field.value == Value::Text(String::new())
}

/// Whether the middleware answers preflights with success, if that is known.
fn answers_preflights(reading: &mut Reading<'_, '_>, options: &Options, package: Package) -> Option<bool> {
    let (continues, _) = flag(reading, options, "preflightContinue", package);
    let off = package == Package::Fastify
        && options.get("preflight").is_ok_and(|given| {
            given.is_some_and(|given| matches!(reading.value(given).kind, Kind::Boolean(false)))
        });
    let status = match options.get("optionsSuccessStatus") {
        Ok(None) => Some(204),
        Ok(Some(status)) => plain(&reading.value(status)).parse::<u16>().ok(),
        Err(_) => None,
    };
    match continues {
        Known::Is(false) if !off => status.map(|status| (200..300).contains(&status)),
        _ => None,
    }
}

/// What those are answered that are not admitted.
enum Refused {
    WithNothing,
    /// With the other fields.
    WithOthers,
}

/// What `origin` comes to.
enum Origin {
    /// For some origins the middleware does nothing.
    Chosen(Choice<Emission>),
    /// The middleware does nothing.
    Off,
    Sent(Choice<Emission>),
    Unknown(String),
}

fn origin(reading: &mut Reading<'_, '_>, options: &Options, package: Package) -> Origin {
    // Fastify asks it, if there is one, for all options anew.
    let delegator = match options.get("delegator") {
        Ok(given) => given.cloned().filter(|_| package == Package::Fastify),
        Err(reason) if package == Package::Fastify => return Origin::Unknown(reason.to_owned()),
        Err(_) => None,
    };
    let delegator = delegator.filter(|given| is_set(&reading.value(given)));
    if let Some(given) = delegator {
        return Origin::Unknown(reading.opaque(&given));
    }
    match options.get("origin") {
        Err(reason) => Origin::Unknown(reason.to_owned()),
        Ok(None) => Origin::Sent(always(star(), &options.span)),
        Ok(Some(given)) => origin_of(reading, given, package, 0),
    }
}

fn star() -> Emission {
    Emission::Fixed("*".to_owned())
}

fn origin_of(reading: &mut Reading<'_, '_>, given: &Expression, package: Package, depth: usize) -> Origin {
    let value = reading.value(given);
    match &value.kind {
        Kind::Boolean(false) | Kind::Nothing => Origin::Off,
        Kind::Number(number) if zero(number) => Origin::Off,
        Kind::Text(text) if text.is_empty() => Origin::Off,
        Kind::Text(text) => Origin::Sent(always(Emission::Fixed(text.clone()), &given.span)),
        Kind::List(items) => {
            let items = flat(reading, items, 0);
            if package == Package::Fastify && items.iter().any(|item| item.as_text() == Some("*")) {
                return Origin::Sent(always(star(), &given.span));
            }
            // What is not known may be `"*"`.
            let unknown = items.iter().find(|item| matches!(item.kind, Kind::Computed(_) | Kind::Either(..)));
            if let Some(unknown) = unknown.filter(|_| package == Package::Fastify) {
                return Origin::Unknown(reading.opaque(unknown));
            }
            let cases = items.iter().map(|item| case(reading, item));
            Origin::Sent(Choice { cases: cases.collect() })
        }
        Kind::Function => match callback::admitted(reading, &value.span, package) {
            Some(admitted) => Origin::Chosen(Choice { cases: reading.cases(admitted, &value.span) }),
            None => Origin::Unknown(reading.opaque(&value)),
        },
        Kind::Computed(_) => match one_of_two(reading, &value, package, depth) {
            Some(cases) => Origin::Chosen(Choice { cases }),
            None => Origin::Unknown(reading.opaque(&value)),
        },
        Kind::Either(..) | Kind::Sum(_) | Kind::Spread(_) => Origin::Unknown(reading.opaque(&value)),
        _ => match case(reading, &value) {
            Case { when: Matcher::Opaque(reason), .. } => Origin::Unknown(reason),
            case => Origin::Sent(Choice { cases: vec![case] }),
        },
    }
}

/// `isProduction ? [/…/] : true`: what both admit is admitted, whatever decides.
fn one_of_two(
    reading: &mut Reading<'_, '_>,
    value: &Expression,
    package: Package,
    depth: usize,
) -> Option<Vec<Case<Emission>>> {
    let node = reading.program.node_at(&value.span, &["ternary_expression"])?;
    let listed = reading.listed();
    let branch = |reading: &mut Reading<'_, '_>, field: &str| {
        let given = reading.program.read(node.child_by_field_name(field)?);
        if depth >= MAX_CHOICES {
            return None;
        }
        let cases = match origin_of(reading, &given, package, depth + 1) {
            Origin::Chosen(choice) | Origin::Sent(choice) => choice.cases,
            Origin::Off => Vec::new(),
            Origin::Unknown(_) => return None,
        };
        cases.iter().all(|case| case.then == Emission::Reflected).then_some(cases)
    };
    let (then, otherwise) = (branch(reading, "consequence"), branch(reading, "alternative"));
    let (Some(then), Some(otherwise)) = (then, otherwise) else {
        reading.unlist(listed);
        return None;
    };
    let condition = reading.program.read(node.child_by_field_name("condition")?);
    let decides = Matcher::Opaque(reading.opaque(&condition));
    let mut cases: Vec<_> = then.iter().filter(|case| is_in(case, &otherwise)).cloned().collect();
    let same = cases.clone();
    let sides = [(&then, &otherwise, decides.clone()), (&otherwise, &then, not(decides))];
    for (own, others, when) in sides {
        for case in own.iter().filter(|case| !same.iter().any(|known| known.when == case.when)) {
            let when =
                if is_in(case, others) { case.when.clone() } else { and(when.clone(), case.when.clone()) };
            cases.push(Case { when, ..case.clone() });
        }
    }
    Some(cases)
}

/// Whether a list surely admits what a case does.
fn is_in(case: &Case<Emission>, list: &[Case<Emission>]) -> bool {
    list.iter().any(|other| match &case.when {
        _ if other.when == Matcher::Any || other.when == case.when => true,
        Matcher::Exact(origin, LetterCase::Matters) => other.when.matches(origin) == Truth::True,
        _ => false,
    })
}

/// The items of lists within lists, as deep as they are followed.
fn flat(reading: &Reading<'_, '_>, items: &[Expression], depth: usize) -> Vec<Expression> {
    let items = reading.program.items(items);
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match &item.kind {
            Kind::List(inner) if depth < crate::MAX_DEPTH => all.extend(flat(reading, inner, depth + 1)),
            _ => all.push(item),
        }
    }
    all
}

/// An entry of a list: which origins it admits.
fn case(reading: &mut Reading<'_, '_>, item: &Expression) -> Case<Emission> {
    let when = match &item.kind {
        Kind::Text(text) => Matcher::exact(text),
        Kind::Boolean(false) | Kind::Nothing => Matcher::AnyOf(Vec::new()),
        Kind::Number(number) if zero(number) => Matcher::AnyOf(Vec::new()),
        Kind::Boolean(true) | Kind::Number(_) | Kind::Table(_) | Kind::Function => Matcher::Any,
        Kind::Pattern(text, flags) => regex(text, flags),
        Kind::Call(callee, arguments) if callee.last_name() == Some("RegExp") => {
            match constructed(reading, arguments) {
                Some(when) => when,
                None => return reading.opaque_case(item),
            }
        }
        _ => return reading.opaque_case(item),
    };
    Reading::reflected(when, item)
}

/// `new RegExp("…", "i")`
pub(super) fn constructed(reading: &Reading<'_, '_>, arguments: &[Argument]) -> Option<Matcher> {
    let (first, rest) = arguments.split_first()?;
    let flags = rest.first().map(|flags| reading.value(&flags.value));
    let flags = match &flags {
        None => None,
        Some(flags) => Some(flags.as_text()?),
    };
    match &reading.value(&first.value).kind {
        Kind::Text(text) => Some(regex(text, flags.unwrap_or_default())),
        Kind::Pattern(text, own) => Some(regex(text, flags.unwrap_or(own))),
        _ => None,
    }
}

/// An expression as `test` applies it: `y` holds it to the beginning.
pub(super) fn regex(text: &str, flags: &str) -> Matcher {
    let mode = if flags.contains('y') { Mode::Prefix } else { Mode::Search };
    let flags: String = flags.chars().filter(|flag| !"dgy".contains(*flag)).collect();
    Matcher::Regex(Regex::new(text, Dialect::Js, mode, Flags(flags)))
}

/// Whether a value may count as true.
fn is_set(value: &Expression) -> bool {
    !matches!(value.kind, Kind::Boolean(false)) && truthy(value)
}

/// Whether a literal counts as true.
fn truthy(value: &Expression) -> bool {
    match &value.kind {
        Kind::Nothing => false,
        Kind::Text(text) => !text.is_empty(),
        Kind::Number(number) => !zero(number),
        _ => true,
    }
}

/// Whether a number is zero: also `0x0`, `0b0`, `0n`.
fn zero(number: &str) -> bool {
    let number = number.strip_suffix('n').unwrap_or(number).to_ascii_lowercase();
    match ["0b", "0o", "0x"].iter().find_map(|base| number.strip_prefix(base)) {
        Some(digits) => digits.bytes().all(|digit| digit == b'0'),
        None => number.parse::<f64>().is_ok_and(|number| number == 0.0),
    }
}

/// Whether a key is `true`, and where. `cors` takes no other value for it, Fastify every truthy one.
fn flag(
    reading: &mut Reading<'_, '_>,
    options: &Options,
    name: &str,
    package: Package,
) -> (Known<bool>, Range<usize>) {
    match options.get(name) {
        Err(reason) => (Known::Not(reason.to_owned()), options.span.clone()),
        Ok(None) => (Known::Is(false), options.span.clone()),
        Ok(Some(given)) => {
            let value = reading.value(given);
            let known = match value.kind {
                Kind::Boolean(is) => Known::Is(is),
                Kind::Computed(_) | Kind::Either(..) | Kind::Call(..) | Kind::Sum(_) => {
                    Known::Not(reading.opaque(&value))
                }
                _ => Known::Is(package == Package::Fastify && truthy(&value)),
            };
            (known, given.span.clone())
        }
    }
}

/// A key that is a text or a list, unless it is absent or falsy.
fn field(reading: &mut Reading<'_, '_>, options: &Options, name: &str, separator: &str) -> Option<Field> {
    match options.get(name) {
        Err(reason) => Some(Field { value: Value::Opaque(reason.to_owned()), place: None }),
        Ok(given) => {
            let value = reading.value(given?);
            let absent = matches!(value.kind, Kind::Nothing | Kind::Boolean(false));
            (!absent).then(|| reading.field(&value, separator)).filter(|field| !empty(field))
        }
    }
}
