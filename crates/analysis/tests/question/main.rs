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

#[test]
fn prefixes() {
    let prefix = |text: &str| Matcher::Prefix(text.to_owned(), LetterCase::Matters);
    println!("{:?}", verdict(&prefix("https://example.com"), &["example.com"]));
    println!("{:?}", verdict(&prefix("https://localhost:"), &["example.com"]));
    println!("{:?}", verdict(&prefix("http://localhost"), &["example.com"]));
    println!("{:?}", verdict(&Matcher::Any, &["example.com"]));
    println!("{:?}", verdict(&suffix(".github.io"), &[]));
    println!("{:?}", verdict(&suffix(".vercel.app"), &[]));
    println!("{:?}", verdict(&suffix("_.sh"), &[]));
    println!("{:?}", verdict(&Matcher::Not(Box::new(suffix("e"))), &[]));
    println!(
        "{:?}",
        verdict(
            &Matcher::Glob(vec![Piece::literal("https://a_"), Piece::anything(), Piece::literal(".co.uk")]),
            &[]
        )
    );
    let list = PublicSuffixList::embedded();
    let prover = Prover::new(list);
    for m in [
        Matcher::Any,
        suffix("example.com"),
        prefix("http"),
        prefix("HTTP"),
        suffix("null"),
        suffix("1"),
        prefix("https://localhost"),
    ] {
        let t = std::time::Instant::now();
        println!("{m:?} {:?}", prover.facts(&m));
        println!("{:?}", t.elapsed());
    }
}
#[test]
fn dbg_spring() {
    let c = collected::all().into_iter().find(|c| c.id == "spring-10.100").unwrap();
    println!("{:?}", c.regex.syntax());
    for o in ["https://10.100.164.me", "https://10.100.164.com", "https://10.100.164.1"] {
        println!("{o} {:?}", c.regex.find(o));
    }
    let m = Matcher::Regex(c.regex.clone());
    println!("{:?}", Prover::new(PublicSuffixList::embedded()).facts(&m));
    println!("{:?}", verdict(&m, &[]));
    println!("{:?}", url::Url::parse("https://10.100.164.me").map(|u| u.origin().ascii_serialization()));
}
