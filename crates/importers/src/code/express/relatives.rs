//! Other software that takes the options of `cors`: `NestJS`, Socket.IO and Vite hand them to that
//! package; Fastify has its own.

use std::ops::Range;

use corsac_analysis::model::{Answer, Preflight, Scope};

use super::super::answers::{Reading, always, unknown};
use super::super::expression::{Argument, Expression, Kind};
use super::super::program::required;
use super::options::{Options, Package, answer, regex};
use corsac_analysis::model::{Choice, Emission};

/// What Vite admits where nothing is said: loopback.
const VITE: &str = r"^https?:\/\/(?:(?:[^:]+\.)?localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$";

/// Deepest spread in a spread that is followed.
const MAX_SPREADS: usize = 8;

/// What takes such options.
const CALLS: [&str; 10] = [
    "enableCors",
    "create",
    "register",
    "defineConfig",
    "Server",
    "io",
    "socketIO",
    "socketIo",
    "socketio",
    "WebSocketGateway",
];

pub(super) fn scopes(reading: &mut Reading<'_, '_>) {
    let calls = reading.program.calls(|callee, _| CALLS.contains(&callee));
    let fastify = reading.program.source.contains("FastifyAdapter");
    let nest = if fastify { Package::Fastify } else { Package::Cors };
    for (call, _) in calls {
        let Kind::Call(callee, arguments) = &call.kind else { continue };
        let argument = |index: usize| arguments.get(index).map(|argument: &Argument| &argument.value);
        let Some(name) = callee.last_name() else { continue };
        match name {
            "enableCors" => scope(reading, "NestJS", argument(0), nest, &call),
            "create" if is_nest(callee) => {
                if let Some(given) = cors_key(reading, arguments) {
                    keyed(reading, "NestJS", &given, nest, &call);
                }
            }
            "register" => {
                let plugin = argument(0).is_some_and(|plugin| is_fastify(reading, plugin));
                if plugin {
                    scope(reading, "Fastify", argument(1), Package::Fastify, &call);
                }
            }
            "defineConfig" => vite(reading, argument(0)),
            // Its adapter is Socket.IO's unless another one is set.
            "WebSocketGateway" => {
                if let Some(given) = cors_key(reading, arguments) {
                    keyed(reading, "NestJS, WebSocketGateway", &given, Package::Cors, &call);
                }
            }
            "Server" | "io" | "socketIO" | "socketIo" | "socketio" => {
                if let Some(given) = cors_key(reading, arguments) {
                    keyed(reading, "Socket.IO", &given, Package::Cors, &call);
                }
            }
            _ => {}
        }
    }
}

fn is_nest(callee: &Expression) -> bool {
    callee.path().is_some_and(|path| path == ["NestFactory", "create"])
}

fn is_fastify(reading: &Reading<'_, '_>, plugin: &Expression) -> bool {
    let ours = |module: &str| matches!(module, "@fastify/cors" | "fastify-cors");
    match &plugin.kind {
        Kind::Name(name) => reading.program.module_of(name).as_deref().is_some_and(ours),
        // `register(import("@fastify/cors"), …)`
        Kind::Call(callee, arguments) if callee.last_name() == Some("import") => {
            arguments.first().and_then(|module| module.value.as_text()).is_some_and(ours)
        }
        _ => required(plugin).is_some_and(ours),
    }
}

/// The value of `cors` in an object among the arguments.
fn cors_key(reading: &Reading<'_, '_>, arguments: &[Argument]) -> Option<Key> {
    arguments.iter().find_map(|argument| key(reading, &argument.value, "cors"))
}

/// What a table says of a key.
enum Key {
    Is(Expression),
    /// It has it, and what follows may replace it: this.
    Replaced(Expression),
}

/// What `table` says of a key, if it has it.
fn key(reading: &Reading<'_, '_>, table: &Expression, name: &str) -> Option<Key> {
    let Kind::Table(pairs) = reading.value(table).kind else { return None };
    let mut found = None;
    for (key, value) in flat(reading, &pairs, 0) {
        match &key.kind {
            Kind::Text(text) if *text == name => found = Some(Key::Is(value)),
            Kind::Text(_) => {}
            _ if found.is_some() => found = Some(Key::Replaced(key)),
            _ => {}
        }
    }
    found
}

/// The pairs of a table, those of tables that are spread in it in their places.
fn flat(
    reading: &Reading<'_, '_>,
    pairs: &[(Expression, Expression)],
    depth: usize,
) -> Vec<(Expression, Expression)> {
    let mut all = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let inner = match &key.kind {
            Kind::Spread(inner) if depth < MAX_SPREADS => Some(reading.value(inner).kind),
            _ => None,
        };
        match inner {
            Some(Kind::Table(more)) => all.extend(flat(reading, &more, depth + 1)),
            _ => all.push((key.clone(), value.clone())),
        }
    }
    all
}

/// The scope of a call that has its options under a key.
fn keyed(reading: &mut Reading<'_, '_>, who: &str, key: &Key, package: Package, call: &Expression) {
    match key {
        Key::Is(given) => scope(reading, who, Some(given), package, call),
        Key::Replaced(by) => {
            let answers = (unknown(&reading.opaque(by), &by.span), Preflight::Unknown);
            push(reading, who, answers, &by.span);
        }
    }
}

/// The scope of one call with options.
fn scope(
    reading: &mut Reading<'_, '_>,
    who: &str,
    given: Option<&Expression>,
    package: Package,
    call: &Expression,
) {
    let value = given.map(|given| reading.value(given));
    if matches!(value.as_ref().map(|value| &value.kind), Some(Kind::Boolean(false))) {
        return;
    }
    let (actual, preflight) = match Options::new(reading, given, call) {
        Ok(options) => answer(reading, &options, package),
        Err(reason) => (unknown(&reason, &call.span), Preflight::Unknown),
    };
    push(
        reading,
        who,
        (actual, preflight),
        &given.map_or_else(|| call.span.clone(), |given| given.span.clone()),
    );
}

fn push(reading: &mut Reading<'_, '_>, who: &str, answers: (Answer, Preflight), span: &Range<usize>) {
    let (actual, preflight) = answers;
    reading.scopes.push(Scope { name: who.to_owned(), place: Reading::place(span), actual, preflight });
}

/// `server.cors` and `preview.cors`.
fn vite(reading: &mut Reading<'_, '_>, config: Option<&Expression>) {
    let Some(config) = config else { return };
    for part in ["server", "preview"] {
        let who = format!("Vite, {part}");
        let given = match key(reading, config, part) {
            None => continue,
            Some(Key::Is(table)) => key(reading, &table, "cors"),
            replaced => replaced,
        };
        let given = match given {
            None => continue,
            Some(Key::Is(given)) => given,
            Some(replaced) => {
                keyed(reading, &who, &replaced, Package::Cors, config);
                continue;
            }
        };
        let value = reading.value(&given);
        let has_origin = key(reading, &value, "origin").is_some();
        match &value.kind {
            Kind::Table(_) if !has_origin => {
                let case = Reading::reflected(regex(VITE, ""), &given);
                let (actual, preflight) = match Options::new(reading, Some(&given), &given) {
                    Ok(options) => answer(reading, &options, Package::Cors),
                    Err(reason) => (unknown(&reason, &given.span), Preflight::Unknown),
                };
                let unclear = actual
                    .allow_origin
                    .iter()
                    .any(|line| line.cases.iter().any(|case| matches!(case.then, Emission::Opaque(_))));
                let allow_origin = if unclear {
                    vec![always(Emission::Opaque("its options are not known".to_owned()), &given.span)]
                } else {
                    vec![Choice { cases: vec![case] }]
                };
                let actual = Answer { allow_origin: allow_origin.clone(), ..actual };
                let preflight = match preflight {
                    Preflight::Answered(answer) => {
                        Preflight::Answered(Box::new(Answer { allow_origin, ..*answer }))
                    }
                    other => other,
                };
                push(reading, &who, (actual, preflight), &given.span);
            }
            _ => scope(reading, &who, Some(&given), Package::Cors, &given),
        }
    }
}
