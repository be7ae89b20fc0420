//! Envoy's `CorsPolicy`, and what several of them come to.

use corsac_analysis::model::{Answer, Coverage, Field, Matcher, Preflight};

use super::super::draft::{Draft, Entry, Switch, TOO_MANY, any_of, reflecting};
use super::super::field::{reflected_if_star, single};
use super::{get, matcher};
use crate::tree::{Node, Value};

/// What is answered under a policy.
pub(crate) struct Policy {
    pub(crate) origins: Vec<Entry>,
    pub(crate) credentials: Switch,
    pub(crate) methods: Option<Field>,
    pub(crate) headers: Option<Field>,
    pub(crate) exposed: Option<Field>,
    pub(crate) max_age: Option<Field>,
    pub(crate) private_network: Option<Field>,
}

/// What the filter makes of a policy.
pub(crate) fn answers(policy: Policy) -> (Answer, Preflight) {
    let when = any_of(&policy.origins);
    let actual = Answer {
        allow_credentials: policy.credentials.lines(when),
        allow_origin: vec![reflecting(policy.origins)],
        expose_headers: policy.exposed,
        coverage: Coverage::All,
        ..Answer::default()
    };
    let preflight = Answer {
        allow_credentials: policy.credentials.lines(Matcher::Any),
        allow_methods: reflected_if_star(policy.methods),
        allow_headers: reflected_if_star(policy.headers),
        max_age: policy.max_age,
        allow_private_network: policy.private_network,
        expose_headers: None,
        ..actual.clone()
    };
    (actual, Preflight::Answered(Box::new(preflight)))
}

/// Adds the scope of `policies`, the nearest first.
pub(super) fn add(draft: &mut Draft, name: &str, policies: &[&Node]) {
    let name = name.to_owned();
    let mut unwrapped = Vec::new();
    for &policy in policies {
        match unwrap(policy) {
            Wrapped::Policy(policy) => unwrapped.push(policy),
            Wrapped::Disabled => return,
            Wrapped::Unknown(reason) => return draft.opaque_scope(name, policy, &reason),
        }
    }
    let Some(&nearest_policy) = unwrapped.first() else { return };
    match enabled(nearest_policy) {
        Ok(true) => {}
        Ok(false) => return,
        Err(reason) => return draft.opaque_scope(name, nearest_policy, &reason),
    }
    let origins = nearest(&unwrapped, "allow_origin_string_match").map_or(0, |list| list.items().len());
    if !draft.spend(origins) {
        return draft.opaque_scope(name, nearest_policy, TOO_MANY);
    }
    let (actual, preflight) = answers(merged(draft, &unwrapped));
    draft.scope(name, nearest_policy, actual, preflight);
}

enum Wrapped<'t> {
    Disabled,
    Policy(&'t Node),
    Unknown(String),
}

/// A policy, perhaps in a `FilterConfig`.
fn unwrap(node: &Node) -> Wrapped<'_> {
    if let Some(reason) = node.opaque() {
        return Wrapped::Unknown(reason.to_owned());
    }
    let kind = node.get("@type").and_then(Node::text).unwrap_or_default();
    if !kind.ends_with(".FilterConfig") {
        return Wrapped::Policy(node);
    }
    match get(node, "disabled").map(Node::flag) {
        Some(Some(true)) => Wrapped::Disabled,
        Some(None) => Wrapped::Unknown("it is not known whether the filter is disabled".to_owned()),
        _ => match get(node, "config") {
            Some(config) => unwrap(config),
            None => Wrapped::Unknown("a `FilterConfig` has no configuration".to_owned()),
        },
    }
}

/// Whether `filter_enabled` says so; a part of all requests is neither.
fn enabled(policy: &Node) -> Result<bool, String> {
    let Some(percent) = get(policy, "filter_enabled") else { return Ok(true) };
    let fraction = get(percent, "default_value");
    let number = fraction.map(|fraction| get(fraction, "numerator"));
    let unit = fraction.and_then(|fraction| get(fraction, "denominator")).and_then(Node::scalar);
    let whole = match unit {
        None | Some("HUNDRED" | "0") => 100.0,
        Some("TEN_THOUSAND" | "1") => 10_000.0,
        Some("MILLION" | "2") => 1_000_000.0,
        Some(_) => f64::INFINITY,
    };
    match number {
        None | Some(None) => Ok(false),
        Some(Some(number)) => match number.scalar().and_then(|text| text.parse::<f64>().ok()) {
            Some(0.0) => Ok(false),
            Some(number) if number >= whole => Ok(true),
            _ => Err("`filter_enabled` takes a part of the requests".to_owned()),
        },
    }
}

/// The fields of the nearest policy that has them.
fn merged(draft: &mut Draft, policies: &[&Node]) -> Policy {
    let mut field = |name| single(nearest(policies, name).map(|node| draft.word(node)));
    let (methods, headers) = (field("allow_methods"), field("allow_headers"));
    let (exposed, max_age) = (field("expose_headers"), field("max_age"));
    let private = draft.switch(nearest(policies, "allow_private_network_access"), false);
    let origins = nearest(policies, "allow_origin_string_match");
    Policy {
        origins: origins.map(|list| matcher::entries(draft, list)).unwrap_or_default(),
        credentials: draft.switch(nearest(policies, "allow_credentials"), false),
        methods,
        headers,
        exposed,
        max_age,
        private_network: private_network(private),
    }
}

fn private_network(switch: Switch) -> Option<Field> {
    use corsac_analysis::model::Value;
    let value = match switch.on {
        Ok(false) => return None,
        Ok(true) => Value::Text("true".to_owned()),
        Err(reason) => Value::Opaque(reason),
    };
    Some(Field { value, place: switch.place })
}

fn nearest<'t>(policies: &[&'t Node], name: &str) -> Option<&'t Node> {
    let says = |node: &&Node| match &node.value {
        Value::Null => false,
        Value::List(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    policies.iter().filter_map(|policy| get(policy, name)).find(says)
}
