//! A question without an answer.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::JudgedAnswer;
use crate::lint::asked::Reach;
use crate::lint::found::Found;
use crate::model::{Emission, Matcher};
use crate::question::Verdict;

pub(crate) static RULE: Rule = Rule {
    id: "undecided-origins",
    severity: Severity::Note,
    summary: "it could not be decided whether a stranger is admitted",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in
        answer.patterns.iter().filter(|pattern| pattern.asked.reach == Reach::Some && !pattern.is_opaque)
    {
        let Verdict::Unknown(reason) = &pattern.asked.verdict else { continue };
        // Whoever gets it, `*` is meant for everyone.
        if matches!(pattern.emission, Emission::Fixed(text) if text == "*") {
            continue;
        }
        let refusal = refusal(pattern.when);
        let reason = refusal.as_deref().unwrap_or(reason);
        let finding = Diagnostic::new(
            &RULE,
            format!("whether a stranger is admitted is not decided: {}", excerpt(reason)),
        )
        .note("nothing was proved of it, and the usual attacks were refused")
        .help("write the expression in a simpler way, or list the origins");
        found.at(pattern.place, "not decided", finding);
    }
    if answer.unasked > 0 {
        // What is not looked at may be anything.
        let finding = Diagnostic::new(&RULE, "the file asks more than is explored: patterns were left out")
            .severity(Severity::Warning)
            .help("list the origins that need access, or check the parts of the file one by one");
        found.at(answer.allow_origin_place(), "patterns from here on were not asked about", finding);
    }
}

/// Why an expression was not read.
fn refusal(matcher: &Matcher) -> Option<String> {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().find_map(refusal),
        Matcher::Not(inner) => refusal(inner),
        Matcher::Regex(regex) | Matcher::Whole(regex, _) => regex.syntax().err().map(ToString::to_string),
        _ => None,
    }
}
