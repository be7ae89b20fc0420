//! An origin that is none of the names that were said to be meant.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::lint::hosts;
use crate::model::Truth;

pub(crate) static RULE: Rule = Rule {
    id: "third-party-origin",
    severity: Severity::Note,
    summary: "an origin of somebody else is trusted",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    // A guess calls every name that is spelled out meant.
    if answer.is_guess {
        return;
    }
    for named in answer.origins.iter().filter(|named| named.reads == Truth::True) {
        let Some(host) = hosts::host(named.origin) else { continue };
        let is_own = answer.prover.is_meant(&host, answer.intended)
            || hosts::is_development(named.origin)
            || hosts::is_address(named.origin);
        if is_own {
            continue;
        }
        let how =
            if named.reads_with_credentials == Truth::True { ", with the user's credentials" } else { "" };
        let message = format!("`{}` is somebody else's and {}{how}", excerpt(named.origin), answer.may());
        let finding = Diagnostic::new(&RULE, message)
            .confidence(Confidence::Medium)
            .note(answer.meant_for())
            .help("remove it, or name it with --intend if it is yours");
        found.at(named.place, "none of the names that are meant", finding);
    }
}
