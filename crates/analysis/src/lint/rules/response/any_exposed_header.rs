//! Every response header is exposed.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use crate::lint::answer::Judged;
use crate::lint::found::Found;
use crate::lint::rules::preflight::values;
use crate::model::Value;

pub(crate) static RULE: Rule =
    Rule { id: "any-exposed-header", severity: Severity::Note, summary: "every response header may be read" };

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some(field) = &scope.actual.answer.expose_headers else { return };
    let is_any = match &field.value {
        Value::Text(text) => values(text).any(|name| name == "*") && !scope.actual.may_have_credentials(),
        Value::Reflected => true,
        Value::Opaque(_) => false,
    };
    if !is_any {
        return;
    }
    let finding = Diagnostic::new(&RULE, "scripts may read every response header, also those of tomorrow")
        .note("tokens, internal addresses and versions travel in headers")
        .help("name the headers that scripts need");
    found.at(field.place.as_ref(), "every header", finding);
}
