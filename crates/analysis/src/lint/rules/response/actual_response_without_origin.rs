//! Preflights are allowed, and the responses that follow are not.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "actual-response-without-origin",
    severity: Severity::Warning,
    summary: "preflights are allowed, and actual responses have no `Access-Control-Allow-Origin`",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some(preflight) = scope.preflight.filter(|preflight| preflight.is_for_preflights_only) else {
        return;
    };
    let upstream = scope.actual.answer.passes_upstream && !scope.actual.answer.hides_upstream_origin;
    let unless = if upstream { " unless the upstream sends it" } else { "" };
    let message =
        format!("preflights alone have `Access-Control-Allow-Origin`: actual responses have none{unless}");
    let (severity, confidence) =
        if upstream { (Severity::Note, Confidence::Low) } else { (Severity::Warning, Confidence::High) };
    let finding = Diagnostic::new(&RULE, message)
        .severity(severity)
        .confidence(confidence)
        .note("the request that follows the preflight is sent, and no page may read what comes back")
        .help("send the field with the answers to `GET`, `POST` and the rest too");
    found.at(preflight.allow_origin_place(), "in answers to preflights only", finding);
}
