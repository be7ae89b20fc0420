//! Every method is allowed.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{field, is_any};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule =
    Rule { id: "any-method", severity: Severity::Note, summary: "every method may be sent" };

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((answer, field)) = field(scope, |answer| &answer.allow_methods) else { return };
    if !is_any(answer, field) {
        return;
    }
    let finding = Diagnostic::new(&RULE, "pages may send every method, also those that nobody thought of")
        .note("a route that is added later, with `DELETE` or `PATCH`, is open to them at once")
        .help("name the methods that pages need");
    found.at(field.place.as_ref(), "every method", finding);
}
