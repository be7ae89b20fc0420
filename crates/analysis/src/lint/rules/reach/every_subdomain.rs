//! Every sub-domain of a name is trusted.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity};

use super::for_some;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::model::Truth;
use crate::question::Verdict;

pub(crate) static RULE: Rule =
    Rule { id: "every-subdomain", severity: Severity::Note, summary: "every sub-domain is trusted" };

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in for_some(answer) {
        // Whom strangers get in with is told as that.
        if matches!(pattern.asked.verdict, Verdict::Attack(_)) {
            continue;
        }
        let is_admitted = |label: &str, name: &str| {
            let of = |scheme| format!("{scheme}://{label}.{name}");
            [of("https"), of("http")]
                .iter()
                .any(|origin| answer.prover.takes(&pattern.readers, origin) == Truth::True)
        };
        let is_open = |name: &&String| is_admitted("zq7x", name) && is_admitted("b-2", name);
        let Some(name) = answer.intended.names().iter().find(is_open) else { continue };
        let finding = Diagnostic::new(&RULE, format!("every sub-domain of `{name}` {}", answer.may()))
            .confidence(if answer.is_guess { Confidence::Medium } else { Confidence::High })
            .note("one of them that is taken over, forgotten, or open to cross-site scripting reads as the user")
            .note(answer.meant_for())
            .help("list the sub-domains that need it");
        found.at(pattern.place, format!("admits `https://any-name.{name}`"), finding);
    }
}
