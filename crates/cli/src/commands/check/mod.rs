//! `corsac check`: find mistakes in policies and in other software's configuration.

mod baseline;
mod certificate;
mod expression;
mod includes;
mod kind;
mod models;
mod policy;
mod session;
mod targets;
pub(super) mod text;

use corsac_analysis::stranger::Intended;
use corsac_diagnostics::render::{Run, UnreadFile};
use corsac_diagnostics::{Report, Severity, fingerprints, listed};
use corsac_origin::PublicSuffixList;

use crate::args::{Check, FailOn, Format, Global};
use crate::commands::rule;
use crate::exit::Exit;
use crate::load::{self, LoadError};
use crate::output::{Output, printable};
use baseline::{Applied, Baseline};
use session::{Outcome, Session};
use targets::Targets;

pub(super) use certificate::{ASSUMED, is_code};
pub(super) use includes::Disk;
pub(crate) use kind::Kind;

pub(crate) fn run(check: &Check, global: &Global, output: &Output) -> Exit {
    let list = match load::suffix_list(global) {
        Ok(list) => list,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    // Work that takes too long may outlive this function, and uses it.
    let suffixes = list.map_or_else(PublicSuffixList::embedded, |list| &*Box::leak(Box::new(list)));
    if let Some(text) = &check.regex {
        return expression::run(text, check, suffixes, (output, global));
    }
    output.detail(&format!("public suffixes of {}", suffixes.version()));
    match check_files(check, suffixes, (global, output)) {
        Ok(exit) => exit,
        Err(error) => output.fail(&error.reason, &error.hint),
    }
}

fn check_files(
    check: &Check,
    suffixes: &'static PublicSuffixList,
    (global, output): (&Global, &Output),
) -> Result<Exit, LoadError> {
    if let Err((name, error)) = Intended::of(check.intend.iter().map(String::as_str), suffixes) {
        return Err(LoadError {
            reason: format!("`{name}` cannot be meant: {error}"),
            hint: "name a domain of your own, as in --intend example.com".to_owned(),
        });
    }
    let known = check.baseline.as_deref().map(Baseline::load).transpose()?;
    let targets = Targets::of(&check.files);
    let outcome = Session::new(check, global, suffixes).run(targets);
    let Outcome { mut reports, unread, spelt, skipped, proofs } = outcome;
    output.detail(&format!("{skipped} other files are of no system that is known"));
    let base = std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default();
    let mut prints: Vec<_> = reports.iter().map(|report| fingerprints(report, &base)).collect();
    let known = match &check.write_baseline {
        Some(path) => Some(Baseline::save(path, &reports, &prints)?),
        None => known,
    };
    let applied = known.as_ref().map(|known| known.apply(&mut reports, &mut prints));
    let is_guess = check.intend.is_empty() && !spelt.is_empty();
    let (unread, hints): (Vec<_>, Vec<_>) = unread.into_iter().unzip();
    let run = Run {
        reports: &reports,
        fingerprints: prints,
        hidden: applied.as_ref().map_or(0, |applied| applied.hidden),
        unread: &unread,
        intended: if is_guess { &spelt } else { &check.intend },
        intended_is_guessed: is_guess,
        base: &base,
        version: env!("CARGO_PKG_VERSION"),
        page: rule::page,
    };
    say(&run, applied.as_ref(), global.format, output);
    say_unread(&run, &hints, output);
    let ended = output.run(&run, global.format, exit(&run, check.fail_on));
    Ok(match &check.certificate {
        Some(path) => certificate::save(path, &proofs, (ended, output)),
        None => ended,
    })
}

/// What the run was, for people.
fn say(run: &Run<'_>, applied: Option<&Applied<'_>>, format: Format, output: &Output) {
    if let Some(Applied { gone, .. }) = applied
        && !gone.is_empty()
    {
        let gone: Vec<_> = gone.iter().map(|(file, rule)| format!("{rule} in {file}")).collect();
        let count = gone.len();
        let gone = listed(gone.iter().map(String::as_str));
        output.talk(&printable(&format!("{count} of the baseline not found any more: {gone}")));
    }
    if format != Format::Human {
        return;
    }
    if let Some(kinds) = kinds(run.reports) {
        output.talk(&format!("read: {kinds}"));
    }
    match run.intended {
        [] => {}
        names => {
            let names = listed(names.iter().map(String::as_str));
            let guess = if run.intended_is_guessed {
                " (a guess from what is spelt out; --intend NAME says it)"
            } else {
                ""
            };
            output.talk(&format!("meant for: {names}{guess}"));
        }
    }
    if run.hidden > 0 {
        output.talk(&format!("{} more of the baseline", counted(run.hidden, "finding")));
    }
    if run.reports.iter().all(|report| report.findings.is_empty()) && run.unread.is_empty() {
        match run.reports {
            [] => {}
            [report] => output.talk(&format!("{}: no findings", report.source.shown_name())),
            reports => output.talk(&format!("{} files: no findings", reports.len())),
        }
    }
}

/// How many files were read as whose; nothing where that goes without saying.
fn kinds(reports: &[Report]) -> Option<String> {
    let of = |kind: Kind| {
        let count = reports.iter().filter(|report| report.kind == Some(kind.id())).count();
        (count > 0).then(|| (kind, format!("{} of {}", counted(count, "file"), kind.name())))
    };
    let counts: Vec<_> = Kind::all().filter_map(of).collect();
    let is_plain = matches!(counts.as_slice(), [] | [(Kind::Corsac, _)]);
    (!is_plain).then(|| counts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", "))
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// Says what was not read: a warning beside what was, an error where nothing was.
fn say_unread(run: &Run<'_>, hints: &[&'static str], output: &Output) {
    if run.reports.is_empty() && run.unread.is_empty() {
        output.fail("there is nothing to check", "name a file, and with --kind SYSTEM whose it is");
    }
    for (UnreadFile { name, reason }, hint) in run.unread.iter().zip(hints) {
        let text = format!("failed to read `{name}`: {reason}");
        if run.reports.is_empty() {
            output.fail(&text, hint);
        } else {
            output.warn(&printable(&text));
        }
    }
}

/// Who asks for no failure gets none but for want of anything to judge. Else what was not read
/// fails a run as a finding does: nobody knows what is in it.
fn exit(run: &Run<'_>, fail_on: FailOn) -> Exit {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
        FailOn::Never => return if run.reports.is_empty() { Exit::Failed } else { Exit::Clean },
    };
    let mut found = run.reports.iter().flat_map(|report| &report.findings);
    if run.reports.is_empty() {
        Exit::Failed
    } else if !run.unread.is_empty() || found.any(|finding| finding.diagnostic.severity <= least) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}
