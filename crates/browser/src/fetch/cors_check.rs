//! The CORS check (Fetch, section 4.10).

use std::fmt;

use url::Url;

use crate::header::{HeaderList, text, trim};
use crate::request::CredentialsMode;

/// Why the check fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsFailure {
    /// `Access-Control-Allow-Credentials` is not `true`: its value, if there is one.
    Credentials(Option<String>),
    /// The value is not an origin at all.
    Invalid(String),
    /// Another origin's value.
    Mismatch(String),
    /// No `Access-Control-Allow-Origin`.
    Missing,
    /// Several values: joined, and how they were written.
    Multiple(String, Several),
    /// `*` where credentials are included.
    Wildcard,
}

impl fmt::Display for CorsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ORIGIN: &str = "`Access-Control-Allow-Origin`";
        const CREDENTIALS: &str = "`Access-Control-Allow-Credentials`";
        match self {
            Self::Credentials(None) => write!(f, "there is no {CREDENTIALS}"),
            Self::Credentials(Some(value)) => write!(f, "{CREDENTIALS} is `{value}`, not `true`"),
            Self::Invalid(value) => write!(f, "{ORIGIN} is `{value}`, which is no origin"),
            Self::Mismatch(value) => write!(f, "{ORIGIN} is `{value}`, not the page's origin"),
            Self::Missing => write!(f, "there is no {ORIGIN}"),
            Self::Multiple(value, Several::Lines) => {
                write!(f, "there are several {ORIGIN} fields: `{value}`")
            }
            Self::Multiple(value, _) => write!(f, "{ORIGIN} has several values: `{value}`"),
            Self::Wildcard => write!(f, "{ORIGIN} is `*`, which does not do with credentials"),
        }
    }
}

impl CorsFailure {
    /// The value that was found instead.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Invalid(value) | Self::Mismatch(value) | Self::Multiple(value, _) => Some(value),
            Self::Credentials(value) => value.as_deref(),
            Self::Missing | Self::Wildcard => None,
        }
    }
}

/// How several values were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Several {
    /// In one line, with a comma.
    Commas,
    /// In several lines.
    Lines,
    /// In one line, with spaces.
    Spaces,
}

/// "To perform a CORS check for a request and response."
pub(crate) fn cors_check(
    headers: &HeaderList,
    origin: &str,
    credentials: CredentialsMode,
) -> Result<(), CorsFailure> {
    let Some(value) = headers.get("access-control-allow-origin") else {
        return Err(CorsFailure::Missing);
    };
    let value = trim(&value);
    let includes = credentials == CredentialsMode::Include;
    if value == b"*" {
        return if includes { Err(CorsFailure::Wildcard) } else { Ok(()) };
    }
    if value != origin.as_bytes() {
        return Err(classify(headers, value));
    }
    if !includes {
        return Ok(());
    }
    match headers.get("access-control-allow-credentials") {
        Some(value) if value == b"true" => Ok(()),
        value => Err(CorsFailure::Credentials(value.as_deref().map(text))),
    }
}

/// The standard knows only that the value differs; people want to know how.
fn classify(headers: &HeaderList, value: &[u8]) -> CorsFailure {
    let shown = text(value);
    // Host names beyond ASCII are UTF-8 where they are anything.
    let is_url = std::str::from_utf8(value).is_ok_and(|value| Url::parse(value).is_ok());
    let several = if headers.all("access-control-allow-origin").nth(1).is_some() {
        Some(Several::Lines)
    } else if value.contains(&b',') {
        Some(Several::Commas)
    } else if value.contains(&b' ') {
        Some(Several::Spaces)
    } else {
        None
    };
    match several {
        Some(several) => CorsFailure::Multiple(shown, several),
        None if shown == "null" || is_url => CorsFailure::Mismatch(shown),
        None => CorsFailure::Invalid(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://app.example";

    fn check(credentials: CredentialsMode, fields: &[(&str, &str)]) -> Result<(), CorsFailure> {
        cors_check(&HeaderList::new(fields.iter().copied()), ORIGIN, credentials)
    }

    fn allow(value: &str) -> (&str, &str) {
        ("Access-Control-Allow-Origin", value)
    }

    #[test]
    fn only_the_exact_origin_or_a_wildcard_without_credentials_pass() {
        let omit = CredentialsMode::Omit;
        for value in [ORIGIN, "*", " https://app.example\t"] {
            assert_eq!(check(omit, &[allow(value)]), Ok(()), "{value}");
        }
        for (value, failure) in [
            ("https://app.example/", CorsFailure::Mismatch("https://app.example/".into())),
            ("https://App.example", CorsFailure::Mismatch("https://App.example".into())),
            ("null", CorsFailure::Mismatch("null".into())),
            ("", CorsFailure::Invalid(String::new())),
            ("\"*\"", CorsFailure::Invalid("\"*\"".into())),
            ("*, *", CorsFailure::Multiple("*, *".into(), Several::Commas)),
            ("a b", CorsFailure::Multiple("a b".into(), Several::Spaces)),
        ] {
            assert_eq!(check(omit, &[allow(value)]), Err(failure), "{value}");
        }
        let twice = check(omit, &[allow(ORIGIN), allow(ORIGIN)]);
        let joined = format!("{ORIGIN}, {ORIGIN}");
        assert_eq!(twice, Err(CorsFailure::Multiple(joined, Several::Lines)));
        assert_eq!(check(omit, &[]), Err(CorsFailure::Missing));
    }

    #[test]
    fn credentials_need_the_origin_and_the_word_true() {
        let include = CredentialsMode::Include;
        let credentials = |value| ("Access-Control-Allow-Credentials", value);
        assert_eq!(check(include, &[allow("*"), credentials("true")]), Err(CorsFailure::Wildcard));
        assert_eq!(check(include, &[allow(ORIGIN)]), Err(CorsFailure::Credentials(None)));
        for value in ["True", "true, true", "1"] {
            let failed = check(include, &[allow(ORIGIN), credentials(value)]);
            assert_eq!(failed, Err(CorsFailure::Credentials(Some(value.into()))));
        }
        assert_eq!(check(include, &[allow(ORIGIN), credentials("true")]), Ok(()));
    }
}
