//! Preflights are asked for credentials that they never have.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::model::Preflight;

pub(crate) static RULE: Rule = Rule {
    id: "preflight-authenticated",
    severity: Severity::Warning,
    summary: "preflights are asked to authenticate, which they never can",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Preflight::Authenticated(place) = &scope.scope.preflight else { return };
    if !scope.actual.may_allow() {
        return;
    }
    let finding = Diagnostic::new(&RULE, "preflights have to authenticate here, and never can: they fail")
        .note("browsers send preflights without cookies, `Authorization` and client certificates (Fetch, CORS-preflight fetch)")
        .help("answer `OPTIONS` with the CORS fields before authentication");
    found.at(place.as_ref(), "asks preflights too", finding);
}
