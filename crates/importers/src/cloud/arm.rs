//! Azure Resource Manager's templates: storage accounts' services and apps of one file.
//!
//! Resources of other types that speak of CORS are listed, not modelled.

use corsac_diagnostics::excerpt;

use super::azure;
use super::node::{Kind, Node};
use super::notes::Notes;

/// A template's resources.
pub(super) fn template(root: Node, notes: &mut Notes) {
    let root = evaluated(root);
    if root.get("resources").is_none() {
        notes.mentions(&root, "the file");
    }
    resources(&root, "", notes);
}

/// Resources and those within them. They are a list, or, since language version 2, a map.
fn resources(parent: &Node, parent_kind: &str, notes: &mut Notes) {
    let Some(node) = parent.get("resources") else { return };
    if let Kind::Opaque(reason) = &node.kind {
        notes.unread(Some(&node.place), reason.clone());
        return;
    }
    let named = node.entries().iter().map(|(_, node)| node);
    let listed = if matches!(node.kind, Kind::List(_)) { node.flat() } else { Vec::new() };
    for resource in listed.into_iter().chain(named) {
        let own = resource.get("type").and_then(Node::text).unwrap_or_default();
        let kind = if own.contains('.') { own.to_owned() } else { format!("{parent_kind}/{own}") };
        let name = resource.get("name").and_then(Node::text).unwrap_or("with a computed name");
        self::resource(&format!("{kind} {name}"), &kind, resource, notes);
        resources(resource, &kind, notes);
    }
}

fn resource(name: &str, kind: &str, resource: &Node, notes: &mut Notes) {
    let Some(properties) = resource.get("properties") else {
        for (_, member) in resource.entries().iter().filter(|(key, _)| key != "resources") {
            notes.mentions(member, name);
        }
        return;
    };
    let lower = kind.to_ascii_lowercase();
    let set = |path: &[&str]| properties.at(path).filter(|node| !matches!(node.kind, Kind::Null));
    let app = || set(&["siteConfig", "cors"]).or_else(|| set(&["cors"]));
    if let (true, Some(cors)) = (lower.starts_with("microsoft.storage/storageaccounts/"), set(&["cors"])) {
        notes.strangers(cors, &["corsRules"], "a service's `cors`");
        azure::storage(name, &cors.items("corsRules"), &azure::ARM, notes);
    } else if let (true, Some(cors)) = (lower.starts_with("microsoft.web/sites"), app()) {
        azure::app(name, cors, &azure::APP_ARM, notes);
    } else {
        notes.mentions(properties, name);
    }
}

/// Strings in brackets are expressions; `[[` begins a plain one.
fn evaluated(node: Node) -> Node {
    let kind = match node.kind {
        Kind::Text(text) if text.starts_with("[[") => Kind::Text(text.chars().skip(1).collect()),
        Kind::Text(text) if text.starts_with('[') && text.ends_with(']') => {
            Kind::Opaque(format!("`{}` is computed", excerpt(&text)))
        }
        Kind::List(items) => Kind::List(items.into_iter().map(evaluated).collect()),
        Kind::Map(members) => {
            Kind::Map(members.into_iter().map(|(key, node)| (key, evaluated(node))).collect())
        }
        other => other,
    };
    Node { kind, ..node }
}
