//! What to change: each response's fields, the policy's edit, the server's own words.

use std::fmt::Write as _;

use corsac_analysis::explain::{Fix, Server};
use corsac_browser::Engine;
use serde_json::{Value, json};

use super::Answer;
use super::policy::PolicyEdit;
use super::render::{BOLD, GREEN, RED, title};
use crate::output::{Output, printable};

/// Under the labels of the explanation.
const INDENT: &str = "                ";

/// The changes as people read them.
pub(super) fn write(text: &mut String, answer: &Answer, output: &Output) {
    if !answer.is_blocked() {
        return;
    }
    if let Some(edit) = &answer.edit {
        return policy(text, edit, output);
    }
    for (number, change) in changes(answer).into_iter().enumerate() {
        let label = if number == 0 { "Fix" } else { "Then" };
        let colon = if change.fields.is_empty() { "" } else { ":" };
        let _ = writeln!(
            text,
            "{}   {}{colon}",
            output.data_paint(&format!("{label:13}"), GREEN),
            printable(&change.text)
        );
        for (name, value) in &change.fields {
            let _ = writeln!(text, "{INDENT}  {name}: {}", printable(value));
        }
    }
    if answer.repair.is_proven {
        let _ = writeln!(text, "{:13}   {}", "Checked", proof(answer));
    }
    if let Some((server, words)) = words(answer) {
        let _ = writeln!(text, "\n{}", output.data_paint(&format!("In {}:", server.name()), BOLD));
        for line in words.lines() {
            let _ = writeln!(text, "  {}", printable(line));
        }
        text.push('\n');
    }
}

/// The changes to show. Where the script is to ask elsewhere, that nobody answers there is no
/// news: it was to be asked only then. Nor is what the first call needed as well.
fn changes(answer: &Answer) -> Vec<&Fix> {
    let mut is_elsewhere = false;
    let mut shown: Vec<&Fix> = Vec::new();
    for change in &answer.repair.changes {
        let is_repeated = change.fields.is_empty() && shown.iter().any(|own| own.text == change.text);
        if !(is_repeated || is_elsewhere && change.is_unanswered()) {
            shown.push(change);
        }
        is_elsewhere |= change.call.as_ref().is_some_and(|call| call.url != answer.exchange.request.url);
    }
    shown
}

/// In whose model the changes were tried.
fn proof(answer: &Answer) -> String {
    let engines = answer.verdicts.iter().map(|verdict| verdict.engine);
    let mut names: Vec<_> = engines.filter(|engine| *engine != Engine::Standard).map(title).collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => "with that, the script reads the response by the standard".to_owned(),
        (Some(only), true) => format!("with that, the script reads the response in {only}"),
        (Some(last), false) => {
            format!("with that, the script reads the response in {} and {last}", names.join(", "))
        }
    }
}

/// The edit of a policy file, and what speaks against writing it.
fn policy(text: &mut String, edit: &PolicyEdit, output: &Output) {
    for (number, says) in edit.says.iter().enumerate() {
        let label = if number == 0 { "Fix" } else { "and" };
        let says = printable(says);
        let _ = writeln!(text, "{}   {says}", output.data_paint(&format!("{label:13}"), GREEN));
    }
    if edit.new.is_none() {
        let _ = writeln!(text, "{:13}   that alone does not let the call through", "");
    }
    for widening in &edit.widening {
        let widening = printable(widening);
        let _ = writeln!(text, "{}   {widening}", output.data_paint(&format!("{:13}", "Careful"), RED));
    }
    if !edit.diff.is_empty() {
        text.push('\n');
    }
    for line in edit.diff.lines() {
        let line = printable(line);
        let shown = match line.get(..1) {
            Some("+") => output.data_paint(&line, GREEN),
            Some("-") => output.data_paint(&line, RED),
            _ => line.into_owned(),
        };
        let _ = writeln!(text, "{shown}");
    }
    if !edit.diff.is_empty() {
        text.push('\n');
    }
}

fn words(answer: &Answer) -> Option<(Server, String)> {
    let server = answer.server?;
    Some((server, server.words(&answer.exchange, &answer.repair)?))
}

/// The same for programs; null where nothing is blocked.
pub(super) fn json(answer: &Answer) -> Value {
    if !answer.is_blocked() {
        return Value::Null;
    }
    let changes: Vec<_> = match &answer.edit {
        Some(_) => Vec::new(),
        None => changes(answer).into_iter().map(change).collect(),
    };
    let edit = answer.edit.as_ref().map(|edit| {
        json!({
            "says": edit.says,
            "diff": edit.diff,
            "widening": edit.widening,
            "sufficient": edit.new.is_some(),
        })
    });
    let words = words(answer).map(|(server, text)| json!({ "server": server.id(), "text": text }));
    json!({ "changes": changes, "proven": answer.repair.is_proven, "edit": edit, "words": words })
}

fn change(change: &Fix) -> Value {
    let fields: Vec<_> = change.fields.iter().map(|(name, value)| json!([name, value])).collect();
    let url = change.call.as_ref().map(|call| &call.url);
    let method = change.call.as_ref().map(|call| &call.method);
    json!({
        "place": change.place.name(),
        "hop": change.hop,
        "text": change.text,
        "status": change.status,
        "fields": fields,
        "url": url,
        "method": method,
    })
}
