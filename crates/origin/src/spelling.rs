//! The spelling a browser would send for what somebody wrote.

use url::{Origin as UrlOrigin, Url};

/// Longest text worth a suggestion, in bytes.
const MAX_WRITTEN_LEN: usize = 2048;

/// What a browser would send as `Origin` for a page at `written`, when that is one
/// well-formed origin other than `written` itself: path, default port, user
/// information, upper case, non-ASCII names and odd IP addresses are put right.
///
/// ```
/// use corsac_origin::right_spelling;
/// assert_eq!(right_spelling("HTTPS://Example.com:443/").as_deref(), Some("https://example.com"));
/// assert_eq!(right_spelling("https://bücher.example").as_deref(), Some("https://xn--bcher-kva.example"));
/// assert_eq!(right_spelling("example.com").as_deref(), Some("https://example.com"));
/// assert_eq!(right_spelling("data:text/plain,"), None);
/// ```
pub fn right_spelling(written: &str) -> Option<String> {
    let written = written.trim();
    if written.is_empty() || written.len() > MAX_WRITTEN_LEN {
        return None;
    }
    // A backslash, or one slash behind a scheme, is read as something else by URL parsers.
    let spelling = match written.find("://") {
        _ if written.contains('\\') => None,
        Some(_) => spell(written),
        None if written.contains([' ', ',', '@']) || written.contains(":/") => None,
        None => spell_without_scheme(written),
    }?;
    let accepted = crate::OriginPattern::parse(&spelling).is_ok() && is_not_another(written, &spelling);
    (accepted && spelling != written).then_some(spelling)
}

/// Whether `spelling` names what a browser makes of `written`, if it makes anything of it:
/// a suggestion must not name another origin, or more of them.
fn is_not_another(written: &str, spelling: &str) -> bool {
    match Url::parse(written) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization() == spelling,
        _ => true,
    }
}

fn spell_without_scheme(written: &str) -> Option<String> {
    let host = written.trim_start_matches('/');
    let named = host.contains('.') || host == "localhost" || host.starts_with("localhost:");
    named.then(|| spell(&format!("https://{host}"))).flatten()
}

/// Wildcards are kept: a `*.` before the host and a `:*` behind it.
fn spell(written: &str) -> Option<String> {
    let (scheme, rest) = written.split_once("://")?;
    let (star, rest) = match rest.strip_prefix("*.") {
        Some(base) => ("*.", base),
        None => ("", rest),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let (authority, any_port) = match authority.strip_suffix(":*") {
        Some(host) => (host, ":*"),
        None => (authority, ""),
    };
    // `*.` before a user name is no wildcard of the host.
    if !star.is_empty() && authority.contains('@') {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{authority}")).ok()?;
    match url.origin() {
        UrlOrigin::Tuple(scheme, host, port) => {
            let tuple = UrlOrigin::Tuple(scheme, host, port).ascii_serialization();
            let (scheme, host) = tuple.split_once("://")?;
            Some(format!("{scheme}://{star}{host}{any_port}"))
        }
        UrlOrigin::Opaque(_) => {
            // The URL Standard gives extension schemes an opaque origin; browsers
            // send scheme and host all the same.
            let host = url.host_str()?.to_ascii_lowercase();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{star}{host}{port}{any_port}", url.scheme()))
        }
    }
}
