//! An expression without a beginning.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "missing-start-anchor",
    severity: Severity::Error,
    summary: "an expression that says nowhere where the origin begins",
};

pub(super) static WORDS: Words =
    Words { rule: &RULE, message: "the expression has no beginning", advice: "begin it with `^https://`" };
