//! Other software's configuration: read as a model, and judged.

use std::path::PathBuf;

use corsac_analysis::certificate::Proofs;
use corsac_analysis::lint::{Finding, Options, lint};
use corsac_analysis::model::{Answer, Emission, Matcher, Model, Preflight};
use corsac_analysis::question::{Prover, intended_names};
use corsac_diagnostics::{Diagnostic, Report, Source};
use corsac_importers::{System, import};
use corsac_origin::PublicSuffixList;

use super::includes::Disk;

/// What every file is judged by.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) prover: Prover<'static>,
    pub(super) suffixes: &'static PublicSuffixList,
    pub(super) options: Options,
}

/// A configuration that was read.
#[derive(Debug)]
pub(super) struct Checked {
    /// One a text that it was read from.
    pub(super) reports: Vec<Report>,
    /// The domains that it spells out.
    pub(super) spelt: Vec<String>,
    /// The files that it includes, without links.
    pub(super) included: Vec<PathBuf>,
    /// What is proved of it, if that is wanted.
    pub(super) proofs: Proofs,
}

/// Reads `source` as `system` does and judges it.
///
/// # Errors
/// Why it is no such configuration, as a fragment.
pub(super) fn check(
    system: System,
    source: Source,
    includes: Disk,
    settings: &Settings,
) -> Result<Checked, String> {
    let text = source.clone();
    let model = import(system, source, &includes)
        .map_err(|error| format!("as {}, line {}: {error}", system.name, text.line(error.offset)))?;
    let spelt = names_of(&model, settings.suffixes);
    let mut findings: Vec<Vec<Diagnostic>> = model.files.iter().map(|_| Vec::new()).collect();
    for Finding { file, diagnostic } in lint(&model, &settings.prover, &settings.options) {
        if let Some(findings) = findings.get_mut(file) {
            findings.push(diagnostic);
        }
    }
    let reports = model.files.into_iter().zip(findings);
    let reports = reports.map(|(source, found)| Report::new(source, &(), found).of_kind(system.id));
    let mut reports: Vec<_> = reports.collect();
    // The first is the file that was asked for.
    reports.iter_mut().skip(1).for_each(|report| report.is_included = true);
    Ok(Checked { reports, spelt, included: includes.into_read(), proofs: Proofs::default() })
}

/// What is proved of `source`, as `system` reads it.
pub(super) fn prove(system: System, source: Source, includes: &Disk, settings: &Settings) -> Proofs {
    let name = source.name().to_owned();
    let model = import(system, source, includes);
    let of = |model| Proofs::of(&model, (&name, system.id), &settings.options, &settings.prover);
    model.map_or_else(|_| Proofs::default(), of)
}

/// The domains that the origins of a model spell out, in order.
fn names_of(model: &Model, suffixes: &PublicSuffixList) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |matcher: &Matcher| {
        for name in intended_names(matcher, suffixes) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    };
    let mut read = |answer: &Answer| {
        for case in answer.allow_origin.iter().flat_map(|choice| &choice.cases) {
            add(&case.when);
            if let Emission::Fixed(origin) = &case.then {
                add(&Matcher::exact(origin.clone()));
            }
        }
    };
    for scope in &model.scopes {
        read(&scope.actual);
        if let Preflight::Answered(answer) = &scope.preflight {
            read(answer);
        }
    }
    names
}
