//! `docs/csrf.md` is held against the code.

use std::collections::BTreeSet;

use corsac_middleware::csrf::{CSRF_COOKIE, CSRF_HEADER, Denial, Grounds};

const PAGE: &str = include_str!("../../../../docs/csrf.md");

/// The first cells of the rows under `heading`, each one a code.
fn codes(heading: &str) -> BTreeSet<&'static str> {
    let (_, section) = PAGE.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn the_page_has_every_reason_and_no_other() {
    assert_eq!(codes("## Reasons to pass"), Grounds::ALL.iter().map(|it| it.code()).collect());
    assert_eq!(codes("## Reasons to refuse"), Denial::ALL.iter().map(|it| it.code()).collect());
}

#[test]
fn the_page_names_the_fields_as_they_are() {
    assert!(PAGE.contains(CSRF_COOKIE) && PAGE.contains(CSRF_HEADER.as_str()));
    assert!(PAGE.contains("`cross-site-request`"));
}
