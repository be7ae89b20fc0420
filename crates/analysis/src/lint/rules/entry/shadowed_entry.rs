//! An entry that is never reached.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::covered;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "shadowed-entry", severity: Severity::Warning, summary: "an entry that is never reached" };

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for line in &answer.answer.allow_origin {
        for entry in covered::of(line).0.iter().filter(|entry| !entry.is_same && entry.is_later) {
            let message = format!(
                "an entry before it takes all of {}: this one is never reached",
                excerpt(&entry.text)
            );
            let finding = Diagnostic::new(&RULE, message)
                .note("the first entry that matches decides")
                .help("remove one of them, or put this one first");
            found.at_both(Some(entry.place), "never reached", Some((entry.by, "decides first")), finding);
        }
    }
}
