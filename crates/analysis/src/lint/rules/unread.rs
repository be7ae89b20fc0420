//! Parts of a configuration that are not understood.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use crate::lint::found::Found;
use crate::model::{Model, Unread};

pub(crate) static RULE: Rule = Rule {
    id: "unread-part",
    severity: Severity::Note,
    summary: "a part of the configuration that is not understood",
};

/// Most of them that are told one by one.
const MAX_TOLD: usize = 50;

pub(crate) fn find(model: &Model, found: &mut Found<'_>) {
    // That it decides says more.
    let all: Vec<_> = model.unread.iter().filter(|unread| !found.opaque.contains(&unread.reason)).collect();
    let mut told = 0;
    for (at, unread) in all.iter().enumerate() {
        let is_file = found.is_written(unread.place.as_ref(), "include");
        let is_same = |other: &&&Unread| is_file && other.reason == unread.reason;
        // A file is one thing, however often it is included.
        if all.iter().take(at).any(|other| is_same(&other)) {
            continue;
        }
        told += 1;
        if told > MAX_TOLD {
            continue;
        }
        let finding = Diagnostic::new(&RULE, format!("not understood: {}", excerpt(&unread.reason)))
            .confidence(Confidence::High);
        let finding = match all.iter().skip(at + 1).filter(is_same).count() {
            0 => finding,
            1 => finding.note("it is included at one more place"),
            more => finding.note(format!("it is included at {more} more places")),
        };
        found.at(unread.place.as_ref(), "not understood", finding.help("review it by hand"));
    }
    let more = told.saturating_sub(MAX_TOLD);
    if more > 0 {
        let finding = Diagnostic::new(&RULE, format!("{more} more parts are not understood"));
        found.at(None, "", finding.help("review them by hand"));
    }
}
