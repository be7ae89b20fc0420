//! Other people's tokens: the vectors of Wycheproof, adjudicated one by one, and tokens
//! minted by other implementations.
//!
//! `CORSAC_UPDATE=1 cargo test -p corsac-credentials --test vectors` writes
//! `docs/jwt-vectors.md`; review the difference.
#![cfg(test)]

mod foreign;
mod library;
mod page;
mod wycheproof;

#[test]
fn page_is_what_the_vectors_say() {
    page::compare("jwt-vectors.md", &page::page(&wycheproof::run()));
}

#[test]
fn every_difference_has_its_reason_and_no_reason_is_left_over() {
    let different: Vec<(&str, u64)> = wycheproof::run()
        .iter()
        .filter(|outcome| outcome.accepted() != outcome.expected)
        .map(|outcome| (outcome.file, outcome.id))
        .collect();
    let adjudicated: Vec<(&str, u64)> =
        wycheproof::ADJUDICATED.iter().map(|(file, id, _)| (*file, *id)).collect();
    assert_eq!(different, adjudicated);
}

#[test]
fn all_vectors_are_run() {
    let outcomes = wycheproof::run();
    let count = |file| outcomes.iter().filter(|outcome| outcome.file == file).count();
    assert_eq!((count(wycheproof::SIGNATURES), count(wycheproof::KEYS)), (401, 26));
}
