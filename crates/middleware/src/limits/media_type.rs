//! Media types (RFC 9110, section 8.3.1), read strictly: two readers must not disagree.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Bytes of a `Content-Type` that are read at all.
const MAX_LENGTH: usize = 1_024;

/// A media type as a request says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaType {
    /// Type and subtype, in lower case.
    pub(super) essence: String,
    /// The parameter `charset`, in lower case.
    pub(super) charset: Option<String>,
}

/// What `Content-Type` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Missing,
    /// Several fields, or not a media type.
    Unclear,
    Type(MediaType),
}

impl Declared {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(value), None) => {
                let text = value.to_str().ok().filter(|text| text.len() <= MAX_LENGTH);
                text.and_then(MediaType::parse).map_or(Self::Unclear, Self::Type)
            }
            _ => Self::Unclear,
        }
    }
}

impl MediaType {
    /// `type/subtype` and parameters, none of which stands twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (essence, mut rest) = match text.find(';') {
            Some(end) => text.split_at_checked(end)?,
            None => (text, ""),
        };
        let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
        if !is_essence(&essence) {
            return None;
        }
        let (mut charset, mut names) = (None, Vec::new());
        while let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') {
            let after = after.trim_start_matches([' ', '\t']);
            if after.is_empty() || after.starts_with(';') {
                rest = after;
                continue;
            }
            let (name, after) = after.split_once('=')?;
            let name = name.to_ascii_lowercase();
            let (value, after) = parameter_value(after)?;
            if !is_token(&name) || names.contains(&name) {
                return None;
            }
            if name == "charset" {
                charset = Some(value.to_ascii_lowercase());
            }
            names.push(name);
            rest = after;
        }
        rest.trim_matches([' ', '\t']).is_empty().then_some(Self { essence, charset })
    }

    pub(super) fn is_json(&self) -> bool {
        is_json(&self.essence)
    }

    /// Whether a reader of JSON may take it: JSON is UTF-8 (RFC 8259, section 8.1).
    pub(super) fn is_utf8(&self) -> bool {
        self.charset.as_deref().is_none_or(|charset| charset == "utf-8")
    }
}

/// JSON, or what has its syntax (RFC 6839, section 3.1).
pub(super) fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json")
}

/// Whether `range` (`application/json`, `image/*`, `*/*`) has `essence` in it.
pub(super) fn is_within(essence: &str, range: &str) -> bool {
    let whole = range.strip_suffix('*').filter(|range| range.ends_with('/'));
    range == "*/*" || whole.map_or(essence == range, |kind| essence.starts_with(kind))
}

/// `type/subtype`, in lower case.
pub(super) fn is_essence(text: &str) -> bool {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower && text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// A token or a quoted string, and what follows.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([';', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return is_token(value).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    loop {
        let mut letters = rest.chars();
        match letters.next()? {
            '"' => return Some((value, letters.as_str())),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
        rest = letters.as_str();
    }
}

pub(super) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_with_parameters_is_read() {
        for (text, essence, charset) in [
            ("application/json", "application/json", None),
            ("Application/JSON ; Charset=\"UTF-8\"", "application/json", Some("utf-8")),
            ("multipart/form-data; boundary=\"a;\\\"b\";", "multipart/form-data", None),
            ("text/plain;charset=iso-8859-1;format=flowed", "text/plain", Some("iso-8859-1")),
        ] {
            let read = MediaType::parse(text).unwrap();
            assert_eq!((read.essence.as_str(), read.charset.as_deref()), (essence, charset), "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_none() {
        for text in [
            "",
            "json",
            "application/",
            "/json",
            "a/b, c/d",
            "a/b/c",
            "a /b",
            "application/json; charset",
            "application/json; charset=",
            "application/json; charset=utf-8; charset=utf-7",
            "application/json; charset=\"utf-8",
            "application/json; charset=a b",
            "application/json charset=a",
            "application/json; a=\"b\"c",
        ] {
            assert_eq!(MediaType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_hold_their_types_only() {
        assert!(is_within("image/png", "image/*") && is_within("a/b", "*/*") && is_within("a/b", "a/b"));
        assert!(
            !is_within("imagex/png", "image/*") && !is_within("a/bc", "a/b") && !is_within("a/b", "a/bc")
        );
        assert!(is_json("application/merge-patch+json") && !is_json("application/jsonx"));
    }
}
