//! Expressions from real configurations: each is read, and the engine agrees about origins near
//! those that it was written for.

use corsac_analysis::model::Matcher;
use corsac_analysis::question::{Prover, Verdict};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;
use serde_json::Value;

use super::differential::{Tally, compare_texts};
use super::engines::{self, Answer, Engine, Outcome};

fn patterns() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/origin-patterns.json")).unwrap()
}

fn judged() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/judged-patterns.json")).unwrap()
}

fn regex(pattern: &Value) -> Regex {
    let field = |name: &str| pattern[name].as_str().unwrap();
    let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.id() == field("dialect")).unwrap();
    let mode = Mode::ALL.into_iter().find(|mode| mode.id() == field("mode")).unwrap();
    Regex::new(field("pat"), dialect, mode, Flags(field("flags").to_owned()))
}

/// Origins of the intended domains, and some that only look like it.
fn origins(pattern: &Value) -> Vec<String> {
    let intended = pattern["intended"].as_array().unwrap();
    let mut origins =
        vec!["http://localhost:3000".to_owned(), "http://10.0.0.1".to_owned(), "null".to_owned()];
    for domain in intended.iter().map(|domain| domain.as_str().unwrap()) {
        let alike = domain.replacen('.', "x", 1);
        for scheme in ["http", "https"] {
            origins.extend([
                format!("{scheme}://{domain}"),
                format!("{scheme}://www.{domain}"),
                format!("{scheme}://www.{domain}:8000"),
                format!("{scheme}://evil{domain}"),
                format!("{scheme}://{domain}.evil.com"),
                format!("{scheme}://www{alike}"),
                format!("{scheme}://a-b.{alike}"),
                format!("{scheme}://{domain}_.evil.com"),
            ]);
        }
    }
    origins
}

fn agree(dialect: Dialect, engine: &mut dyn Engine) {
    let mut tally = Tally::default();
    for pattern in patterns() {
        let regex = regex(&pattern);
        if regex.dialect() == dialect {
            compare_texts(&regex, engine, origins(&pattern), &mut tally);
        }
    }
    assert!(tally.compared >= 19, "{tally:?}");
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    witnesses_are_accepted(dialect, engine);
}

/// The engine itself accepts every attacker's origin that is told.
fn witnesses_are_accepted(dialect: Dialect, engine: &mut dyn Engine) {
    let list = PublicSuffixList::embedded();
    let prover = Prover::new(list);
    let mut attacks = 0;
    for pattern in patterns().iter().chain(&judged()) {
        let regex = regex(pattern);
        if regex.dialect() != dialect {
            continue;
        }
        let names = pattern["intended"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let intended = Intended::of(names, list).unwrap();
        let Verdict::Attack(attack) = prover.strangers(&Matcher::Regex(regex.clone()), &intended) else {
            continue;
        };
        let told: Vec<String> = [Some(attack.witness), attack.telling].into_iter().flatten().collect();
        let answer = engine.ask(regex.mode(), &regex.flags().0, regex.text(), &told);
        let is_accepted = matches!(&answer, Answer::Found(found)
            if found.len() == told.len() && found.iter().all(|one| matches!(one, Outcome::Match(..))));
        assert!(is_accepted, "{}: {told:?}: {answer:?}", regex.text());
        attacks += 1;
    }
    assert!(attacks >= 4, "{attacks} attacks");
}

#[test]
fn every_one_is_read() {
    for pattern in patterns() {
        let regex = regex(&pattern);
        assert!(regex.syntax().is_ok(), "{}: {}", regex.text(), regex.syntax().unwrap_err());
    }
}

#[test]
fn pcre2_agrees() {
    agree(Dialect::Pcre, &mut engines::Pcre2);
}

#[test]
#[ignore = "starts Python"]
fn python_agrees() {
    agree(Dialect::Python, &mut engines::python());
}

#[test]
#[ignore = "starts Node"]
fn v8_agrees() {
    agree(Dialect::Js, &mut engines::node());
}

#[test]
#[ignore = "starts Java"]
fn java_agrees() {
    agree(Dialect::Java, &mut engines::java());
}

#[test]
#[ignore = "starts Ruby"]
fn ruby_agrees() {
    agree(Dialect::Ruby, &mut engines::ruby());
}

#[test]
#[ignore = "installs and starts RE2"]
fn re2_agrees() {
    agree(Dialect::Re2, &mut engines::re2());
}
