//! Parts of a configuration that are not understood.

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity, excerpt};

use crate::lint::found::Found;
use crate::model::Model;

pub(crate) static RULE: Rule = Rule {
    id: "unread-part",
    severity: Severity::Note,
    summary: "a part of the configuration that is not understood",
};

/// Most of them that are told one by one.
const MAX_TOLD: usize = 50;

pub(crate) fn find(model: &Model, found: &mut Found<'_>) {
    for unread in model.unread.iter().take(MAX_TOLD) {
        // That it decides says more.
        if found.opaque.contains(&unread.reason) {
            continue;
        }
        let finding = Diagnostic::new(&RULE, format!("not understood: {}", excerpt(&unread.reason)))
            .confidence(Confidence::High)
            .help("review it by hand");
        found.scope.clone_from(&unread.reason);
        found.at(unread.place.as_ref(), "not understood", finding);
    }
    let more = model.unread.len().saturating_sub(MAX_TOLD);
    if more > 0 {
        found.scope.clear();
        let finding = Diagnostic::new(&RULE, format!("{more} more parts are not understood"));
        found.at(None, "", finding.help("review them by hand"));
    }
}
