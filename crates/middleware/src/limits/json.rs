//! JSON, read once and strictly: what two parsers could read differently is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Levels of arrays and objects that may be configured.
pub const MAX_DEPTH: usize = 256;

/// Bounds on what a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Levels of arrays and objects.
    pub(super) depth: usize,
    /// Values and names of members.
    pub(super) values: usize,
}

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    DuplicateName,
    Empty,
    NotJson,
    NotUtf8,
    TooDeep,
    TooManyValues,
}

impl Malformed {
    pub(super) fn detail(self) -> &'static str {
        match self {
            Self::DuplicateName => "an object of the body names a member twice",
            Self::Empty => "the request has no body",
            Self::NotJson => "the body is not JSON",
            Self::NotUtf8 => "the body is not UTF-8",
            Self::TooDeep => "the body is nested more deeply than is taken",
            Self::TooManyValues => "the body has more values than are taken",
        }
    }
}

/// Reads one JSON value (RFC 8259) and nothing else; also how many values it holds.
pub(super) fn parse(bytes: &[u8], bounds: Bounds) -> Result<(Value, usize), Malformed> {
    if bytes.is_empty() {
        return Err(Malformed::Empty);
    }
    let text = str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)?;
    let (reason, left) = (Cell::new(Malformed::NotJson), Cell::new(bounds.values));
    let mut reader = serde_json::Deserializer::from_str(text);
    // The bound is ours, below.
    reader.disable_recursion_limit();
    let seed = Seed { depth: bounds.depth.min(MAX_DEPTH), left: &left, reason: &reason };
    let value = seed.deserialize(&mut reader).map_err(|_| reason.get())?;
    reader.end().map_err(|_| Malformed::NotJson)?;
    Ok((value, bounds.values.saturating_sub(left.get())))
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    depth: usize,
    left: &'c Cell<usize>,
    reason: &'c Cell<Malformed>,
}

impl Seed<'_> {
    fn fail<E: serde::de::Error>(&self, reason: Malformed) -> E {
        self.reason.set(reason);
        E::custom("refused")
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| self.fail(Malformed::TooManyValues))?;
        self.left.set(left);
        Ok(())
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| self.fail(Malformed::TooDeep))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        self.count()?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.count::<A::Error>()?;
            if object.contains_key(&name) {
                return Err(self.fail(Malformed::DuplicateName));
            }
            object.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { depth: 3, values: 10 };

    #[test]
    fn each_bound_has_two_sides() {
        let read = |text: &str| parse(text.as_bytes(), BOUNDS).map(|(value, _)| value.to_string());
        for (text, expected) in [
            ("[[[]]]", Ok("[[[]]]")),
            ("[[[[]]]]", Err(Malformed::TooDeep)),
            ("[1,2,3,4,5,6,7,8,9]", Ok("[1,2,3,4,5,6,7,8,9]")),
            ("[1,2,3,4,5,6,7,8,9,0]", Err(Malformed::TooManyValues)),
            (r#"{"a":{"a":1}}"#, Ok(r#"{"a":{"a":1}}"#)),
            (r#"{"a":1,"\u0061":2}"#, Err(Malformed::DuplicateName)),
            (r#""\ud83d\ude00""#, Ok("\"\u{1f600}\"")),
            (r#""\ud83d""#, Err(Malformed::NotJson)),
            ("1e308", Ok("1e+308")),
            ("1e309", Err(Malformed::NotJson)),
            ("1 2", Err(Malformed::NotJson)),
            ("01", Err(Malformed::NotJson)),
            ("\u{feff}1", Err(Malformed::NotJson)),
            ("NaN", Err(Malformed::NotJson)),
            ("", Err(Malformed::Empty)),
        ] {
            assert_eq!(read(text).as_deref().map_err(|it| *it), expected, "{text}");
        }
        assert_eq!(parse(b"\"\xff\"", BOUNDS), Err(Malformed::NotUtf8));
    }

    #[test]
    fn a_depth_bomb_costs_no_stack() {
        let bomb = vec![b'['; 1 << 20];
        assert_eq!(parse(&bomb, Bounds { depth: MAX_DEPTH, values: 1 << 20 }), Err(Malformed::TooDeep));
        let deepest = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(deepest.as_bytes(), Bounds { depth: usize::MAX, values: 1_000 }).is_ok());
    }
}
