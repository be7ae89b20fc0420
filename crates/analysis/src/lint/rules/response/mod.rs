//! The fields of actual responses, beside the origin, and what preflights lack of them.

pub(crate) mod actual_response_without_origin;
pub(crate) mod any_exposed_header;
pub(crate) mod credentials_without_origin;
pub(crate) mod duplicate_allow_origin;
pub(crate) mod errors_without_cors;
pub(crate) mod exposed_wildcard_with_credentials;
pub(crate) mod forbidden_exposed_header;
pub(crate) mod missing_vary;
pub(crate) mod partial_vary;
pub(crate) mod preflight_without_credentials;

use crate::lint::answer::JudgedAnswer;
use crate::model::{Case, Choice, Emission, Matcher};

/// Whether what is sent depends on the request's origin; `None` if it is not known.
fn depends_on_origin(answer: &JudgedAnswer<'_>) -> Option<bool> {
    let lines: Vec<_> = answer.answer.allow_origin.iter().map(line_depends).collect();
    if lines.contains(&Some(true)) {
        return Some(true);
    }
    if lines.contains(&None) { None } else { Some(false) }
}

fn line_depends(line: &Choice<Emission>) -> Option<bool> {
    let mut sends = line.cases.iter().filter(|case| case.then != Emission::Nothing).peekable();
    if sends.peek().is_none() {
        return Some(false);
    }
    match line.cases.first() {
        Some(case) if matches!(case.when, Matcher::Any) => match &case.then {
            Emission::Fixed(_) | Emission::Nothing => Some(false),
            Emission::Opaque(_) => None,
            Emission::Matched(_) | Emission::Reflected => Some(true),
        },
        // The conditions may be about something else than the origin.
        _ if line.cases.iter().all(|case| is_unknown(&case.when)) => {
            let repeats =
                |case: &Case<Emission>| matches!(case.then, Emission::Reflected | Emission::Matched(_));
            line.cases.iter().any(repeats).then_some(true)
        }
        _ => Some(true),
    }
}

/// Whether nothing is known of a condition but that it may hold.
fn is_unknown(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().all(is_unknown),
        Matcher::Any | Matcher::Opaque(_) => true,
        Matcher::Not(inner) => is_unknown(inner),
        _ => false,
    }
}
