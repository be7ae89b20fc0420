//! The clouds' services: samples of their documentation, what the model says of them, and the
//! nearest thing that it does not.
#![cfg(test)]

mod api_gateway;
mod azure;
mod gcs;
mod hostile;
mod s3;
mod terraform;

use corsac_analysis::model::{Credentials, Model, Preflight, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

/// The model of `text`, whose kind is detected to be `system`.
fn model(system: &str, name: &str, text: &str) -> Model {
    let detected = corsac_importers::detect(name, text);
    assert_eq!(detected.map(|system| system.id), Some(system), "{name}");
    import(System::by_id(system).unwrap(), Source::new(name, text), &()).unwrap()
}

/// What a page of an origin may read: without credentials, with them.
type May = (Truth, Truth);

const NOTHING: May = (Truth::False, Truth::False);
const PUBLIC: May = (Truth::True, Truth::False);
const EVERYTHING: May = (Truth::True, Truth::True);
const NOT_KNOWN: May = (Truth::Unknown, Truth::Unknown);

/// What the scope whose name contains `scope` lets a page of `origin` read.
fn may(model: &Model, scope: &str, origin: &str) -> May {
    let scope = model.scopes.iter().find(|found| found.name.contains(scope));
    let answer = &scope.unwrap_or_else(|| panic!("{:?}", names(model))).actual;
    (answer.lets_read(origin, Credentials::Omitted), answer.lets_read(origin, Credentials::Included))
}

fn preflight_may(model: &Model, scope: &str, origin: &str) -> May {
    let scope = model.scopes.iter().find(|found| found.name.contains(scope)).unwrap();
    let Preflight::Answered(answer) = &scope.preflight else { panic!("{:?}", scope.preflight) };
    (answer.lets_read(origin, Credentials::Omitted), answer.lets_read(origin, Credentials::Included))
}

fn names(model: &Model) -> Vec<&str> {
    model.scopes.iter().map(|scope| scope.name.as_str()).collect()
}

/// What was not understood, with the text it stands for.
fn unread(model: &Model) -> Vec<(&str, &str)> {
    let text = |span: std::ops::Range<usize>| model.files[0].text().get(span).unwrap();
    let place =
        |unread: &corsac_analysis::model::Unread| unread.place.clone().map_or(0..0, |place| place.span);
    model.unread.iter().map(|unread| (unread.reason.as_str(), text(place(unread)))).collect()
}
