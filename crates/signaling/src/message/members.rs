//! The members of a message, read once: bounded, and each name once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Most members of a message; none has more than eight.
const MAX_MEMBERS: usize = 16;

/// Most entries of a list or of counts; a mesh room has sixteen peers.
const MAX_ENTRIES: usize = 64;

/// What a member is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Member<'m> {
    /// Numbers by name.
    Counts(Vec<(Cow<'m, str>, u64)>),
    Number(u64),
    /// `null`, a fraction, a list of lists: nothing that a message has.
    Other,
    Text(Cow<'m, str>),
    Texts(Vec<Cow<'m, str>>),
}

/// The members of a message by name.
#[derive(Debug)]
pub(super) struct Members<'m>(Vec<(Cow<'m, str>, Member<'m>)>);

impl<'m> Members<'m> {
    /// Reads a message; `None` if it is no JSON object with each member once.
    pub(super) fn read(text: &'m str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Member<'m>> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The name of a member that nobody took.
    pub(super) fn rest(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_ref())
    }
}

/// A text that is borrowed where it has no escapes.
struct Text<'m>(Cow<'m, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Member::deserialize(deserializer)? {
            Member::Text(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("a text is expected")),
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, Member<'de>)> = Vec::with_capacity(8);
                while let Some(Text(name)) = map.next_key()? {
                    let is_known = members.iter().any(|(known, _)| *known == name);
                    if is_known || members.len() == MAX_MEMBERS {
                        return Err(A::Error::custom("a member too many"));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        let mut are_texts = true;
        while are_texts && texts.len() < MAX_ENTRIES {
            match list.next_element()? {
                Some(Member::Text(text)) => texts.push(text),
                Some(_) => are_texts = false,
                None => return Ok(Member::Texts(texts)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut counts = Vec::new();
        while counts.len() < MAX_ENTRIES {
            let Some(Text(name)) = map.next_key()? else { return Ok(Member::Counts(counts)) };
            match map.next_value()? {
                Member::Number(number) => counts.push((name, number)),
                _ => break,
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Members};

    fn member(text: &str) -> Option<Member<'_>> {
        Members::read(text)?.take("a")
    }

    #[test]
    fn values_are_what_they_are() {
        assert_eq!(member(r#"{"a": "b\u0041"}"#), Some(Member::Text("bA".into())));
        assert_eq!(member(r#"{"a": 7}"#), Some(Member::Number(7)));
        assert_eq!(member(r#"{"a": ["x", "y"]}"#), Some(Member::Texts(vec!["x".into(), "y".into()])));
        assert_eq!(member(r#"{"a": {"x": 1}}"#), Some(Member::Counts(vec![("x".into(), 1)])));
        for other in ["-1", "1.5", "null", "true", "[1]", "[[\"x\"]]", "{\"x\": \"y\"}", "[\"x\", 1, {}]"] {
            assert_eq!(member(&format!("{{\"a\": {other}}}")), Some(Member::Other), "{other}");
        }
    }

    #[test]
    fn what_is_no_object_with_each_member_once_is_refused() {
        assert!(Members::read(r#"{"a": 1, "b": 1}"#).is_some());
        for wrong in [
            "",
            "1",
            "[]",
            "\"a\"",
            "{\"a\": 1, \"a\": 1}",
            "{\"a\": 1, \"\\u0061\": 1}",
            "{\"a\": 1} x",
            "{a: 1}",
        ] {
            assert!(Members::read(wrong).is_none(), "{wrong}");
        }
        let many: Vec<String> = (0..17).map(|n| format!("\"{n}\": 1")).collect();
        assert!(Members::read(&format!("{{{}}}", many.join(","))).is_none());
        assert!(Members::read(&format!("{{{}}}", many[1..].join(","))).is_some());
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(1000), "]".repeat(1000));
        assert!(Members::read(&deep).is_none());
    }

    #[test]
    fn a_long_list_is_none() {
        let list = |n: usize| format!("{{\"a\": [{}]}}", vec!["\"x\""; n].join(","));
        assert!(matches!(member(&list(63)), Some(Member::Texts(_))));
        assert_eq!(member(&list(65)), Some(Member::Other));
    }
}
