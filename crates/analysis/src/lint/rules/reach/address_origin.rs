//! An address instead of a name.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use super::for_some;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::lint::hosts;
use crate::model::{Place, Truth};

pub(crate) static RULE: Rule =
    Rule { id: "address-origin", severity: Severity::Note, summary: "an IP address is trusted as an origin" };

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in &answer.origins {
        if named.reads == Truth::True && hosts::is_address(named.origin) {
            tell(named.place, named.origin, answer, found);
        }
    }
    for pattern in for_some(answer) {
        if let Some(witness) = pattern.asked.facts.address.found() {
            tell(pattern.place, witness, answer, found);
        }
    }
}

fn tell(place: Option<&Place>, origin: &str, answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let finding = Diagnostic::new(&RULE, format!("an IP address {}, whoever has it", answer.may()))
        .confidence(Confidence::High)
        .note("addresses change hands, in private networks with every network, and hardly ever have a certificate")
        .help("give the page a name and admit that over https");
    found.at(place, format!("admits `{}`", excerpt(origin)), finding);
}
