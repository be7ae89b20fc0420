//! A suppression that suppresses nothing.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

pub(crate) static RULE: Rule = Rule {
    id: "unused-suppression",
    severity: Severity::Warning,
    summary: "a suppression that suppresses nothing",
};

/// The finding about a suppression of `id`, which is no rule or finds nothing there.
pub(crate) fn finding(id: &str, is_rule: bool) -> Diagnostic {
    let message = if is_rule {
        format!("nothing is found here that `{}` would suppress", excerpt(id))
    } else {
        format!("there is no rule `{}` to suppress", excerpt(id))
    };
    Diagnostic::new(&RULE, message)
        .note("a suppression stands on the line of what it suppresses, or on the line above")
        .help("remove it; `corsac rule` lists the rules")
}
