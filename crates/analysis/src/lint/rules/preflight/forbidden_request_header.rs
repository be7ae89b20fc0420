//! A request header that no script may ever set.

use corsac_cors::is_forbidden_request_header;
use corsac_diagnostics::{Diagnostic, Rule, Severity, listed};

use super::{field, text, values};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "forbidden-request-header",
    severity: Severity::Error,
    summary: "a request header that no script may ever set",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((_, field)) = field(scope, |answer| &answer.allow_headers) else { return };
    // A default that is written nowhere cannot be removed.
    let (Some(text), true) = (text(field), field.place.is_some()) else { return };
    let names: Vec<&str> = values(text).filter(|name| is_forbidden_request_header(name)).collect();
    let Some(&first) = names.first() else { return };
    let finding = Diagnostic::new(
        &RULE,
        format!("no script may set {}: allowing it does nothing", listed(names.into_iter())),
    )
    .severity(Severity::Note)
    .note("browsers set such headers themselves, or never send them (Fetch, section 2.2.2)")
    .help("remove it");
    found.at_word(field.place.as_ref(), first, "never asked for", finding);
}
