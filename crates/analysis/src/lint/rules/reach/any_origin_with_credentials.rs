//! Every website may read with the user's credentials.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{for_everyone, whom};
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "any-origin-with-credentials",
    severity: Severity::Error,
    summary: "every website may send requests with the user's credentials",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in for_everyone(answer).filter(|pattern| pattern.has_credentials()) {
        let (severity, what) = if answer.is_for_preflights_only {
            (Severity::Warning, "after a preflight; nothing here lets it read the answers")
        } else {
            (Severity::Error, "and read the answers")
        };
        let message =
            format!("{} may send requests with the user's cookies {what}", whom(pattern.asked.reach));
        let finding = Diagnostic::new(&RULE, message)
            .severity(severity)
            .note("the request's origin is sent back, so that browsers do not refuse it as they refuse `*`")
            .help("list the origins that need credentials, such as `https://app.example.com`");
        let second = answer.credentials_place().map(|place| (place, "credentials are allowed here"));
        found.at_both(pattern.place, "includes `https://attacker.example`", second, finding);
    }
}
