//! Spring: samples of its documentation, and the class itself where Debian has it.
#![cfg(test)]

mod boot;
mod differential;
mod java;

use corsac_analysis::model::{Credentials, Model, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, detect, import};

/// The model of `text`, which is detected to be Spring's.
fn model(name: &str, text: &str) -> Model {
    assert_eq!(detect(name, text).map(|system| system.id), Some("spring"), "{name}");
    read(name, text)
}

fn read(name: &str, text: &str) -> Model {
    import(System::by_id("spring").unwrap(), Source::new(name, text), &()).unwrap()
}

/// What a page of an origin may read: without credentials, with them.
type May = (Truth, Truth);

const NOTHING: May = (Truth::False, Truth::False);
const PUBLIC: May = (Truth::True, Truth::False);
const EVERYTHING: May = (Truth::True, Truth::True);
const NOT_KNOWN: May = (Truth::Unknown, Truth::Unknown);

/// What the scope whose name contains `scope` lets a page of `origin` read.
fn may(model: &Model, scope: &str, origin: &str) -> May {
    let names: Vec<&str> = model.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let found = model.scopes.iter().find(|found| found.name.contains(scope));
    let answer = &found.unwrap_or_else(|| panic!("{names:?}")).actual;
    (answer.lets_read(origin, Credentials::Omitted), answer.lets_read(origin, Credentials::Included))
}

/// What was not understood.
fn unread(model: &Model) -> Vec<&str> {
    model.unread.iter().map(|unread| unread.reason.as_str()).collect()
}
