//! Patterns collected from public repositories and documentation, each with its verdict.

use corsac_analysis::certificate::{Certificate, CertificateError, Claim, Flaw, OfExpression};
use corsac_analysis::model::{Matcher, Truth};
use corsac_analysis::question::{Prover, Verdict};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;
use serde_json::Value;

/// A pattern as it was found.
pub(crate) struct Collected {
    pub(crate) id: String,
    pub(crate) regex: Regex,
    pub(crate) intended: Vec<String>,
    pub(crate) expected: String,
    tier: Option<String>,
    /// Whether the verdict is out of reach: syntax that is not modelled, mostly.
    is_undecided: bool,
}

pub(crate) fn all() -> Vec<Collected> {
    read(include_str!("../data/origin-patterns.json"))
}

/// Patterns that were judged by hand and against the engines before anything here had seen them.
fn judged() -> Vec<Collected> {
    read(include_str!("../data/judged-patterns.json"))
}

fn read(text: &str) -> Vec<Collected> {
    let patterns: Value = serde_json::from_str(text).unwrap();
    patterns.as_array().unwrap().iter().map(one).collect()
}

fn one(entry: &Value) -> Collected {
    let text = |key: &str| entry[key].as_str().unwrap().to_owned();
    let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.id() == text("dialect")).unwrap();
    let mode = Mode::ALL.into_iter().find(|mode| mode.id() == text("mode")).unwrap();
    let names = entry["intended"].as_array().unwrap();
    Collected {
        id: text("id"),
        regex: Regex::new(&text("pat"), dialect, mode, Flags(text("flags"))),
        intended: names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        expected: entry["expect"]["verdict"].as_str().unwrap().to_owned(),
        tier: entry["expect"]["tier"].as_str().map(|tier| tier.trim_end_matches("-tld").to_owned()),
        is_undecided: entry["undecided"] == true,
    }
}

#[test]
fn every_verdict_is_right() {
    let list = PublicSuffixList::embedded();
    let prover = Prover::new(list);
    let mut wrong = Vec::new();
    for collected in all().into_iter().chain(judged()) {
        let intended = Intended::of(collected.intended.iter().map(String::as_str), list).unwrap();
        let matcher = Matcher::Regex(collected.regex.clone());
        let verdict = prover.strangers(&matcher, &intended);
        let (word, tier) = match &verdict {
            Verdict::Attack(attack) => {
                assert_eq!(matcher.matches(&attack.witness), Truth::True, "{}", collected.id);
                ("attack", Some(attack.tier.id().to_owned()))
            }
            Verdict::Proved { .. } => ("proved", None),
            Verdict::Unknown(_) => ("unknown", None),
        };
        let is_right = word == collected.expected && tier == collected.tier && !collected.is_undecided;
        let is_known = collected.is_undecided && word == "unknown";
        if !is_right && !is_known {
            wrong.push(format!(
                "{}: {verdict:?}, not {} {:?}",
                collected.id, collected.expected, collected.tier
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_proof_has_a_certificate_and_no_attack_has() {
    let list = PublicSuffixList::embedded();
    let attacked = ["constructed-2", "flask-star", "django-eb"];
    for collected in all() {
        let is_attacked = collected.expected == "attack";
        if is_attacked && !attacked.contains(&collected.id.as_str()) {
            continue;
        }
        let intended = Intended::of(collected.intended.iter().map(String::as_str), list).unwrap();
        let certificate = Certificate::of(&collected.regex, &intended, list);
        if is_attacked {
            assert!(certificate.is_err(), "{}", collected.id);
            continue;
        }
        let certificate = certificate.unwrap_or_else(|error| panic!("{}: {error}", collected.id));
        assert_eq!(certificate.verify(list), Ok(()), "{}", collected.id);
        assert_eq!(certificate.retrace(None), Ok(()), "{}", collected.id);
    }
}

#[test]
fn a_certificate_that_was_tampered_with_proves_nothing() {
    let list = PublicSuffixList::embedded();
    let regex = |text| Regex::new(text, Dialect::Pcre, Mode::Search, Flags::default());
    let intended = Intended::of(["example.com"], list).unwrap();
    let right = Certificate::of(&regex(r"\.example\.com$"), &intended, list).unwrap();
    let claim = |regex: &str, intended: &str| {
        Claim::Expression(OfExpression {
            regex: regex.to_owned(),
            dialect: "pcre".to_owned(),
            mode: "search".to_owned(),
            flags: String::new(),
            intended: vec![intended.to_owned()],
        })
    };
    assert_eq!(right.claim, claim(r"\.example\.com$", "example.com"));
    // A place is left out.
    let mut shorter = right.clone();
    shorter.parts[0].reached.pop();
    assert!(matches!(shorter.verify(list), Err(CertificateError::Flaw(Flaw::Left(..)))));
    // Another name is meant.
    let mut meant = right.clone();
    meant.claim = claim(r"\.example\.com$", "example.org");
    assert!(matches!(meant.verify(list), Err(CertificateError::Flaw(_))));
    // Everybody is meant.
    meant.claim = claim(r"\.example\.com$", "com");
    assert_eq!(meant.verify(list), Err(CertificateError::Intended));
    // Another expression has these machines.
    let mut other = right.clone();
    other.claim = claim(r"example\.com$", "example.com");
    assert_eq!(other.verify(list), Ok(()));
    assert_eq!(other.retrace(None), Err(CertificateError::Machines));
    // The machine of another expression.
    let mut machine = right.clone();
    machine.parts.pop();
    assert_eq!(machine.verify(list), Err(CertificateError::Machines));
    let read: Certificate = serde_json::from_str(&serde_json::to_string(&right).unwrap()).unwrap();
    assert_eq!(read, right);
}
