//! A value that depends on the request: a variable, or a line of a response.

use corsac_analysis::model::{Case, Choice, Emission, Place};

use super::{Condition, Pattern, Test};

/// Most cases of a line; beyond, it is opaque.
const MAX_CASES: usize = 256;

/// What an empty value is in the model, where an empty text is no line at all. A browser that
/// gets an empty line beside a good one refuses both, and trims this one to nothing.
const EMPTY: &str = " ";

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// None: the line is not sent, the variable is not set.
    Absent,
    /// What a group of an expression matched in the origin; the condition implies that it did.
    Matched(Pattern, u32),
    Opaque(String),
    /// The request's `Origin`.
    Origin,
    /// Another field of the request, in lower case.
    Requested(String),
    Text(String),
}

/// A value that depends on the request: the last case that holds decides, and where none does,
/// the value is absent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    cases: Vec<(Condition, Value, Option<Place>)>,
    /// Whether it is sent with errors of the server's own, too.
    pub(crate) on_errors: bool,
}

impl Line {
    pub(crate) fn empty(on_errors: bool) -> Self {
        Self { cases: Vec::new(), on_errors }
    }

    pub(crate) fn always(value: Value) -> Self {
        Self { cases: vec![(Condition::Always, value, None)], on_errors: true }
    }

    /// Under `when`, it is `value` from now on.
    pub(crate) fn set(&mut self, when: Condition, value: Value, place: Option<Place>) {
        if when == Condition::Never {
            return;
        }
        if when == Condition::Always {
            self.cases.clear();
        }
        // What was set before for the same requests is set no more. What is not known reads the same
        // when it does not hold.
        while self.cases.last().is_some_and(|(known, ..)| *known == when) && when.is_certain() {
            self.cases.pop();
        }
        if self.cases.len() >= MAX_CASES {
            let reason = Value::Opaque("it is set in too many ways to be followed".to_owned());
            self.cases = vec![(Condition::Always, reason, place)];
            return;
        }
        self.cases.push((when, value, place));
    }

    /// Under `when`, it is from now on what `other` is; `absent` where that has no value.
    pub(crate) fn set_to(&mut self, when: &Condition, other: &Self, absent: &Value, place: Option<&Place>) {
        self.set(when.clone(), absent.clone(), place.cloned());
        for (under, value, origin) in &other.cases {
            let value = if *value == Value::Absent { absent.clone() } else { value.clone() };
            self.set(when.clone().and(under.clone()), value, place.or(origin.as_ref()).cloned());
        }
    }

    /// What holds when `of` holds of the value.
    pub(crate) fn holds(&self, of: impl Fn(&Value) -> Condition) -> Condition {
        let mut below = of(&Value::Absent);
        // Cases of which it holds anyway are joined once, not one by one.
        let mut also = Vec::new();
        for (when, value, _) in &self.cases {
            let holds = of(value);
            if holds == Condition::Always {
                also.push(when.clone());
                continue;
            }
            below = Condition::any(also.drain(..).chain([below]));
            if holds != below {
                let here = when.clone().and(holds);
                below = here.or(when.clone().not().and(below));
            }
        }
        Condition::any(also.into_iter().chain([below]))
    }

    /// When there is a value.
    pub(crate) fn is_set(&self) -> Condition {
        self.holds(|value| (*value != Value::Absent).into())
    }

    /// When the value passes `test`; an absent one is `absent`.
    pub(crate) fn passes(&self, test: &Test, absent: Option<&str>) -> Condition {
        self.holds(|value| match value {
            Value::Absent => absent.map_or(Condition::Never, |text| test.on_text(text)),
            Value::Matched(..) => Condition::opaque("a part of the origin is compared"),
            Value::Opaque(reason) => Condition::opaque(reason.clone()),
            Value::Origin => Condition::Origin(test.clone()),
            Value::Requested(name) => Condition::opaque(format!("`{name}` is compared")),
            Value::Text(text) => test.on_text(text),
        })
    }

    /// What it becomes when each value becomes another.
    #[must_use]
    pub(crate) fn map(&self, to: impl Fn(&Value) -> Value) -> Self {
        let cases = self.cases.iter().map(|(when, value, place)| (when.clone(), to(value), place.clone()));
        Self { cases: cases.collect(), on_errors: self.on_errors }
    }

    /// What is left of it once some facts are known.
    pub(crate) fn assume(&self, known: &dyn Fn(&super::Fact) -> Condition) -> Self {
        let mut left = Self { cases: Vec::new(), on_errors: self.on_errors };
        for (when, value, place) in &self.cases {
            left.set(when.assume(known), value.clone(), place.clone());
        }
        left
    }

    /// Its conditions.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.cases.iter().map(|(when, ..)| when)
    }

    /// Its values, the deciding one first.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&Value, Option<&Place>)> {
        self.cases.iter().rev().map(|(_, value, place)| (value, place.as_ref()))
    }

    /// As a line of `Access-Control-Allow-Origin`.
    pub(crate) fn emissions(&self) -> Choice<Emission> {
        let cases = self.cases.iter().rev().map(|(when, value, place)| Case {
            when: match value {
                Value::Matched(pattern, _) => when.matcher_by(pattern),
                _ => when.matcher(),
            },
            then: emission(value),
            place: place.clone(),
        });
        let mut cases: Vec<_> = cases.collect();
        while cases.last().is_some_and(|case| case.then == Emission::Nothing) {
            cases.pop();
        }
        Choice { cases }
    }

    /// As a line of `Access-Control-Allow-Credentials`.
    pub(crate) fn flags(&self) -> Choice<bool> {
        let mut absent = Vec::new();
        let mut cases = Vec::new();
        for (when, value, place) in self.cases.iter().rev() {
            let under = || Condition::all(absent.iter().cloned().map(Condition::not).chain([when.clone()]));
            let (when, then) = match value {
                Value::Absent => {
                    absent.push(when.clone());
                    continue;
                }
                Value::Text(text) => (under(), text.trim() == "true"),
                Value::Opaque(reason) => (under().and(Condition::opaque(reason.clone())), true),
                Value::Matched(..) | Value::Origin | Value::Requested(_) => (under(), false),
            };
            cases.push(Case { when: when.matcher(), then, place: place.clone() });
        }
        Choice { cases }
    }
}

fn emission(value: &Value) -> Emission {
    match value {
        Value::Absent => Emission::Nothing,
        Value::Matched(_, group) => Emission::Matched(*group),
        Value::Opaque(reason) => Emission::Opaque(reason.clone()),
        Value::Origin => Emission::Reflected,
        Value::Requested(name) => Emission::Opaque(format!("the request's `{name}` is sent")),
        Value::Text(text) if text.trim().is_empty() => Emission::Fixed(EMPTY.to_owned()),
        Value::Text(text) => Emission::Fixed(text.trim().to_owned()),
    }
}
