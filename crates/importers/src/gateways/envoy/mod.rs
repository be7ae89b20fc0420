//! Envoy's bootstrap, listeners and routes: the `cors` filter and its policies.
//!
//! What it does (run, 1.40; see the test against the real program): the policy nearest to the
//! route that says anything about a field decides on it. Each matcher is tried on the
//! literal `*` too, so that `safe_regex: .*` or `prefix: "*"` takes everybody. An origin that matches
//! is reflected, on local replies as well; for the others nothing is touched. Routes that redirect or
//! respond directly have no CORS. A preflight from a stranger goes upstream unless
//! `forward_not_matching_preflights` is off. Names may be written in either case (`allow_methods`,
//! `allowMethods`). Values of the runtime are taken to be their defaults.

mod matcher;
mod policy;

use corsac_analysis::model::Model;
use corsac_diagnostics::{Source, excerpt};

pub(super) use matcher::{also_tried_on_star, full_match};
pub(super) use policy::{Policy, answers};

use super::draft::Draft;
use super::kubernetes::{list_other_fields, walk};
use super::{is_called, is_data};
use crate::tree::Node;
use crate::{Includes, Unreadable};

const FILTER: &str = "envoy.filters.http.cors";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    let strong = [FILTER, "allow_origin_string_match", "allowOriginStringMatch"];
    let istio = ["networking.istio.io", "gateway.networking.k8s.io"];
    if strong.iter().any(|word| text.contains(word)) {
        return if istio.iter().any(|word| text.contains(word)) { 60 } else { 95 };
    }
    let routes = text.contains("virtual_hosts") || text.contains("virtualHosts");
    let bootstrap = text.contains("static_resources") || text.contains("http_connection_manager");
    match (routes, bootstrap) {
        (true, true) => 90,
        (true, false) | (false, true) => 70,
        _ if is_called(name, text, "envoy") => 40,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        // The filters of the connection manager around a table of routes, if one was passed.
        let mut managers: Vec<(usize, Filters<'_>)> = Vec::new();
        walk(document, &mut |path, node| {
            managers.retain(|(depth, _)| *depth < path.len());
            if let Some(filters) = get(node, "http_filters").filter(|_| has(node, "http_filters")) {
                managers.push((path.len(), Filters::of(filters)));
            }
            if let Some(hosts) = get(node, "virtual_hosts").filter(|_| has(node, "virtual_hosts")) {
                let filters = managers.last().map(|(_, filters)| filters.clone()).unwrap_or_default();
                for host in hosts.items() {
                    virtual_host(&mut draft, &filters, node, host);
                }
            }
        });
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

/// The value under a name in either case.
fn get<'t>(node: &'t Node, name: &str) -> Option<&'t Node> {
    let written = |key: &str| node.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    written(name).or_else(|| written(&camel(name))).or_else(|| node.rest())
}

/// Whether a name in either case is written.
fn has(node: &Node, name: &str) -> bool {
    let camel = camel(name);
    node.entries().iter().any(|entry| entry.key == name || entry.key == camel)
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (head, tail) = part.split_at_checked(1).unwrap_or((part, ""));
        text + &head.to_ascii_uppercase() + tail
    })
}

/// What a connection manager does with CORS.
#[derive(Clone, Default)]
enum Filters<'t> {
    /// It has filters of these names for CORS.
    Named(Vec<&'t str>),
    /// Its filters are not known.
    #[default]
    Unknown,
}

impl<'t> Filters<'t> {
    fn of(filters: &'t Node) -> Self {
        let mut names = Vec::new();
        for filter in filters.items() {
            let kind = get(filter, "typed_config").and_then(|config| config.get("@type"));
            let name = get(filter, "name").and_then(Node::text);
            let disabled = get(filter, "disabled").is_some_and(|flag| flag.flag() != Some(false));
            match (name, kind.and_then(Node::text)) {
                _ if filter.opaque().is_some() || disabled => return Self::Unknown,
                (Some(name), Some(kind)) if kind.ends_with(".cors.v3.Cors") => names.push(name),
                (Some(name @ (FILTER | "envoy.cors")), None) => names.push(name),
                _ => {}
            }
        }
        Self::Named(names)
    }

    /// The names under which policies may stand.
    fn names(&self) -> Vec<&'t str> {
        match self {
            Self::Named(names) => names.clone(),
            Self::Unknown => vec![FILTER],
        }
    }
}

/// Adds a scope for the host, and one for each route that says something itself.
fn virtual_host(draft: &mut Draft, filters: &Filters<'_>, around: &Node, host: &Node) {
    let name = get(host, "name").and_then(Node::text).unwrap_or("?");
    let name = format!("virtual host {}", excerpt(name));
    if let Some(reason) = host.opaque() {
        draft.opaque_scope(name, host, reason);
        return;
    }
    let routes = get(host, "routes").map(Node::items).unwrap_or_default();
    let inherits = |route: &Node| !answers_itself(route) && !says_something(route);
    if routes.is_empty() || routes.iter().any(inherits) {
        scope(draft, filters, &name, &[host, around]);
    }
    for route in routes {
        let name = format!("{name}, route {}", matched(route));
        if let Some(reason) = route.opaque() {
            draft.opaque_scope(name, route, reason);
        } else if says_something(route) && !answers_itself(route) {
            scope(draft, filters, &name, &[route, host, around]);
        }
        weighted(draft, filters, route);
    }
}

/// Whether no upstream is asked, and no filter for CORS either.
fn answers_itself(route: &Node) -> bool {
    ["redirect", "direct_response", "filter_action"].iter().any(|action| has(route, action))
}

fn says_something(route: &Node) -> bool {
    let old = get(route, "route").is_some_and(|action| get(action, "cors").is_some());
    old || get(route, "typed_per_filter_config").is_some()
}

/// Clusters of a route may have policies of their own; which one counts is drawn by lot.
fn weighted(draft: &mut Draft, filters: &Filters<'_>, route: &Node) {
    let all = get(route, "route").and_then(|action| get(action, "weighted_clusters"));
    let clusters = all.and_then(|all| get(all, "clusters")).map(Node::items).unwrap_or_default();
    for cluster in clusters {
        let own = get(cluster, "typed_per_filter_config");
        if let Some(policy) = own.and_then(|own| filters.names().into_iter().find_map(|name| own.get(name))) {
            draft.unread(policy, "a policy on one of several clusters is not read");
        }
    }
}

/// What a route matches, in its own words.
fn matched(route: &Node) -> String {
    let name = get(route, "name").and_then(Node::text);
    let rule = get(route, "match").and_then(|rule| {
        ["prefix", "path", "path_separated_prefix"].iter().find_map(|key| get(rule, key)).and_then(Node::text)
    });
    excerpt(rule.or(name).unwrap_or("?")).to_string()
}

/// Adds what the policies on `levels`, the nearest first, come to.
fn scope(draft: &mut Draft, filters: &Filters<'_>, name: &str, levels: &[&Node]) {
    let mut policies = Vec::new();
    for filter in filters.names() {
        for level in levels {
            let of_filters = get(level, "typed_per_filter_config");
            policies.extend(of_filters.and_then(|all| all.get(filter)));
        }
    }
    if policies.is_empty() && !filters.names().is_empty() {
        // The old places, which count only if there is no new one.
        let in_action = |node| get(node, "route").and_then(|action| get(action, "cors"));
        let old = levels.iter().filter_map(|&level| in_action(level).or_else(|| get(level, "cors")));
        policy::add(draft, name, &old.collect::<Vec<_>>());
        return;
    }
    policy::add(draft, name, &policies);
}
