//! A pattern that no origin matches.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;
use crate::model::Matcher;
use crate::question::Prover;
use crate::regex::{Flags, Regex};

pub(crate) static RULE: Rule =
    Rule { id: "dead-entry", severity: Severity::Warning, summary: "a pattern that no origin matches" };

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in answer.patterns.iter().filter(|pattern| !pattern.is_opaque) {
        // Where something before it takes all, that is what is wrong.
        if pattern.asked.facts.dead != Some(true) || answer.prover.is_dead(pattern.when) != Some(true) {
            continue;
        }
        let mut finding = Diagnostic::new(&RULE, "no origin matches this, in any browser's spelling")
            .help("remove it, or write it so that it matches what browsers send: `https://app.example.com`");
        if let Some(why) = why(pattern.when, answer.prover) {
            finding = finding.note(why);
        }
        found.at(pattern.place, "matches no origin", finding);
    }
}

/// A usual reason, asked about.
fn why(when: &Matcher, prover: &Prover<'_>) -> Option<&'static str> {
    let Matcher::Regex(regex) = when else { return None };
    let lives = |text: &str, flags: Flags| {
        let changed = Matcher::Regex(Regex::new(text, regex.dialect(), regex.mode(), flags));
        prover.is_dead(&changed) == Some(false)
    };
    if lives(&regex.text().to_ascii_lowercase(), regex.flags().clone()) {
        return Some("browsers send hosts in lower case");
    }
    if lives(&format!("^https?://{}", regex.text().trim_start_matches('^')), regex.flags().clone()) {
        return Some("an origin begins with its scheme, such as `https://`");
    }
    None
}
