//! A request header that no script may ever set.

use corsac_diagnostics::{Diagnostic, Rule, Severity, listed};

use super::{field, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "forbidden-request-header",
    severity: Severity::Error,
    summary: "a request header that no script may ever set",
};

/// Fetch, "forbidden request-header".
const FORBIDDEN: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((_, field)) = field(scope, |answer| &answer.allow_headers) else { return };
    let Some(text) = text(field) else { return };
    let names: Vec<&str> = values(text).filter(|name| is_forbidden(name)).collect();
    if names.is_empty() {
        return;
    }
    let finding = Diagnostic::new(
        &RULE,
        format!("no script may set {}: allowing it does nothing", listed(names.into_iter())),
    )
    .severity(Severity::Note)
    .note("browsers set such headers themselves, or never send them (Fetch, section 2.2.2)")
    .help("remove it");
    found.at(field.place.as_ref(), "never asked for", finding);
}

fn is_forbidden(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FORBIDDEN.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with("sec-")
}
