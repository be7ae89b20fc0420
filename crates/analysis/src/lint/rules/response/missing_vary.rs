//! No `Vary: Origin` where the answer depends on the origin.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity};

use super::depends_on_origin;
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "missing-vary",
    severity: Severity::Warning,
    summary: "the answer depends on the origin, and caches are not told",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let answer = scope.actual;
    // What is not read may hold it.
    if answer.answer.vary.is_some()
        || answer.answer.unread.is_some()
        || depends_on_origin(answer) != Some(true)
    {
        return;
    }
    let passes = answer.answer.passes_upstream;
    let mut finding = Diagnostic::new(&RULE, "what is sent depends on the origin, and no `Vary: Origin` says so")
        .confidence(if passes { Confidence::Medium } else { Confidence::High })
        .note("a cache gives one origin's response to another: reading fails, or a response without the field is kept")
        .help("send `Vary: Origin` with every response, also with those that allow nobody");
    if passes {
        finding = finding.note("an upstream may send it; nothing here does");
    }
    found.at(answer.allow_origin_place(), "depends on the request's origin", finding);
}
