//! An expression without an end: a stranger's name goes on behind it.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "missing-end-anchor",
    severity: Severity::Error,
    summary: "an expression that says nowhere where the origin ends",
};

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "the expression has no end",
    advice: "end it with `$`, and escape its dots",
};
