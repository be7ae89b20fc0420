//! An entry that is never reached.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::covered::Covered;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "shadowed-entry", severity: Severity::Warning, summary: "an entry that is never reached" };

pub(super) fn tell(entry: &Covered<'_>, found: &mut Found<'_>) {
    let message =
        format!("an entry before it takes all of {}: this one is never reached", excerpt(&entry.text));
    let finding = Diagnostic::new(&RULE, message)
        .note("the first entry that matches decides")
        .help("remove one of them, or put this one first");
    found.at_both(Some(entry.place), "never reached", Some((entry.by, "decides first")), finding);
}
