//! Machine output: one object a run. Fields are only ever added within a schema.

use std::ops::Range;

use serde::Serialize;

use super::{Run, UnreadFile};
use crate::report::{Report, Resolved, ResolvedFix};
use crate::source::Source;

/// The schema this module writes.
pub const CHECK_SCHEMA: &str = "corsac.check/1";

#[derive(Serialize)]
struct RunForm<'a> {
    schema: &'static str,
    findings: Vec<Finding<'a>>,
    hidden: usize,
    files: Vec<FileForm<'a>>,
    unread: Vec<UnreadForm<'a>>,
    intended: &'a [String],
    intended_is_guessed: bool,
}

#[derive(Serialize)]
struct FileForm<'a> {
    file: &'a str,
    kind: Option<&'static str>,
    included: bool,
}

#[derive(Serialize)]
struct UnreadForm<'a> {
    file: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    file: &'a str,
    #[serde(flatten)]
    place: Option<Span>,
    notes: &'a [String],
    help: Option<&'a str>,
    fixes: Vec<FixForm<'a>>,
    related: Vec<Related<'a>>,
    kind: Option<&'static str>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Span {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Span,
    message: &'a str,
}

#[derive(Serialize)]
struct FixForm<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<EditForm<'a>>,
}

#[derive(Serialize)]
struct EditForm<'a> {
    #[serde(flatten)]
    place: Span,
    replacement: &'a str,
}

/// All findings of a run as one line of JSON, ended by a line feed. Lines and columns
/// count from 1, columns in characters; the end is exclusive. A finding without a place
/// has none of the four.
pub fn json(run: &Run<'_>) -> String {
    let whole = RunForm {
        schema: CHECK_SCHEMA,
        findings: run.findings().map(|(report, finding, print)| form(report, finding, print)).collect(),
        hidden: run.hidden,
        files: run.reports.iter().map(file_form).collect(),
        unread: run.unread.iter().map(unread_form).collect(),
        intended: run.intended,
        intended_is_guessed: run.intended_is_guessed,
    };
    // Strings and numbers always serialize.
    let mut text = serde_json::to_string(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn file_form(report: &Report) -> FileForm<'_> {
    FileForm { file: report.source.name(), kind: report.kind, included: report.is_included }
}

fn unread_form(file: &UnreadFile) -> UnreadForm<'_> {
    UnreadForm { file: &file.name, reason: &file.reason }
}

fn form<'a>(report: &'a Report, finding: &'a Resolved, fingerprint: &'a str) -> Finding<'a> {
    let source = &report.source;
    let diagnostic = &finding.diagnostic;
    let related =
        finding.context.iter().map(|(span, text)| Related { place: place(source, span), message: text });
    Finding {
        rule: diagnostic.rule.id,
        severity: diagnostic.severity.as_str(),
        confidence: diagnostic.confidence.as_str(),
        message: &diagnostic.message,
        file: source.name(),
        place: finding.primary.as_ref().map(|(span, _)| place(source, span)),
        notes: &diagnostic.notes,
        help: diagnostic.help.as_deref(),
        fixes: finding.fixes.iter().map(|fix| fix_form(source, fix)).collect(),
        related: related.collect(),
        kind: report.kind,
        fingerprint,
    }
}

fn fix_form<'a>(source: &Source, fix: &'a ResolvedFix) -> FixForm<'a> {
    let edit =
        |(span, text): &'a (Range<usize>, String)| EditForm { place: place(source, span), replacement: text };
    FixForm { title: &fix.title, safety: fix.safety, edits: fix.edits.iter().map(edit).collect() }
}

fn place(source: &Source, span: &Range<usize>) -> Span {
    let (start, end) = (source.position(span.start), source.position(span.end));
    Span { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}
