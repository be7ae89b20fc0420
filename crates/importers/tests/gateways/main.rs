//! Gateways: what each reader says of the samples in the project's own documentation, and of
//! what lies beside them.
#![cfg(test)]

mod apisix;
mod envoy;
mod hostile;
mod ingress_nginx;
mod istio;
mod kong;
mod krakend;
mod opaque;
mod told_again;
mod traefik;

#[path = "../real_gateways/chosen.rs"]
mod chosen;

use corsac_analysis::model::{Answer, Credentials, Field, Model, Preflight, Truth, Value};
use corsac_diagnostics::Source;
use corsac_importers::{System, detect, import};

/// Reads `text` as the system that it is detected to be, which has to be `system`.
fn read(system: &str, name: &str, text: &str) -> Model {
    let detected = detect(name, text).map(|system| system.id);
    assert_eq!(detected, Some(system), "{text}");
    read_as(system, name, text)
}

fn read_as(system: &str, name: &str, text: &str) -> Model {
    import(System::by_id(system).unwrap(), Source::new(name, text), &()).unwrap()
}

/// What the only scope answers.
fn only(model: &Model) -> &Answer {
    assert_eq!(model.scopes.len(), 1, "{model:#?}");
    &model.scopes[0].actual
}

fn preflight(model: &Model) -> &Answer {
    match &model.scopes[0].preflight {
        Preflight::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// Whether `origin` may read: `+` also with credentials, `o` only without, `-` not, `?` unknown.
fn reads(answer: &Answer, origin: &str) -> char {
    let with = answer.lets_read(origin, Credentials::Included);
    match (answer.lets_read(origin, Credentials::Omitted), with) {
        (Truth::True, Truth::True) => '+',
        (Truth::True, Truth::False) => 'o',
        (Truth::False, Truth::False) => '-',
        (Truth::Unknown, _) | (_, Truth::Unknown) => '?',
        other => panic!("{origin}: {other:?}"),
    }
}

/// Checks a list of signs and origins.
fn check(answer: &Answer, expected: &[(char, &str)]) {
    for (sign, origin) in expected {
        assert_eq!(reads(answer, origin), *sign, "{origin}\n{answer:#?}");
    }
}

fn text(field: Option<&Field>) -> &str {
    match field.map(|field| &field.value) {
        None => "",
        Some(Value::Text(text)) => text,
        Some(Value::Reflected) => "(reflected)",
        Some(Value::Opaque(_)) => "(opaque)",
    }
}
