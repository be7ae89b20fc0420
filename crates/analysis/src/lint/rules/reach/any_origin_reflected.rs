//! Every website may read: what is asked for is sent back.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{for_everyone, whom};
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::model::Emission;

pub(crate) static RULE: Rule = Rule {
    id: "any-origin-reflected",
    severity: Severity::Warning,
    summary: "whatever origin asks is sent back as allowed",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let is_reflected = |emission: &Emission| matches!(emission, Emission::Reflected | Emission::Matched(_));
    for pattern in for_everyone(answer).filter(|pattern| is_reflected(pattern.emission)) {
        if pattern.has_credentials() {
            continue;
        }
        let finding = Diagnostic::new(
            &RULE,
            format!("{} {}: its own origin is sent back", whom(pattern.asked.reach), answer.may()),
        )
        .severity(if answer.is_for_preflights_only { Severity::Note } else { Severity::Warning })
        .note("`*` says the same, can be cached for all, and never goes together with credentials")
        .help(help(found.system()));
        found.at(pattern.place, "includes `https://attacker.example`", finding);
    }
}

/// What to write: some systems send the origin back even where `*` is written.
fn help(system: &str) -> &'static str {
    match system {
        "Flask-CORS" => {
            "set `send_wildcard=True` if the responses are public; else list the origins that need them"
        }
        "Envoy" | "Istio" => {
            "list the origins that need them: for `*`, too, this filter sends the origin back"
        }
        _ => "write `*` if the responses are public; else list the origins that need them",
    }
}
