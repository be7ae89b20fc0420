//! Responses, and what of them a script may see (Fetch, section 2.2.6).

use crate::engine::Profile;
use crate::header::{HeaderList, Listed};
use crate::request::CredentialsMode;

/// The head of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderList,
}

impl Response {
    /// "A redirect status."
    pub(crate) fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }
}

/// "A CORS-safelisted response-header name."
const SAFELISTED: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// "A basic filtered response": everything but the cookies. Names in lower case, sorted.
pub(crate) fn basic_filtered(headers: &HeaderList) -> Vec<String> {
    filtered(headers, |_| true)
}

/// "A CORS filtered response": the CORS-safelisted names and those that
/// `Access-Control-Expose-Headers` lists.
pub(crate) fn cors_filtered(
    headers: &HeaderList,
    credentials: CredentialsMode,
    profile: &Profile,
) -> Vec<String> {
    let (exposed, is_whole) = match headers.tokens("access-control-expose-headers") {
        None => (Vec::new(), true),
        Some(Ok(names)) => (names, true),
        Some(Err(_)) => (Vec::new(), false),
    };
    let asks_for_all = || {
        let value = headers.get("access-control-expose-headers").unwrap_or_default();
        value.split(|&byte| byte == b',').any(|name| name.trim_ascii() == b"*")
    };
    let is_wild = credentials != CredentialsMode::Include
        && (exposed.iter().any(|name| name == "*")
            || !is_whole && profile.exposes_all_beside_bad_names && asks_for_all());
    let exposed = Listed::new(&exposed);
    filtered(headers, |name| is_wild || SAFELISTED.contains(&name) || exposed.has(name))
}

fn filtered(headers: &HeaderList, is_readable: impl Fn(&str) -> bool) -> Vec<String> {
    let names = headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    // "A forbidden response-header name."
    let shown = names.filter(|name| !matches!(&**name, "set-cookie" | "set-cookie2"));
    let mut shown: Vec<_> = shown.filter(|name| is_readable(name)).collect();
    shown.sort_unstable();
    shown.dedup();
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    fn readable(exposed: &str, credentials: CredentialsMode, engine: Engine) -> Vec<String> {
        let headers = HeaderList::new([
            ("Content-Type", "a"),
            ("X-A", "1"),
            ("X-B", "1"),
            ("Set-Cookie", "a=b"),
            ("Access-Control-Expose-Headers", exposed),
        ]);
        cors_filtered(&headers, credentials, engine.profile())
    }

    #[test]
    fn only_exposed_headers_are_readable_and_cookies_never() {
        let omit = CredentialsMode::Omit;
        let standard = Engine::Standard;
        assert_eq!(readable("", omit, standard), ["content-type"]);
        assert_eq!(readable("x-a, set-cookie", omit, standard), ["content-type", "x-a"]);
        let all = ["access-control-expose-headers", "content-type", "x-a", "x-b"];
        assert_eq!(readable("*", omit, standard), all);
        assert_eq!(readable("*", CredentialsMode::Include, standard), ["content-type"]);
        assert_eq!(readable("x-a, @@", omit, standard), ["content-type"]);
        assert_eq!(readable("*, @@", omit, standard), ["content-type"]);
        assert_eq!(readable("*, @@", omit, Engine::Firefox), all);
    }
}
