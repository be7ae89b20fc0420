//! By what a finding is known again when lines were added above it, or a rule's words changed.

use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::report::{Report, Resolved};
use crate::source::Source;

/// One text a finding of `report`, in their order; no two are alike. It is made of the rule, of
/// the file's name without `base`, of the first line that the finding points at without the
/// space around it, and of the part of it that is meant. So it stays when the line moves, and
/// not when the line is edited: what somebody accepted was the line as it stood.
pub fn fingerprints(report: &Report, base: &str) -> Vec<String> {
    let name = relative(report.source.name(), base);
    let mut seen: HashMap<u128, u64> = HashMap::new();
    let fingerprint = |finding: &Resolved| {
        let (line, part) = pointed_at(&report.source, finding);
        let parts = [finding.diagnostic.rule.id, name, line, part];
        let times = seen.entry(hash(&parts, 0)).and_modify(|times| *times += 1).or_default();
        format!("{:032x}", hash(&parts, *times))
    };
    report.findings.iter().map(fingerprint).collect()
}

/// `name` as it is called from the folder `base`: without it in front, and without `./`.
pub(crate) fn relative<'n>(name: &'n str, base: &str) -> &'n str {
    let inside = name.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
    let mut name = inside.filter(|_| !base.is_empty()).unwrap_or(name);
    while let Some(rest) = name.strip_prefix("./") {
        name = rest.trim_start_matches('/');
    }
    name
}

/// The first line that a finding points at, and the part of it that is meant; its message where
/// it points at nothing.
fn pointed_at<'r>(source: &'r Source, finding: &'r Resolved) -> (&'r str, &'r str) {
    let Some((span, _)) = &finding.primary else { return ("", &finding.diagnostic.message) };
    let number = source.line(span.start);
    let lines = source.lines(number, number);
    let line = source.text().get(lines.clone()).unwrap_or_default();
    let part = source.text().get(span.start..span.end.min(lines.end)).unwrap_or_default();
    (line.trim(), part.trim())
}

/// `SipHash` keeps what it gives, and `times` tells findings apart that are otherwise the same.
fn hash(parts: &[&str], times: u64) -> u128 {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write_u64(u64::try_from(part.len()).unwrap_or(u64::MAX));
        hasher.write(part.as_bytes());
    }
    hasher.write_u64(times);
    hasher.finish128().as_u128()
}
