//! Two layers, or two lines, that both send `Access-Control-Allow-Origin`.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::model::{Choice, Emission, Matcher, Place};

pub(crate) static RULE: Rule = Rule {
    id: "duplicate-allow-origin",
    severity: Severity::Warning,
    summary: "two `Access-Control-Allow-Origin` lines, which browsers refuse",
};

const WHY: &str =
    "browsers join the lines and compare the whole with the origin (Fetch, CORS check, step 4): nobody reads";

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let always: Vec<_> = answer.answer.allow_origin.iter().filter(|line| is_always_sent(line)).collect();
    let sent: Vec<_> = answer.answer.allow_origin.iter().filter(|line| place(line).is_some()).collect();
    if let (true, [first, second, ..]) =
        (always.len() > 1 || (!always.is_empty() && sent.len() > 1), sent.as_slice())
    {
        let finding = Diagnostic::new(
            &RULE,
            "`Access-Control-Allow-Origin` is sent twice: browsers refuse the response",
        )
        .note(WHY)
        .help("send it in one place");
        let other = place(first).map(|place| (place, "sent here too"));
        found.at_both(place(second), "a second line", other, finding);
        return;
    }
    let passes = answer.answer.passes_upstream && !answer.answer.hides_upstream_origin;
    if passes && answer.may_allow() && found.is_first_to_pass() {
        let finding = Diagnostic::new(
            &RULE,
            "an upstream's own `Access-Control-Allow-Origin` would be passed on beside this one",
        )
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .note(WHY)
        .help("remove the upstream's field here, or let the upstream alone send it");
        found.at(answer.allow_origin_place(), "one line more, if the upstream sends its own", finding);
    }
}

/// Whether the line is in every response to somebody it is written for.
fn is_always_sent(line: &Choice<Emission>) -> bool {
    line.cases.first().is_some_and(|case| {
        matches!(case.when, Matcher::Any) && !matches!(case.then, Emission::Nothing | Emission::Opaque(_))
    })
}

fn place(line: &Choice<Emission>) -> Option<&Place> {
    line.cases.iter().filter(|case| case.then != Emission::Nothing).find_map(|case| case.place.as_ref())
}
