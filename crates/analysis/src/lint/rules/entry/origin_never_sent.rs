//! An origin in a spelling that no browser sends.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};
use corsac_origin::{OriginRef, right_spelling};

use super::allow_origin_invalid::is_no_single_origin;
use crate::lint::answer::JudgedAnswer;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "origin-never-sent",
    severity: Severity::Error,
    summary: "an origin in a spelling that no browser sends",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in &answer.origins {
        let lower = named.ignores_case.then(|| named.origin.to_ascii_lowercase());
        let compared = lower.as_deref().unwrap_or(named.origin);
        let is_sent = OriginRef::parse(compared.as_bytes()).is_ok();
        if is_sent || named.origin.is_empty() || is_no_single_origin(named.origin) {
            continue;
        }
        let right = right_spelling(named.origin);
        let message = format!("no browser sends `{}`: nobody is admitted by it", excerpt(named.origin));
        let help = match &right {
            Some(right) => format!("write `{}`", excerpt(right)),
            // Many write it for "none".
            None if found.system() == "nginx" && !named.origin.contains(['.', ':', '/']) => {
                "write `\"\"` to send no field: nginx leaves out what is empty".to_owned()
            }
            None => "write scheme, host and port as browsers send them: `https://app.example.com`".to_owned(),
        };
        let label = match &right {
            Some(right) => format!("browsers send `{}`", excerpt(right)),
            None => "not an origin".to_owned(),
        };
        let finding = Diagnostic::new(&RULE, message)
            .severity(Severity::Warning)
            .note("an origin is scheme, host and, unless it is the default, port: lower case, no path, no slash at the end")
            .help(help);
        found.at(named.place, label, finding);
    }
}
