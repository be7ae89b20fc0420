//! `KrakenD`: `security/cors` of the service, as rs/cors 1.11 applies it.
//!
//! Entries ignore case; the first `*` in one is any run of characters, further ones are text. An
//! entry that is `*` alone, or no entry, makes the field `*`, credentials or not. Everything else
//! is reflected. An endpoint with `no-op` sends its backend's fields along.

use corsac_analysis::model::{
    Answer, Choice, Coverage, Emission, Field, LetterCase, Matcher, Model, Piece, Preflight, Value,
};
use corsac_diagnostics::Source;

use super::draft::{Draft, Entry, Word, any_of, reflecting};
use super::field::{at, built_in, go_seconds, joined};
use super::kubernetes::{list_other_fields, walk};
use super::{is_called, is_data};
use crate::tree::Node;
use crate::{Includes, Unreadable};

/// The name of now, and that of releases before 2.0.
const NAMESPACES: [&str; 2] = ["security/cors", "github_com/devopsfaith/krakend-cors"];

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    let strong = ["github_com/devopsfaith/krakend-cors", "krakend.io/schema"];
    if strong.iter().any(|word| text.contains(word))
        || (text.contains("security/cors") && text.contains("extra_config"))
    {
        return 95;
    }
    if is_called(name, text, "krakend") { 45 } else { 0 }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        let passes_upstream = has_no_op(document);
        walk(document, &mut |_, node| {
            let Some(extra) = node.get("extra_config").filter(|_| node.opaque().is_none()) else { return };
            let found = NAMESPACES.iter().find_map(|name| extra.get(name));
            let Some(cors) = found else { return };
            match cors.opaque() {
                Some(reason) => draft.opaque_scope("service".to_owned(), cors, reason),
                None => service(&mut draft, cors, passes_upstream),
            }
        });
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

/// Whether an endpoint sends what its backend answered as it is, or may.
fn has_no_op(document: &Node) -> bool {
    let endpoints = document.get("endpoints").map(Node::items).unwrap_or_default();
    endpoints.iter().any(|endpoint| {
        let encoding = endpoint.get("output_encoding");
        encoding.is_some_and(|value| value.text() == Some("no-op") || value.opaque().is_some())
    })
}

fn service(draft: &mut Draft, cors: &Node, passes_upstream: bool) {
    let words = draft.words(cors.get("allow_origins"));
    let star = words.iter().find(|word| word.text.as_deref() == Ok("*")).cloned();
    let everybody = words.is_empty() || star.is_some();
    let place = star.map_or(cors.place(), |star| star.place);
    let entries: Vec<Entry> = words.into_iter().map(entry).collect();
    let (when, allow_origin) = if everybody {
        (Matcher::Any, Choice::always(Emission::Fixed("*".to_owned()), place))
    } else {
        (any_of(&entries), reflecting(entries))
    };
    let exposed = draft.words(cors.get("expose_headers"));
    let actual = Answer {
        allow_credentials: draft.switch(cors.get("allow_credentials"), false).lines(when),
        allow_origin: vec![allow_origin],
        expose_headers: joined(&exposed, ", "),
        vary: Some(built_in("Origin")),
        coverage: Coverage::All,
        passes_upstream,
        ..Answer::default()
    };
    let methods = draft.words(cors.get("allow_methods"));
    let preflight = Answer {
        allow_methods: joined(&methods, ", ").or_else(|| Some(built_in("GET, POST, HEAD"))),
        allow_headers: headers(draft, cors),
        max_age: max_age(draft, cors),
        allow_private_network: private_network(draft, cors),
        vary: Some(built_in("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")),
        expose_headers: None,
        passes_upstream: false,
        ..actual.clone()
    };
    let passed_on = draft.switch(cors.get("options_passthrough"), false);
    let preflight = match passed_on.on {
        Ok(false) => Preflight::Answered(Box::new(preflight)),
        _ => Preflight::Unknown,
    };
    draft.scope("service".to_owned(), cors, actual, preflight);
}

fn entry(word: Word) -> Entry {
    let when = word.text.map_or_else(Matcher::Opaque, |text| match text.split_once('*') {
        None => Matcher::Exact(text, LetterCase::Ignored),
        Some((before, behind)) => {
            let literal = |text: &str| Piece::Literal(text.to_owned(), LetterCase::Ignored);
            Matcher::Glob(vec![literal(before), Piece::anything(), literal(behind)])
        }
    });
    Entry { when, place: word.place }
}

/// What the request asks for, unless the list has no `*`.
fn headers(draft: &mut Draft, cors: &Node) -> Option<Field> {
    let words = draft.words(cors.get("allow_headers"));
    let star = words.iter().find(|word| word.text.as_deref() == Ok("*"));
    match (star, words.first()) {
        (None, None) => Some(at(Value::Reflected, None)),
        (Some(star), _) => Some(at(Value::Reflected, star.place.clone())),
        (None, Some(_)) => joined(&words, ", "),
    }
}

/// Seconds; nothing is sent for none.
fn max_age(draft: &mut Draft, cors: &Node) -> Option<Field> {
    let word = draft.word(cors.get("max_age")?);
    let field = go_seconds(word);
    match &field.value {
        Value::Text(text) if text == "0" => None,
        Value::Text(text) if text.starts_with('-') => Some(at(Value::Text("0".to_owned()), field.place)),
        _ => Some(field),
    }
}

fn private_network(draft: &mut Draft, cors: &Node) -> Option<Field> {
    let switch = draft.switch(cors.get("allow_private_network"), false);
    match switch.on {
        Ok(false) => None,
        Ok(true) => Some(at(Value::Text("true".to_owned()), switch.place)),
        Err(reason) => Some(at(Value::Opaque(reason), switch.place)),
    }
}
