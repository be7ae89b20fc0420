//! Every request header is allowed.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{field, is_any};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "any-request-header", severity: Severity::Note, summary: "every request header may be sent" };

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((answer, field)) = field(scope, |answer| &answer.allow_headers) else { return };
    if !is_any(answer, field) {
        return;
    }
    let finding = Diagnostic::new(
        &RULE,
        "pages may send every request header, also those that a proxy or framework trusts",
    )
    .note("`X-HTTP-Method-Override`, `X-Forwarded-For` or `X-Original-URL` are among them")
    .help("name the headers that pages need, such as `content-type` and `authorization`");
    found.at(field.place.as_ref(), "every header", finding);
}
