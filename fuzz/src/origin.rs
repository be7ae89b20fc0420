//! Any bytes as an `Origin` field, and any text as what somebody wrote for one.

use corsac_origin::{
    HostKind, MAX_HOST_LEN, MAX_LABEL_LEN, MAX_ORIGIN_LEN, Origin, OriginError, OriginPattern, OriginRef,
    Scheme, TupleRef, right_spelling,
};
use url::Url;

/// An origin is accepted in the one spelling that the `url` crate serializes, refused at
/// a byte that it has, and mended into what the `url` crate reads.
pub fn origin(bytes: &[u8]) {
    match OriginRef::parse(bytes) {
        Ok(origin) => check_accepted(bytes, &origin),
        Err(error) => check_refused(bytes, error),
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_page(text);
        check_right_spelling(text);
    }
}

fn check_accepted(bytes: &[u8], origin: &OriginRef<'_>) {
    let text = origin.as_str();
    assert_eq!(text.as_bytes(), bytes);
    assert!(bytes.len() <= MAX_ORIGIN_LEN);
    assert_eq!(OriginRef::parse(text.as_bytes()).as_ref(), Ok(origin));
    assert_eq!(Origin::parse(text).map(|owned| owned.to_string()).as_deref(), Ok(text));
    match origin {
        OriginRef::Opaque => assert_eq!(text, "null"),
        OriginRef::Tuple(tuple) => check_tuple(text, tuple),
    }
}

fn check_tuple(text: &str, tuple: &TupleRef<'_>) {
    let port = tuple.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(format!("{}://{}{port}", tuple.scheme().as_str(), tuple.host()), text);
    if matches!(tuple.scheme(), Scheme::Other(_)) {
        return;
    }
    match Url::parse(text) {
        Ok(url) => {
            assert_eq!(url.origin().ascii_serialization(), text);
            let kind = match url.host() {
                Some(url::Host::Ipv4(_)) => HostKind::Ipv4,
                Some(url::Host::Ipv6(_)) => HostKind::Ipv6,
                _ => HostKind::Domain,
            };
            assert_eq!(tuple.host_kind(), kind);
        }
        // Corsac's grammar is frozen and knows no punycode: an invalid `xn--` label is an
        // origin that no browser sends, and harmless.
        Err(error) => assert!(tuple.host().contains("xn--"), "the url crate refuses `{text}`: {error}"),
    }
}

fn check_refused(bytes: &[u8], error: OriginError) {
    assert!(error.offset <= bytes.len(), "{error:?} is behind the end of {} bytes", bytes.len());
    let message = error.to_string();
    assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}");
}

/// The origin of a web page is accepted, if its host has letters, digits, `-`, `_` and
/// dots within the bounds of DNS.
fn check_page(text: &str) {
    let Some(sent) = sent_by(text) else { return };
    let parsed = OriginRef::parse(sent.as_bytes());
    assert!(parsed.is_ok() || !is_plain(&sent), "`{sent}` is what browsers send: {parsed:?}");
}

/// What a browser sends as `Origin` for a page at `text`.
fn sent_by(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

fn is_plain(origin: &str) -> bool {
    let (_, rest) = origin.split_once("://").unwrap_or_default();
    if rest.starts_with('[') {
        return true;
    }
    let host = rest.split(':').next().unwrap_or_default();
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let is_label =
        |label: &str| (1..=MAX_LABEL_LEN).contains(&label.len()) && label.bytes().all(is_name_byte);
    host.len() <= MAX_HOST_LEN && name.split('.').all(is_label)
}

fn check_right_spelling(written: &str) {
    let Some(right) = right_spelling(written) else { return };
    assert_ne!(right, written);
    assert!(OriginPattern::parse(&right).is_ok(), "`{right}` is no pattern");
    assert_eq!(right_spelling(&right), None, "`{right}` is right, and yet there is another");
    // A suggestion may mend a spelling; it must not name another origin, or more of them.
    if let Some(sent) = sent_by(written.trim()) {
        assert_eq!(right, sent, "the suggestion for {written:?} is not its origin");
    }
}
