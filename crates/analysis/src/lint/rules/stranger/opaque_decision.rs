//! Code decides, or what is not modelled.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::lint::found::Found;
use crate::model::{Emission, Matcher};
use crate::question::Verdict;

pub(crate) static RULE: Rule = Rule {
    id: "opaque-decision",
    severity: Severity::Note,
    summary: "something that is not read decides which origins are admitted",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in answer.patterns.iter().filter(|pattern| pattern.is_opaque) {
        // Whatever decides, a condition beside it may keep strangers out.
        if matches!(pattern.asked.verdict, Verdict::Proved { .. } | Verdict::Attack(_)) {
            continue;
        }
        let reason = reason(pattern).unwrap_or("it is not read");
        found.opaque.insert(reason.to_owned());
        let finding = Diagnostic::new(&RULE, format!("who is admitted is not known: {}", excerpt(reason)))
            .confidence(Confidence::High)
            .note("nothing was proved of it; it may admit everybody")
            .help("review it by hand, or send it the origins of a stranger");
        found.at(pattern.place, "decides who may read", finding);
    }
}

fn reason<'a>(pattern: &'a Pattern<'_>) -> Option<&'a str> {
    match pattern.emission {
        Emission::Opaque(reason) => Some(reason),
        _ => within(pattern.when),
    }
}

fn within(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().find_map(within),
        Matcher::Not(inner) => within(inner),
        Matcher::Opaque(reason) => Some(reason),
        _ => None,
    }
}
