//! An entry that changes nothing.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::covered;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "redundant-entry", severity: Severity::Warning, summary: "an entry that changes nothing" };

/// Tells of redundant entries, and of shadowed ones: both come of the same comparison.
pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let coverings = covered::of(answer);
    for entry in &coverings.covered {
        if !entry.is_same {
            super::shadowed_entry::tell(entry, found);
            continue;
        }
        let message = format!("another entry already admits {}", excerpt(&entry.text));
        let finding = Diagnostic::new(&RULE, message).help("remove it");
        found.at_both(Some(entry.place), "changes nothing", Some((entry.by, "admits it already")), finding);
    }
    if coverings.is_cut {
        let finding = Diagnostic::new(&RULE, "too many entries to compare each with every other")
            .severity(Severity::Note)
            .help("list the origins that need access");
        found.at(None, "", finding);
    }
}
