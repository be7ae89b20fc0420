//! Preflights are answered without the credentials that actual responses allow.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::{Judged, JudgedAnswer, Pattern};
use crate::lint::found::Found;
use crate::model::Truth;

pub(crate) static RULE: Rule = Rule {
    id: "preflight-without-credentials",
    severity: Severity::Warning,
    summary: "actual responses allow credentials, and preflights do not",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some(preflight) = scope.preflight else { return };
    let is_known = preflight.answer.unread.is_none() && !preflight.answer.passes_upstream;
    let lacks = preflight.may_allow() && preflight.answer.allow_credentials.is_empty();
    if !is_known || !lacks || !works_with_credentials(scope.actual) {
        return;
    }
    let message = "preflights come without `Access-Control-Allow-Credentials`: requests with credentials that need one fail";
    let finding = Diagnostic::new(&RULE, message)
        .note("browsers look for the field in the answer to the preflight too (Fetch, CORS check, step 6)")
        .help("send `Access-Control-Allow-Credentials: true` with preflights too");
    let second = scope.actual.credentials_place().map(|place| (place, "actual responses have it"));
    found.at_both(preflight.allow_origin_place(), "without credentials", second, finding);
}

/// Whether somebody may read with credentials.
fn works_with_credentials(answer: &JudgedAnswer<'_>) -> bool {
    answer.origins.iter().any(|named| named.reads_with_credentials == Truth::True)
        || answer.patterns.iter().any(Pattern::has_credentials)
}
