//! Longer than any browser keeps an answer.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::{Age, of};
use crate::lint::answer::Judged;
use crate::lint::found::Found;

pub(crate) static RULE: Rule = Rule {
    id: "max-age-out-of-range",
    severity: Severity::Error,
    summary: "a preflight cache time beyond what browsers keep",
};

/// What Chromium and Firefox keep at most.
const CHROMIUM: u64 = 7_200;
const ABOVE_CHROMIUM: u64 = CHROMIUM + 1;
const FIREFOX: u64 = 86_400;

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let Some((field, Age::Seconds(seconds))) = of(scope) else { return };
    let (message, severity) = match seconds {
        0..=CHROMIUM => return,
        ABOVE_CHROMIUM..=FIREFOX => {
            (format!("only Firefox keeps a preflight for {seconds} s"), Severity::Note)
        }
        _ => (
            format!("no browser keeps a preflight for {seconds} s; the longest cap is {FIREFOX} s"),
            Severity::Warning,
        ),
    };
    let finding = Diagnostic::new(&RULE, message)
        .severity(severity)
        .note("the caps: Chromium 7200 s, Firefox 86400 s, WebKit 600 s")
        .help("write `7200`, which Chromium and Firefox both keep");
    found.at(field.place.as_ref(), "cut by browsers", finding);
}
