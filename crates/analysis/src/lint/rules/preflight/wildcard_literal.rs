//! `*` in methods or headers is a name where credentials are sent.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{field, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "wildcard-literal",
    severity: Severity::Warning,
    summary: "`*` in methods or headers is but a name where credentials are sent",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let methods = field(scope, |answer| &answer.allow_methods).map(|field| (field, "method"));
    let headers = field(scope, |answer| &answer.allow_headers).map(|field| (field, "header"));
    for ((answer, field), what) in [methods, headers].into_iter().flatten() {
        let has_star = text(field).is_some_and(|text| values(text).any(|value| value == "*"));
        if !has_star || !answer.may_have_credentials() {
            continue;
        }
        let finding =
            Diagnostic::new(&RULE, format!("with credentials `*` allows the {what} named `*`, and no other"))
                .note("preflights of requests with credentials fail (Fetch, CORS-preflight fetch)")
                .help(format!("name the {what}s that pages need"));
        let second = answer.credentials_place().map(|place| (place, "credentials are allowed here"));
        found.at_both(field.place.as_ref(), "a name, with credentials", second, finding);
    }
}
