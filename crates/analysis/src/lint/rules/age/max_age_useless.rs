//! Shorter than browsers keep an answer anyway.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{Age, of};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "max-age-useless",
    severity: Severity::Note,
    summary: "a preflight cache time under what browsers keep without the field",
};

/// What browsers keep without the field.
const DEFAULT: u64 = 5;

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((field, Age::Seconds(seconds))) = of(scope) else { return };
    if seconds >= DEFAULT {
        return;
    }
    let finding = Diagnostic::new(
        &RULE,
        format!(
            "{seconds} s is less than browsers keep a preflight without the field: each request costs two"
        ),
    )
    .note("the default is 5 s (Fetch, CORS-preflight fetch)")
    .help("write `600` or more, or remove the field; 0 is of use while a policy is being changed");
    found.at(field.place.as_ref(), "nearly no time", finding);
}
