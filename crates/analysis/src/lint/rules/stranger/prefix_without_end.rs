//! A beginning is compared: a stranger's name goes on behind it.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "prefix-without-end",
    severity: Severity::Error,
    summary: "the beginning of an origin is compared, and anything may follow",
};

pub(super) static WORDS: Words =
    Words { rule: &RULE, message: "only the beginning is compared", advice: "compare the whole origin" };
