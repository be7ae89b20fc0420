//! Every request header is allowed.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{field, is_any, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "any-request-header", severity: Severity::Note, summary: "every request header may be sent" };

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((answer, field)) = field(scope, |answer| &answer.allow_headers) else { return };
    if !is_any(answer, field) {
        return;
    }
    // The asterisk alone leaves one out.
    let is_named = |text| values(text).any(|value| value.eq_ignore_ascii_case("authorization"));
    let but = if text(field).is_some_and(|text| !is_named(text)) { " but `authorization`" } else { "" };
    let finding = Diagnostic::new(
        &RULE,
        format!("pages may send every request header{but}, also those that a proxy or framework trusts"),
    )
    .note("`X-HTTP-Method-Override`, `X-Forwarded-For` or `X-Original-URL` are among them")
    .help("name the headers that pages need, such as `content-type` and `authorization`");
    // A default is written nowhere.
    let whole = scope.scope.place.as_ref();
    let place = field.place.as_ref().or(whole).or_else(|| answer.allow_origin_place());
    found.at(place, "every header", finding);
}
