//! Amazon S3's CORS configuration of a bucket, and `CloudFormation`'s and Terraform's forms of it.
//!
//! | fact | source |
//! |---|---|
//! | the first rule that names origin, method and requested fields decides | S3 User Guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?" |
//! | an origin has at most one `*`, anywhere; `*` alone is everyone | S3 User Guide, "AllowedOrigins element" |
//! | scheme, host and port have to be the same; a written default port matches no browser | S3 User Guide, "Troubleshooting CORS" |
//! | `*` is answered by `*`; another entry by the origin, with `Access-Control-Allow-Credentials: true` | responses in public reports; s3rver and moto agree on the first half |
//! | whether letters match in either case | nowhere: opaque |
//! | whether an origin that is listed beside `*` may send credentials | nowhere: opaque |

use super::node::{Kind, Node};
use super::notes::Notes;
use super::origin;
use super::rule::{self, Entry, Rule, Service};

/// The names of a rule's members, in each of the forms.
pub(crate) struct Names {
    pub(super) rules: &'static str,
    origins: &'static str,
    methods: &'static str,
    headers: &'static str,
    exposed: &'static str,
    max_age: &'static str,
    id: &'static [&'static str],
}

/// The API's JSON.
pub(crate) const JSON: Names = Names {
    rules: "CORSRules",
    origins: "AllowedOrigins",
    methods: "AllowedMethods",
    headers: "AllowedHeaders",
    exposed: "ExposeHeaders",
    max_age: "MaxAgeSeconds",
    id: &["ID", "Id"],
};

/// The API's XML.
pub(crate) const XML: Names = Names {
    rules: "CORSRule",
    origins: "AllowedOrigin",
    methods: "AllowedMethod",
    headers: "AllowedHeader",
    exposed: "ExposeHeader",
    max_age: "MaxAgeSeconds",
    id: &["ID"],
};

/// `CloudFormation`'s `CorsConfiguration`.
pub(crate) const CLOUDFORMATION: Names = Names {
    rules: "CorsRules",
    origins: "AllowedOrigins",
    methods: "AllowedMethods",
    headers: "AllowedHeaders",
    exposed: "ExposedHeaders",
    max_age: "MaxAge",
    id: &["Id"],
};

/// Terraform's blocks.
pub(crate) const TERRAFORM: Names = Names {
    rules: "cors_rule",
    origins: "allowed_origins",
    methods: "allowed_methods",
    headers: "allowed_headers",
    exposed: "expose_headers",
    max_age: "max_age_seconds",
    id: &["id"],
};

/// Most `*` of an origin.
const MAX_STARS: usize = 1;

/// A bucket's configuration: an object with rules, or the list of them.
pub(crate) fn bucket(name: &str, node: &Node, names: &Names, notes: &mut Notes) {
    let listed = matches!(node.kind, Kind::List(_) | Kind::Opaque(_));
    let nodes = if listed { node.flat() } else { node.items(names.rules) };
    let rules: Vec<Rule> = nodes.into_iter().map(|node| read(node, names, notes)).collect();
    let vary = Some("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    let service = Service { vary, ..Service::plain(entry) };
    let scopes = rule::scopes(name, &rules, &service, notes);
    notes.scopes.extend(scopes);
}

fn read(node: &Node, names: &Names, notes: &mut Notes) -> Rule {
    let known = [names.origins, names.methods, names.headers, names.exposed, names.max_age];
    notes.strangers(node, &[&known, names.id].concat(), "a CORS rule of S3");
    let mut rule = Rule {
        place: node.place.clone(),
        origins: notes.texts(node, names.origins),
        methods: notes.texts(node, names.methods),
        request_headers: notes.texts(node, names.headers),
        exposed_headers: notes.texts(node, names.exposed),
        max_age: notes.one_text(node, names.max_age),
    };
    if let Kind::Opaque(reason) = &node.kind {
        rule.be_opaque(reason);
    }
    for origin in &rule.origins {
        let stars = origin.known().map_or(0, |text| text.matches('*').count());
        if stars > MAX_STARS {
            notes.unread(Some(&origin.place), "S3 refuses an origin with more than one `*`");
        }
    }
    rule
}

fn entry(text: &str) -> Entry {
    if text == "*" {
        return Entry::everyone();
    }
    let matcher =
        if text.matches('*').count() > MAX_STARS { origin::exact_or_glob(text) } else { origin::glob(text) };
    Entry::reflected(matcher, true)
}
