//! What a client is told, in our own words by keyword: nothing of the value, and of the
//! schema only bounds and names.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};

use super::{Invalid, MAX_ERRORS};
use crate::guard::Failure;
use crate::limits::pointer;

/// Keywords that the log is told.
const MAX_KEYWORDS: usize = 8;

/// The first errors.
pub(super) fn failures<'v>(errors: impl Iterator<Item = ValidationError<'v>>) -> Invalid {
    let (mut failures, mut keywords): (Vec<Failure>, Vec<String>) = (Vec::new(), Vec::new());
    for error in errors {
        let keyword = error.kind().keyword().to_owned();
        if !keywords.contains(&keyword) && keywords.len() < MAX_KEYWORDS {
            keywords.push(keyword);
        }
        for failure in failures_of(&error) {
            if failures.len() < MAX_ERRORS && !failures.contains(&failure) {
                failures.push(failure);
            }
        }
        if failures.len() >= MAX_ERRORS {
            break;
        }
    }
    Invalid::Failures { failures, keywords: keywords.join(", ") }
}

fn failures_of(error: &ValidationError<'_>) -> Vec<Failure> {
    let at = error.instance_path().as_str();
    let member = |name: &str| pointer::join(at, name);
    let pointers = match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![property.as_str().map_or_else(|| at.to_owned(), member)]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().take(MAX_ERRORS).map(|name| member(name)).collect()
        }
        _ => vec![at.to_owned()],
    };
    let failure = |at: String| {
        let kept = pointer::bounded(&at);
        let detail = detail(error.kind());
        // What is wrong is further down than the pointer can say.
        let detail = if kept.len() == at.len() { detail } else { format!("has a value that {detail}") };
        Failure { pointer: kept.to_owned(), detail }
    };
    pointers.into_iter().map(failure).collect()
}

/// What is wrong, after "it".
pub(super) fn detail(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::AdditionalItems { limit } => format!("has more than {limit} items"),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "is not an allowed member".into()
        }
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "has none of the allowed forms".into(),
        Kind::Constant { .. } => "is not the required value".into(),
        Kind::Contains => "has too few or too many items of the required form".into(),
        Kind::Enum { .. } => "is not one of the allowed values".into(),
        Kind::ExclusiveMaximum { limit } => format!("is not less than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("is not more than {limit}"),
        Kind::FalseSchema => "is not allowed".into(),
        Kind::Format { format } => format!("is not a well-formed {format}"),
        Kind::MaxItems { limit } => format!("has more than {limit} items"),
        Kind::MaxLength { limit } => format!("is longer than {limit}"),
        Kind::MaxProperties { limit } => format!("has more than {limit} members"),
        Kind::Maximum { limit } => format!("is more than {limit}"),
        Kind::MinItems { limit } => format!("has fewer than {limit} items"),
        Kind::MinLength { limit } => format!("is shorter than {limit}"),
        Kind::MinProperties { limit } => format!("has fewer than {limit} members"),
        Kind::Minimum { limit } => format!("is less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("is not a multiple of {multiple_of}"),
        Kind::Not { .. } => "has a form that is not allowed".into(),
        Kind::OneOfMultipleValid { .. } => "has several forms that exclude each other".into(),
        Kind::Pattern { .. } => "does not match the required pattern".into(),
        Kind::PropertyNames { .. } => "has a member whose name is not allowed".into(),
        Kind::Required { .. } => "is required".into(),
        Kind::Type { kind } => type_detail(kind),
        Kind::UnevaluatedItems { .. } => "has items that are not allowed".into(),
        Kind::UniqueItems => "has an item twice".into(),
        _ => "is not valid".into(),
    }
}

fn type_detail(kind: &TypeKind) -> String {
    let named = |kind: JsonType| match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    };
    match kind {
        TypeKind::Single(kind) => format!("is not {}", named(*kind)),
        TypeKind::Multiple(kinds) => {
            format!("is not {}", kinds.into_iter().map(named).collect::<Vec<_>>().join(" or "))
        }
    }
}
