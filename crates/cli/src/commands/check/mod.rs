//! `corsac check`: find mistakes in policies.

mod expression;

use std::collections::HashSet;

use corsac_diagnostics::{Report, Resolved, Severity, Source};
use corsac_gateway::{Reading, read, read_each};
use corsac_origin::PublicSuffixList;

use crate::args::{Check, Format, Global};
use crate::exit::Exit;
use crate::load;
use crate::output::Output;

pub(crate) fn run(check: &Check, global: &Global, output: &Output) -> Exit {
    let list = match load::suffix_list(global) {
        Ok(list) => list,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let suffixes = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    if let Some(text) = &check.regex {
        return expression::run(text, check, suffixes, (output, global));
    }
    let mut reports: Vec<Report> = Vec::new();
    let mut failed = false;
    for file in &check.files {
        match load::policy_file(file) {
            Ok(source) => {
                reports.push(examine(source, global.profile.as_deref(), suffixes));
            }
            Err(error) => {
                output.fail(&error.reason, &error.hint);
                failed = true;
            }
        }
    }
    let findings = || reports.iter().flat_map(|report| &report.findings);
    // A note is worth knowing, and nothing has to be mended.
    let is_clean = findings().all(|finding| finding.diagnostic.severity == Severity::Note);
    let exit = match (failed, is_clean) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Clean,
        (false, false) => Exit::Findings,
    };
    if findings().next().is_none() && !failed && global.format == Format::Human {
        output.talk(&clean(&reports));
    }
    output.detail(&format!("public suffixes of {}", suffixes.version()));
    output.reports(&reports, global.format, exit)
}

/// The findings of a file; without `--profile`, those of every profile too.
fn examine(source: Source, profile: Option<&str>, suffixes: &PublicSuffixList) -> Report {
    let of = |reading: Reading| reading.document.report(reading.findings);
    if profile.is_some() {
        return of(read(source, profile, suffixes));
    }
    let mut reports = read_each(source, suffixes).map(of);
    let mut report = reports.next().unwrap_or_default();
    let key = |finding: &Resolved| (finding.primary.clone(), finding.diagnostic.message.clone());
    let mut known: HashSet<_> = report.findings.iter().map(key).collect();
    for other in reports {
        // What the profile leaves as it is is found again.
        report.findings.extend(other.findings.into_iter().filter(|finding| known.insert(key(finding))));
    }
    report
}

fn clean(reports: &[Report]) -> String {
    match reports {
        [report] => format!("{}: no findings", report.source.name()),
        reports => format!("{} files: no findings", reports.len()),
    }
}
