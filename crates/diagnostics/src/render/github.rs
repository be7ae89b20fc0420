//! GitHub's workflow commands: a line of a job's log that shows as an annotation of a file.
//!
//! A job shows ten of a kind a step; SARIF has no such limit.

use std::fmt::Write as _;

use super::Run;
use super::sarif::told;
use crate::fingerprint::relative;
use crate::report::Resolved;
use crate::rule::Severity;
use crate::source::Source;

/// One line a finding, and one a file that could not be read.
pub fn github(run: &Run<'_>) -> String {
    let mut out = String::new();
    for report in run.reports {
        for finding in &report.findings {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}", command(&report.source, finding, run.base));
        }
    }
    for file in run.unread {
        let name = property(relative(&file.name, run.base));
        let _ = writeln!(out, "::error file={name},title=not read::{}", data(&file.reason));
    }
    out
}

fn command(source: &Source, finding: &Resolved, base: &str) -> String {
    let diagnostic = &finding.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut text = format!("::{level} file={}", property(relative(source.name(), base)));
    if let Some((span, _)) = &finding.primary {
        let (start, end) = (source.position(span.start), source.position(span.end));
        let _ = write!(text, ",line={},endLine={},col={}", start.line, end.line, start.column);
        // Columns of another line say nothing there.
        if start.line == end.line {
            let _ = write!(text, ",endColumn={}", end.column);
        }
    }
    let _ = write!(text, ",title={}::{}", property(diagnostic.rule.id), data(&told(diagnostic)));
    text
}

/// A message: what would end the line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value: what would end the property, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
