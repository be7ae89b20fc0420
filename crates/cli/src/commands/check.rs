//! `corsac check`: find mistakes in policies.

use corsac_diagnostics::{Report, Resolved, Source};
use corsac_gateway::{profiles, read};
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
    let mut reports: Vec<Report> = Vec::new();
    let mut failed = false;
    for file in &check.files {
        match load::policy_file(file) {
            Ok(source) => {
                reports.push(examine(&source, global.profile.as_deref(), suffixes));
            }
            Err(error) => {
                output.fail(&error.reason, &error.hint);
                failed = true;
            }
        }
    }
    let found: usize = reports.iter().map(|report| report.findings.len()).sum();
    let exit = match (failed, found) {
        (true, _) => Exit::Failed,
        (false, 0) => Exit::Clean,
        (false, _) => Exit::Findings,
    };
    if exit == Exit::Clean && global.format == Format::Human {
        output.talk(&clean(&reports));
    }
    output.detail(&format!("public suffixes of {}", suffixes.version()));
    output.reports(&reports, global.format, exit)
}

/// The findings of a file; without `--profile`, those of every profile too.
fn examine(source: &Source, profile: Option<&str>, suffixes: &PublicSuffixList) -> Report {
    let reading = read(source.clone(), profile, suffixes);
    let others = if profile.is_none() { profiles(&reading.document) } else { Vec::new() };
    let mut report = reading.document.report(reading.findings);
    for name in others {
        let reading = read(source.clone(), Some(&name), suffixes);
        let more = reading.document.report(reading.findings).findings;
        for finding in more {
            if !report.findings.iter().any(|known| is_same(known, &finding)) {
                report.findings.push(finding);
            }
        }
    }
    report
}

/// Whether two readings of one file found the same.
fn is_same(a: &Resolved, b: &Resolved) -> bool {
    a.primary == b.primary && a.diagnostic.message == b.diagnostic.message
}

fn clean(reports: &[Report]) -> String {
    match reports {
        [report] => format!("{}: no findings", report.source.name()),
        reports => format!("{} files: no findings", reports.len()),
    }
}
