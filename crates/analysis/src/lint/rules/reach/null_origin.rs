//! `null` is admitted.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::for_some;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::model::{Place, Truth};

pub(crate) static RULE: Rule = Rule {
    id: "null-origin",
    severity: Severity::Error,
    summary: "`null` is allowed, which any website can send",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in answer.origins.iter().filter(|named| named.origin == "null" && named.reads == Truth::True) {
        tell(named.place, named.reads_with_credentials, found);
    }
    for pattern in for_some(answer).filter(|pattern| pattern.asked.facts.null == Some(true)) {
        tell(pattern.place, pattern.with_credentials.matches("null"), found);
    }
}

fn tell(place: Option<&Place>, with_credentials: Truth, found: &mut Found<'_>) {
    let (severity, how) = match with_credentials {
        Truth::True => (Severity::Error, ", with the user's credentials"),
        Truth::False | Truth::Unknown => (Severity::Warning, ""),
    };
    let finding = Diagnostic::new(&RULE, format!("`null` lets every website in{how}"))
        .severity(severity)
        .note("`https://attacker.example` gets it with <iframe sandbox=\"allow-scripts\" srcdoc=\"…\">")
        .help("remove it and give the page an origin of its own");
    found.at(place, "sent by sandboxed iframes, `data:` and `file:` pages", finding);
}
