//! A value of `Access-Control-Allow-Origin` that no browser accepts.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "allow-origin-invalid",
    severity: Severity::Warning,
    summary: "a value that is neither one origin nor `*`",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in answer.origins.iter().filter(|named| is_no_single_origin(named.origin)) {
        let what = if names(named.origin) > 1 {
            "several origins in one value admit nobody"
        } else {
            "a wildcard within an origin admits nobody"
        };
        let message = format!("{what}: `{}`", excerpt(named.origin));
        let finding = Diagnostic::new(&RULE, message)
            .note("the value is compared with the page's origin as a whole; it is one origin, `null` or `*` (Fetch, CORS check)")
            .help("compare the request's origin with a list on the server, and send back the one that asks");
        found.at(named.place, "no browser accepts this", finding);
    }
}

/// Whether a text names several origins, or those of a pattern.
pub(super) fn is_no_single_origin(text: &str) -> bool {
    names(text) > 1 || (text.contains('*') && text != "*")
}

fn names(text: &str) -> usize {
    text.split([',', ' ']).filter(|part| !part.is_empty()).count()
}
