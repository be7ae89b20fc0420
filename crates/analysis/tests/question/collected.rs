//! Patterns collected from public repositories and documentation, each with its verdict.

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
    intended: Vec<String>,
    expected: String,
    tier: Option<String>,
}

pub(crate) fn all() -> Vec<Collected> {
    let patterns: Value = serde_json::from_str(include_str!("../data/origin-patterns.json")).unwrap();
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
    }
}

#[test]
fn every_verdict_is_right() {
    let list = PublicSuffixList::embedded();
    let prover = Prover::new(list);
    let mut wrong = Vec::new();
    for collected in all() {
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
        if word != collected.expected || tier != collected.tier {
            wrong.push(format!(
                "{}: {verdict:?}, not {} {:?}",
                collected.id, collected.expected, collected.tier
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
