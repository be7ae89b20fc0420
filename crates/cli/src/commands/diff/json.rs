//! A comparison as JSON.

use corsac_analysis::diff::{Change, Class, Direction, List};
use corsac_analysis::model::Credentials;
use serde_json::{Value, json};

use super::{Compared, Side};

/// The schema this module writes.
const DIFF_SCHEMA: &str = "corsac.diff/1";

pub(super) fn shown(compared: &Compared) -> String {
    format!("{}\n", value(compared))
}

/// The comparison as a value.
pub(in crate::commands) fn value(compared: &Compared) -> Value {
    let side = |side: &Side| json!({"file": side.file, "system": side.system, "not_understood": side.unread});
    let scopes = compared.comparison.scopes.iter().map(|scope| {
        let changes: Vec<Value> = scope.changes.iter().map(change).collect();
        json!({"old": scope.old, "new": scope.new, "changes": changes})
    });
    json!({
        "schema": DIFF_SCHEMA,
        "old": side(&compared.old),
        "new": side(&compared.new),
        "gains": compared.comparison.gains(),
        "intended": compared.intended.names(),
        "intended_is_guessed": !compared.is_told,
        "scopes": scopes.collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    match change {
        Change::Listed { list, gained, lost } => json!({"of": name(*list), "gained": gained, "lost": lost}),
        Change::Origins { direction, credentials, class, witness } => json!({
            "of": "origins",
            "direction": if *direction == Direction::Gained { "gained" } else { "lost" },
            "credentials": *credentials == Credentials::Included,
            "class": match class {
                Class::Http => "http",
                Class::Null => "null",
                Class::Other => "other",
                Class::Stranger(_) => "stranger",
            },
            "tier": match class {
                Class::Stranger(tier) => Some(tier.id()),
                _ => None,
            },
            "witness": witness,
        }),
        Change::Undecided { reason } => json!({"of": "undecided", "reason": reason}),
        Change::Value { list, old, new } => json!({"of": name(*list), "old": old, "new": new}),
    }
}

fn name(list: List) -> &'static str {
    match list {
        List::ExposedHeaders => "exposed_headers",
        List::MaxAge => "max_age",
        List::Methods => "methods",
        List::RequestHeaders => "request_headers",
    }
}
