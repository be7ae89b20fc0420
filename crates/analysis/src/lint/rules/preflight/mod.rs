//! Preflights: whether they are answered, and what they allow.

pub(crate) mod any_method;
pub(crate) mod any_request_header;
pub(crate) mod authorization_under_wildcard;
pub(crate) mod forbidden_method;
pub(crate) mod forbidden_request_header;
pub(crate) mod header_name_invalid;
pub(crate) mod method_invalid;
pub(crate) mod obsolete_private_network;
pub(crate) mod preflight_authenticated;
pub(crate) mod preflight_unanswered;
pub(crate) mod wildcard_literal;

use crate::lint::answer::{Judged, JudgedAnswer};
use crate::model::{Answer, Field, Value};

/// The values of a list.
pub(super) fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|value| !value.is_empty())
}

/// Whether `text` is a token (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

/// The answer whose preflight fields count, and the field that `read` reads of it.
fn field<'a>(
    scope: &Judged<'a>,
    read: impl Fn(&Answer) -> &Option<Field>,
) -> Option<(&'a JudgedAnswer<'a>, &'a Field)> {
    // Where an upstream answers preflights, these fields are at most beside its own.
    let answer = scope.preflight.unwrap_or(scope.actual);
    let field = read(answer.answer).as_ref()?;
    answer.may_allow().then_some((answer, field))
}

/// The field's text, if it is one.
fn text(field: &Field) -> Option<&str> {
    match &field.value {
        Value::Text(text) => Some(text),
        Value::Opaque(_) | Value::Reflected => None,
    }
}

/// Whether the field allows whatever is asked for.
fn is_any(answer: &JudgedAnswer<'_>, field: &Field) -> bool {
    match &field.value {
        Value::Opaque(_) => false,
        Value::Reflected => true,
        // With credentials it is but a name.
        Value::Text(text) => values(text).any(|value| value == "*") && !answer.may_have_credentials(),
    }
}
