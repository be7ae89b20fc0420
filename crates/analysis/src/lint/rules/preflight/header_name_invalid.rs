//! Not a header name.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::{field, is_token, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::model::Field;

pub(crate) static RULE: Rule =
    Rule { id: "header-name-invalid", severity: Severity::Error, summary: "not a header name" };

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    if let Some((_, field)) = field(scope, |answer| &answer.allow_headers) {
        tell(field, "browsers refuse the whole field, and with it the preflight", found);
    }
    if let Some(field) = &scope.actual.answer.expose_headers {
        tell(field, "browsers ignore the whole field", found);
    }
}

fn tell(field: &Field, consequence: &str, found: &mut Found<'_>) {
    let Some(text) = text(field) else { return };
    for name in values(text).filter(|name| !is_token(name)) {
        let finding = Diagnostic::new(&RULE, format!("`{}` is no header name: {consequence}", excerpt(name)))
            .severity(Severity::Warning)
            .note("it has to be a token: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110, section 5.6.2)")
            .help("write names with commas between them: `content-type, x-request-id`");
        found.at_word(field.place.as_ref(), name, "not a name", finding);
    }
}
