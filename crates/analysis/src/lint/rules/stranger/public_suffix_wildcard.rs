//! A wildcard over a suffix under which everybody registers.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule = Rule {
    id: "public-suffix-wildcard",
    severity: Severity::Error,
    summary: "a wildcard over names that strangers can register",
};

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "strangers register names under this suffix",
    advice: "name the origins, or a base that you registered",
};
