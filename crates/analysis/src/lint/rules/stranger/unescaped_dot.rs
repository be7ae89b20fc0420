//! A dot that stands for any byte.

use corsac_diagnostics::{Rule, Severity};

use super::Words;

pub(crate) static RULE: Rule =
    Rule { id: "unescaped-dot", severity: Severity::Error, summary: "an unescaped dot stands for any byte" };

pub(super) static WORDS: Words = Words {
    rule: &RULE,
    message: "an unescaped `.` stands for any byte",
    advice: "write `\\.` for each dot of a name",
};
