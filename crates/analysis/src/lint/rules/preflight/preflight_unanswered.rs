//! Methods or headers are allowed that need a preflight, and nothing answers it.

use corsac_diagnostics::{Diagnostic, Rule, Severity};

use super::values;
use crate::lint::answer::{Judged, may_allow};
use crate::lint::found::Found;
use crate::model::{Answer, Field, Place, Preflight, Value};

pub(crate) static RULE: Rule = Rule {
    id: "preflight-unanswered",
    severity: Severity::Warning,
    summary: "methods or headers are allowed, and no preflight is answered",
};

/// What needs no preflight, or is of no use in one.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "OPTIONS", "*"];
const HEADERS: [&str; 4] = ["accept", "accept-language", "content-language", "*"];

pub(crate) fn find(scope: &Judged<'_>, found: &mut Found<'_>) {
    let instead = match &scope.scope.preflight {
        Preflight::Unanswered => Instead::Nothing,
        Preflight::WithoutFields(place) => Instead::Others(place.as_ref()),
        Preflight::Answered(answer) if allows_nobody(answer) => Instead::Success,
        _ => return,
    };
    if !scope.actual.may_allow() {
        return;
    }
    let answer = scope.actual.answer;
    let methods =
        answer.allow_methods.as_ref().filter(|field| asks(field, |value| !METHODS.contains(&value)));
    let is_listed = |value: &str| HEADERS.iter().any(|own| own.eq_ignore_ascii_case(value));
    let headers = answer.allow_headers.as_ref().filter(|field| asks(field, |value| !is_listed(value)));
    // A server's field that one location's preflights have is not in vain.
    let Some(field) = methods.or(headers).filter(|field| !found.is_asked_for(field.place.as_ref())) else {
        return;
    };
    let message = "this is read from answers to preflights, and no preflight succeeds";
    let finding = Diagnostic::new(&RULE, message).note(
        "browsers ask with `OPTIONS` first, and need a status from 200 to 299 and the same fields (Fetch, CORS-preflight fetch)",
    );
    match instead {
        Instead::Nothing => {
            let finding = finding.help("answer `OPTIONS` with 204 and the CORS fields");
            found.at(field.place.as_ref(), "never takes effect", finding);
        }
        Instead::Success => {
            let finding = finding
                .note("`OPTIONS` is answered with success, but without `Access-Control-Allow-Origin`")
                .help("send the CORS fields where `OPTIONS` is answered, too; in Apache with `always`");
            found.at(field.place.as_ref(), "never takes effect", finding);
        }
        Instead::Others(place) => {
            let finding = finding
                .note("`OPTIONS` is answered with success, but where that is done other fields take the place of these")
                .help("repeat the CORS fields where `OPTIONS` is answered");
            let second = place.map(|place| (place, "`OPTIONS` is answered with these fields alone"));
            found.at_both(field.place.as_ref(), "never takes effect", second, finding);
        }
    }
}

/// What there is instead of the fields.
enum Instead<'a> {
    Nothing,
    /// Other fields, which are sent from here.
    Others(Option<&'a Place>),
    Success,
}

/// Whether it is certain that no origin is told to be allowed.
fn allows_nobody(answer: &Answer) -> bool {
    answer.unread.is_none() && !answer.passes_upstream && !may_allow(answer)
}

fn asks(field: &Field, needs: impl Fn(&str) -> bool) -> bool {
    match &field.value {
        Value::Text(text) => values(text).any(needs),
        Value::Reflected => true,
        Value::Opaque(_) => false,
    }
}
