//! `Answer::readers` against `Answer::lets_read`.

use corsac_analysis::model::{
    Answer, Case, Choice, Credentials, Emission, LetterCase, Matcher, Piece, Truth,
};
use corsac_analysis::question::Prover;
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_origin::PublicSuffixList;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const ORIGINS: [&str; 7] = [
    "https://a.example",
    "https://b.example",
    "https://xb.example",
    "http://a.example",
    "https://a.example:8443",
    "https://a.b.example",
    "null",
];

const PARTS: [&str; 8] = [
    "https://a.example",
    "https://b.example",
    "HTTPS://B.example",
    "a.example",
    "b",
    "https://",
    "null",
    ".",
];

const EXPRESSIONS: [&str; 5] =
    [r"^https://([ab])\.example$", r"b\.example", r"(https://.*)\.example", r"(x)?b\.example$", r"^(null)?"];

fn matcher(random: &mut Random, depth: usize) -> Matcher {
    let case = if random.below(2) == 0 { LetterCase::Matters } else { LetterCase::Ignored };
    let text = random.of(&PARTS).to_owned();
    match random.below(if depth == 0 { 11 } else { 14 }) {
        0..=3 => Matcher::Exact(text, case),
        4 => Matcher::Prefix(text, case),
        5 => Matcher::Suffix(text, case),
        6 => Matcher::Contains(text, case),
        7 => Matcher::Any,
        8 => Matcher::Opaque("code decides".to_owned()),
        9 => Matcher::Glob(vec![Piece::literal("https://"), Piece::anything(), Piece::literal(".example")]),
        10 => {
            let text = random.of(&EXPRESSIONS);
            Matcher::Regex(Regex::new(text, Dialect::Pcre, Mode::Search, Flags::default()))
        }
        11 => Matcher::Not(Box::new(matcher(random, depth - 1))),
        kind => {
            let count = random.below(4);
            let parts = (0..count).map(|_| matcher(random, depth - 1)).collect();
            if kind == 12 { Matcher::AnyOf(parts) } else { Matcher::AllOf(parts) }
        }
    }
}

fn emission(random: &mut Random) -> Emission {
    match random.below(8) {
        0 | 1 => Emission::Fixed(
            random.of(&["*", "", "https://a.example", "https://b.example", "null"]).to_owned(),
        ),
        2 => Emission::Matched(u32::try_from(random.below(3)).unwrap()),
        3 => Emission::Nothing,
        4 => Emission::Opaque("code decides".to_owned()),
        _ => Emission::Reflected,
    }
}

fn choice<T>(random: &mut Random, then: impl Fn(&mut Random) -> T) -> Choice<T> {
    let count = random.below(6);
    let cases = (0..count).map(|_| {
        let when = matcher(random, 2);
        Case { when, then: then(random), place: None }
    });
    Choice { cases: cases.collect() }
}

/// What an expression has matched is emitted where there is an expression.
fn origins(random: &mut Random) -> Choice<Emission> {
    let mut line = choice(random, emission);
    for case in &mut line.cases {
        let is_match = matches!(case.then, Emission::Matched(_));
        match &case.when {
            Matcher::Regex(_) if is_match && random.below(2) == 0 => {
                case.when = Matcher::AllOf(vec![matcher(random, 1), case.when.clone()]);
            }
            Matcher::AllOf(_) | Matcher::Regex(_) => {}
            _ if is_match => case.then = Emission::Reflected,
            _ => {}
        }
    }
    line
}

fn answer(random: &mut Random) -> Answer {
    let lines = [1, 1, 1, 2, 3][random.below(5)];
    let flags = [1, 1, 0, 2][random.below(4)];
    Answer {
        allow_origin: (0..lines).map(|_| origins(random)).collect(),
        allow_credentials: (0..flags).map(|_| choice(random, |random| random.below(4) > 0)).collect(),
        ..Answer::default()
    }
}

#[test]
fn one_condition_says_of_every_origin_what_trying_says() {
    let mut random = Random(5);
    let mut seen = [0; 3];
    for number in 0..6_000 {
        let answer = answer(&mut random);
        for credentials in [Credentials::Included, Credentials::Omitted] {
            let readers = answer.readers(credentials);
            for origin in ORIGINS {
                let truth = answer.lets_read(origin, credentials);
                assert_eq!(
                    readers.matches(origin),
                    truth,
                    "{number}: {origin} {credentials:?} {answer:#?} {readers:#?}"
                );
                seen[match truth {
                    Truth::False => 0,
                    Truth::True => 1,
                    Truth::Unknown => 2,
                }] += 1;
            }
        }
    }
    assert!(seen.into_iter().all(|count| count > 2_000), "{seen:?}");
}

fn tenant(number: usize) -> String {
    format!("https://t{number}.example.com")
}

fn cases<T>(count: usize, case: LetterCase, then: impl Fn(usize) -> T) -> Choice<T> {
    let when = |number| Matcher::Exact(tenant(number), case);
    Choice {
        cases: (0..count)
            .map(|number| Case { when: when(number), then: then(number), place: None })
            .collect(),
    }
}

#[test]
fn a_long_list_stays_a_list() {
    const COUNT: usize = 100_000;
    let emissions: [&dyn Fn(usize) -> Emission; 2] =
        [&|_| Emission::Reflected, &|number| Emission::Fixed(tenant(number))];
    for emission in emissions {
        let answer = Answer {
            allow_origin: vec![cases(COUNT, LetterCase::Ignored, emission)],
            allow_credentials: vec![cases(COUNT, LetterCase::Matters, |_| true)],
            ..Answer::default()
        };
        for credentials in [Credentials::Included, Credentials::Omitted] {
            let readers = answer.readers(credentials);
            let Matcher::AnyOf(any) = &readers else { panic!("{credentials:?}") };
            assert!(any.len() == COUNT && any.iter().all(|one| matches!(one, Matcher::Exact(..))));
            let prover = Prover::new(PublicSuffixList::embedded());
            assert_eq!(prover.difference(&readers, &readers).is_none(), Some(true));
        }
    }
}

#[test]
fn listed_origins_that_change_from_case_to_case_are_one_condition() {
    let emission = |number| if number % 2 == 0 { Emission::Reflected } else { Emission::Nothing };
    let mut line = cases(10_000, LetterCase::Matters, emission);
    line.cases.push(Case {
        when: Matcher::Suffix(".example.com".to_owned(), LetterCase::Matters),
        then: Emission::Reflected,
        place: None,
    });
    let answer = Answer { allow_origin: vec![line], ..Answer::default() };
    let readers = answer.readers(Credentials::Omitted);
    for (origin, expected) in [
        ("https://t2.example.com", Truth::True),
        ("https://t3.example.com", Truth::False),
        ("https://u3.example.com", Truth::True),
        ("https://t3.example.org", Truth::False),
    ] {
        assert_eq!(readers.matches(origin), expected, "{origin}");
    }
}

#[test]
fn what_stands_behind_too_many_changes_is_unknown_and_nothing_before_it() {
    let when = |number: usize| Matcher::Prefix(format!("https://t{number}."), LetterCase::Matters);
    let emission = |number| if number % 2 == 0 { Emission::Reflected } else { Emission::Nothing };
    let cases = (0..1_000).map(|number| Case { when: when(number), then: emission(number), place: None });
    let answer = Answer { allow_origin: vec![Choice { cases: cases.collect() }], ..Answer::default() };
    let readers = answer.readers(Credentials::Omitted);
    for (number, expected) in [(0, Truth::True), (1, Truth::False), (60, Truth::True), (900, Truth::Unknown)]
    {
        assert_eq!(readers.matches(&tenant(number)), expected, "{number}");
    }
}
