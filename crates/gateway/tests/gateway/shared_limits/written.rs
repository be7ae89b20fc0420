//! What `[rate_limit_store]` may say.

use std::net::SocketAddr;
use std::path::Path;

use corsac_diagnostics::{Severity, Source};
use corsac_gateway::read;
use corsac_origin::PublicSuffixList;

use super::shared;

const CLOSED: &str = "when_away = \"closed\"";

/// Whether it runs, and what is found, in all its words.
fn found(text: &str) -> (bool, Vec<(Severity, String)>) {
    let reading = read(Source::new("test.toml", text), None, PublicSuffixList::embedded());
    // Notes are about guards that these files leave out.
    let told = reading.findings.iter().filter(|finding| finding.severity != Severity::Note);
    let told = told.map(|finding| (finding.severity, format!("{finding:?}")));
    (reading.config.is_some(), told.collect())
}

fn with(folder: &Path, url: &str, more: &str) -> String {
    shared(SocketAddr::from(([127, 0, 0, 1], 1)), folder, url, more)
}

#[test]
fn a_store_has_a_url_without_tls_a_rule_and_a_seed() {
    let folder = tempfile::tempdir().unwrap();
    let url = "redis://:hunter2@127.0.0.1:6379/0";
    let right = with(folder.path(), url, CLOSED);
    assert_eq!(found(&right), (true, Vec::new()));
    let seed = |text: &str| {
        let path = folder.path().join("wrong.seed");
        std::fs::write(&path, text).unwrap();
        right.replace("limits.seed", "wrong.seed")
    };
    for (wrong, reason) in [
        (right.replace("redis://", "rediss://"), "over TLS"),
        (right.replace("redis://", "valkeys://"), "over TLS"),
        (right.replace("redis://", "http://"), "not one of a server"),
        (right.replace("6379/0", "6379/fox"), "not one of a server"),
        (right.replace(CLOSED, ""), "when_away"),
        (right.replace("closed\"", "fox\""), "no such rule"),
        (right.replace(CLOSED, "when_away = \"open\"\nprefix = \"a}b\""), "prefix"),
        (right.replace(CLOSED, "when_away = \"open\"\ntimeout = \"2s\""), "timeout"),
        (right.replace("limits.seed", "missing.seed"), "cannot be read"),
        (seed("000102030405060708090a0b0c0d0e"), "32 hexadecimal digits"),
    ] {
        let (runs, told) = found(&wrong);
        let [(Severity::Error, told)] = told.as_slice() else { panic!("{reason}: {told:?}") };
        assert!(!runs && told.contains(reason), "{reason}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_limit_that_is_too_fast_to_be_shared_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |limit: &str| with(folder.path(), "redis://127.0.0.1/", CLOSED).replace("200/1s", limit);
    assert_eq!(found(&at("10000/1s")), (true, Vec::new()));
    let (runs, told) = found(&at("10001/1s"));
    let [(Severity::Warning, told)] = told.as_slice() else { panic!("{told:?}") };
    assert!(runs && told.contains("`rate_limits.per-client.limit` is too fast to be shared"), "{told}");
    // Nobody has to share it.
    let alone = super::limited(SocketAddr::from(([127, 0, 0, 1], 1)), "10001/1s", 50);
    assert_eq!(found(&alone), (true, Vec::new()));
}
