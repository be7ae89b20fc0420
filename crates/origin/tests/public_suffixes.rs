//! The Public Suffix List: its own test data, and the cases where others err.

#![cfg(test)]

use corsac_origin::{PublicSuffixError, PublicSuffixList, Section};

/// The list's published test vectors (public domain).
const VECTORS: &str = include_str!("data/test_psl.txt");

fn quoted(text: &str) -> Option<String> {
    let text = text.trim();
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).map(str::to_owned)
}

#[test]
fn the_published_vectors_hold() {
    let list = PublicSuffixList::embedded();
    let mut checked = 0;
    for line in VECTORS.lines() {
        let Some(call) = line.strip_prefix("checkPublicSuffix(").and_then(|l| l.strip_suffix(");")) else {
            continue;
        };
        let (input, expected) = call.split_once(',').unwrap();
        // Upper case, Unicode and leading dots never reach the list: hosts are parsed first.
        let Some(input) = quoted(input).filter(|name| !name.starts_with('.')) else { continue };
        let ascii = |name: String| url::Host::parse(&name).unwrap().to_string();
        let (input, expected) = (ascii(input), quoted(expected).map(ascii));
        assert_eq!(list.registrable_domain(&input), expected.as_deref(), "{input}");
        checked += 1;
    }
    assert!(checked > 60, "only {checked} vectors were found");
}

#[test]
fn nested_wildcards_and_exceptions_are_right() {
    let list = PublicSuffixList::embedded();
    for (name, suffix) in [
        ("mtls.run.app", "mtls.run.app"),
        ("a.mtls.run.app", "a.mtls.run.app"),
        ("x.a.mtls.run.app", "a.mtls.run.app"),
        ("x.a.run.app", "a.run.app"),
        ("run.app", "app"),
        ("www.ck", "ck"),
        ("a.b.ck", "b.ck"),
        ("city.kawasaki.jp", "kawasaki.jp"),
        ("x.other.kawasaki.jp", "other.kawasaki.jp"),
        ("a.github.io", "github.io"),
        ("example.com.", "com."),
        ("unknown-tld", "unknown-tld"),
        ("a.unknown-tld", "unknown-tld"),
    ] {
        assert_eq!(list.public_suffix(name).map(|found| found.0), Some(suffix), "{name}");
    }
    assert_eq!(list.public_suffix(""), None);
    assert_eq!(list.public_suffix("."), None);
    assert_eq!(list.public_suffix("x.github.io").map(|f| f.1), Some(Section::Private));
    assert_eq!(list.public_suffix("x.co.uk").map(|f| f.1), Some(Section::Icann));
    assert_eq!(list.public_suffix("x.corp").map(|f| f.1), Some(Section::Default));
    assert_eq!(list.registrable_domain("a.example.com."), Some("example.com."));
}

#[test]
fn suffixes_below_a_base_are_found() {
    let list = PublicSuffixList::embedded();
    for base in ["amazonaws.com", "windows.net", "kawasaki.jp", "com", "run.app", "compute.amazonaws.com"] {
        let below = list.suffix_below(base).unwrap_or_else(|| panic!("{base}"));
        assert!(below.example.ends_with(&format!(".{base}")), "{below:?}");
        assert!(list.registrable_domain(&below.example).is_some(), "{below:?}");
        assert_ne!(list.registrable_domain(&below.example), Some(base));
    }
    for base in ["example.com", "github.io", "unknown", "a.compute.amazonaws.com"] {
        assert_eq!(list.suffix_below(base), None, "{base}");
    }
}

#[test]
fn a_truncated_or_foreign_file_is_refused() {
    let text = include_str!("../data/public_suffix_list.dat");
    assert!(PublicSuffixList::parse(text).is_ok());
    assert!(PublicSuffixList::embedded().version().starts_with("20"));
    assert!(text.contains("Mozilla Public"), "the licence header stays");
    assert_eq!(PublicSuffixList::parse("").unwrap_err(), PublicSuffixError::TooFewRules(0));
    assert_eq!(PublicSuffixList::parse("com\nnet\n").unwrap_err(), PublicSuffixError::TooFewRules(2));
    assert_eq!(PublicSuffixList::parse("com\n[section]\n").unwrap_err(), PublicSuffixError::Line(2));
    let large = "a".repeat(corsac_origin::MAX_LIST_BYTES + 1);
    assert_eq!(PublicSuffixList::parse(&large).unwrap_err(), PublicSuffixError::TooLarge);
}
