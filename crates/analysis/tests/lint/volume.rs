//! Large and hostile models are bound.

use corsac_analysis::model::{Answer, Case, Choice, Emission, Matcher, Model, Place, Scope};
use corsac_diagnostics::Source;

use crate::{findings, ids};

/// A list of so many origins, each on a line of its own.
fn listed(count: usize) -> Model {
    let mut text = String::new();
    let cases = (0..count).map(|number| {
        let origin = format!("https://t{number}.example.com");
        let start = text.len();
        text.push_str(&origin);
        text.push('\n');
        let place = Some(Place { file: 0, span: start..start + origin.len() });
        Case { when: Matcher::exact(origin), then: Emission::Reflected, place }
    });
    let line = Choice { cases: cases.collect() };
    let actual = Answer { allow_origin: vec![line], ..Answer::default() };
    let scope = Scope { name: "server".to_owned(), actual, ..Scope::default() };
    Model {
        system: "test",
        files: vec![Source::new("list.conf", text)],
        scopes: vec![scope],
        unread: Vec::new(),
    }
}

#[test]
fn a_hundred_thousand_origins_are_looked_at_one_by_one() {
    let mut model = listed(100_000);
    let cases = &mut model.scopes[0].actual.allow_origin[0].cases;
    cases[99_999].when = Matcher::exact("https://t7.example.com");
    cases[50_000].when = Matcher::exact("null");
    let found = findings(&model, &[]);
    let found: Vec<_> = found.iter().map(|one| one.diagnostic.rule.id).collect();
    assert_eq!(found, ["missing-vary", "null-origin", "redundant-entry"]);
}

#[test]
fn too_many_patterns_are_said_to_be_too_many() {
    let count = |patterns: usize| {
        let text = format!("{}vary = Origin\ncoverage = all\n", "opaque = code decides\n".repeat(patterns));
        ids(&text, &[]).iter().filter(|id| **id == "undecided-origins").count()
    };
    assert_eq!((count(200), count(201)), (0, 1));
}

#[test]
fn what_is_inherited_is_told_once() {
    let mut model =
        crate::notation::read("server.conf", "suffix = example.com\nvary = Origin\ncoverage = all\n");
    let scope = model.scopes[0].clone();
    model.scopes.extend((0..300).map(|_| scope.clone()));
    assert_eq!(findings(&model, &[]).len(), 1);
}
