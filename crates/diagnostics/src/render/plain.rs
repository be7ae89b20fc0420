//! One line a finding: `file:line:column: severity[rule]: message`.

use std::fmt::Write as _;

use crate::report::Report;

/// Findings without a place have no line and column.
pub fn plain(reports: &[Report]) -> String {
    let mut out = String::new();
    for report in reports {
        for finding in &report.findings {
            let diagnostic = &finding.diagnostic;
            let place = finding.primary.as_ref().map(|(span, _)| report.source.position(span.start));
            let name = report.source.shown_name();
            // Writing to a string cannot fail.
            let _ = match place {
                Some(at) => write!(out, "{name}:{}:{}: ", at.line, at.column),
                None => write!(out, "{name}: "),
            };
            let _ = write!(out, "{}[{}]: {}", diagnostic.severity, diagnostic.rule.id, diagnostic.message);
            let _ = match &diagnostic.help {
                Some(help) => writeln!(out, " (help: {help})"),
                None => writeln!(out),
            };
        }
    }
    out
}
