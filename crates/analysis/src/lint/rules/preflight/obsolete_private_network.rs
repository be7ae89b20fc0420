//! `Access-Control-Allow-Private-Network` is obsolete.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::model::Value;

pub(crate) static RULE: Rule = Rule {
    id: "obsolete-private-network",
    severity: Severity::Warning,
    summary: "a retired header that current browsers ignore",
};

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let answers = [Some(scope.actual), scope.preflight].into_iter().flatten();
    for field in answers.filter_map(|answer| answer.answer.allow_private_network.as_ref()) {
        if matches!(field.value, Value::Opaque(_)) {
            continue;
        }
        let finding = Diagnostic::new(
            &RULE,
            "`Access-Control-Allow-Private-Network` is obsolete: current browsers ignore it",
        )
        .note("Local Network Access is a permission of the user; no response header grants it")
        .help("remove it unless Chromium 104 to 141 must be served");
        found.at(field.place.as_ref(), "ignored", finding);
    }
}
