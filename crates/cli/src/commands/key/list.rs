//! `corsac key list`.

use std::path::Path;

use corsac_credentials::{ApiKeyEntry, Timestamp};
use corsac_middleware::authn::{StoredKey, format_time};
use serde_json::json;

use crate::args::{Format, Global};
use crate::exit::Exit;
use crate::output::{Output, printable};

use super::{Failure, store};

pub(super) fn run(file: &Path, now: Timestamp, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let keys = store::load(file)?;
    let text = match global.format {
        Format::Human if keys.is_empty() => {
            output.talk(&format!("`{}` has no keys", file.display()));
            String::new()
        }
        Format::Github | Format::Human | Format::Sarif => human(&keys, now),
        Format::Plain => {
            let lines = keys.iter().map(|key| {
                columns(&key.entry, now).join("	")
                    + "
"
            });
            lines.collect()
        }
        Format::Json => {
            let keys: Vec<_> = keys.iter().map(|key| object(key, now)).collect();
            format!("{}\n", json!({"schema": "corsac.keys/1", "keys": keys}))
        }
    };
    Ok(output.data(&text, Exit::Clean))
}

fn state(entry: &ApiKeyEntry, now: Timestamp) -> &'static str {
    if entry.revoked {
        "revoked"
    } else if entry.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else if entry.not_before.is_some_and(|from| from > now) {
        "not yet"
    } else {
        "active"
    }
}

fn columns(entry: &ApiKeyEntry, now: Timestamp) -> [String; 6] {
    let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    [
        entry.id.clone(),
        state(entry, now).to_owned(),
        or_none(entry.expires_at.map(format_time).unwrap_or_default()),
        printable(&entry.subject).into_owned(),
        or_none(printable(&entry.roles.join(",")).into_owned()),
        or_none(printable(&entry.scopes.join(",")).into_owned()),
    ]
}

fn human(keys: &[StoredKey], now: Timestamp) -> String {
    let head = ["ID", "STATE", "EXPIRES", "SUBJECT", "ROLES", "SCOPES"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(keys.iter().map(|key| columns(&key.entry, now))).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn object(key: &StoredKey, now: Timestamp) -> serde_json::Value {
    let StoredKey { entry, created_at } = key;
    json!({
        "id": entry.id,
        "state": state(entry, now).replace(' ', "-"),
        "subject": entry.subject,
        "roles": entry.roles,
        "scopes": entry.scopes,
        "created_at": created_at.map(format_time),
        "not_before": entry.not_before.map(format_time),
        "expires_at": entry.expires_at.map(format_time),
    })
}
