//! A suffix that begins within a label.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "suffix-without-boundary",
    severity: Severity::Error,
    summary: "anything may stand before the name, without a dot between",
};

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "anything may stand before the name",
    advice: "put `://` or a dot before the name",
};
