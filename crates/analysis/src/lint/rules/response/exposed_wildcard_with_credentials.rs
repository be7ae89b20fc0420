//! `*` in exposed headers means nothing with credentials.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::lint::rules::preflight::values;
use crate::model::Value;

pub(crate) static RULE: Rule = Rule {
    id: "exposed-wildcard-with-credentials",
    severity: Severity::Error,
    summary: "`*` exposes no header to requests with credentials",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some(field) = &scope.actual.answer.expose_headers else { return };
    let Value::Text(text) = &field.value else { return };
    if !values(text).any(|name| name == "*") || !scope.actual.may_have_credentials() {
        return;
    }
    let finding = Diagnostic::new(&RULE, "`*` exposes no header to requests with credentials")
        .severity(Severity::Warning)
        .note("with credentials `*` is the name of a header (Fetch, section 3.3.5)")
        .help("name the headers that scripts need to read");
    let second = scope.actual.credentials_place().map(|place| (place, "credentials are allowed here"));
    found.at_both(field.place.as_ref(), "a name, with credentials", second, finding);
}
