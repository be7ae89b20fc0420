//! Spring: properties of Spring Boot and Spring Cloud Gateway, and what Java code writes out.
//!
//! [`policy`] has what `CorsConfiguration` does, [`boot`] which properties make one, [`java`]
//! which code does.

mod boot;
mod java;
mod policy;
mod properties;
mod property;

use corsac_analysis::model::{Model, Place};
use corsac_diagnostics::Source;

use crate::cloud::Notes;
use crate::{Includes, Unreadable, tree};

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let is_code = matches!(ending(&file), "java" | "kt" | "kts");
    let is_settings = matches!(ending(&file), "properties" | "yml" | "yaml");
    let named = file.starts_with("application") || file.starts_with("bootstrap");
    match (is_code, is_settings) {
        (true, _) if java::speaks_of_cors(text) => 95,
        (_, true) if KEYS.iter().any(|key| text.contains(key)) || has_keys(text) => {
            if named {
                80
            } else {
                60
            }
        }
        (_, true) if named => 40,
        _ if ending(&file) == "xml" && elements(text).next().is_some() => 80,
        _ => 0,
    }
}

/// Lines of YAML that are looked at to tell whose it is.
const MAX_LINES: usize = 10_000;

/// Most elements of XML that are listed.
const MAX_ELEMENTS: usize = 64;

/// What settings of Spring have, however they are called.
const KEYS: [&str; 4] =
    ["globalcors", "management.endpoints.web.cors", "spring.graphql.cors", "spring.cloud.gateway"];

/// Whether YAML has one of these keys, each part on a line of its own.
fn has_keys(text: &str) -> bool {
    let mut path: Vec<(usize, &str)> = Vec::new();
    text.lines().take(MAX_LINES).any(|line| {
        let bare = line.trim_start_matches([' ', '-']);
        let Some((key, _)) = bare.split_once(':').filter(|_| !bare.starts_with('#')) else { return false };
        let indent = line.len() - bare.len();
        path.retain(|(above, _)| *above < indent);
        path.push((indent, key));
        path.len() <= crate::MAX_DEPTH && {
            let names: Vec<&str> = path.iter().map(|(_, name)| *name).collect();
            let whole = names.join(".");
            KEYS.iter().any(|key| whole.ends_with(key))
        }
    })
}

/// Elements of XML that configure CORS, or the origins of a `WebSocket`, and where they begin.
fn elements(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    const ELEMENTS: [&str; 3] = ["<mvc:cors>", "<websocket:handlers", "<websocket:stomp-endpoint"];
    ELEMENTS.into_iter().flat_map(|element| text.match_indices(element).map(move |(at, _)| (at, element)))
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let mut notes = Notes::default();
    match ending(&source.name().to_ascii_lowercase()) {
        "java" => java::read(source.text(), &mut notes)?,
        "kt" | "kts" => notes.unread(None, "Kotlin code is not read"),
        "xml" => {
            for (start, element) in elements(source.text()).take(MAX_ELEMENTS) {
                let place = Place { file: 0, span: start..start + element.len() };
                let name = element.trim_start_matches('<').trim_end_matches('>');
                notes.unread(Some(&place), format!("`{name}` in XML is not read"));
            }
        }
        "properties" => boot::read(properties::read(source.text()), &mut notes),
        _ => {
            let tree = tree::read(source.text(), tree::notation(source.name(), source.text()))?;
            notes.unread.extend(tree.unread);
            boot::read(tree.documents.iter().map(property::flatten).collect(), &mut notes);
        }
    }
    Ok(notes.into_model(source))
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}
