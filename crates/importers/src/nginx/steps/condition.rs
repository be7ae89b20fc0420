//! What an `if` asks, answered for texts that depend on the origin.

use std::rc::Rc;

use corsac_analysis::model::{LetterCase, Place, Truth};

use crate::nginx::value::{Condition, Environment, Guard, Pattern, Piece, Text, Variables};

/// What is known of a condition.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It holds where the guard does.
    Depends(Guard),
    Fails,
    Holds,
    /// It is not known. Where one variable decides that has nothing to do with the origin,
    /// this is true: then each way can be followed.
    Unknown(bool),
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

impl Outcome {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Depends(guard) => Self::Depends(guard.not()),
            Self::Fails => Self::Holds,
            Self::Holds => Self::Fails,
            Self::Unknown(apart) => Self::Unknown(apart),
        }
    }
}

/// `=`: byte for byte.
pub(super) fn equals(left: &Text, right: &Text, env: &Environment, place: &Place) -> Outcome {
    match (left.constant(), right.constant()) {
        (Some(left), Some(right)) => (left == right).into(),
        (None, Some(constant)) => equals_constant(left, constant, env, place),
        (Some(constant), None) => equals_constant(right, constant, env, place),
        (None, None) if left == right && left.around_origin().is_some() => Outcome::Holds,
        (None, None) => unknown(left),
    }
}

fn equals_constant(text: &Text, constant: &str, env: &Environment, place: &Place) -> Outcome {
    if let Some((before, after)) = text.around_origin() {
        let inside = constant.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let Some(origin) = inside.filter(|origin| !origin.is_empty()) else { return Outcome::Fails };
        return match &env.origin {
            Some(known) => (**known == *origin).into(),
            None => {
                Outcome::Depends(Guard::new(Condition::Exact(origin.to_owned(), LetterCase::Matters), place))
            }
        };
    }
    if constant.is_empty() && !may_be_empty(text) { Outcome::Fails } else { unknown(text) }
}

/// `if ($variable)`: neither empty nor `0`.
pub(super) fn is_true(text: &Text) -> Outcome {
    match text.constant() {
        Some(constant) => (!matches!(constant, "" | "0")).into(),
        None if !may_be_empty(text) && !may_be_zero(text) => Outcome::Holds,
        None => unknown(text),
    }
}

fn unknown(text: &Text) -> Outcome {
    let single = matches!(text.0.as_slice(), [Piece::Opaque(unknown)] if unknown.apart_from_origin);
    Outcome::Unknown(single)
}

fn may_be_empty(text: &Text) -> bool {
    !text.0.iter().any(|piece| match piece {
        Piece::Group(pattern, number) => pattern.always_fills(*number),
        Piece::Literal(_) | Piece::Origin | Piece::RequestedMethod => true,
        Piece::Opaque(_) | Piece::RequestedHeaders => false,
    })
}

fn may_be_zero(text: &Text) -> bool {
    !text.0.iter().any(|piece| match piece {
        Piece::Group(pattern, number) => pattern.always_fills(*number),
        Piece::Literal(text) => text != "0",
        Piece::Origin => true,
        _ => false,
    })
}

/// `~`
pub(super) fn matches(
    text: &Text,
    pattern: &Rc<Pattern>,
    (variables, env): (&Variables, &Environment),
    place: &Place,
) -> Outcome {
    let constant = match (text.constant(), text.around_origin(), &env.origin) {
        (Some(constant), ..) => Some(constant.to_owned()),
        (None, Some((before, after)), Some(origin)) => Some(format!("{before}{origin}{after}")),
        _ => None,
    };
    let alone = text.0 == [Piece::Origin];
    match constant.map(|constant| variables.matches(pattern, &constant)) {
        Some(Truth::True) => Outcome::Holds,
        Some(Truth::False) => Outcome::Fails,
        _ if alone => Outcome::Depends(Guard::new(Condition::Pattern(pattern.clone()), place)),
        _ => unknown(text),
    }
}
