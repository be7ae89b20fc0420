//! A HAR file: every cross-origin call in it, failures first.

mod list;
mod text;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use corsac_analysis::explain::{HarCall, HarError, HarOutcome, HarSummary, Judged, read_har};
use corsac_browser::{CredentialsMode, Engine};
use serde_json::{Value, json};

use crate::args::Format;
use crate::exit::Exit;
use crate::load;
use crate::output::Output;
use list::List;

/// Bytes that are read and written at a time.
const CHUNK: usize = 256 << 10;

const SCHEMA: &str = "corsac.explain-har/1";

pub(crate) fn run(file: &Path, engines: &[Engine], format: Format, output: &Output) -> Exit {
    if load::is_standard_input(file) {
        return explain(io::stdin().lock(), "standard input", engines, (format, output));
    }
    let name = file.display().to_string();
    match File::open(file) {
        Ok(opened) => explain(BufReader::with_capacity(CHUNK, opened), &name, engines, (format, output)),
        Err(error) => output.fail(
            &format!("failed to read `{name}`: {error}"),
            "in the network panel of DevTools: \"Export HAR\", \"Save all as HAR\"",
        ),
    }
}

fn explain(input: impl BufRead, name: &str, engines: &[Engine], (format, output): (Format, &Output)) -> Exit {
    let (summary, shown) = match format {
        Format::Json => lines(input, engines, output),
        Format::Github | Format::Human | Format::Plain | Format::Sarif => list(input, engines, output),
    };
    if let Some(exit) = shown {
        return exit;
    }
    match &summary.error {
        Some(error) => output.fail(&failure(name, error, &summary), hint(error)),
        None if summary.blocked > 0 => Exit::Findings,
        None => Exit::Clean,
    }
}

/// All of it, failures first; an exit if it could not be written.
fn list(input: impl BufRead, engines: &[Engine], output: &Output) -> (HarSummary, Option<Exit>) {
    let mut list = List::default();
    let summary = read_har(input, engines, &mut |call| {
        list.push(&call, output);
        true
    });
    if summary.entries == 0 && summary.error.is_some() {
        return (summary, None);
    }
    let mut text = list.into_text(&summary, output).into_bytes();
    let exit = output.chunk(&mut text);
    (summary, exit)
}

/// A line for each call as soon as it is complete, and one for the whole.
fn lines(input: impl BufRead, engines: &[Engine], output: &Output) -> (HarSummary, Option<Exit>) {
    let (mut out, mut exit) = (Vec::new(), None);
    let summary = read_har(input, engines, &mut |call| {
        write(&line(&call), &mut out);
        if out.len() >= CHUNK {
            exit = output.chunk(&mut out);
        }
        exit.is_none()
    });
    if exit.is_none() {
        write(&last_line(&summary), &mut out);
        exit = output.chunk(&mut out);
    }
    (summary, exit)
}

fn write(line: &Value, out: &mut Vec<u8>) {
    // Writing to memory cannot fail, and every key is a string.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}

fn line(call: &HarCall) -> Value {
    let exchange = &call.exchange;
    let verdicts: Vec<_> = call.verdicts.iter().map(|verdict| Judged::new(exchange, verdict)).collect();
    let (outcome, reason) = match call.outcome {
        HarOutcome::Blocked => ("blocked", None),
        HarOutcome::Ok => ("ok", None),
        HarOutcome::Unknown(unknown) => ("unknown", Some(unknown.name())),
    };
    let includes = exchange.request.credentials == CredentialsMode::Include;
    json!({
        "schema": SCHEMA,
        "kind": "call",
        "entry": call.entry,
        "method": exchange.request.method,
        "url": exchange.request.url,
        "origin": exchange.page.origin,
        "credentials": if includes { "include" } else { "same-origin" },
        "credentials_basis": call.credentials.name(),
        "recorded_by": call.recorded_by.map(Engine::name),
        "status": call.status,
        "error": Some(&call.error).filter(|error| !error.is_empty()),
        "outcome": outcome,
        "unknown": reason,
        "verdicts": verdicts,
        "notes": call.notes,
        "ask": call.is_unknown().then(|| text::command(call)),
    })
}

fn last_line(summary: &HarSummary) -> Value {
    let skipped: serde_json::Map<_, _> =
        summary.skipped.iter().map(|(skipped, count)| (skipped.name().to_owned(), json!(count))).collect();
    json!({
        "schema": SCHEMA,
        "kind": "summary",
        "creator": summary.creator,
        "entries": summary.entries,
        "calls": summary.judged,
        "blocked": summary.blocked,
        "unknown": summary.unknown,
        "skipped": skipped,
        "complete": summary.error.is_none(),
    })
}

fn failure(name: &str, error: &HarError, summary: &HarSummary) -> String {
    match error {
        HarError::NotHar => format!("failed to read `{name}`: {error}"),
        _ if summary.entries == 0 => format!("failed to read `{name}`: {error}"),
        _ => format!("failed to read `{name}` to its end: {error}; what stands before is explained"),
    }
}

fn hint(error: &HarError) -> &'static str {
    match error {
        HarError::Truncated { .. } => "was the export or the download broken off? Export it again",
        HarError::Io(_) => "",
        _ => "in the network panel of DevTools: \"Export HAR\", \"Save all as HAR\"",
    }
}
