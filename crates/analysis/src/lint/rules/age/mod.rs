//! How long browsers keep an answer to a preflight.

pub(crate) mod max_age_invalid;
pub(crate) mod max_age_out_of_range;
pub(crate) mod max_age_useless;

use crate::lint::answer::Judged;
use crate::model::{Field, Value};

/// What the field says.
enum Age<'a> {
    /// Seconds; more than fit are the most that fit.
    Seconds(u64),
    /// No number of seconds.
    Invalid(&'a str),
}

fn of<'a>(scope: &Judged<'a>) -> Option<(&'a Field, Age<'a>)> {
    let answer = scope.preflight.unwrap_or(scope.actual);
    // What a system sends by itself nobody has written.
    let field = answer.answer.max_age.as_ref().filter(|field| field.place.is_some())?;
    let Value::Text(text) = &field.value else { return None };
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let age = if is_number { Age::Seconds(text.parse().unwrap_or(u64::MAX)) } else { Age::Invalid(text) };
    Some((field, age))
}
