//! JSON from strangers: every name of an object once, depth and count bounded.
//!
//! RFC 8259 leaves open what a repeated name means, and two readers that choose
//! differently are an attack (RFC 7515, section 4). `serde_json` reads the syntax; this
//! keeps what it says.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::text::excerpt;

/// Objects and lists within each other. Claims of real issuers nest four deep.
const MAX_DEPTH: usize = 16;

/// Values in a document altogether: the largest key sets have some hundreds.
const MAX_VALUES: usize = 4_096;

/// Names in one object: they are compared with each other.
const MAX_NAMES: usize = 256;

/// Names for which an object has room at first: claims of real issuers have 8 to 16.
const USUAL_NAMES: usize = 16;

/// Why a text is not JSON that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonMistake {
    /// A name stands twice in one object, escapes resolved.
    Duplicate(String),
    /// Not JSON, not UTF-8, a number outside of what a double holds, or text behind the end.
    Syntax,
    /// Objects and lists nest too deep.
    TooDeep,
    /// Too many values, or too many names in one object.
    TooMany,
}

impl fmt::Display for JsonMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(name) => write!(f, "has the name `{}` twice in one object", excerpt(name)),
            Self::Syntax => f.write_str("is not JSON"),
            Self::TooDeep => write!(f, "nests deeper than {MAX_DEPTH}"),
            Self::TooMany => write!(f, "has over {MAX_VALUES} values, or {MAX_NAMES} names in one object"),
        }
    }
}

/// A value; its texts are parts of the document wherever they have no escapes.
///
/// ```
/// use corsac_credentials::{Json, JsonMistake};
/// let json = Json::parse(br#"{"n": 1}"#);
/// assert_eq!(json.map(|json| json.as_object().and_then(|o| o.get("n")?.as_integer())), Ok(Some(1)));
/// assert_eq!(Json::parse(br#"{"n": 1, "\u006e": 2}"#), Err(JsonMistake::Duplicate("n".into())));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Finite, and not an integer that [`Json::Integer`] holds.
    Number(f64),
    /// A text, escapes resolved.
    Text(Cow<'t, str>),
    /// Several values.
    List(Vec<Self>),
    /// Names, each once, and values.
    Object(Object<'t>),
}

/// An object, in the order of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> Json<'t> {
    /// Reads one value: at most 16 objects and lists within each other, 4,096 values, and 256
    /// names in an object. The length of the document is for the caller to bound.
    ///
    /// # Errors
    ///
    /// The first mistake of the document.
    pub fn parse(document: &'t [u8]) -> Result<Self, JsonMistake> {
        let text = std::str::from_utf8(document).map_err(|_| JsonMistake::Syntax)?;
        let state = State::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Seed { state: &state, depth: MAX_DEPTH }.deserialize(&mut deserializer);
        match value.and_then(|value| deserializer.end().map(|()| value)) {
            Ok(value) => Ok(value),
            Err(_) => Err(state.mistake.into_inner().unwrap_or(JsonMistake::Syntax)),
        }
    }

    /// The flag, if it is one.
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a list, if it is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'t>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<'t> Object<'t> {
    /// What has this name.
    pub fn get(&self, name: &str) -> Option<&Json<'t>> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Names and values, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

#[derive(Default)]
struct State {
    values: Cell<usize>,
    mistake: RefCell<Option<JsonMistake>>,
}

impl State {
    fn refuse<E: Error>(&self, mistake: JsonMistake) -> E {
        self.mistake.replace(Some(mistake));
        E::custom("refused")
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES { Err(self.refuse(JsonMistake::TooMany)) } else { Ok(()) }
    }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    state: &'s State,
    depth: usize,
}

impl Seed<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(self.state.refuse(JsonMistake::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        self.state.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "what does not fit is a double, as in JavaScript")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::Number(value as f64), Json::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let seed = self.inner()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(seed)? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let seed = self.inner()?;
        let mut object = Object(Vec::with_capacity(USUAL_NAMES));
        while let Some(name) = access.next_key_seed(Name)? {
            if object.get(&name).is_some() {
                return Err(self.state.refuse(JsonMistake::Duplicate(name.into_owned())));
            }
            if object.0.len() == MAX_NAMES {
                return Err(self.state.refuse(JsonMistake::TooMany));
            }
            object.0.push((name, access.next_value_seed(seed)?));
        }
        Ok(Json::Object(object))
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, JsonMistake, MAX_DEPTH, MAX_NAMES, MAX_VALUES};

    fn mistake(text: &str) -> Option<JsonMistake> {
        Json::parse(text.as_bytes()).err()
    }

    #[test]
    fn names_are_unique_once_escapes_are_resolved() {
        let twice = |name: &str| Some(JsonMistake::Duplicate(name.into()));
        assert_eq!(mistake(r#"{"alg": 1, "ALG": 2, "alg ": 3}"#), None);
        assert_eq!(mistake(r#"{"alg": 1, "alg": 1}"#), twice("alg"));
        assert_eq!(mistake(r#"{"alg": 1, "\u0061lg": 2}"#), twice("alg"));
        assert_eq!(mistake(r#"{"a": [{"b": 1}, {"b": 1}]}"#), None);
        assert_eq!(mistake(r#"{"a": [{"b": 1, "b": 2}]}"#), twice("b"));
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(mistake(&nested(MAX_DEPTH)), None);
        assert_eq!(mistake(&nested(MAX_DEPTH + 1)), Some(JsonMistake::TooDeep));
        assert_eq!(mistake(&"[".repeat(10_000)), Some(JsonMistake::TooDeep));
        assert_eq!(mistake(&r#"{"a":"#.repeat(10_000)), Some(JsonMistake::TooDeep));
        let many = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert_eq!(mistake(&many(MAX_VALUES)), None);
        assert_eq!(mistake(&many(MAX_VALUES + 1)), Some(JsonMistake::TooMany));
        let names = |count: usize| {
            let names: Vec<String> = (0..count).map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", names.join(","))
        };
        assert_eq!(mistake(&names(MAX_NAMES)), None);
        assert_eq!(mistake(&names(MAX_NAMES + 1)), Some(JsonMistake::TooMany));
    }

    #[test]
    fn only_json_is_read() {
        assert_eq!(Json::parse(b" 1 "), Ok(Json::Integer(1)));
        assert_eq!(Json::parse(b"18446744073709551615"), Ok(Json::Number(18_446_744_073_709_551_615.0)));
        for text in ["", "{", "{}x", "{} {}", "NaN", "Infinity", "1e999", "01", "'a'", "{a: 1}", "[1,]"] {
            assert_eq!(mistake(text), Some(JsonMistake::Syntax), "{text}");
        }
        assert_eq!(mistake("\u{feff}{}"), Some(JsonMistake::Syntax));
        assert_eq!(mistake(r#""\ud800""#), Some(JsonMistake::Syntax));
        assert_eq!(Json::parse(b"\"\xff\"").err(), Some(JsonMistake::Syntax));
    }
}
