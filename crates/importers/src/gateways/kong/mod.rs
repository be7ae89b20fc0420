//! Kong: the plugin `cors` in a declarative file, in its objects of Kubernetes, and in the body
//! of a request to its API.
//!
//! Without origins, or with `*` among them, the field says `*`; with credentials it then
//! reflects whoever asks. One origin alone is sent as it is to everybody. Of several, one that is text
//! is compared, one with any other character than letters, digits and `.:/-` is an expression (see
//! [`entry`]); what matches is reflected, and the upstream's own field is removed if nothing does.

mod entry;

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Model, Preflight, Value,
};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Word};
use super::field::{at, built_in, joined, single};
use super::kubernetes::{Step, last_name, list_other_fields, name as object_name, walk};
use super::{is_called, is_data};
use crate::tree::Node;
use crate::{Includes, Unreadable};

const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    let object = text.contains("configuration.konghq.com") || text.contains("KongPlugin");
    let file = text.contains("_format_version") || text.contains("_konnect");
    match (object || file, text.contains("cors")) {
        (true, true) => 95,
        (true, false) => 80,
        _ if is_called(name, text, "kong") => 40,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        walk(document, &mut |path, node| {
            let text = |key| node.get(key).and_then(Node::text);
            let kind = text("kind").filter(|kind| ["KongPlugin", "KongClusterPlugin"].contains(kind));
            if kind.is_some() {
                if names_cors(node.get("plugin")) {
                    let name = format!("plugin {}", excerpt(&object_name(node)));
                    plugin(&mut draft, name, node, None);
                }
            } else if let Some((step, above)) = path.split_last().filter(|(step, _)| step.key == "plugins") {
                plugins(&mut draft, above, step.within, node);
            } else if path.is_empty() && text("name") == Some("cors") {
                plugin(&mut draft, "plugin".to_owned(), node, None);
            }
        });
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

fn names_cors(name: Option<&Node>) -> bool {
    name.is_some_and(|name| name.text() == Some("cors") || name.opaque().is_some())
}

/// Reads a list of plugins of `holder`, to which `path` leads.
fn plugins(draft: &mut Draft, path: &[Step<'_>], holder: &Node, list: &Node) {
    let name = match last_name(path) {
        None => "global".to_owned(),
        Some(part) => {
            let own = holder.get("name").and_then(Node::text).unwrap_or("?");
            format!("{} {}", excerpt(part.trim_end_matches('s')), excerpt(own))
        }
    };
    for item in list.items() {
        if let Some(reason) = item.opaque() {
            draft.opaque_scope(name.clone(), item, reason);
        } else if names_cors(item.get("name")) {
            plugin(draft, attached(item).unwrap_or_else(|| name.clone()), item, Some(holder));
        }
    }
}

/// What a plugin in the list at the root is attached to.
fn attached(item: &Node) -> Option<String> {
    ["route", "service", "consumer"].into_iter().find_map(|part| {
        let target = item.get(part)?;
        let name = target.text().or_else(|| target.get("name").and_then(Node::text)).unwrap_or("?");
        Some(format!("{part} {}", excerpt(name)))
    })
}

fn plugin(draft: &mut Draft, name: String, item: &Node, holder: Option<&Node>) {
    let off = item.get("enabled").and_then(Node::flag) == Some(false)
        || item.get("disabled").and_then(Node::flag) == Some(true);
    if off {
        return;
    }
    let elsewhere = ["configFrom", "configPatches", "_config"]
        .iter()
        .find_map(|key| item.entries().iter().find(|entry| entry.key == *key).map(|entry| &entry.value));
    let config = item.get("config");
    match (elsewhere, config.and_then(Node::opaque)) {
        (Some(node), _) => draft.opaque_scope(name, node, "the plugin's configuration stands elsewhere"),
        (None, Some(reason)) => draft.opaque_scope(name, config.unwrap_or(item), reason),
        (None, None) => configured(draft, name, config.unwrap_or(item), holder),
    }
}

fn configured(draft: &mut Draft, name: String, config: &Node, holder: Option<&Node>) {
    let words = draft.words(config.get("origins"));
    let credentials = draft.switch(config.get("credentials"), false);
    let star = words.iter().find(|word| word.text.as_deref() == Ok("*"));
    let everybody = words.is_empty() || star.is_some();
    let place = star.map_or(config.place(), |star| star.place.clone());
    let exposed = draft.words(config.get("exposed_headers"));
    let allow_origin = if everybody {
        let (when, fixed) = (Matcher::Any, Emission::Fixed("*".to_owned()));
        let then = match &credentials.on {
            Ok(true) => Emission::Reflected,
            Ok(false) => fixed,
            Err(reason) => Emission::Opaque(reason.clone()),
        };
        Choice { cases: vec![Case { when, then, place }] }
    } else {
        entry::origins(&words)
    };
    let varies = !everybody || credentials.on != Ok(false);
    let actual = Answer {
        allow_credentials: credentials.lines(Matcher::Any),
        allow_origin: vec![allow_origin],
        expose_headers: joined(&exposed, ","),
        vary: varies.then(|| built_in("Origin")),
        coverage: Coverage::All,
        ..Answer::default()
    };
    let preflight = preflight(draft, config, holder, &actual);
    draft.scope(name, config, actual, preflight);
}

fn preflight(draft: &mut Draft, config: &Node, holder: Option<&Node>, actual: &Answer) -> Preflight {
    let passed_on = draft.switch(config.get("preflight_continue"), false);
    if passed_on.on != Ok(false) {
        return Preflight::Unknown;
    }
    // A route that does not take OPTIONS is not found by a preflight.
    let taken = holder.and_then(|holder| holder.get("methods")).map(Node::items).unwrap_or_default();
    let known = taken.iter().all(|method| method.opaque().is_none());
    if known && !taken.is_empty() && taken.iter().all(|method| method.text() != Some("OPTIONS")) {
        return Preflight::Unanswered;
    }
    let words = |draft: &mut Draft, key: &str| draft.words(config.get(key));
    let headers: Vec<Word> = words(draft, "headers");
    let methods = words(draft, "methods");
    let private = draft.switch(config.get("private_network"), false);
    let private: Option<Field> = match private.on {
        Ok(false) => None,
        Ok(true) => Some(at(Value::Text("true".to_owned()), private.place)),
        Err(reason) => Some(at(Value::Opaque(reason), private.place)),
    };
    Preflight::Answered(Box::new(Answer {
        allow_methods: joined(&methods, ",").or_else(|| Some(built_in(METHODS))),
        allow_headers: joined(&headers, ",").or_else(|| Some(at(Value::Reflected, None))),
        max_age: single(config.get("max_age").map(|node| draft.word(node))),
        allow_private_network: private,
        expose_headers: None,
        ..actual.clone()
    }))
}
