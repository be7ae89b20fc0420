//! SARIF 2.1.0, which code scanning of GitHub, GitLab and editors read.
//!
//! Columns count UTF-16 code units, as most readers take for granted. Names of files are
//! relative to the folder of the run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::{Run, UnreadFile};
use crate::diagnostic::Diagnostic;
use crate::fingerprint::relative;
use crate::report::{Report, Resolved, ResolvedFix};
use crate::rule::{Confidence, Rule, Severity};
use crate::source::Source;

/// The version of the format that this module writes.
pub const SARIF_VERSION: &str = "2.1.0";

/// Where its schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The folder of the run, by its name in the output.
const ROOT: &str = "%SRCROOT%";

/// The output of one run, ended by a line feed.
pub fn sarif(run: &Run<'_>) -> String {
    let rules = Rules::of(run.reports);
    let results = run.findings().map(|(report, finding, print)| {
        let mut result = result(&report.source, finding, run.base);
        result.insert("ruleIndex".to_owned(), rules.index(finding.diagnostic.rule).into());
        result.insert("partialFingerprints".to_owned(), json!({"corsac/v1": print}));
        Value::Object(result)
    });
    let log = json!({
        "$schema": SCHEMA,
        "version": SARIF_VERSION,
        "runs": [{
            "tool": {"driver": {
                "name": "corsac",
                "semanticVersion": run.version,
                "version": run.version,
                "rules": rules.described(run.page),
            }},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {ROOT: {"description": {"text": "the folder in which corsac ran"}}},
            "invocations": [invocation(run)],
            "artifacts": run.reports.iter().map(|report| artifact(report, run.base)).collect::<Vec<_>>(),
            "results": results.collect::<Vec<_>>(),
        }],
    });
    // Strings and numbers always serialize.
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// A finding in one text: what is true, why, and what to do.
pub(super) fn told(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    for note in &diagnostic.notes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{note}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nhelp: {help}");
    }
    text
}

/// The rules that found something, by id, and the least confidence of their findings.
struct Rules(BTreeMap<&'static str, (&'static Rule, Confidence)>);

impl Rules {
    fn of(reports: &[Report]) -> Self {
        let mut rules = BTreeMap::new();
        for finding in reports.iter().flat_map(|report| &report.findings) {
            let Diagnostic { rule, confidence, .. } = finding.diagnostic;
            rules
                .entry(rule.id)
                .and_modify(|(_, least): &mut (_, Confidence)| *least = confidence.max(*least))
                .or_insert((rule, confidence));
        }
        Self(rules)
    }

    fn index(&self, rule: &Rule) -> Option<usize> {
        self.0.keys().position(|id| *id == rule.id)
    }

    fn described(&self, page: fn(&str) -> Option<&'static str>) -> Vec<Value> {
        let described = |(rule, confidence): &(&'static Rule, Confidence)| {
            let page = page(rule.id).unwrap_or(rule.summary);
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.summary},
                "help": {"text": page, "markdown": page},
                "defaultConfiguration": {"level": rule.severity.as_str()},
                "properties": {
                    "precision": confidence.as_str(),
                    "security-severity": security_severity(rule.severity),
                    "tags": ["security", "cors"],
                },
            })
        };
        self.0.values().map(described).collect()
    }
}

/// On the scale from 0 to 10 that GitHub sorts by: high, medium and low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "8.0",
        Severity::Warning => "5.0",
        Severity::Note => "2.0",
    }
}

fn result(source: &Source, finding: &Resolved, base: &str) -> Map<String, Value> {
    let diagnostic = &finding.diagnostic;
    let artifact = location_of(source.name(), base);
    let place = |span: &Range<usize>| json!({"artifactLocation": artifact, "region": region(source, span)});
    // Readers want a line, also where a finding is about a whole file.
    let primary = match &finding.primary {
        Some((span, _)) => place(span),
        None => json!({"artifactLocation": artifact, "region": {"startLine": 1}}),
    };
    let related = finding.context.iter().enumerate().map(|(id, (span, text))| {
        let mut location = json!({"id": id, "physicalLocation": place(span)});
        if let (false, Some(fields)) = (text.is_empty(), location.as_object_mut()) {
            fields.insert("message".to_owned(), json!({"text": literal(text)}));
        }
        location
    });
    let fixes = finding.fixes.iter().map(|fix| fix_form(source, fix, &artifact));
    let form = [
        ("ruleId", diagnostic.rule.id.into()),
        ("level", diagnostic.severity.as_str().into()),
        ("message", json!({"text": literal(&told(diagnostic))})),
        ("locations", json!([{"physicalLocation": primary}])),
        ("relatedLocations", related.collect()),
        ("fixes", fixes.collect()),
        ("properties", json!({"confidence": diagnostic.confidence.as_str()})),
    ];
    form.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn fix_form(source: &Source, fix: &ResolvedFix, artifact: &Value) -> Value {
    let replacement = |(span, text): &(Range<usize>, String)| json!({"deletedRegion": region(source, span), "insertedContent": {"text": text}});
    let replacements: Vec<_> = fix.edits.iter().map(replacement).collect();
    json!({
        "description": {"text": format!("{} ({})", literal(&fix.title), fix.safety)},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
    })
}

/// `text` so that no part of it is read as a link.
fn literal(text: &str) -> String {
    text.replace("](", "\\](")
}

fn region(source: &Source, span: &Range<usize>) -> Value {
    let (start_line, start_column) = position(source, span.start);
    let (end_line, end_column) = position(source, span.end.max(span.start));
    json!({
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    })
}

/// Line and column, both from 1; a byte order mark is in no column.
fn position(source: &Source, offset: usize) -> (usize, usize) {
    let offset = offset.min(source.text().len());
    let line = source.line(offset);
    let start = source.lines(line, line).start;
    let before = source.text().get(start..offset).unwrap_or_default();
    let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
    (line, before.encode_utf16().count() + 1)
}

fn artifact(report: &Report, base: &str) -> Value {
    let mut form = json!({
        "location": location_of(report.source.name(), base),
        "length": report.source.text().len(),
        "roles": ["analysisTarget"],
    });
    if let (Some(kind), Some(fields)) = (report.kind, form.as_object_mut()) {
        fields.insert("properties".to_owned(), json!({"kind": kind}));
    }
    form
}

fn location_of(name: &str, base: &str) -> Value {
    let name = relative(name, base);
    let mut location = Map::new();
    if name.starts_with('/') {
        location.insert("uri".to_owned(), format!("file://{}", percent_encoded(name)).into());
    } else {
        location.insert("uri".to_owned(), percent_encoded(name).into());
        location.insert("uriBaseId".to_owned(), ROOT.into());
    }
    location.into()
}

/// A path as a URI: everything but what a segment may have, and slashes, is escaped; a colon
/// too, since it would end a scheme.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn invocation(run: &Run<'_>) -> Value {
    let notification = |file: &UnreadFile| {
        json!({
            "level": "error",
            "message": {"text": literal(&format!("failed to read `{}`: {}", file.name, file.reason))},
            "locations": [{"physicalLocation": {"artifactLocation": location_of(&file.name, run.base)}}],
        })
    };
    json!({
        "executionSuccessful": run.unread.is_empty(),
        "toolExecutionNotifications": run.unread.iter().map(notification).collect::<Vec<_>>(),
    })
}
