//! Findings that somebody has accepted: a file of their fingerprints.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use corsac_diagnostics::{Report, excerpt};
use serde_json::{Value, json};

use super::text;
use crate::load::LoadError;

/// The schema of the file.
const SCHEMA: &str = "corsac.baseline/1";

/// Largest file that is read, in bytes: some hundred thousand findings.
const MAX_BYTES: usize = 64 << 20;

/// The findings of a baseline.
#[derive(Debug, Default)]
pub(super) struct Baseline(HashMap<String, Entry>);

/// What people want to know of a finding.
#[derive(Debug)]
struct Entry {
    rule: String,
    file: String,
}

impl Baseline {
    /// Reads `path`.
    pub(super) fn load(path: &Path) -> Result<Self, LoadError> {
        let name = path.display();
        let failed = |reason: &str| LoadError {
            reason: format!("failed to read the baseline `{name}`: {reason}"),
            hint: format!("`corsac check --write-baseline {name}` writes one"),
        };
        let text = text::read(path, MAX_BYTES).map_err(|refused| failed(&refused.reason))?;
        Self::parse(&text).map_err(|reason| failed(&reason))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON (line {})", error.line()))?;
        if value.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
            return Err(format!("its schema is not `{SCHEMA}`"));
        }
        let findings = value.get("findings").and_then(Value::as_array).ok_or("it has no list `findings`")?;
        let entry = |(number, finding): (usize, &Value)| {
            let text = |key: &str| finding.get(key).and_then(Value::as_str).map(str::to_owned);
            let whole = || Some((text("fingerprint")?, Entry { rule: text("rule")?, file: text("file")? }));
            whole().ok_or_else(|| format!("`findings[{number}]` lacks `fingerprint`, `rule` or `file`"))
        };
        findings.iter().enumerate().map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// The findings of `reports`, which `prints` are the fingerprints of, as a file: a line a
    /// finding, so that its changes are easy to read.
    fn written(reports: &[Report], prints: &[Vec<String>]) -> String {
        let mut lines = Vec::new();
        for (report, prints) in reports.iter().zip(prints) {
            for (finding, print) in report.findings.iter().zip(prints) {
                let diagnostic = &finding.diagnostic;
                let line = json!({
                    "file": report.source.name(),
                    "fingerprint": print,
                    "message": excerpt(&diagnostic.message),
                    "rule": diagnostic.rule.id,
                });
                lines.push(format!("    {line}"));
            }
        }
        let inner = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"findings\": [{inner}]\n}}\n")
    }

    /// Writes what is found into `path`, which is new or a baseline already: no other file is
    /// lost by a slip.
    pub(super) fn save(path: &Path, reports: &[Report], prints: &[Vec<String>]) -> Result<Self, LoadError> {
        let name = path.display();
        let failed = |reason: String, hint: &str| LoadError {
            reason: format!("failed to write the baseline `{name}`: {reason}"),
            hint: hint.to_owned(),
        };
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => drop(
                Self::load(path).map_err(|error| failed(error.reason, "name a new file, or a baseline"))?,
            ),
        }
        let text = Self::written(reports, prints);
        fs::write(path, &text).map_err(|error| failed(error.to_string(), "does the folder exist?"))?;
        Self::parse(&text).map_err(|reason| failed(reason, ""))
    }

    /// Takes the findings that it has out of `reports`, and their fingerprints out of `prints`.
    pub(super) fn apply(&self, reports: &mut [Report], prints: &mut [Vec<String>]) -> Applied<'_> {
        let mut hidden = HashSet::new();
        for (report, prints) in reports.iter_mut().zip(prints) {
            let is_new: Vec<bool> = prints.iter().map(|print| !self.0.contains_key(print)).collect();
            hidden.extend(prints.iter().filter(|print| self.0.contains_key(*print)).cloned());
            let mut keep = is_new.iter();
            report.findings.retain(|_| keep.next() == Some(&true));
            let mut keep = is_new.iter();
            prints.retain(|_| keep.next() == Some(&true));
        }
        let read: HashSet<_> = reports.iter().map(|report| report.source.name()).collect();
        let is_gone = |(print, entry): &(&String, &Entry)| {
            let was_looked_at = read.contains(&*entry.file) || !Path::new(&entry.file).exists();
            was_looked_at && !hidden.contains(*print)
        };
        let gone = self.0.iter().filter(is_gone).map(|(_, entry)| (&*entry.file, &*entry.rule));
        let mut gone: Vec<_> = gone.collect();
        gone.sort_unstable();
        Applied { hidden: hidden.len(), gone }
    }
}

/// What became of the findings of a baseline.
#[derive(Debug)]
pub(super) struct Applied<'b> {
    /// How many were found again.
    pub(super) hidden: usize,
    /// File and rule of those that were not, though their files were looked at or are gone.
    pub(super) gone: Vec<(&'b str, &'b str)>,
}
