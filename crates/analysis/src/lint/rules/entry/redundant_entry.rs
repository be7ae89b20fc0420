//! An entry that changes nothing.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::covered;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "redundant-entry", severity: Severity::Warning, summary: "an entry that changes nothing" };

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for line in &answer.answer.allow_origin {
        let (covered, has_more) = covered::of(line);
        for entry in covered.iter().filter(|entry| entry.is_same) {
            let message = format!("another entry already admits {}", excerpt(&entry.text));
            let finding = Diagnostic::new(&RULE, message).help("remove it");
            found.at_both(
                Some(entry.place),
                "changes nothing",
                Some((entry.by, "admits it already")),
                finding,
            );
        }
        if has_more {
            let finding = Diagnostic::new(&RULE, "too many patterns to compare each with every other")
                .severity(Severity::Note)
                .help("list the origins that need access");
            found.at(None, "", finding);
        }
    }
}
