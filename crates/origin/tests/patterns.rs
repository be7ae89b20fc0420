//! Patterns and sets of patterns: what they admit, and the nearest stranger.

#![cfg(test)]

use corsac_origin::{OriginPattern, OriginRef, OriginSet, PatternError};
use proptest::prelude::*;

fn admits(pattern: &str, origin: &str) -> bool {
    OriginPattern::parse(pattern).unwrap().matches(&OriginRef::parse(origin.as_bytes()).unwrap())
}

#[test]
fn a_pattern_admits_its_own_and_not_the_neighbour() {
    for (pattern, admitted, refused) in [
        ("https://example.com", "https://example.com", "https://example.com:8443"),
        ("https://example.com", "https://example.com", "http://example.com"),
        ("https://example.com", "https://example.com", "https://example.com."),
        ("https://example.com", "https://example.com", "https://www.example.com"),
        ("https://*.example.com", "https://a.example.com", "https://example.com"),
        ("https://*.example.com", "https://a.b.c.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://a_b.example.com", "https://a.example.com.evil.com"),
        ("https://*.example.com", "https://a.example.com", "https://a.example.com:8443"),
        ("https://*.example.com:8443", "https://a.example.com:8443", "https://a.example.com"),
        ("https://*.example.com:*", "https://a.example.com:1", "http://a.example.com"),
        ("http://localhost:*", "http://localhost", "http://localhost.evil.com"),
        ("http://localhost:*", "http://localhost:3000", "https://localhost:3000"),
        ("http://[::1]:*", "http://[::1]:9", "http://[::2]:9"),
        ("http://127.0.0.1:*", "http://127.0.0.1:9", "http://127.0.0.2:9"),
        ("https://*.example.com.", "https://a.example.com.", "https://a.example.com"),
        ("capacitor://localhost", "capacitor://localhost", "ionic://localhost"),
    ] {
        assert!(admits(pattern, admitted), "{pattern} should admit {admitted}");
        assert!(!admits(pattern, refused), "{pattern} should not admit {refused}");
    }
    assert!(!OriginPattern::parse("https://*.example.com").unwrap().matches(&OriginRef::Opaque));
}

#[test]
fn what_is_no_pattern_is_refused_at_the_byte() {
    type E = PatternError;
    for (text, offset) in [
        ("*", 0),
        ("null", 0),
        ("https://*example.com", 8),
        ("https://a*.example.com", 9),
        ("https://a.*.example.com", 10),
        ("https://*.*.example.com", 10),
        ("https://**.example.com", 8),
        ("https://example.*", 16),
        ("*://example.com", 0),
        ("http*://example.com", 4),
        ("https://*", 8),
        ("https://*.", 10),
        ("https://*.1.2.3.4", 8),
        ("https://*.[::1]", 8),
        ("https://example.com:80*", 22),
        ("https://example.com:8080:*", 24),
        ("https://*.Example.com", 10),
        ("https://*.example.com/", 21),
        ("https://*.example.com:443", 21),
        ("capacitor://*.localhost", 12),
        ("capacitor://localhost:*", 22),
        ("capacitor://*.localhost:*", 24),
        ("https://*.exa mple.com", 13),
    ] {
        match OriginPattern::parse(text) {
            Err(error) => assert_eq!(error.offset(), offset, "{text}: {error}"),
            Ok(pattern) => panic!("{text} was accepted as {pattern:?}"),
        }
    }
    assert_eq!(OriginPattern::parse("*"), Err(E::AnyOrigin));
    assert_eq!(OriginPattern::parse("null"), Err(E::Null));
}

#[test]
fn the_set_finds_the_first_of_equal_patterns_and_prefers_the_exact_one() {
    let mut builder = OriginSet::builder();
    for pattern in [
        "https://*.example.com",
        "https://a.example.com",
        "https://a.example.com",
        "https://*.a.example.com",
        "http://localhost:*",
        "https://*.example.com:*",
    ] {
        builder.parse_and_push(pattern).unwrap();
    }
    let set = builder.build();
    let find = |text: &str| set.find(&OriginRef::parse(text.as_bytes()).unwrap());
    assert_eq!(find("https://a.example.com"), Some(1));
    assert_eq!(find("https://b.example.com"), Some(0));
    assert_eq!(find("https://b.a.example.com"), Some(3));
    assert_eq!(find("https://b.example.com:1"), Some(5));
    assert_eq!(find("http://localhost:9"), Some(4));
    assert_eq!(find("https://example.com"), None);
    assert_eq!(find("null"), None);
    assert_eq!(set.text(3), Some("https://*.a.example.com"));
    assert_eq!(set.text(6), None);
    assert_eq!(set.duplicates().collect::<Vec<_>>(), [(2, 1)]);
}

#[test]
fn one_base_may_shadow_the_prefix_of_another() {
    // The radix-tree defect of GHSA-vhxv-fg4m-p2w8: `foo.com` and `bar.com` admitted `barfoo.com`.
    let mut builder = OriginSet::builder();
    builder.parse_and_push("https://foo.com").unwrap();
    builder.parse_and_push("https://bar.com").unwrap();
    let set = builder.build();
    assert!(!set.contains(&OriginRef::parse(b"https://barfoo.com").unwrap()));
    assert!(set.contains(&OriginRef::parse(b"https://bar.com").unwrap()));
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("ab".to_owned()), "[a-z0-9_-]{1,3}y"]
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::collection::vec(label(), 1..5).prop_map(|labels| labels.join(".")),
        1 => Just("127.0.0.1".to_owned()),
        1 => Just("[::1]".to_owned()),
        1 => prop::collection::vec(label(), 1..3).prop_map(|labels| labels.join(".") + "."),
    ]
}

fn scheme() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["http", "https"])
}

fn port() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", ":1", ":8080"])
}

fn origin() -> impl Strategy<Value = String> {
    (scheme(), host(), port()).prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}"))
}

fn pattern() -> impl Strategy<Value = String> {
    let port = prop_oneof![3 => port().prop_map(str::to_owned), 1 => Just(":*".to_owned())];
    (scheme(), any::<bool>(), host(), port).prop_map(|(scheme, wildcard, host, port)| {
        let name = host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[');
        let star = if wildcard && name { "*." } else { "" };
        format!("{scheme}://{star}{host}{port}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_set_agrees_with_a_naive_scan(
        patterns in prop::collection::vec(pattern(), 0..40),
        origins in prop::collection::vec(origin(), 1..20),
    ) {
        let mut builder = OriginSet::builder();
        for pattern in &patterns {
            builder.parse_and_push(pattern).unwrap();
        }
        let set = builder.build();
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), patterns.clone());
        for text in &origins {
            let origin = OriginRef::parse(text.as_bytes()).unwrap();
            let naive = patterns.iter().any(|pattern| naive_match(pattern, text));
            prop_assert_eq!(set.contains(&origin), naive, "{} in {:?}", text, patterns);
            if let Some(index) = set.find(&origin) {
                prop_assert!(naive_match(&patterns[index], text));
            }
        }
    }

    #[test]
    fn an_accepted_origin_is_its_own_serialization(text in "[ -~]{0,40}") {
        if let Ok(OriginRef::Tuple(tuple)) = OriginRef::parse(text.as_bytes()) {
            prop_assert_eq!(tuple.as_str(), &text);
            if let Ok(url) = url::Url::parse(&text) && url.origin().is_tuple() {
                prop_assert_eq!(url.origin().ascii_serialization(), text);
            }
        }
    }
}

/// Independent of the crate's matcher: plain text operations.
fn naive_match(pattern: &str, origin: &str) -> bool {
    let split = |text: &str| {
        let (scheme, rest) = text.split_once("://").unwrap();
        let bracket = rest.rfind(']').unwrap_or(0);
        let colon = rest.rfind(':').filter(|&at| at > bracket);
        let (host, port) = rest.split_at(colon.unwrap_or(rest.len()));
        (scheme.to_owned(), host.to_owned(), port.to_owned())
    };
    let (scheme, host, port) = split(pattern);
    let (origin_scheme, origin_host, origin_port) = split(origin);
    let host_matches = match host.strip_prefix('*') {
        Some(dot_base) => origin_host.len() > dot_base.len() && origin_host.ends_with(dot_base),
        None => host == origin_host,
    };
    scheme == origin_scheme && host_matches && (port == ":*" || port == origin_port)
}
