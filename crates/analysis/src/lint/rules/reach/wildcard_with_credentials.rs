//! `*` beside credentials: browsers refuse it.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::lint::found::Found;
use crate::model::{Emission, Truth};

pub(crate) static RULE: Rule = Rule {
    id: "wildcard-with-credentials",
    severity: Severity::Warning,
    summary: "`*` together with credentials, which browsers refuse",
};

/// Websites of strangers.
const SITES: [&str; 2] = ["https://attacker-site.com", "https://zq7x.org"];

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    let is_wildcard =
        |pattern: &&Pattern<'_>| matches!(pattern.emission, Emission::Fixed(text) if text == "*");
    let Some(pattern) = answer.patterns.iter().find(is_wildcard) else { return };
    // Some systems send one or the other, so that both never meet.
    let meets = |site: &&str| {
        pattern.readers.matches(site) == Truth::True && answer.answer.sends_credentials(site) == Truth::True
    };
    if !SITES.iter().any(meets) {
        return;
    }
    let finding = Diagnostic::new(&RULE, "`*` and credentials do not work together: no page can read with credentials")
        .note("with credentials the value has to be the origin itself (Fetch, CORS check, step 4)")
        .help("remove `Access-Control-Allow-Credentials`; or list the origins that need credentials, and send back the one that asks");
    let second = answer.credentials_place().map(|place| (place, "credentials are allowed here"));
    found.at_both(pattern.place, "any origin, without credentials only", second, finding);
}
