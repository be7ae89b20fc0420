//! Istio's `VirtualService`: each `corsPolicy` becomes a policy of Envoy's filter.

use corsac_analysis::model::{Matcher, Model};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Entry};
use super::envoy::{Policy, also_tried_on_star, answers, full_match};
use super::field::{go_seconds, joined};
use super::is_data;
use super::kubernetes::{list_other_fields, objects};
use crate::tree::Node;
use crate::{Includes, Unreadable};

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    match (text.contains("networking.istio.io/"), text.contains("VirtualService")) {
        (true, true) => 95,
        (true, false) => 60,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for object in objects(&tree) {
        match object.kind {
            "VirtualService" => service(&mut draft, object.node, &object.name),
            "EnvoyFilter" => draft.unread(object.node, "an `EnvoyFilter` changes Envoy's own configuration"),
            _ => {}
        }
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

fn service(draft: &mut Draft, object: &Node, name: &str) {
    let name = format!("virtual service {}", excerpt(name));
    let routes = object.at(&["spec", "http"]).map(Node::items).unwrap_or_default();
    for (number, route) in routes.iter().enumerate() {
        let own = route.get("name").and_then(Node::text).map(|name| excerpt(name).to_string());
        let name = format!("{name}, route {}", own.unwrap_or_else(|| (number + 1).to_string()));
        let direct = ["redirect", "directResponse"];
        let answers_itself = route.entries().iter().any(|entry| direct.contains(&entry.key.as_str()));
        match route.get("corsPolicy") {
            Some(policy) if policy.opaque().is_some() => {
                draft.opaque_scope(name, policy, policy.opaque().unwrap_or_default());
            }
            Some(policy) if !policy.entries().is_empty() && !answers_itself => {
                let (actual, preflight) = answers(of_policy(draft, policy));
                draft.scope(name, policy, actual, preflight);
            }
            _ => {}
        }
    }
}

fn of_policy(draft: &mut Draft, policy: &Node) -> Policy {
    let list = |draft: &mut Draft, name: &str| {
        let words = draft.words(policy.get(name));
        joined(&words, ",")
    };
    let max_age = policy.get("maxAge").map(|node| draft.word(node));
    Policy {
        origins: origins(draft, policy),
        credentials: draft.switch(policy.get("allowCredentials"), false),
        methods: list(draft, "allowMethods"),
        headers: list(draft, "allowHeaders"),
        exposed: list(draft, "exposeHeaders"),
        max_age: max_age.map(go_seconds),
        private_network: None,
    }
}

/// The matchers; the old list counts only if there is no new one.
fn origins(draft: &mut Draft, policy: &Node) -> Vec<Entry> {
    let Some(list) = policy.get("allowOrigins") else {
        let words = draft.words(policy.get("allowOrigin"));
        let exact = |word: super::draft::Word| Entry {
            when: also_tried_on_star(word.text.map_or_else(Matcher::Opaque, Matcher::exact)),
            place: word.place,
        };
        return words.into_iter().map(exact).collect();
    };
    let mut entries = Vec::new();
    for item in list.items() {
        let kinds = ["exact", "prefix", "regex"];
        let found = kinds.iter().find_map(|kind| Some((*kind, item.get(kind)?)));
        let when = match found {
            None => {
                let reason = "a matcher is none of `exact`, `prefix` and `regex`";
                draft.unread(item, reason);
                Matcher::Opaque(reason.to_owned())
            }
            Some((kind, value)) => match (kind, draft.word(value).text) {
                (_, Err(reason)) => Matcher::Opaque(reason),
                ("exact", Ok(text)) => Matcher::exact(text),
                ("prefix", Ok(text)) => Matcher::Prefix(text, corsac_analysis::model::LetterCase::Matters),
                (_, Ok(text)) => full_match(&text),
            },
        };
        entries.push(Entry { when: also_tried_on_star(when), place: item.place() });
    }
    entries
}
