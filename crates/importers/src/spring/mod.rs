//! Spring: properties of Spring Boot and Spring Cloud Gateway, and what Java code writes out.
//!
//! [`policy`] has what `CorsConfiguration` does, [`boot`] which properties make one, [`java`]
//! which code does.

mod boot;
mod java;
mod policy;
mod properties;
mod property;

use corsac_analysis::model::Model;
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
        (_, true) if KEYS.iter().any(|key| text.contains(key)) => {
            if named {
                80
            } else {
                60
            }
        }
        (_, true) if named => 40,
        _ => 0,
    }
}

/// What settings of Spring have, however they are called.
const KEYS: [&str; 4] =
    ["globalcors", "management.endpoints.web.cors", "spring.graphql.cors", "spring.cloud.gateway"];

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let mut notes = Notes::default();
    match ending(&source.name().to_ascii_lowercase()) {
        "java" => java::read(source.text(), &mut notes)?,
        "kt" | "kts" => notes.unread(None, "Kotlin code is not read"),
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
