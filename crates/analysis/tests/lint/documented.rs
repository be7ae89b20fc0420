//! What the samples of documentation showed: each finding is told once, at a place, and says
//! what helps.

use corsac_analysis::model::{Model, Preflight};
use corsac_diagnostics::Confidence;

use crate::{findings, ids, notation};

const REST: &str = "vary = Origin\ncoverage = all\n";

fn read(text: &str) -> Model {
    notation::read("server.conf", &format!("{text}\n{REST}"))
}

/// The help of the one finding of a rule.
fn help(model: &Model, rule: &str) -> String {
    let found = findings(model, &[]);
    let mut of_rule = found.iter().filter(|one| one.diagnostic.rule.id == rule);
    let help = of_rule.next().unwrap().diagnostic.help.clone().unwrap();
    assert!(of_rule.next().is_none(), "{found:?}");
    help
}

#[test]
fn a_default_is_told_where_the_origins_stand() {
    let mut model = read("any = . -> *\nheaders = *, authorization");
    let Preflight::Answered(answer) = &mut model.scopes[0].preflight else { panic!() };
    answer.allow_headers.as_mut().unwrap().place = None;
    let origin = answer.allow_origin[0].cases[0].place.clone().unwrap();
    let found = findings(&model, &[]);
    let one = found.iter().find(|one| one.diagnostic.rule.id == "any-request-header").unwrap();
    let place = &one.diagnostic.primary.as_ref().unwrap().place;
    assert_eq!(*place, corsac_diagnostics::Place::Span(origin.span));
}

#[test]
fn an_asterisk_leaves_out_authorization_unless_it_is_named() {
    let message = |headers: &str| {
        let found = findings(&read(&format!("any = . -> *\nheaders = {headers}")), &[]);
        let one = found.into_iter().find(|one| one.diagnostic.rule.id == "any-request-header");
        one.unwrap().diagnostic.message
    };
    assert!(message("*").contains("every request header but `authorization`"));
    assert!(!message("*, Authorization").contains("but"));
}

#[test]
fn an_origin_whose_case_is_ignored_is_sent() {
    let text = |key: &str, origin: &str| format!("{key} = {origin}\n{REST}");
    let found = |key, origin| ids(&text(key, origin), &[]).contains(&"origin-never-sent");
    assert!(!found("caseless", "https://One.example"));
    assert!(found("exact", "https://One.example"));
    assert!(found("caseless", "https://One.example/"));
}

#[test]
fn what_decides_is_not_told_again_as_unread() {
    let found = |unread: &str| ids(&format!("opaque = a function\nunread = {unread}\n{REST}"), &[]);
    assert_eq!(found("a function"), ["opaque-decision"]);
    assert_eq!(found("another function"), ["opaque-decision", "unread-part"]);
}

#[test]
fn a_slip_in_both_answers_is_told_once_the_graver_way() {
    let text = "regex = ^https://a\\.example\\.com\ncredentials = true";
    let mut model = read(text);
    let Preflight::Answered(answer) = &mut model.scopes[0].preflight else { panic!() };
    answer.allow_credentials.clear();
    let found = findings(&model, &[]);
    let told: Vec<_> = found.iter().filter(|one| one.diagnostic.rule.id == "missing-end-anchor").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].diagnostic.message.ends_with("with the user's credentials"));
    let without = findings(&read("regex = ^https://a\\.example\\.com"), &[]);
    assert!(without.iter().any(|one| one.diagnostic.rule.id == "missing-end-anchor"));
}

#[test]
fn an_asterisk_is_advised_only_where_it_is_sent() {
    let advice = |system| {
        let mut model = read("any = .");
        model.system = system;
        help(&model, "any-origin-reflected")
    };
    assert!(advice("Express").starts_with("write `*`"));
    assert!(advice("Flask-CORS").contains("send_wildcard=True"));
    assert!(advice("Envoy").starts_with("list the origins"));
}

#[test]
fn an_expression_with_other_holes_is_not_advised() {
    let advice =
        |text: &str| help(&read(&format!("{text}\ncredentials = true")), "insecure-origin-with-credentials");
    assert_eq!(advice("regex = ^https?://app\\.example\\.com"), "admit `https://` only");
    assert_eq!(advice("regex = ^https?://app\\.example\\.com$"), "write `^https://app\\.example\\.com$`");
}

#[test]
fn an_upstream_is_told_of_once_for_each_place() {
    let told = |second: usize| {
        let mut model = read("any = . -> *\nupstream = passes");
        let place = |number| corsac_analysis::model::Place { file: 0, span: number..number + 1 };
        let mut other = model.scopes[0].clone();
        other.actual.allow_origin[0].cases[0].place = Some(place(20));
        (model.scopes[0].place, other.place) = (Some(place(1)), Some(place(second)));
        model.scopes.push(other);
        findings(&model, &[]).iter().filter(|one| one.diagnostic.rule.id == "duplicate-allow-origin").count()
    };
    assert_eq!((told(1), told(2)), (1, 2));
}

#[test]
fn a_default_that_nobody_wrote_cannot_be_removed() {
    let mut model = read("any = . -> *\nheaders = DNT, x-a");
    let rule = "forbidden-request-header";
    let told = |model: &Model| findings(model, &[]).iter().any(|one| one.diagnostic.rule.id == rule);
    assert!(told(&model));
    let Preflight::Answered(answer) = &mut model.scopes[0].preflight else { panic!() };
    answer.allow_headers.as_mut().unwrap().place = None;
    assert!(!told(&model));
}

#[test]
fn what_has_no_place_is_told_once_with_the_number_of_scopes() {
    let mut model = read("opaque = a function");
    let scope = &mut model.scopes[0];
    scope.actual.allow_origin[0].cases[0].place = None;
    scope.preflight = Preflight::Unknown;
    let (mut second, mut third) = (scope.clone(), scope.clone());
    second.name = "another".to_owned();
    third.name = "a third".to_owned();
    let notes = |model: &Model| {
        let found = findings(model, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].diagnostic.notes.last().unwrap().clone()
    };
    assert_eq!(notes(&model), "in server");
    model.scopes.extend([second, third]);
    assert_eq!(notes(&model), "in server and 2 more");
}

#[test]
fn what_is_not_read_makes_what_is_written_less_certain() {
    let confidence = |more: &str| {
        let model = read(&format!("any = .\ncredentials = true{more}"));
        let found = findings(&model, &[]);
        let one = found.into_iter().find(|one| one.diagnostic.rule.id == "any-origin-with-credentials");
        let one = one.unwrap().diagnostic;
        (one.confidence, one.notes.iter().any(|note| note == "`x` is not read, which may change this"))
    };
    assert_eq!(confidence(""), (Confidence::High, false));
    assert_eq!(confidence("\nnot read = `x` is not read"), (Confidence::Medium, true));
}
