//! Errors come without the fields.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::model::Coverage;

pub(crate) static RULE: Rule = Rule {
    id: "errors-without-cors",
    severity: Severity::Note,
    summary: "responses that report an error come without CORS fields",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let answer = scope.actual;
    if !answer.may_allow() {
        return;
    }
    let (message, help, place) = match answer.answer.coverage {
        Coverage::Successes => (
            "errors come without CORS fields: scripts see a network error, not 401 or 404",
            "send the fields with every response; in nginx and Apache with `always`",
            answer.allow_origin_place(),
        ),
        Coverage::Handled => (
            "a failure that is not handled comes without CORS fields: scripts see a network error, not 500",
            "add the fields outside of what turns failures into responses",
            // Where it is added, not what it admits.
            scope.scope.place.as_ref().or_else(|| answer.allow_origin_place()),
        ),
        Coverage::All | Coverage::Unknown => return,
    };
    let finding = Diagnostic::new(&RULE, message)
        .note("whoever is allowed to read cannot tell \"signed out\" from \"offline\"")
        .help(help);
    found.at(place, "not with errors", finding);
}
