//! What is an origin in the spelling browsers send, and the nearest thing that is not.

#![cfg(test)]

use corsac_origin::{
    HostKind, MAX_ORIGIN_LEN, Origin, OriginMistake as M, OriginRef, PublicSuffixList, Scheme,
    is_potentially_trustworthy, right_spelling, same_site, schemelessly_same_site,
};

fn parse(text: &str) -> OriginRef<'_> {
    OriginRef::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn real_if_odd_origins_are_accepted() {
    let long = format!("https://{}.example.com", ["a"; 120].join("."));
    for text in [
        "null",
        "https://example.com",
        "http://example.com:8080",
        "https://example.com:80",
        "http://example.com:443",
        "http://localhost:0",
        "http://localhost:65535",
        "https://my_host.example.com",
        "https://_.example.com",
        "https://example.com.",
        "https://-a-.example.com",
        "https://xn--bcher-kva.example",
        "https://a--b.example",
        "https://123.example.com",
        "https://1.2.3.4.example",
        "https://0x7g.example",
        "https://example.0xg",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://[::1]",
        "http://[::1]:8080",
        "http://[::ffff:7f00:1]",
        "http://[2001:db8::1]",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://7a7b8d26-8f7e-4f4a-9b3a-123456789abc",
        "capacitor://localhost",
        "tauri://localhost",
        &long,
    ] {
        assert_eq!(parse(text).as_str(), text);
    }
}

/// Text, mistake, offset of the first wrong byte.
const NEVER_SENT: &[(&str, M, usize)] = &[
    ("", M::Empty, 0),
    ("NULL", M::MissingScheme, 0),
    ("Null", M::MissingScheme, 0),
    ("null ", M::MissingScheme, 0),
    ("example.com", M::MissingScheme, 0),
    ("//example.com", M::MissingScheme, 0),
    ("https:example.com", M::MissingScheme, 5),
    ("https:/example.com", M::MissingScheme, 5),
    ("HTTPS://example.com", M::SchemeByte, 0),
    ("1http://example.com", M::SchemeByte, 0),
    (" https://example.com", M::SchemeByte, 0),
    ("://example.com", M::SchemeByte, 0),
    ("file://", M::SchemeNeverSent, 0),
    ("data://x", M::SchemeNeverSent, 0),
    ("wss://example.com", M::SchemeNeverSent, 0),
    ("https://", M::HostEmpty, 8),
    ("https://:8080", M::HostEmpty, 8),
    ("https://Example.com", M::UpperCase, 8),
    ("https://exa\u{6d}ple.com/", M::TrailingSlash, 19),
    ("https://example.com:8080/", M::TrailingSlash, 24),
    ("https://example.com/path", M::Path, 19),
    ("https://example.com?x", M::Path, 19),
    ("https://example.com:8080/x", M::Path, 24),
    ("https://user@example.com", M::UserInfo, 12),
    ("https://user:secret@example.com", M::UserInfo, 13),
    ("https://bücher.example", M::NonAscii, 9),
    ("https://example.com:443", M::DefaultPort, 19),
    ("http://example.com:80", M::DefaultPort, 18),
    ("https://example.com:", M::Port, 20),
    ("https://example.com:08", M::Port, 20),
    ("https://example.com:65536", M::Port, 20),
    ("https://example.com:8080x", M::Port, 24),
    ("https://example.com:-1", M::Port, 20),
    ("https://.example.com", M::EmptyLabel, 8),
    ("https://a..b", M::EmptyLabel, 10),
    ("https://example.com..", M::EmptyLabel, 20),
    ("https://.", M::EmptyLabel, 8),
    ("https://1.2.3", M::Ipv4Spelling, 12),
    ("https://127.1", M::Ipv4Spelling, 12),
    ("https://2130706433", M::Ipv4Spelling, 8),
    ("https://0x7f.0.0.0x1", M::Ipv4Spelling, 17),
    ("https://127.0.0.1.", M::Ipv4Spelling, 16),
    ("https://127.0.0.01", M::Ipv4Spelling, 16),
    ("https://256.0.0.1", M::Ipv4Spelling, 16),
    ("https://example.123", M::Ipv4Spelling, 16),
    ("https://[::1", M::Ipv6Spelling, 8),
    ("https://[0:0:0:0:0:0:0:1]", M::Ipv6Spelling, 8),
    ("https://[::FFFF:1]", M::Ipv6Spelling, 8),
    ("https://[::ffff:127.0.0.1]", M::Ipv6Spelling, 8),
    ("https://[fe80::1%25eth0]", M::Ipv6Spelling, 8),
    ("https://[]", M::Ipv6Spelling, 8),
    ("https://[::1]x", M::Ipv6Spelling, 8),
    ("https://*.example.com", M::Wildcard, 8),
    ("https://a,b.example.com", M::HostByte, 9),
    ("https://a;b.example.com", M::HostByte, 9),
    ("https://a}.example.com", M::HostByte, 9),
    ("https://a%20b.example.com", M::HostByte, 9),
    ("https://a b.example.com", M::HostByte, 9),
    ("https://a.com https://b.com", M::HostByte, 13),
    ("https://a.com,https://b.com", M::HostByte, 13),
    ("https://evil.com/.example.com", M::Path, 16),
    ("https://a\\.example.com", M::HostByte, 9),
    ("https://a\0.example.com", M::HostByte, 9),
];

#[test]
fn what_no_browser_sends_is_refused_at_the_byte() {
    for &(text, mistake, offset) in NEVER_SENT {
        match OriginRef::parse(text.as_bytes()) {
            Err(error) => assert_eq!((error.mistake, error.offset), (mistake, offset), "{text:?}"),
            Ok(origin) => panic!("{text:?} was accepted as {origin:?}"),
        }
    }
}

#[test]
fn lengths_are_bounded_and_the_bound_itself_is_accepted() {
    let label = "a".repeat(63);
    assert!(Origin::parse(&format!("https://{label}.example")).is_ok());
    assert!(Origin::parse(&format!("https://{label}a.example")).is_err());
    let name = [label.as_str(); 4].join(".");
    assert!(Origin::parse(&format!("https://{}", name.get(..254).unwrap())).is_ok());
    assert!(Origin::parse(&format!("https://{}", name.get(..255).unwrap())).is_err());
    let endless = "a".repeat(1 << 20);
    for text in [endless.clone(), format!("https://{endless}"), format!("https://a:{endless}")] {
        let error = OriginRef::parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.mistake, error.offset), (M::TooLong, MAX_ORIGIN_LEN));
    }
}

#[test]
fn the_parts_of_an_origin_are_told_apart() {
    let origin = parse("http://[::1]:8080");
    let tuple = origin.tuple().unwrap();
    assert_eq!(
        (tuple.scheme(), tuple.host(), tuple.host_kind(), tuple.port()),
        (Scheme::Http, "[::1]", HostKind::Ipv6, Some(8080))
    );
    let origin = parse("https://1.2.3.4");
    let tuple = origin.tuple().unwrap();
    assert_eq!((tuple.host_kind(), tuple.port()), (HostKind::Ipv4, None));
}

#[test]
fn every_accepted_origin_is_what_the_url_standard_serializes() {
    for text in ["https://xn--bcher-kva.example", "http://[2001:db8::1]:1", "https://a_b.example.:8443"] {
        let url = url::Url::parse(text).unwrap();
        assert_eq!(url.origin().ascii_serialization(), parse(text).as_str());
        assert_eq!(right_spelling(text), None, "it is right already");
    }
}

#[test]
fn the_right_spelling_is_found() {
    for (wrong, right) in [
        ("https://example.com/", "https://example.com"),
        ("https://example.com/path?x#y", "https://example.com"),
        ("https://Example.COM:443", "https://example.com"),
        ("https://user:secret@example.com", "https://example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("http://127.1", "http://127.0.0.1"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"),
        ("https://*.Example.com/", "https://*.example.com"),
        ("http://LOCALHOST:*", "http://localhost:*"),
        ("localhost:3000", "https://localhost:3000"),
        ("example.com", "https://example.com"),
    ] {
        assert_eq!(right_spelling(wrong).as_deref(), Some(right), "{wrong}");
    }
    for hopeless in
        ["", "*", "null", "data:text/plain,x", "file:///tmp/x", "https://", "a b", "https://*a.com"]
    {
        assert_eq!(right_spelling(hopeless), None, "{hopeless}");
    }
}

#[test]
fn secure_transport_and_loopback_are_potentially_trustworthy() {
    for text in [
        "https://example.com",
        "http://localhost:3000",
        "http://app.localhost",
        "http://localhost.",
        "http://127.0.0.1",
        "http://127.255.0.9:1",
        "http://[::1]",
        "capacitor://localhost",
    ] {
        assert!(is_potentially_trustworthy(&parse(text)), "{text}");
    }
    for text in [
        "null",
        "http://example.com",
        "http://evillocalhost",
        "http://localhost.example.com",
        "http://128.0.0.1",
        "http://[::2]",
        "http://[::ffff:7f00:1]",
        "capacitor://example",
    ] {
        assert!(!is_potentially_trustworthy(&parse(text)), "{text}");
    }
}

#[test]
fn sites_follow_registrable_domains() {
    let list = PublicSuffixList::embedded();
    let same = |a, b| same_site(&parse(a), &parse(b), list);
    let schemeless = |a, b| schemelessly_same_site(&parse(a), &parse(b), list);
    assert!(same("https://a.example.com", "https://b.example.com:8443"));
    assert!(!same("https://a.example.com", "http://a.example.com"));
    assert!(schemeless("https://a.example.com", "http://b.example.com"));
    assert!(!schemeless("https://a.github.io", "https://b.github.io"));
    assert!(!same("https://example.co.uk", "https://other.co.uk"));
    assert!(same("http://127.0.0.1", "http://127.0.0.1:81"));
    assert!(!same("http://127.0.0.1", "http://128.0.0.1"));
    assert!(!same("null", "null"));
}
