//! Azure Storage's CORS rules of a service, and App Service's list of origins.
//!
//! | fact | source |
//! |---|---|
//! | rules are tried in order; the first that names origin and method decides | "CORS support for Azure Storage", "Understanding how CORS rules are evaluated" |
//! | an origin has to be the same; `*` is everyone | the same, "AllowedOrigins" |
//! | `*` within an origin is any run | Azurite 3.37, Microsoft's emulator; the page has no word of it |
//! | upper and lower case | the page tells them apart, Azurite does not: opaque |
//! | `*` beside other origins of a rule | Azurite allows everyone credentials; nowhere else: opaque |
//! | preflights: the origin, the method, `Access-Control-Allow-Credentials: true` always | REST API, "Preflight Blob Request", response headers |
//! | actual requests: credentials unless the rule has `*` | REST API, "Get Blob", response headers; Azurite agrees |
//! | App Service: exact origins or `*`; `supportCredentials` | App Service, "CORS tutorial" |
//! | App Service: `*` together with `supportCredentials` | "not allowed", without saying what happens: opaque |

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Preflight, Scope, Value,
};

use super::node::{Kind, Node};
use super::notes::{Notes, Text};
use super::origin;
use super::rule::{self, Entry, Methods, PreflightFields, Rule, Service, StarBesideOthers, with_doubt};

/// The names of a rule's members.
pub(crate) struct Names {
    origins: &'static str,
    methods: &'static str,
    headers: &'static str,
    exposed: &'static str,
    max_age: &'static str,
}

/// ARM templates.
pub(crate) const ARM: Names = Names {
    origins: "allowedOrigins",
    methods: "allowedMethods",
    headers: "allowedHeaders",
    exposed: "exposedHeaders",
    max_age: "maxAgeInSeconds",
};

/// The service's own, in XML and in what `az storage cors list` writes.
pub(crate) const REST: Names = Names {
    origins: "AllowedOrigins",
    methods: "AllowedMethods",
    headers: "AllowedHeaders",
    exposed: "ExposedHeaders",
    max_age: "MaxAgeInSeconds",
};

/// Terraform's `cors_rule` block.
pub(crate) const TERRAFORM: Names = Names {
    origins: "allowed_origins",
    methods: "allowed_methods",
    headers: "allowed_headers",
    exposed: "exposed_headers",
    max_age: "max_age_in_seconds",
};

/// The rules of one of an account's services.
pub(crate) fn storage(name: &str, rules: &[&Node], names: &Names, notes: &mut Notes) {
    let rules: Vec<Rule> = rules.iter().map(|node| read(node, names, notes)).collect();
    let service = Service {
        methods: Methods::Asked,
        preflight: PreflightFields::OriginAndCredentials,
        star_beside_others: StarBesideOthers::NotKnown,
        ..Service::plain(entry)
    };
    let scopes = rule::scopes(name, &rules, &service, notes);
    notes.scopes.extend(scopes);
}

fn read(node: &Node, names: &Names, notes: &mut Notes) -> Rule {
    let known = [names.origins, names.methods, names.headers, names.exposed, names.max_age, "Service"];
    notes.strangers(node, &known, "a CORS rule of Azure Storage");
    let mut rule = Rule {
        place: node.place.clone(),
        origins: notes.split_texts(node, names.origins),
        methods: notes.split_texts(node, names.methods),
        request_headers: notes.split_texts(node, names.headers),
        exposed_headers: notes.split_texts(node, names.exposed),
        max_age: notes.one_text(node, names.max_age),
    };
    if let Kind::Opaque(reason) = &node.kind {
        rule.be_opaque(reason);
    }
    rule
}

fn entry(text: &str) -> Entry {
    if text == "*" { Entry::everyone() } else { Entry::reflected(origin::glob(text), true) }
}

/// The `cors` of a web or function app.
pub(crate) fn app(name: &str, node: &Node, names: &AppNames, notes: &mut Notes) {
    notes.strangers(node, &[names.origins, names.credentials], "an app's `cors`");
    let origins = notes.texts(node, names.origins);
    let credentials = notes.switch(node, names.credentials);
    let cases: Vec<Case<Emission>> = origins.iter().map(|text| app_case(text, credentials)).collect();
    let allowed = cases.iter().map(|case| {
        let when = match credentials {
            Some(_) => case.when.clone(),
            None => with_doubt(case.when.clone(), "the switch for credentials is computed"),
        };
        Case { when, then: credentials != Some(false), place: case.place.clone() }
    });
    let answer = Answer {
        allow_credentials: if credentials == Some(false) {
            Vec::new()
        } else {
            vec![Choice { cases: allowed.collect() }]
        },
        allow_origin: vec![Choice { cases }],
        coverage: Coverage::Unknown,
        ..Answer::default()
    };
    let reflected = || Some(Field { value: Value::Reflected, place: None });
    let preflight = Answer { allow_methods: reflected(), allow_headers: reflected(), ..answer.clone() };
    notes.scopes.push(Scope {
        name: name.to_owned(),
        place: Some(node.place.clone()),
        actual: answer,
        preflight: Preflight::Answered(Box::new(preflight)),
    });
}

/// The names of the members of an app's `cors`.
pub(crate) struct AppNames {
    origins: &'static str,
    credentials: &'static str,
}

/// ARM templates.
pub(crate) const APP_ARM: AppNames =
    AppNames { origins: "allowedOrigins", credentials: "supportCredentials" };

/// Terraform's `cors` block.
pub(crate) const APP_TERRAFORM: AppNames =
    AppNames { origins: "allowed_origins", credentials: "support_credentials" };

fn app_case(text: &Text, credentials: Option<bool>) -> Case<Emission> {
    let place = Some(text.place.clone());
    match &text.text {
        Err(reason) => {
            Case { when: Matcher::Opaque(reason.clone()), then: Emission::Opaque(reason.clone()), place }
        }
        Ok(star) if star == "*" && credentials == Some(false) => {
            Case { when: Matcher::Any, then: Emission::Fixed("*".to_owned()), place }
        }
        Ok(star) if star == "*" => {
            let reason = "what `*` together with credentials does is not documented";
            Case { when: Matcher::Any, then: Emission::Opaque(reason.to_owned()), place }
        }
        Ok(known) => Case { when: origin::exact_or_glob(known), then: Emission::Reflected, place },
    }
}
