//! Gateway API: the filter `CORS` of an `HTTPRoute`, and Envoy Gateway's `SecurityPolicy`.
//!
//! The filter's `*` stands for any run of characters, as Envoy Gateway reads it. Releases of
//! Istio before 1.28 compare entries with `*` letter by letter: there they match nothing.

use corsac_analysis::model::{Choice, Emission, LetterCase, Matcher, Model, Piece, Preflight};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Entry, Word};
use super::envoy::{Policy, also_tried_on_star, answers, full_match};
use super::field::{go_seconds, joined, single};
use super::is_data;
use super::kubernetes::{list_other_fields, objects};
use crate::tree::Node;
use crate::{Includes, Unreadable};

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    let route = text.contains("gateway.networking.k8s.io/") && text.contains("HTTPRoute");
    let policy = text.contains("gateway.envoyproxy.io/") && text.contains("SecurityPolicy");
    if route || policy { 90 } else { 0 }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for object in objects(&tree) {
        let name = excerpt(&object.name).to_string();
        match object.kind {
            "HTTPRoute" | "GRPCRoute" => route(&mut draft, object.node, &name),
            "SecurityPolicy" => {
                if let Some(cors) = object.node.at(&["spec", "cors"]) {
                    add(&mut draft, format!("security policy {name}"), cors, as_expression);
                }
            }
            _ => {}
        }
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

fn route(draft: &mut Draft, object: &Node, name: &str) {
    let rules = object.at(&["spec", "rules"]).map(Node::items).unwrap_or_default();
    for (number, rule) in rules.iter().enumerate() {
        let name = format!("route {name}, rule {}", number + 1);
        for backend in rule.get("backendRefs").map(Node::items).unwrap_or_default() {
            for filter in backend.get("filters").map(Node::items).unwrap_or_default() {
                if filter.get("type").and_then(Node::text).is_none_or(|kind| kind == "CORS") {
                    draft.unread(filter, "a filter on one of several backends is not read");
                }
            }
        }
        for filter in rule.get("filters").map(Node::items).unwrap_or_default() {
            let kind = filter.get("type");
            match kind.and_then(Node::text) {
                Some("CORS") => {
                    if let Some(cors) = filter.get("cors") {
                        add(draft, name.clone(), cors, as_glob);
                    }
                }
                Some(_) => {}
                None => {
                    let reason = kind.and_then(Node::opaque).unwrap_or("a filter has no type");
                    draft.opaque_scope(name.clone(), filter, reason);
                }
            }
        }
    }
}

fn add(draft: &mut Draft, name: String, cors: &Node, matcher: fn(&str) -> Matcher) {
    if let Some(reason) = cors.opaque() {
        return draft.opaque_scope(name, cors, reason);
    }
    let entry = |word: Word| Entry {
        when: also_tried_on_star(word.text.map_or_else(Matcher::Opaque, |text| matcher(&text))),
        place: word.place,
    };
    let list = |draft: &mut Draft, key: &str| {
        let words = draft.words(cors.get(key));
        joined(&with_star_alone(words), ", ")
    };
    let words = draft.words(cors.get("allowOrigins"));
    let credentials = draft.switch(cors.get("allowCredentials"), false);
    let star = words.iter().find(|word| word.text.as_deref() == Ok("*") && credentials.on == Ok(false));
    let star = star.map(|word| Choice::always(Emission::Fixed("*".to_owned()), word.place.clone()));
    let origins = words.into_iter().map(entry).collect();
    let exposed = draft.words(cors.get("exposeHeaders"));
    let (mut actual, mut preflight) = answers(Policy {
        origins,
        credentials,
        methods: list(draft, "allowMethods"),
        headers: list(draft, "allowHeaders"),
        exposed: joined(&exposed, ", "),
        max_age: max_age(draft, cors),
        private_network: None,
    });
    // To `*` without credentials an implementation answers `*`, or the origin: browsers read both.
    if let Some(star) = star {
        actual.allow_origin = vec![star.clone()];
        if let Preflight::Answered(answer) = &mut preflight {
            answer.allow_origin = vec![star];
        }
    }
    draft.scope(name, cors, actual, preflight);
}

/// A list with `*` in it means `*`.
fn with_star_alone(words: Vec<Word>) -> Vec<Word> {
    let star = words.iter().find(|word| word.text.as_deref() == Ok("*")).cloned();
    star.map_or(words, |star| vec![star])
}

/// Seconds as a number, or a duration.
fn max_age(draft: &mut Draft, cors: &Node) -> Option<corsac_analysis::model::Field> {
    let word = draft.word(cors.get("maxAge")?);
    let seconds = word.text.as_ref().is_ok_and(|text| text.parse::<u64>().is_ok());
    if seconds { single(Some(word)) } else { Some(go_seconds(word)) }
}

/// An entry of the filter: `*` is any run.
fn as_glob(entry: &str) -> Matcher {
    let mut pieces = Vec::new();
    for (number, part) in entry.split('*').enumerate() {
        if number > 0 {
            pieces.push(Piece::anything());
        }
        if !part.is_empty() {
            pieces.push(Piece::Literal(part.to_owned(), LetterCase::Matters));
        }
    }
    if pieces.len() == 1 && !entry.contains('*') { Matcher::exact(entry) } else { Matcher::Glob(pieces) }
}

/// An entry of a `SecurityPolicy`: with `*` an expression in which only dots are escaped.
fn as_expression(entry: &str) -> Matcher {
    if !entry.contains('*') {
        return Matcher::exact(entry);
    }
    full_match(&entry.replace('.', r"\.").replace('*', ".*"))
}
