//! What matchers really admit.
#![cfg(test)]

mod collected;
mod sampled;

use corsac_analysis::model::{LetterCase, Matcher, Piece, Truth};
use corsac_analysis::question::{Prover, Verdict, Witness, intended_names};
use corsac_analysis::stranger::{Intended, Tier};
use corsac_origin::PublicSuffixList;

fn verdict(matcher: &Matcher, intended: &[&str]) -> Verdict {
    let list = PublicSuffixList::embedded();
    let intended = Intended::of(intended.iter().copied(), list).unwrap();
    Prover::new(list).strangers(matcher, &intended)
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

fn prefix(text: &str) -> Matcher {
    Matcher::Prefix(text.to_owned(), LetterCase::Matters)
}

#[test]
fn a_prefix_without_an_end_admits_a_name_that_goes_on() {
    assert_eq!(
        witness(&prefix("https://example.com"), &["example.com"]),
        ("https://example.com.me".to_owned(), Tier::Open)
    );
    // A port has to follow: nobody's name goes on behind it.
    assert!(matches!(verdict(&prefix("https://example.com:"), &["example.com"]), Verdict::Proved { .. }));
}

#[test]
fn tiers_tell_how_easily_an_origin_is_had() {
    let glob = |before: &str, after: &str| {
        Matcher::Glob(vec![Piece::literal(before), Piece::anything(), Piece::literal(after)])
    };
    let of = |matcher: &Matcher| witness(matcher, &[]).1;
    assert_eq!(of(&glob("https://", ".com")), Tier::Open);
    assert_eq!(of(&glob("https://", ".co.uk")), Tier::Icann);
    assert_eq!(of(&glob("https://", ".vercel.app")), Tier::Private);
    assert_eq!(of(&glob("https://a_", ".example.com")), Tier::Odd);
    assert_eq!(of(&glob("http://", ".com")), Tier::Http);
    // No certificate names a host whose middle label is odd, and no registry gives one out.
    assert_eq!(of(&glob("https://a", "_.example.com")), Tier::Odd);
    assert!(matches!(verdict(&glob("https://a.", "_.example.com"), &[]), Verdict::Proved { .. }));
    assert!(matches!(verdict(&glob("https://", "_.com"), &[]), Verdict::Proved { .. }));
    assert!(matches!(verdict(&glob("https://", ".co_m"), &[]), Verdict::Proved { .. }));
}

#[test]
fn names_of_nobody_are_not_a_strangers() {
    for text in ["https://app.internal", "http://localhost:3000", "https://10.0.0.1", "null"] {
        assert!(matches!(verdict(&Matcher::exact(text), &[]), Verdict::Proved { .. }), "{text}");
    }
    // A host whose last label is no number is a domain, whatever it looks like.
    assert_eq!(witness(&prefix("https://10.100.164."), &[]).0, "https://10.100.164.co");
}

#[test]
fn what_is_opaque_is_never_safe() {
    let code = || Matcher::Opaque("code decides".to_owned());
    assert!(matches!(verdict(&code(), &[]), Verdict::Unknown(_)));
    assert!(matches!(verdict(&Matcher::Not(Box::new(code())), &[]), Verdict::Unknown(_)));
    let narrowed = Matcher::AllOf(vec![code(), suffix(".example.com")]);
    assert!(matches!(verdict(&narrowed, &["example.com"]), Verdict::Proved { .. }));
    let widened = Matcher::AnyOf(vec![code(), suffix("example.com")]);
    assert!(matches!(verdict(&widened, &["example.com"]), Verdict::Attack(_)));
}

#[test]
fn facts_have_both_halves() {
    let list = PublicSuffixList::embedded();
    let facts = |matcher: &Matcher| Prover::new(list).facts(matcher);
    let any = facts(&Matcher::Any);
    assert_eq!((any.null, any.everything, any.dead), (Some(true), Some(true), Some(false)));
    assert!(any.http.found().is_some() && any.address.found().is_some());
    let one = facts(&Matcher::exact("https://app.example.com"));
    assert_eq!((one.null, one.everything, one.dead), (Some(false), Some(false), Some(false)));
    assert_eq!((one.http, one.address), (Witness::None, Witness::None));
    assert_eq!(facts(&suffix("://10.0.0.1")).address.found(), Some("http://10.0.0.1"));
    assert_eq!(facts(&suffix("://127.0.0.1")).address, Witness::None, "loopback is nobody else's");
    assert_eq!(facts(&suffix("://10.0.0.256")).dead, Some(true));
    for never in ["https://Example.com", "https://example.com/", "https://example.com:443", "example.com"] {
        assert_eq!(facts(&Matcher::exact(never)).dead, Some(true), "{never}");
    }
    for sent in ["null", "https://example.com", "chrome-extension://abcdefghij", "http://[::1]:8080"] {
        assert_eq!(facts(&Matcher::exact(sent)).dead, Some(false), "{sent}");
    }
}

#[test]
fn lists_differ_in_what_only_one_has() {
    let list = |names: &[&str]| Matcher::AnyOf(names.iter().map(|name| Matcher::exact(*name)).collect());
    let prover = Prover::new(PublicSuffixList::embedded());
    let two = list(&["https://a.example.com", "https://b.example.com"]);
    let turned = list(&["https://b.example.com", "https://a.example.com"]);
    assert_eq!(prover.difference(&two, &turned).is_none(), Some(true));
    let more = list(&["https://a.example.com", "https://b.example.com", "https://c.example.com"]);
    let difference = prover.difference(&two, &more);
    assert_eq!(difference.gained.found(), Some("https://c.example.com"));
    assert_eq!(difference.lost, Witness::None);
    let wide =
        Matcher::Glob(vec![Piece::literal("https://"), Piece::anything(), Piece::literal(".example.com")]);
    let widened = prover.difference(&two, &wide);
    assert_eq!(widened.lost, Witness::None);
    assert!(widened.gained.found().is_some_and(|origin| two.matches(origin) == Truth::False));
}

#[test]
fn names_that_strangers_register_below_an_intended_one_are_theirs() {
    let list = PublicSuffixList::embedded();
    let below = suffix(".amazonaws.com");
    assert_eq!(intended_names(&below, list), Vec::<String>::new(), "a guess would call them meant");
    assert_eq!(intended_names(&suffix(".example.com"), list), ["example.com"]);
    let (witness, tier) = witness(&below, &["amazonaws.com"]);
    assert!(witness.ends_with(".amazonaws.com") && tier == Tier::Private, "{witness}");
    let one = Matcher::exact("https://console.amazonaws.com");
    assert!(matches!(verdict(&one, &["amazonaws.com"]), Verdict::Proved { .. }));
}
