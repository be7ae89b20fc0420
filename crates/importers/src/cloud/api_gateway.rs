//! Amazon API Gateway's HTTP APIs, and Lambda function URLs: one list for an API.
//!
//! | fact | source |
//! |---|---|
//! | `*`, `https://*` and `http://*` stand for everyone, or everyone with that scheme | API Gateway, "Configuring CORS for an HTTP API" |
//! | preflights are answered by the gateway, and the integration's own fields dropped | the same |
//! | `*` with credentials is refused: "allow-credentials is not supported if 'allow-origin' is *" | the service's error, aws-cdk issue 9076 |
//! | several origins: the one that asks is sent back | aws-cdk issue 25923, closed |
//! | Lambda: exact origins or `*` | Lambda API, `Cors` |
//! | Lambda: the function's own fields are sent beside those of the URL | public reports of doubled fields |
//! | another `*` within an origin; whether letters match in either case; `*` with credentials for Lambda | nowhere: opaque |

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, LetterCase, Matcher, Preflight, Scope,
};

use super::node::{Kind, Node};
use super::notes::{Notes, Text};
use super::origin;
use super::rule::{listed, with_doubt};

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    FunctionUrl,
    HttpApi,
}

/// How the members are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// `allowOrigins`: OpenAPI.
    Camel,
    /// `AllowOrigins`: `CloudFormation`.
    Pascal,
    /// `allow_origins`: Terraform.
    Snake,
}

/// The members, in each spelling.
const MEMBERS: [[&str; 3]; 6] = [
    ["allowOrigins", "AllowOrigins", "allow_origins"],
    ["allowCredentials", "AllowCredentials", "allow_credentials"],
    ["allowMethods", "AllowMethods", "allow_methods"],
    ["allowHeaders", "AllowHeaders", "allow_headers"],
    ["exposeHeaders", "ExposeHeaders", "expose_headers"],
    ["maxAge", "MaxAge", "max_age"],
];

/// An API's configuration.
pub(crate) fn api(name: &str, node: &Node, product: Product, spelling: Spelling, notes: &mut Notes) {
    let [origins, credentials, methods, headers, exposed, max_age] = MEMBERS.map(|names| spelling.of(names));
    let known = [origins, credentials, methods, headers, exposed, max_age];
    notes.strangers(node, &known, "a CORS configuration");
    let origins = match &node.kind {
        Kind::Opaque(_) => vec![notes.text(node)],
        _ => notes.texts(node, origins),
    };
    let on = match &node.kind {
        Kind::Opaque(_) => None,
        _ => notes.switch(node, credentials),
    };
    let star = origins.iter().find(|text| text.known() == Some("*"));
    if let (Some(star), Some(true), Product::HttpApi) = (star, on, product) {
        notes.unread(Some(&star.place), "API Gateway refuses `*` with credentials: it is not deployed");
    }
    let cases: Vec<_> = origins.iter().map(|text| case(text, product, on)).collect();
    let answer = Answer {
        allow_credentials: sent(&cases, on),
        allow_origin: vec![Choice { cases }],
        expose_headers: field(&notes.texts(node, exposed)),
        coverage: Coverage::Unknown,
        passes_upstream: product == Product::FunctionUrl,
        ..Answer::default()
    };
    let preflight = Answer {
        allow_methods: field(&notes.texts(node, methods)),
        allow_headers: field(&notes.texts(node, headers)),
        max_age: field(&notes.texts(node, max_age)),
        expose_headers: None,
        passes_upstream: false,
        ..answer.clone()
    };
    notes.scopes.push(Scope {
        name: name.to_owned(),
        place: Some(node.place.clone()),
        actual: answer,
        preflight: Preflight::Answered(Box::new(preflight)),
    });
}

impl Spelling {
    fn of(self, [camel, pascal, snake]: [&'static str; 3]) -> &'static str {
        match self {
            Self::Camel => camel,
            Self::Pascal => pascal,
            Self::Snake => snake,
        }
    }
}

fn case(text: &Text, product: Product, credentials: Option<bool>) -> Case<Emission> {
    let place = Some(text.place.clone());
    let (when, then) = match (&text.text, product) {
        (Err(reason), _) => (Matcher::Opaque(reason.clone()), Emission::Opaque(reason.clone())),
        (Ok(star), _) if star == "*" => (Matcher::Any, everyone(product, credentials)),
        (Ok(known), Product::HttpApi) => (matcher(known), Emission::Reflected),
        (Ok(known), Product::FunctionUrl) => (origin::exact_or_glob(known), Emission::Reflected),
    };
    Case { when, then, place }
}

/// What `*` is answered.
fn everyone(product: Product, credentials: Option<bool>) -> Emission {
    match (product, credentials) {
        (Product::FunctionUrl, Some(true) | None) => {
            Emission::Opaque("what `*` together with credentials does is not documented".to_owned())
        }
        _ => Emission::Fixed("*".to_owned()),
    }
}

fn matcher(text: &str) -> Matcher {
    match text {
        "https://*" | "http://*" => {
            Matcher::Prefix(text.trim_end_matches('*').to_owned(), LetterCase::Matters)
        }
        _ => origin::exact_or_glob(text),
    }
}

/// The line for credentials, which goes where an origin is allowed.
fn sent(cases: &[Case<Emission>], on: Option<bool>) -> Vec<Choice<bool>> {
    let doubt = |when: Matcher| match on {
        Some(_) => when,
        None => with_doubt(when, "the switch for credentials is computed"),
    };
    let cases = cases.iter().map(|case| Case {
        when: doubt(case.when.clone()),
        then: true,
        place: case.place.clone(),
    });
    if on == Some(false) { Vec::new() } else { vec![Choice { cases: cases.collect() }] }
}

/// The texts as one field.
fn field(texts: &[Text]) -> Option<Field> {
    let (value, place) = listed(texts)?;
    Some(Field { value, place: Some(place) })
}
