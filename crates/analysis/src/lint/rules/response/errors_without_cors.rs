//! Errors come without the fields.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::{Judged, JudgedAnswer};
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
        Coverage::AllButElsewhere => return elsewhere(answer, found),
        Coverage::All | Coverage::Unknown => return,
    };
    let finding = Diagnostic::new(&RULE, message)
        .note("whoever is allowed to read cannot tell \"signed out\" from \"offline\"")
        .help(help);
    found.at(place, "not with errors", finding);
}

/// Errors that another part of the configuration answers.
fn elsewhere(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for errors in &answer.answer.errors_elsewhere {
        let statuses = errors.statuses.iter().map(u16::to_string);
        let by = excerpt(&errors.by);
        let whose = if errors.only_own { format!(" of {} itself", found.system()) } else { String::new() };
        let message = format!(
            "errors {}{whose} come from `{by}`, without CORS fields: scripts see a network error",
            joined(statuses)
        );
        let finding = Diagnostic::new(&RULE, message)
            .note("whoever is allowed to read cannot tell \"try again later\" from \"offline\"")
            .help(format!("send the fields from `{by}` too, with `always`"));
        let place = errors.place.as_ref().or_else(|| answer.allow_origin_place());
        let second = answer.allow_origin_place().map(|place| (place, "not with these errors"));
        found.at_both(place, "answers without the fields", second, finding);
    }
}

/// `500, 502 and 503`
fn joined(mut words: impl DoubleEndedIterator<Item = String>) -> String {
    let last = words.next_back().unwrap_or_default();
    let before: Vec<_> = words.collect();
    if before.is_empty() { last } else { format!("{} and {last}", before.join(", ")) }
}
