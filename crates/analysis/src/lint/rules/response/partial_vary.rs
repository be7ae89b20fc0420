//! A `Vary` that leaves the origin out.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use super::depends_on_origin;
use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::model::Value;

pub(crate) static RULE: Rule = Rule {
    id: "partial-vary",
    severity: Severity::Warning,
    summary: "`Vary` is set, and does not name the origin that the answer depends on",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let answer = scope.actual;
    let Some(vary) = &answer.answer.vary else { return };
    let Value::Text(text) = &vary.value else { return };
    let names_origin =
        text.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("origin"));
    if names_origin || depends_on_origin(answer) != Some(true) {
        return;
    }
    let passes = answer.answer.passes_upstream;
    let finding = Diagnostic::new(
        &RULE,
        format!("`Vary: {}` leaves out the origin, on which the answer depends", excerpt(text)),
    )
    .confidence(if passes { Confidence::Medium } else { Confidence::High })
    .note("a cache gives one origin's response to another")
    .help(format!("write `Vary: {}`", excerpt(&with_origin(text))));
    let second = answer.allow_origin_place().map(|place| (place, "depends on the request's origin"));
    found.at_both(vary.place.as_ref().or(answer.allow_origin_place()), "no `Origin`", second, finding);
}

fn with_origin(text: &str) -> String {
    match text.trim() {
        "" => "Origin".to_owned(),
        text => format!("{text}, Origin"),
    }
}
