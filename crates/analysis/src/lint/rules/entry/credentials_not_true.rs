//! `Access-Control-Allow-Credentials` with another value than `true`.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "credentials-not-true",
    severity: Severity::Note,
    summary: "a value of `Access-Control-Allow-Credentials` that says nothing",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for case in answer.answer.allow_credentials.iter().flat_map(|line| &line.cases) {
        // A switch that is off sends no field at all: only a field that is written out counts.
        if case.then || !found.is_written(case.place.as_ref(), "access-control-allow-credentials") {
            continue;
        }
        let finding =
            Diagnostic::new(&RULE, "browsers read no other value than `true`: this allows no credentials")
                .note("the comparison is byte by byte, with its case (Fetch, CORS check, step 6)")
                .help(
                    "remove the field if credentials are not meant to be allowed; write `true` if they are",
                );
        found.at(case.place.as_ref(), "not `true`", finding);
    }
}
