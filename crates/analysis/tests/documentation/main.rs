//! The pages that are made from the model: `docs/browsers.md` and `docs/failures.md`.
//!
//! `CORSAC_UPDATE=1 cargo test -p corsac-analysis --test documentation` writes them;
//! review the difference.

#![cfg(test)]

mod browsers;
mod cases;
mod failures;
mod page;

use std::collections::BTreeSet;

use corsac_analysis::explain::{RecordedExchange, read_console_message};
use corsac_browser::{Engine, Failure};

use cases::{Case, cases};

#[test]
fn browsers_page_is_what_the_profiles_say() {
    page::compare("browsers.md", &browsers::page());
}

#[test]
fn failures_page_is_what_the_model_says() {
    page::compare("failures.md", &failures::page());
}

#[test]
fn links_within_the_pages_lead_somewhere() {
    for text in [browsers::page(), failures::page()] {
        let mut checked = 0;
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let known = match link.strip_prefix('#') {
                Some(anchor) => text.contains(&format!("<a id=\"{anchor}\"></a>")),
                None => link.starts_with("https://") || page::folder().join(link).exists(),
            };
            assert!(known, "{link}");
            checked += 1;
        }
        assert!(checked > 20, "{checked}");
    }
}

/// The rules, as `failure.rs` of the model has them.
fn rules() -> BTreeSet<&'static str> {
    let source = include_str!("../../../browser/src/failure.rs");
    let (_, names) = source.split_once("pub fn rule(").unwrap();
    let (names, rest) = names.split_once("impl fmt::Display").unwrap();
    let (_, lists) = rest.split_once("const CORS_RULES").unwrap();
    let (lists, _) = lists.split_once("fn cors_rule").unwrap();
    let words = |text: &'static str| text.split('"').skip(1).step_by(2);
    words(names).chain(words(lists)).collect()
}

#[test]
fn every_rule_has_a_case_that_it_blocks() {
    let blocked: BTreeSet<_> = cases().iter().map(|case| case.rule).collect();
    assert_eq!(blocked, rules());
    for Case { rule, when, exchange, .. } in cases() {
        let failures = Engine::ALL.map(|engine| exchange.judge(engine).failure);
        let found: Vec<_> = failures.iter().flatten().map(Failure::rule).collect();
        assert!(found.contains(&rule), "{rule}, {when}: {found:?}");
    }
}

#[test]
fn every_code_of_the_designed_cases_is_on_the_page() {
    let text = failures::page();
    let mut codes = BTreeSet::new();
    for line in include_str!("../data/cases.jsonl").lines() {
        let exchange = RecordedExchange::read(line.as_bytes()).unwrap();
        codes.extend(Engine::ALL.iter().filter_map(|&engine| exchange.judge(engine).code));
    }
    assert!(codes.len() > 70, "{}", codes.len());
    for code in codes {
        assert!(text.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn explain_recognizes_every_text_on_the_page() {
    for Case { rule, when, exchange, .. } in cases() {
        for engine in Engine::ALL {
            let verdict = exchange.judge(engine);
            let Some(console) = &verdict.console else { continue };
            let read = read_console_message(console).map(|message| (message.engine, message.code));
            let own = Some((engine, verdict.code.unwrap_or_default()));
            assert_eq!(read, own, "{rule}, {when}: {console}");
        }
    }
}
