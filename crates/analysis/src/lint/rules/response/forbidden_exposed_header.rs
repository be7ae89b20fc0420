//! A header that no script may ever read.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::lint::rules::preflight::values;
use crate::model::Value;

pub(crate) static RULE: Rule = Rule {
    id: "forbidden-exposed-header",
    severity: Severity::Error,
    summary: "a response header that no script may ever read",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some(field) = &scope.actual.answer.expose_headers else { return };
    let Value::Text(text) = &field.value else { return };
    let is_forbidden =
        |name: &&str| ["set-cookie", "set-cookie2"].iter().any(|own| own.eq_ignore_ascii_case(name));
    for name in values(text).filter(is_forbidden) {
        let finding = Diagnostic::new(
            &RULE,
            format!("no script may read `{}`: exposing it does nothing", excerpt(name)),
        )
        .severity(Severity::Warning)
        .note("it is a forbidden response-header name (Fetch, section 2.2.2)")
        .help("remove it");
        found.at_word(field.place.as_ref(), name, "never readable", finding);
    }
}
