//! A method that no script may ever send.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::{field, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "forbidden-method",
    severity: Severity::Error,
    summary: "a method that no script may ever send",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    const FORBIDDEN: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];
    let Some((_, field)) = field(scope, |answer| &answer.allow_methods) else { return };
    let Some(text) = text(field) else { return };
    let is_forbidden = |method: &&str| FORBIDDEN.iter().any(|own| own.eq_ignore_ascii_case(method));
    for method in values(text).filter(is_forbidden) {
        let finding = Diagnostic::new(
            &RULE,
            format!("no script may send `{}`: allowing it does nothing", excerpt(method)),
        )
        .severity(Severity::Note)
        .note("it is a forbidden method (Fetch, section 2.2.1)")
        .help("remove it");
        found.at_word(field.place.as_ref(), method, "never sent", finding);
    }
}
