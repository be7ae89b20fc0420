//! `*` does not cover `Authorization`.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{field, is_any, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "authorization-under-wildcard",
    severity: Severity::Warning,
    summary: "`*` in request headers does not cover `authorization`",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((answer, field)) = field(scope, |answer| &answer.allow_headers) else { return };
    let Some(text) = text(field) else { return };
    let names_it = values(text).any(|name| name.eq_ignore_ascii_case("authorization"));
    if !is_any(answer, field) || names_it {
        return;
    }
    let finding = Diagnostic::new(&RULE, "`*` does not cover `authorization`: pages cannot send tokens")
        .severity(Severity::Note)
        .note("`authorization` is a CORS non-wildcard request-header name (Fetch, section 2.2.2)")
        .help("write `authorization, *` if pages send it, or name the headers that they need");
    found.at(field.place.as_ref(), "not `authorization`", finding);
}
