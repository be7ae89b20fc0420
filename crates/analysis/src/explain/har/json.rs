//! JSON taken apart without a type to hold it: what is of another type than expected is as
//! good as missing, and what is not asked for is passed over without being kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Something that a JSON value is read into.
pub(super) trait Node {
    /// Takes the value of `key`; it must be read.
    fn key<'de, A: MapAccess<'de>>(&mut self, _key: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>().map(drop)
    }

    /// Takes the next element; `false` at the end.
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        Ok(list.next_element::<IgnoredAny>()?.is_some())
    }

    /// Takes any other value.
    fn scalar(&mut self, _scalar: Scalar) {}
}

/// A value without parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar {
    #[default]
    Nothing,
    Number(f64),
    Text(String),
    Truth(bool),
}

impl Scalar {
    /// The text, or the number as one.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Nothing | Self::Truth(_) => None,
        }
    }

    /// The number, or the text's; 0 for anything else.
    pub(super) fn number(&self) -> i64 {
        let number = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().unwrap_or_default(),
            Self::Nothing | Self::Truth(_) => 0.0,
        };
        #[expect(clippy::cast_possible_truncation, reason = "what is out of range becomes the nearest")]
        let whole = number as i64;
        whole
    }
}

impl Node for Scalar {
    fn scalar(&mut self, scalar: Scalar) {
        *self = scalar;
    }
}

/// Reads the value of a key.
pub(super) fn value<'de, A: MapAccess<'de>>(node: &mut impl Node, map: &mut A) -> Result<(), A::Error> {
    map.next_value_seed(Into(node))
}

/// Reads the value of a key that has no parts.
pub(super) fn scalar<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Scalar, A::Error> {
    let mut scalar = Scalar::Nothing;
    value(&mut scalar, map)?;
    Ok(scalar)
}

/// Reads a value into a node.
pub(super) struct Into<'a, N>(pub(super) &'a mut N);

impl<'de, N: Node> DeserializeSeed<'de> for Into<'_, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, N: Node> Visitor<'de> for Into<'_, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.key(&key, &mut map)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.element(&mut list)? {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.0.scalar(Scalar::Truth(truth));
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "no number of a HAR that matters is this large")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "no number of a HAR that matters is this large")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.0.scalar(Scalar::Number(number));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        // Terminals obey control characters; no field or URL has any.
        let printable = |char: char| if char.is_control() && char != '\t' { '\u{fffd}' } else { char };
        self.0.scalar(Scalar::Text(text.chars().map(printable).collect()));
        Ok(())
    }
}
