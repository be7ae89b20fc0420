//! That fewer states accept more, and never less.
#![cfg(test)]

use super::{Table, Work, at};
use crate::model::{LetterCase, Matcher, Piece, Truth};
use crate::regex::{Dialect, Flags, Mode, Regex};

fn regex(text: &str) -> Matcher {
    Matcher::Regex(Regex::new(text, Dialect::Pcre, Mode::Search, Flags::default()))
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

fn accepts(table: &Table, text: &str) -> bool {
    let mut states = table.starts.clone();
    for byte in text.bytes().rev() {
        let edges = states.iter().flat_map(|state| at(&table.edges, *state).into_iter().flatten());
        states = edges.filter(|(set, _)| set.contains(byte)).map(|(_, to)| *to).collect();
    }
    states.iter().any(|state| at(&table.accepting, *state) == Some(&true))
}

const TEXTS: [&str; 7] = [
    "https://example.com",
    "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com",
    "https://a.b.c.d.e.f.g.h.i.j.k.l.example.com",
    "https://evil-example.com",
    "https://evil.example.com.me",
    "http://example.com:8080",
    "null",
];

#[test]
fn a_loose_machine_accepts_whatever_the_matcher_takes() {
    let many = Matcher::Glob(vec![Piece::Run(crate::alphabet::ByteSet::ALL, 0, Some(30))]);
    let matchers = [
        regex(r"^https://(?=.{1,25}$)[a-z.]+example\.com$"),
        regex(r"^https://(?!evil).*example\.com"),
        regex(r"^https://([a-z]\.){10,12}example\.com$"),
        regex(r"(?<!evil-)example\.com$"),
        not(regex(r"^https://[a-z]{20}")),
        not(regex(r"^https://(?!evil)")),
        many.clone(),
        Matcher::AllOf(vec![not(many.clone()), regex("example")]),
        not(Matcher::AllOf(vec![not(many), not(regex("^.{40}"))])),
        regex(r"^https://[a-z.]*+example\.com$"),
        Matcher::Suffix("example.com".to_owned(), LetterCase::Matters),
    ];
    let (everything, work) = (Table::everything(), Work::unbounded());
    let (mut wider, mut sizes) = (0, (0, 0));
    for matcher in &matchers {
        let exact = Table::of(matcher, &everything, &work).unwrap();
        let loose = Table::loosely(matcher, &everything, &work).unwrap();
        for text in TEXTS {
            let is_taken = matcher.matches(text) == Truth::True;
            assert_eq!(accepts(&exact, text), is_taken, "{matcher:?}: `{text}`");
            assert!(!is_taken || accepts(&loose, text), "{matcher:?}: `{text}`");
            wider += usize::from(!is_taken && accepts(&loose, text));
        }
        sizes.0 += loose.edges.len();
        sizes.1 += exact.edges.len();
    }
    assert!(wider > 4, "{wider} texts more");
    assert!(sizes.0 * 3 < sizes.1, "{sizes:?}");
}

#[test]
fn what_cannot_be_is_seen_at_a_glance() {
    let cut = |most| not(Matcher::Glob(vec![Piece::Run(crate::alphabet::ByteSet::ALL, 0, Some(most))]));
    let whole = Matcher::Whole(Regex::new("^.{128}", Dialect::Pcre, Mode::Search, Flags::default()), 0);
    let both = |most| Matcher::AllOf(vec![cut(most), whole.clone()]);
    let table = |matcher: &Matcher| Table::of(matcher, &Table::everything(), &Work::unbounded()).unwrap();
    assert!(table(&both(128)).is_empty());
    assert!(!table(&both(127)).is_empty());
}
