//! Policy files of ours.

use std::collections::HashSet;

use corsac_diagnostics::{Report, Resolved, Source};
use corsac_gateway::{Reading, read, read_each};
use corsac_origin::PublicSuffixList;

/// The findings of a file; without `--profile`, those of every profile too.
pub(super) fn check(source: Source, profile: Option<&str>, suffixes: &PublicSuffixList) -> Report {
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
