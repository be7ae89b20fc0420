//! What serde's derived readers take beside what a format names: an array for an object,
//! with its values in order, and an object of one key for a word. These take neither. And
//! what JSON can hold and no browser or server sends; what a script may pass to `fetch()` is
//! not among it, since browsers have an answer to all of that.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};

/// An object, and nothing else.
pub(super) struct Object<T>(pub(super) T);

/// A word, and nothing else.
#[derive(Default)]
pub(super) struct Word<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WordVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

struct WordVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordVisitor<T> {
    type Value = Word<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Word<T>, E> {
        T::deserialize(word.into_deserializer()).map(Word)
    }
}

/// Statuses of answers. An informational one is none, and browsers take all of three digits
/// (web-platform-tests, `fetch/h1-parsing/status-code`), of which 999 is in use.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=999;

/// What is wrong with a page's origin. Hosts are not looked into: browsers load pages of hosts
/// that no standard allows.
pub(super) fn check_origin(origin: &str) -> Result<(), String> {
    if origin == "null" {
        return Ok(());
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|char: char| char.is_ascii_lowercase())
            && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
    };
    let is_host = |host: &str| {
        let ends = |byte: u8| !byte.is_ascii_graphic() || b"/?#@\\".contains(&byte);
        !host.is_empty() && !host.bytes().any(ends)
    };
    match origin.split_once("://") {
        Some((scheme, host)) if is_scheme(scheme) && is_host(host) => Ok(()),
        _ => Err(format!(
            "is {origin:?}; browsers write an origin as \"https://app.example.com\", or \"null\""
        )),
    }
}

/// What is wrong with the status of an answer.
pub(super) fn check_status(status: u16) -> Result<(), String> {
    if STATUSES.contains(&status) {
        return Ok(());
    }
    let (first, last) = STATUSES.into_inner();
    let what = if status == 0 { "is 0 or missing".to_owned() } else { format!("is {status}") };
    Err(format!(
        "{what}; an answer has one from {first} to {last}, or `\"network_error\": true` in its place"
    ))
}

/// What is wrong with a field of an answer. A name need not be a token: servers send others.
pub(super) fn check_field(name: &str, value: &str) -> Result<(), String> {
    let ends = |char: char| matches!(char, '\0' | '\r' | '\n');
    let is_wide = |char: char| u32::from(char) > 0xff;
    if name.is_empty() {
        return Err("has an empty name".to_owned());
    }
    if name.contains(|char| ends(char) || is_wide(char) || char == ':') {
        return Err(format!(
            "has the name {name:?}; a colon, NUL or line break ends a name, and characters stand for bytes"
        ));
    }
    if value.contains(ends) {
        return Err("has a NUL or line break in its value; a folded line is joined with one space".to_owned());
    }
    match value.chars().find(|&char| is_wide(char)) {
        Some(char) => Err(format!(
            "has U+{:04X} in its value; each character stands for the byte of its number",
            u32::from(char)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_serialize_them_whatever_the_host() {
        for origin in [
            "null",
            "https://app.example.com",
            "http://[::1]:8101",
            "http://page.localhost.",
            "http://-my_page..localhost:8101",
            "http://a~!$&'()+,;=`{}\"_*%20%2A.example",
            "http://xn--mnchen-3ya.example",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert_eq!(check_origin(origin), Ok(()), "{origin}");
        }
        for origin in [
            "",
            "NULL",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/a",
            "https://app.example.com?",
            "https://app.example.com#",
            "https://user@app.example.com",
            " https://app.example.com",
            "https://app.example.com ",
            "https://app.exa mple.com",
            "https://m\u{fc}nchen.example",
            "HTTPS://app.example.com",
            "app.example.com",
            "https:app.example.com",
        ] {
            assert!(check_origin(origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn statuses_and_fields_are_such_as_servers_send() {
        for status in [200, 204, 304, 511, 600, 999] {
            assert_eq!(check_status(status), Ok(()));
        }
        for status in [0, 1, 100, 101, 199, 1_000, u16::MAX] {
            assert!(check_status(status).is_err(), "{status}");
        }
        for (name, value) in [("A ", ""), ("a_b", "\t\u{b}\u{7f}\u{ff}"), ("\"(", ":")] {
            assert_eq!(check_field(name, value), Ok(()), "{name}: {value}");
        }
        for (name, value) in [
            ("", "a"),
            ("a:", "b"),
            ("a\r", "b"),
            ("\u{2603}", "b"),
            ("a", "b\r\nc"),
            ("a", "\0"),
            ("a", "\u{100}"),
        ] {
            assert!(check_field(name, value).is_err(), "{name}: {value}");
        }
    }
}
