//! Credentials are allowed, and no origin is.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "credentials-without-origin",
    severity: Severity::Warning,
    summary: "credentials are allowed where no origin is",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let may_allow = answer.may_allow() || answer.answer.passes_upstream || answer.answer.unread.is_some();
    if may_allow || !answer.may_have_credentials() {
        return;
    }
    let finding = Diagnostic::new(&RULE, "credentials are allowed, and no origin is: the field does nothing")
        .note("without `Access-Control-Allow-Origin` no page may read, with credentials or without")
        .help("remove it, before somebody adds an origin and forgets that it is here");
    found.at(answer.credentials_place(), "allows nobody", finding);
}
