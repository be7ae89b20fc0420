//! Problem details (RFC 9457).

use std::fmt::Write as _;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

/// The type of a problem that its status tells (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// One place of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where in the body: a JSON Pointer (RFC 6901), empty for the whole. Names in it are
    /// the client's own; they are escaped when written, also for readers that take JSON
    /// for HTML.
    pub pointer: String,
    /// What, in words of ours.
    pub detail: String,
}

/// An answer of a guard's own. No text in it is the request's, pointers aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its status.
    pub status: StatusCode,
    /// A stable name: kebab-case. In the body and in logs.
    pub code: &'static str,
    /// Its type, a URI.
    pub kind: &'static str,
    /// Its title, where its type has one; the status' otherwise.
    pub title: Option<&'static str>,
    /// What is wrong, in words that help nobody to forge: printable ASCII.
    pub detail: &'static str,
    /// Where, if in several places: the member `errors`.
    pub errors: Vec<Failure>,
    /// Names of ours that tell more, as a member of this name.
    pub names: Option<(&'static str, Vec<String>)>,
    /// Fields of the response: `WWW-Authenticate`, `Retry-After`, `Allow`, …
    pub fields: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem that its status tells.
    pub fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            status,
            code,
            kind: ABOUT_BLANK,
            title: None,
            detail,
            errors: Vec::new(),
            names: None,
            fields: Vec::new(),
        }
    }

    /// Adds a field to the response.
    #[must_use]
    pub fn with_field(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }

    /// The body, `application/problem+json`, with a line's end.
    pub fn body(&self) -> String {
        let title = self.title.or(self.status.canonical_reason()).unwrap_or_default();
        let mut text = String::with_capacity(192);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{{\"type\":{},\"title\":{},\"status\":{},\"code\":{},\"detail\":{}",
            quoted(self.kind),
            quoted(title),
            self.status.as_u16(),
            quoted(self.code),
            quoted(self.detail)
        );
        if let Some((member, names)) = &self.names {
            let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
            let _ = write!(text, ",{}:[{}]", quoted(member), names.join(","));
        }
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|Failure { pointer, detail }| {
                format!("{{\"pointer\":{},\"detail\":{}}}", quoted(pointer), quoted(detail))
            });
            let _ = write!(text, ",\"errors\":[{}]", errors.collect::<Vec<_>>().join(","));
        }
        text.push_str("}\n");
        text
    }

    /// Sets the response's fields.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in &self.fields {
            headers.append(name.clone(), value.clone());
        }
    }
}

/// A JSON string that is ASCII, and nothing to a reader that takes it for HTML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '<' | '>' | '&' | '\'' => escape(&mut out, letter),
            ' '..='~' => out.push(letter),
            _ => escape(&mut out, letter),
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_json_and_no_html() {
        let mut problem =
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body-invalid", "the body is not valid");
        let pointer = "/<script>alert('1')</script>/\"\\\u{1f600}\n";
        problem.errors.push(Failure { pointer: pointer.into(), detail: "is required".into() });
        problem.names = Some(("violated-policies", vec!["a".into(), "b".into()]));
        let body = problem.body();
        assert!(!body.contains(['<', '>', '&', '\'']) && body.is_ascii(), "{body}");
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["errors"][0]["pointer"], pointer);
        assert_eq!(value["title"], "Unprocessable Entity");
        assert_eq!(value["violated-policies"][1], "b");
        assert_eq!((&value["type"], &value["status"]), (&"about:blank".into(), &422.into()));
    }
}
