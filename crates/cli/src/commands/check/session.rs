//! All files of a run, one after the other.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corsac_analysis::certificate::{Proofs, Unproved};
use corsac_analysis::lint::Options;
use corsac_analysis::question::Prover;
use corsac_diagnostics::render::UnreadFile;
use corsac_diagnostics::{MAX_DOCUMENT_BYTES, Report, Resolved, Source};
use corsac_importers::{MAX_TEXT, System};
use corsac_origin::PublicSuffixList;

use super::includes::Disk;
use super::models::{self, Checked, Settings};
use super::targets::{Target, Targets};
use super::{Kind, policy, text};
use crate::args::{Check, Global};
use crate::commands::configuration;
use crate::commands::deadline::Deadline;
use crate::load::is_standard_input;

/// What a run has read so far.
#[derive(Debug)]
pub(super) struct Session<'a> {
    kind: Option<Kind>,
    profile: Option<&'a str>,
    options: Options,
    certifies: bool,
    suffixes: &'static PublicSuffixList,
    /// Made for the first file that needs it: policies do not.
    settings: OnceCell<Arc<Settings>>,
    deadline: Deadline,
    folders: Vec<PathBuf>,
    roots: Vec<Root>,
    unread: Vec<(UnreadFile, &'static str)>,
    skipped: usize,
}

/// A file that was not read for another one.
#[derive(Debug)]
struct Root {
    /// Its path without links.
    path: PathBuf,
    is_named: bool,
    checked: Checked,
}

/// What a run has read.
#[derive(Debug)]
pub(super) struct Outcome {
    /// One a file.
    pub(super) reports: Vec<Report>,
    /// What was not read, and a hint for each.
    pub(super) unread: Vec<(UnreadFile, &'static str)>,
    /// The domains that are spelt out.
    pub(super) spelt: Vec<String>,
    /// How many files in folders are nobody's that is known.
    pub(super) skipped: usize,
    /// What is proved, if that is wanted.
    pub(super) proofs: Proofs,
}

impl<'a> Session<'a> {
    pub(super) fn new(check: &Check, global: &'a Global, suffixes: &'static PublicSuffixList) -> Self {
        Self {
            kind: check.kind,
            profile: global.profile.as_deref(),
            options: Options { intended: check.intend.clone() },
            certifies: check.certificate.is_some(),
            suffixes,
            settings: OnceCell::new(),
            deadline: Deadline::new(check.timeout),
            folders: Vec::new(),
            roots: Vec::new(),
            unread: Vec::new(),
            skipped: 0,
        }
    }

    /// Reads and judges everything.
    pub(super) fn run(mut self, targets: Targets) -> Outcome {
        self.folders = targets.folders;
        self.unread = targets.unread.into_iter().map(|file| (file, "may this user read it?")).collect();
        for target in &targets.files {
            self.look(target);
        }
        let mut spelt = Vec::new();
        let roots = without_included(self.roots);
        for name in roots.iter().flat_map(|root| &root.checked.spelt) {
            if !spelt.contains(name) {
                spelt.push(name.clone());
            }
        }
        let mut proofs = Proofs::default();
        let reports = roots.into_iter().flat_map(|root| {
            proofs.add(root.checked.proofs);
            root.checked.reports
        });
        let reports = merged(reports);
        Outcome { reports, unread: self.unread, spelt, skipped: self.skipped, proofs }
    }

    fn look(&mut self, target: &Target) {
        let path = &target.path;
        let text = match (is_standard_input(path) && target.is_named, target.is_named) {
            (true, _) => text::read_standard_input(MAX_DOCUMENT_BYTES),
            (false, true) => text::read(path, MAX_DOCUMENT_BYTES),
            (false, false) => text::read(path, MAX_TEXT),
        };
        match text {
            Ok(text) => self.judge(target, text),
            Err(refused) if target.is_named || Kind::of_found(path, &refused.head).is_some() => {
                self.leave_out(path, refused.reason, refused.hint);
            }
            Err(_) => self.skipped += 1,
        }
    }

    fn judge(&mut self, target: &Target, text: String) {
        let path = &target.path;
        let kind = match (self.kind, target.is_named) {
            (Some(kind), true) => Some(kind),
            (None, true) => Kind::of_named(path, &text),
            (_, false) => Kind::of_found(path, &text),
        };
        let source = Source::new(path.display().to_string(), text);
        let checked = match kind {
            Some(Kind::Corsac) => Ok(self.judge_policy(source)),
            Some(Kind::Other(system)) => self.judge_model(system, source, path),
            None if target.is_named => Err("it is no configuration that is known".to_owned()),
            None => {
                self.skipped += 1;
                return;
            }
        };
        match checked {
            Ok(checked) => {
                let path = path.canonicalize().unwrap_or_else(|_| path.clone());
                self.roots.push(Root { path, is_named: target.is_named, checked });
            }
            Err(reason) => self.leave_out(path, reason, "--kind SYSTEM says whose it is"),
        }
    }

    fn judge_policy(&self, source: Source) -> Checked {
        let proofs = if self.certifies { self.policy_proofs(&source) } else { Proofs::default() };
        let report = policy::check(source, self.profile, self.suffixes);
        let report = report.of_kind(Kind::Corsac.id());
        Checked { reports: vec![report], spelt: Vec::new(), included: Vec::new(), proofs }
    }

    /// What is proved of a policy; of one that does not compile, nothing.
    fn policy_proofs(&self, source: &Source) -> Proofs {
        let name = source.name().to_owned();
        let model = configuration::read_policy(source.clone(), self.profile, self.suffixes);
        model.map_or_else(
            |_| Proofs::default(),
            |model| Proofs::of(&model, (&name, Kind::Corsac.id()), &self.options, &self.settings().prover),
        )
    }

    fn settings(&self) -> &Arc<Settings> {
        self.settings.get_or_init(|| {
            let (suffixes, options) = (self.suffixes, self.options.clone());
            Arc::new(Settings { prover: Prover::new(suffixes), suffixes, options })
        })
    }

    fn judge_model(&mut self, system: System, source: Source, path: &Path) -> Result<Checked, String> {
        let includes = Disk::of(path, &self.folders);
        let settings = Arc::clone(self.settings());
        let certified = self.certifies.then(|| (source.clone(), Arc::clone(&settings)));
        let checked = self.deadline.run(move || models::check(system, source, includes, &settings))?;
        let Some((source, settings)) = certified else { return checked };
        let mut checked = checked?;
        // What takes too long to prove was judged all the same.
        let (includes, file) = (Disk::of(path, &self.folders), source.name().to_owned());
        let proofs = self.deadline.run(move || models::prove(system, source, &includes, &settings));
        checked.proofs = proofs.unwrap_or_else(|reason| Proofs {
            unproved: vec![Unproved { file, scope: "all scopes".to_owned(), reason }],
            ..Proofs::default()
        });
        Ok(checked)
    }

    fn leave_out(&mut self, path: &Path, reason: String, hint: &'static str) {
        self.unread.push((UnreadFile { name: path.display().to_string(), reason }, hint));
    }
}

/// Without the files that were found in a folder and are parts of others: alone they mean less,
/// or something else. Of those that include each other the first stays.
fn without_included(roots: Vec<Root>) -> Vec<Root> {
    let included: HashSet<PathBuf> = roots
        .iter()
        .flat_map(|root| root.checked.included.iter().filter(|path| **path != root.path))
        .cloned()
        .collect();
    let stays = |root: &Root| root.is_named || !included.contains(&root.path);
    let of_staying = roots.iter().filter(|root| stays(root)).flat_map(|root| &root.checked.included);
    let mut covered: HashSet<PathBuf> = of_staying.cloned().collect();
    let mut kept = Vec::new();
    for root in roots {
        if stays(&root) || !covered.contains(&root.path) {
            covered.extend(root.checked.included.iter().cloned());
            kept.push(root);
        }
    }
    kept
}

/// One report a file, also where several others include it; a finding that is made for each of
/// them is told once.
fn merged(reports: impl Iterator<Item = Report>) -> Vec<Report> {
    let mut merged: Vec<Report> = Vec::new();
    let mut of_name: HashMap<String, usize> = HashMap::new();
    for report in reports {
        let place = *of_name.entry(report.source.name().to_owned()).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) if known.source.text() == report.source.text() => {
                known.is_included &= report.is_included;
                add(known, report.findings);
            }
            // It changed between two readings: both are told as they were.
            Some(_) | None => merged.push(report),
        }
    }
    merged
}

fn add(report: &mut Report, findings: Vec<Resolved>) {
    let key = |finding: &Resolved| {
        let diagnostic = &finding.diagnostic;
        (finding.primary.clone(), diagnostic.rule.id, diagnostic.message.clone())
    };
    let mut known: HashSet<_> = report.findings.iter().map(key).collect();
    report.findings.extend(findings.into_iter().filter(|finding| known.insert(key(finding))));
    report.findings.sort_by_key(|finding| finding.primary.as_ref().map_or(0, |(span, _)| span.start));
}
