//! The properties of Spring Boot, Spring for GraphQL and Spring Cloud Gateway that configure CORS.
//!
//! | prefix | source |
//! |---|---|
//! | `management.endpoints.web.cors` | Spring Boot, "Common Application Properties", Actuator: nothing without origins, half an hour by default |
//! | `spring.graphql.cors` | the same, Web: likewise |
//! | `spring.cloud.gateway[.server.webflux].globalcors.cors-configurations.[PATH]` | Spring Cloud Gateway, "CORS Configuration" |
//! | `….routes[N].metadata.cors` | the same, "Route CORS Configuration" |
//!
//! Spring Boot has no properties for the CORS of Spring MVC and Spring `WebFlux`: what looks like
//! it is an application's own and is listed.

use std::collections::HashSet;

use corsac_analysis::model::{Preflight, Scope};
use corsac_diagnostics::excerpt;

use super::policy::Config;
use super::property::Property;
use crate::cloud::{Notes, Text};

/// Most documents with a condition; each is laid over all that have none.
const MAX_PROFILES: usize = 64;

/// The configurations of a file's documents. Those for certain profiles are laid over those
/// for all.
pub(super) fn read(documents: Vec<Vec<Property>>, notes: &mut Notes) {
    let mut base = Vec::new();
    let mut special = Vec::new();
    for properties in documents {
        list_others(&properties, notes);
        match condition(&properties) {
            Some(profile) => special.push((profile, properties)),
            None => lay_over(&mut base, properties),
        }
    }
    let scopes = scopes(&base, "", notes);
    notes.scopes.extend(scopes);
    if let Some((_, properties)) = special.get(MAX_PROFILES) {
        let place = properties.first().map(|property| &property.text.place);
        notes.unread(place, format!("there are more than {MAX_PROFILES} documents for profiles"));
    }
    for (profile, properties) in special.into_iter().take(MAX_PROFILES) {
        let touched: HashSet<Vec<String>> = properties.iter().filter_map(group).collect();
        let mut own: Vec<Property> = base.clone();
        lay_over(&mut own, properties);
        own.retain(|property| group(property).is_some_and(|group| touched.contains(&group)));
        let scopes = self::scopes(&own, &format!(", profile {}", excerpt(&profile)), notes);
        notes.scopes.extend(scopes);
    }
}

/// The condition under which a document counts.
fn condition(properties: &[Property]) -> Option<String> {
    let named = |property: &&Property| {
        let name: Vec<&str> = property.name.iter().map(String::as_str).collect();
        let is_item = |element: &&str| element.starts_with('[');
        match name.as_slice() {
            ["spring", "config", "activate", ..] | ["spring", "profiles"] => true,
            ["spring", "profiles", rest @ ..] => rest.iter().all(is_item),
            _ => false,
        }
    };
    let found = properties.iter().find(named)?;
    Some(found.text.known().unwrap_or("that is computed").to_owned())
}

/// Later properties replace earlier ones; lists are replaced as a whole.
fn lay_over(base: &mut Vec<Property>, properties: Vec<Property>) {
    let replaced: HashSet<&[String]> = properties.iter().filter_map(member).collect();
    base.retain(|property| member(property).is_none_or(|member| !replaced.contains(member)));
    drop(replaced);
    base.extend(properties.into_iter().filter(|property| group(property).is_some()));
}

/// How many elements name the configuration that a property belongs to.
fn prefix(property: &Property) -> Option<usize> {
    let name: Vec<&str> = property.name.iter().map(String::as_str).collect();
    let gateway = match name.as_slice() {
        ["management", "endpoints", "web", "cors", ..] => return Some(4),
        ["endpoints", "cors", ..] => return Some(2),
        ["spring", "graphql", "cors", ..] => return Some(3),
        ["spring", "cloud", "gateway", "server", "webflux", ..] => 5,
        ["spring", "cloud", "gateway", ..] => 3,
        _ => return None,
    };
    match name.get(gateway..)? {
        ["globalcors", "corsconfigurations", _, ..] => Some(gateway + 3),
        ["routes", _, "metadata", "cors", ..] => Some(gateway + 4),
        _ => None,
    }
}

/// The elements that name the configuration.
fn group(property: &Property) -> Option<Vec<String>> {
    property.name.get(..prefix(property)?).map(<[String]>::to_vec)
}

/// The elements that name the configuration and its member.
fn member(property: &Property) -> Option<&[String]> {
    let end = (prefix(property)? + 1).min(property.name.len());
    property.name.get(..end)
}

/// Lists what looks like CORS and is none of the above, and computed parts that may be.
fn list_others(properties: &[Property], notes: &mut Notes) {
    for property in properties.iter().filter(|property| prefix(property).is_none()) {
        let written = excerpt(&property.written);
        let toggle = property.name.last().is_some_and(|last| last == "addtosimpleurlhandlermapping");
        if property.name.iter().any(|element| element.contains("cors")) && !toggle {
            let reason = format!("`{written}` is none of Spring's own properties for CORS");
            notes.unread(Some(&property.text.place), reason);
        } else if let Err(reason) = &property.text.text
            && may_hold(&property.name)
        {
            notes.unread(Some(&property.text.place), format!("`{written}` may configure CORS: {reason}"));
        }
    }
}

/// Whether a property of this name, if it is a table, may hold one of the above.
fn may_hold(name: &[String]) -> bool {
    let gateway = ["spring", "cloud", "gateway", "server", "webflux"];
    let actuator = ["management", "endpoints", "web"];
    [gateway.as_slice(), &actuator]
        .iter()
        .any(|path| name.len() <= path.len() && name.iter().zip(*path).all(|(a, b)| a == b))
}

/// The configurations of these properties, by the order in which they begin.
fn scopes(properties: &[Property], suffix: &str, notes: &mut Notes) -> Vec<Scope> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut seen = HashSet::new();
    for property in properties {
        let Some(group) = group(property) else { continue };
        if seen.insert(group.clone()) {
            groups.push(group);
        }
    }
    let mut sorted: Vec<(&Property, Vec<String>)> =
        properties.iter().filter_map(|property| Some((property, group(property)?))).collect();
    sorted.sort_by(|(_, a), (_, b)| a.cmp(b));
    let mut scopes = Vec::new();
    for group in groups {
        let start = sorted.partition_point(|(_, other)| *other < group);
        let own = sorted.iter().skip(start).take_while(|(_, other)| *other == group).map(|(own, _)| *own);
        scopes.push(scope(&group, &own.collect::<Vec<_>>(), suffix, notes));
    }
    scopes
}

fn scope(group: &[String], properties: &[&Property], suffix: &str, notes: &mut Notes) -> Scope {
    let mut config =
        Config { is_proxy: group.get(1).is_some_and(|second| second == "cloud"), ..Config::default() };
    let place = properties.first().map(|property| property.text.place.clone());
    for property in properties {
        set(&mut config, property, property.name.get(group.len()..).unwrap_or_default(), notes);
    }
    let name = group.join(".").replace(".[", "[") + suffix;
    if !config.is_proxy && config.max_age.is_none() {
        config.max_age = place.as_ref().map(|place| Text::known_at("1800", place));
    }
    let scope = config.scope(name, place);
    if config.origins.is_none() && config.patterns.is_none() && !config.is_proxy {
        return Scope { preflight: Preflight::Unanswered, ..scope };
    }
    scope
}

/// Sets a member from a property. Items of lists come in their order.
fn set(config: &mut Config, property: &Property, rest: &[String], notes: &mut Notes) {
    let text = &property.text;
    if let Err(reason) = &text.text {
        notes.unread(Some(&text.place), reason.clone());
    }
    let is_item = rest.len() > 1;
    let list = match rest.first().map(String::as_str) {
        Some("allowedorigins") => &mut config.origins,
        Some("allowedoriginpatterns") => &mut config.patterns,
        Some("allowedmethods") => &mut config.methods,
        Some("allowedheaders") => &mut config.headers,
        Some("exposedheaders") => &mut config.exposed,
        Some("allowcredentials") => {
            config.credentials = Some(text.clone());
            return;
        }
        Some("maxage") => {
            config.max_age = Some(seconds(text));
            return;
        }
        None if text.text.is_err() => {
            config.be_opaque(text);
            return;
        }
        _ => {
            let reason =
                format!("`{}` is no known member of a CORS configuration", excerpt(&property.written));
            notes.unread(Some(&text.place), reason);
            return;
        }
    };
    let items = if is_item { vec![text.clone()] } else { split(text) };
    if text.text.is_ok() {
        notes.computed(&items);
    }
    match list {
        Some(list) if is_item => list.extend(items),
        _ => *list = Some(items),
    }
}

/// Longest list in one value, in bytes.
const MAX_LIST: usize = 1 << 20;

/// A list in one value: its parts between commas.
fn split(text: &Text) -> Vec<Text> {
    let Some(known) = text.known() else { return vec![text.clone()] };
    let parts = known.split(',').map(str::trim).filter(|part| !part.is_empty());
    if known.len() > MAX_LIST {
        let reason = format!("a list of more than {} KiB is not read", MAX_LIST >> 10);
        return vec![Text { text: Err(reason), ..text.clone() }];
    }
    parts.map(|part| Text::known_at(part, &text.place)).collect()
}

/// A duration as seconds: a number, or one with a unit.
fn seconds(text: &Text) -> Text {
    let Some(known) = text.known() else { return text.clone() };
    let digits = known.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = known.get(digits.len()..).unwrap_or_default().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds =
        digits.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    match seconds {
        Some(seconds) => Text::known_at(&seconds.to_string(), &text.place),
        None => Text { text: Err(format!("`{}` is not read as a duration", excerpt(known))), ..text.clone() },
    }
}
