//! Not a method, or not in the case that browsers send.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::{field, is_token, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "method-invalid",
    severity: Severity::Error,
    summary: "not a method, or not in the case that browsers send",
};

/// Methods in use, in the case in which servers know them.
const STANDARD: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((_, field)) = field(scope, |answer| &answer.allow_methods) else { return };
    let Some(text) = text(field) else { return };
    for method in values(text) {
        let right = STANDARD.into_iter().find(|own| own.eq_ignore_ascii_case(method));
        let (message, help) = match right {
            Some(right) if right != method => (
                format!("methods are compared with their case: `{method}` allows no `{right}`"),
                format!("write `{right}`"),
            ),
            None if !is_token(method) => (
                format!("`{}` is no method: browsers refuse the whole field", excerpt(method)),
                "write methods with commas between them: `GET, PUT`".to_owned(),
            ),
            _ => continue,
        };
        let finding = Diagnostic::new(&RULE, message)
            .severity(Severity::Warning)
            .note("browsers put DELETE, GET, HEAD, OPTIONS, POST and PUT into upper case (Fetch, section 2.2.1)")
            .help(help);
        found.at_word(field.place.as_ref(), method, "", finding);
    }
}
