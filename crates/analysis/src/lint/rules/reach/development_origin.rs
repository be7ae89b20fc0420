//! A developer's own origin is admitted in production.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use super::for_some;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::lint::hosts;
use crate::model::{Place, Truth};

pub(crate) static RULE: Rule = Rule {
    id: "development-origin",
    severity: Severity::Warning,
    summary: "a development origin in production",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in &answer.origins {
        if named.reads == Truth::True && hosts::is_development(named.origin) {
            tell(named.place, named.origin, answer, found);
        }
    }
    for pattern in for_some(answer) {
        let is_admitted = |origin: &&str| answer.prover.takes(&pattern.readers, origin) == Truth::True;
        if let Some(sample) = hosts::SAMPLES.into_iter().find(is_admitted) {
            tell(pattern.place, sample, answer, found);
        }
    }
}

fn tell(place: Option<&Place>, origin: &str, answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    if found.is_for_development(place) {
        return;
    }
    let message = format!("`{}` {}: a development origin, for every user", excerpt(origin), answer.may());
    let finding = Diagnostic::new(&RULE, message)
        .confidence(Confidence::Medium)
        .note("whatever serves a page there, on a user's machine or through a tunnel, reads what the user may read")
        .help("admit it in the development configuration only");
    found.at(place, format!("admits `{}`", excerpt(origin)), finding);
}
