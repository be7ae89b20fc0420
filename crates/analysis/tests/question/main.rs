//! What matchers really admit.
#![cfg(test)]

mod collected;

use corsac_analysis::model::{LetterCase, Matcher, Piece};
use corsac_analysis::question::{Prover, Verdict};
use corsac_analysis::stranger::{Intended, Tier};
use corsac_origin::PublicSuffixList;

fn verdict(matcher: &Matcher, intended: &[&str]) -> Verdict {
    let list = PublicSuffixList::embedded();
    let intended = Intended::of(intended.iter().copied(), list).unwrap();
    let t = std::time::Instant::now();
    let p = Prover::new(list);
    let a = t.elapsed();
    let t = std::time::Instant::now();
    let v = p.strangers(matcher, &intended);
    println!("{:?} setup {a:?} query {:?}", matcher, t.elapsed());
    v
}

fn witness(matcher: &Matcher, intended: &[&str]) -> (String, Tier) {
    match verdict(matcher, intended) {
        Verdict::Attack(attack) => (attack.witness, attack.tier),
        other => panic!("{other:?}"),
    }
}

fn suffix(text: &str) -> Matcher {
    Matcher::Suffix(text.to_owned(), LetterCase::Matters)
}

#[test]
fn a_suffix_without_a_boundary_admits_a_longer_name() {
    assert_eq!(
        witness(&suffix("example.com"), &["example.com"]),
        ("https://eexample.com".to_owned(), Tier::Open)
    );
    assert!(matches!(verdict(&suffix(".example.com"), &["example.com"]), Verdict::Proved { .. }));
    assert!(matches!(verdict(&suffix("://example.com"), &["example.com"]), Verdict::Proved { .. }));
}

