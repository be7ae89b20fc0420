//! A service's cookies, hardened.

use corsac_middleware::csrf::{CookieConfig, CookieRules, MistakeKind, SameSite};
use corsac_middleware::mistake::Mistakes;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use crate::strings;

fn all() -> CookieConfig {
    CookieConfig {
        same_site: Some(SameSite::Lax),
        secure: true,
        http_only: true,
        readable: strings(&["XSRF-TOKEN"]),
    }
}

fn harden(config: &CookieConfig, lines: &[&str], is_secure: bool) -> (Vec<String>, usize) {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("set-cookie", HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    let changed = CookieRules::compile(config).unwrap().harden(&mut headers, is_secure);
    let lines = headers.get_all("set-cookie").iter();
    (lines.map(|line| String::from_utf8(line.as_bytes().to_vec()).unwrap()).collect(), changed)
}

fn one(config: &CookieConfig, line: &str, is_secure: bool) -> String {
    harden(config, &[line], is_secure).0.remove(0)
}

#[test]
fn what_is_missing_is_added_and_what_was_said_stays() {
    for (line, hardened) in [
        ("sid=abc", "sid=abc; Secure; HttpOnly; SameSite=Lax"),
        ("sid=abc;", "sid=abc;; Secure; HttpOnly; SameSite=Lax"),
        ("sid=abc; Path=/; Max-Age=60", "sid=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"),
        ("sid=abc; SameSite=Strict; secure; HTTPONLY", "sid=abc; SameSite=Strict; secure; HTTPONLY"),
        ("sid=abc; samesite = none ;Secure; HttpOnly", "sid=abc; samesite = none ;Secure; HttpOnly"),
        ("sid=abc; SameSite=None", "sid=abc; SameSite=None; Secure; HttpOnly"),
        // Browsers take a value that they do not know for none, and the last one counts.
        ("sid=abc; SameSite=Loose", "sid=abc; SameSite=Loose; Secure; HttpOnly; SameSite=Lax"),
        ("sid=abc; SameSite", "sid=abc; SameSite; Secure; HttpOnly; SameSite=Lax"),
        (
            "a=1; SameSite=Strict; SameSite=x; Secure=0; HttpOnly=no",
            "a=1; SameSite=Strict; SameSite=x; Secure=0; HttpOnly=no; SameSite=Lax",
        ),
        // What looks like an attribute inside of a value, a name or another attribute is none.
        ("sid=Secure HttpOnly", "sid=Secure HttpOnly; Secure; HttpOnly; SameSite=Lax"),
        ("sid=\"a; Secure\"", "sid=\"a; Secure\"; Secure; HttpOnly; SameSite=Lax"),
        ("Secure; Path=/", "Secure; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ("sid=a; Domain=secure", "sid=a; Domain=secure; Secure; HttpOnly; SameSite=Lax"),
        ("sid=a; XSecure; Secure1", "sid=a; XSecure; Secure1; Secure; HttpOnly; SameSite=Lax"),
        // Scripts read this one, by its exact name.
        ("XSRF-TOKEN=t", "XSRF-TOKEN=t; Secure; SameSite=Lax"),
        ("xsrf-token=t", "xsrf-token=t; Secure; HttpOnly; SameSite=Lax"),
        // What no browser keeps is left to be seen.
        ("", "; Secure; HttpOnly; SameSite=Lax"),
        ("=", "=; Secure; HttpOnly; SameSite=Lax"),
        ("nameless", "nameless; Secure; HttpOnly; SameSite=Lax"),
        ("sid=\u{e4}", "sid=\u{e4}; Secure; HttpOnly; SameSite=Lax"),
    ] {
        assert_eq!(one(&all(), line, true), hardened);
    }
    // An attribute that browsers ignore for its length.
    let long = format!("sid=a; SameSite={}", "Strict".repeat(200));
    assert_eq!(one(&all(), &long, true), format!("{long}; Secure; HttpOnly; SameSite=Lax"));
    let strict = CookieConfig { same_site: Some(SameSite::Strict), ..CookieConfig::default() };
    assert_eq!(one(&strict, "sid=a; SameSite=Lax", true), "sid=a; SameSite=Lax");
    assert_eq!(one(&strict, "sid=a", true), "sid=a; SameSite=Strict");
}

#[test]
fn what_browsers_would_refuse_is_mended() {
    let http_only = CookieConfig { http_only: true, ..CookieConfig::default() };
    for (line, hardened) in [
        ("a=1; HttpOnly", "a=1; HttpOnly"),
        ("a=1; HttpOnly; SameSite=None", "a=1; HttpOnly; SameSite=None; Secure"),
        ("a=1; HttpOnly; Partitioned; Path=/x", "a=1; HttpOnly; Partitioned; Path=/x; Secure"),
        ("__Secure-a=1; HttpOnly; Domain=example.com", "__Secure-a=1; HttpOnly; Domain=example.com; Secure"),
        ("__Host-a=1; HttpOnly", "__Host-a=1; HttpOnly; Secure; Path=/"),
        ("__host-a=1; HttpOnly; Path=/x; Secure", "__host-a=1; HttpOnly; Path=/x; Secure; Path=/"),
        (
            "__Host-a=1; domain = example.com; HttpOnly; Path=/; Secure",
            "__Host-a=1; HttpOnly; Path=/; Secure",
        ),
        ("__Host-a=Domain; Domain; HttpOnly; Path=/; Secure", "__Host-a=Domain; HttpOnly; Path=/; Secure"),
        ("__Host-a=1; Secure; HttpOnly; Path=/", "__Host-a=1; Secure; HttpOnly; Path=/"),
        ("Host-a=1; HttpOnly; Domain=example.com", "Host-a=1; HttpOnly; Domain=example.com"),
    ] {
        // Without TLS they are refused in any case, so nothing is lost.
        for is_secure in [true, false] {
            assert_eq!(one(&http_only, line, is_secure), hardened);
        }
    }
}

#[test]
fn over_plain_http_no_cookie_is_lost() {
    assert_eq!(one(&all(), "sid=abc", false), "sid=abc; HttpOnly; SameSite=Lax");
    assert_eq!(one(&all(), "sid=abc; Secure", false), "sid=abc; Secure; HttpOnly; SameSite=Lax");
}

#[test]
fn each_line_is_a_cookie_of_its_own() {
    let lines = ["a=1; Secure; HttpOnly; SameSite=Lax", "b=2", "c=3; SameSite=Strict"];
    let (hardened, changed) = harden(&all(), &lines, true);
    assert_eq!(changed, 2);
    let expected =
        [lines[0], "b=2; Secure; HttpOnly; SameSite=Lax", "c=3; SameSite=Strict; Secure; HttpOnly"];
    assert_eq!(hardened, expected);
    assert_eq!(harden(&all(), &[], true), (Vec::new(), 0));
    let mut headers = HeaderMap::new();
    let mut secret = HeaderValue::from_static("sid=abc");
    secret.set_sensitive(true);
    headers.insert("set-cookie", secret);
    CookieRules::compile(&all()).unwrap().harden(&mut headers, true);
    assert!(headers["set-cookie"].is_sensitive());
}

#[test]
fn rules_that_do_nothing_are_mistakes() {
    let mistakes = |config: &CookieConfig| -> Vec<_> {
        let Mistakes(mistakes) = CookieRules::compile(config).unwrap_err();
        mistakes.into_iter().map(|mistake| (mistake.field.to_string(), mistake.kind)).collect()
    };
    assert_eq!(mistakes(&CookieConfig::default()), [(String::new(), MistakeKind::NothingToDo)]);
    let config =
        CookieConfig { secure: true, readable: strings(&["a b", "c", "c"]), ..CookieConfig::default() };
    assert_eq!(
        mistakes(&config),
        [
            ("readable".into(), MistakeKind::ReadableWithoutHttpOnly),
            ("readable[0]".into(), MistakeKind::CookieName("a b".into())),
            ("readable[2]".into(), MistakeKind::Duplicate("c".into())),
        ]
    );
}

/// How a browser would read the line, written another way (RFC 6265bis, section 5.6).
fn attributes(line: &str) -> Vec<(String, String)> {
    let (_, rest) = line.split_once(';').unwrap_or((line, ""));
    let parts = rest.split(';').map(|part| part.split_once('=').unwrap_or((part, "")));
    parts.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_lowercase())).collect()
}

proptest! {
    #[test]
    fn a_hardened_cookie_is_never_weaker_and_stays_as_it_is(
        name in "(__Host-|__Secure-|__HOST-)?[a-z]{0,3}",
        parts in proptest::collection::vec(
            prop_oneof![
                "(Secure|HttpOnly|Partitioned|Path=/|Path=/x|Domain=example\\.com|Max-Age=0)",
                "SameSite=(None|Lax|Strict|x)?",
                "[ -~&&[^;]]{0,8}",
            ],
            0..6,
        ),
        is_secure: bool,
    ) {
        let line = [vec![format!("{name}=v")], parts].concat().join("; ");
        let hardened = one(&all(), &line, is_secure);
        let last = |line: &str, name: &str| {
            attributes(line).into_iter().rfind(|(it, _)| it == name).map(|(_, value)| value)
        };
        let pair = format!("{name}=v");
        prop_assert!(hardened.starts_with(&pair));
        for flag in ["secure", "httponly", "partitioned"] {
            prop_assert!(last(&line, flag).is_none() || last(&hardened, flag).is_some());
        }
        prop_assert!(last(&hardened, "httponly").is_some());
        prop_assert!(!is_secure || last(&hardened, "secure").is_some());
        let same_site = last(&hardened, "samesite").unwrap();
        prop_assert!(["none", "lax", "strict"].contains(&same_site.as_str()));
        if let Some(said) = last(&line, "samesite").filter(|said| ["none", "lax", "strict"].contains(&said.as_str())) {
            prop_assert_eq!(&said, &same_site);
        } else {
            prop_assert_eq!(&same_site, "lax");
        }
        let prefixed = name.to_lowercase();
        if same_site == "none" || prefixed.starts_with("__") || last(&line, "partitioned").is_some() {
            prop_assert!(last(&hardened, "secure").is_some());
        }
        if prefixed.starts_with("__host-") {
            prop_assert_eq!((last(&hardened, "path"), last(&hardened, "domain")), (Some("/".into()), None));
        } else {
            prop_assert_eq!(last(&hardened, "domain"), last(&line, "domain"));
        }
        // Once is enough.
        prop_assert_eq!(one(&all(), &hardened, is_secure), hardened);
    }
}
