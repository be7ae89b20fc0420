//! A suppression that does not say why.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "suppression-without-reason",
    severity: Severity::Warning,
    summary: "a suppression that does not say why",
};

/// The finding about a suppression.
pub(crate) fn finding() -> Diagnostic {
    Diagnostic::new(&RULE, "this suppression does not say why: it suppresses nothing")
        .note("whoever reads it next has to know whether the reason still holds")
        .help("write the reason behind the bracket: `corsac: ignore[rule-id] served on the public network only`")
}
