//! `[profiles.NAME]`, laid over the rest of the file.

use corsac_diagnostics::{
    Diagnostic, Document, FieldPath, Node, Place, TableReader, UNKNOWN_KEY, Value, excerpt, listed,
};

use crate::route::UNKNOWN_REFERENCE;

/// The key of the profiles.
pub const PROFILES: &str = "profiles";

/// Lays a profile over the document; what is wrong with any profile goes to `out`.
pub fn lay_profile(document: &mut Document, profile: Option<&str>, out: &mut Vec<Diagnostic>) {
    check(document, out);
    let Some(name) = profile else { return };
    match document.root.get(PROFILES).and_then(|profiles| profiles.get(name)).cloned() {
        Some(Node { value: Value::Table(mut entries), key_span, span }) => {
            entries.retain(|(key, _)| key != PROFILES);
            document.root.overlay(&Node { value: Value::Table(entries), key_span, span });
        }
        Some(_) => {}
        None => out.push(unknown(name, &profiles(document))),
    }
}

/// The names of the profiles.
pub fn profiles(document: &Document) -> Vec<String> {
    document.root.get(PROFILES).map(table_names).unwrap_or_default()
}

/// Reports profiles that are no tables, and profiles within profiles: laid over the
/// rest, these would be chosen by nobody.
fn check(document: &Document, out: &mut Vec<Diagnostic>) {
    let mut root = TableReader::new(&document.root, FieldPath::root(), out);
    for (_, mut profile) in root.named(PROFILES, out) {
        let path = profile.field(PROFILES);
        let Some(inner) = profile.take(PROFILES) else { continue };
        let names = table_names(inner);
        let name = names.first().map_or("NAME".into(), |name| excerpt(name));
        let finding = Diagnostic::new(&UNKNOWN_KEY, format!("unknown key `{path}`"))
            .at(Place::Key(path), "a profile has no profiles of its own");
        out.push(finding.help(format!("write it at the top level: [profiles.{name}]")));
    }
}

fn unknown(name: &str, known: &[String]) -> Diagnostic {
    let name = excerpt(name);
    let finding = Diagnostic::new(&UNKNOWN_REFERENCE, format!("there is no profile `{name}`"))
        .at_field(&FieldPath::root().key(PROFILES), "profiles are here");
    match known {
        [] => finding.help(format!("add [profiles.{name}], or leave --profile out")),
        known => finding.help(format!("the profiles are {}", listed(known.iter().map(String::as_str)))),
    }
}

fn table_names(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Table(entries) => entries.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    }
}
