//! A whole run, for the formats that tell more than its findings.

use crate::fingerprint::fingerprints;
use crate::report::{Report, Resolved};

/// What was checked, how, and by whom.
#[derive(Clone, Debug)]
pub struct Run<'r> {
    /// One a file that was read, with its findings.
    pub reports: &'r [Report],
    /// For each report, the fingerprints of its findings.
    pub fingerprints: Vec<Vec<String>>,
    /// How many findings a baseline hides.
    pub hidden: usize,
    /// What should have been read and was not.
    pub unread: &'r [UnreadFile],
    /// For whom configurations are meant: names of domains.
    pub intended: &'r [String],
    /// Whether that is a guess.
    pub intended_is_guessed: bool,
    /// The folder in which it ran, as an absolute path; names of files are shown without it.
    pub base: &'r str,
    /// The version of the program.
    pub version: &'r str,
    /// The page of a rule, in Markdown, by its id.
    pub page: fn(&str) -> Option<&'static str>,
}

/// A file that should have been read and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadFile {
    /// Its name.
    pub name: String,
    /// Why, as a fragment.
    pub reason: String,
}

impl<'r> Run<'r> {
    /// A run that found `reports`, of which nothing else is known.
    pub fn of(reports: &'r [Report]) -> Self {
        Self {
            reports,
            fingerprints: reports.iter().map(|report| fingerprints(report, "")).collect(),
            hidden: 0,
            unread: &[],
            intended: &[],
            intended_is_guessed: false,
            base: "",
            version: env!("CARGO_PKG_VERSION"),
            page: |_| None,
        }
    }

    /// Every finding with its report and fingerprint.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&'r Report, &'r Resolved, &str)> {
        let pairs = self.reports.iter().zip(&self.fingerprints);
        pairs.flat_map(|(report, prints)| {
            report.findings.iter().zip(prints).map(move |(finding, print)| (report, finding, print.as_str()))
        })
    }
}
