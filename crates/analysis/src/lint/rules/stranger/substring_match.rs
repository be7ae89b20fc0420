//! A name that may stand anywhere.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "substring-match",
    severity: Severity::Error,
    summary: "the name may stand anywhere in the origin",
};

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "the text may stand anywhere in the origin",
    advice: "compare the whole origin",
};
