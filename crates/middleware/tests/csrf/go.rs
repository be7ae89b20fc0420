//! The cases of Go's `net/http` tests of `CrossOriginProtection`, and where we part.

use crate::Asked;

fn asked(method: &str, site: &str, origin: &str) -> Asked {
    let fields = [("sec-fetch-site", site), ("origin", origin)];
    let present: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Asked::new(method).with(&present)
}

#[test]
fn what_the_browser_says_decides() {
    for (method, site, origin, reason) in [
        ("POST", "same-origin", "", "same-origin"),
        ("POST", "none", "", "user-initiated"),
        ("POST", "cross-site", "", "cross-site"),
        ("POST", "same-site", "", "cross-site"),
        ("POST", "", "", "no-evidence"),
        ("POST", "", "https://app.example.com", "own-origin"),
        ("POST", "", "https://attacker.example", "foreign-origin"),
        ("POST", "", "null", "null-origin"),
        ("GET", "cross-site", "", "not-needed-safe-method"),
        ("HEAD", "cross-site", "", "not-needed-safe-method"),
        ("OPTIONS", "cross-site", "", "not-needed-safe-method"),
        ("PUT", "cross-site", "", "cross-site"),
        ("PATCH", "cross-site", "", "cross-site"),
        ("DELETE", "same-site", "", "cross-site"),
    ] {
        assert_eq!(asked(method, site, origin).reason(), reason, "{method} {site} {origin}");
    }
}

#[test]
fn an_origin_that_the_policy_names_may_write() {
    for (site, origin, reason) in [
        ("", "https://trusted.example", "allowed-origin"),
        ("cross-site", "https://trusted.example", "allowed-origin"),
        ("", "https://attacker.example", "foreign-origin"),
        ("cross-site", "https://attacker.example", "cross-site"),
    ] {
        assert_eq!(asked("POST", site, origin).reason(), reason, "{site} {origin}");
    }
}

/// Go compares `Host` alone, and takes what is empty for absent; its own issues 75054 and
/// 78563 are about what passes then.
#[test]
fn what_passes_in_go_and_not_here() {
    for (site, origin, reason) in [
        ("", "http://app.example.com", "foreign-origin"),
        ("", "http://attacker@app.example.com", "origin-malformed"),
        ("", "//app.example.com", "origin-malformed"),
        ("none", "https://attacker.example", "foreign-origin"),
        ("none", "null", "null-origin"),
    ] {
        assert_eq!(asked("POST", site, origin).reason(), reason, "{site} {origin}");
    }
    assert_eq!(Asked::post(&[("origin", "")]).reason(), "origin-malformed");
    assert_eq!(Asked::post(&[("sec-fetch-site", "")]).reason(), "cross-site");
}
