//! `Access-Control-Max-Age` is no number of seconds.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::{Age, of};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "max-age-invalid",
    severity: Severity::Warning,
    summary: "a preflight cache time that is no number of seconds",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((field, Age::Invalid(text))) = of(scope) else { return };
    let finding = Diagnostic::new(
        &RULE,
        format!("`{}` is no number of seconds: browsers keep the answer 5 s", excerpt(text)),
    )
    .note("the value is digits alone (Fetch, CORS-preflight fetch: \"extracting header list values\")")
    .help("write whole seconds, such as `7200`");
    found.at(field.place.as_ref(), "not digits", finding);
}
