//! A stranger gets in, and no usual slip explains it.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "stranger-admitted",
    severity: Severity::Error,
    summary: "an origin is admitted that a stranger can own",
};

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "a stranger can own an admitted origin",
    advice: "list the origins that need access",
};
