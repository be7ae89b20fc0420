//! Google Cloud Storage's CORS configuration of a bucket, and Terraform's form of it.
//!
//! | fact | source |
//! |---|---|
//! | the first entry that names origin and method decides | XML API, "PUT Bucket cors", `CorsConfig` |
//! | scheme, host and port have to be the same; `*` alone is everyone | "Troubleshooting: CORS", "Configuration examples" |
//! | the default port may be written | "Troubleshooting: CORS" says so of the request's; of the rule's: opaque |
//! | `responseHeader` is what may be asked for and what is exposed | "CORS configuration elements" |
//! | what `*` means within an origin; whether letters match in either case | nowhere: opaque |
//! | `Access-Control-Allow-Credentials` is never sent | "Cross-origin resource sharing" does not name it |
//!
//! The JSON API has a policy of its own, which no bucket changes: it is not modelled.

use corsac_analysis::model::Matcher;

use super::node::{Kind, Node};
use super::notes::Notes;
use super::origin;
use super::rule::{self, Entry, Rule, Service, with_doubt};

/// The names of an entry's members.
pub(crate) struct Names {
    headers: &'static str,
    max_age: &'static str,
}

/// The API's JSON.
pub(crate) const JSON: Names = Names { headers: "responseHeader", max_age: "maxAgeSeconds" };

/// Terraform's `cors` block.
pub(crate) const TERRAFORM: Names = Names { headers: "response_header", max_age: "max_age_seconds" };

/// A bucket's entries.
pub(crate) fn bucket(name: &str, entries: &[&Node], names: &Names, notes: &mut Notes) {
    let rules: Vec<Rule> = entries.iter().map(|node| read(node, names, notes)).collect();
    let scopes = rule::scopes(name, &rules, &Service::plain(entry), notes);
    notes.scopes.extend(scopes);
}

fn read(node: &Node, names: &Names, notes: &mut Notes) -> Rule {
    notes.strangers(
        node,
        &["origin", "method", names.headers, names.max_age],
        "a CORS entry of Cloud Storage",
    );
    let headers = notes.texts(node, names.headers);
    let mut rule = Rule {
        place: node.place.clone(),
        origins: notes.texts(node, "origin"),
        methods: notes.texts(node, "method"),
        request_headers: headers.clone(),
        exposed_headers: headers,
        max_age: notes.one_text(node, names.max_age),
    };
    if let Kind::Opaque(reason) = &node.kind {
        rule.be_opaque(reason);
    }
    rule
}

fn entry(text: &str) -> Entry {
    if text == "*" {
        return Entry::everyone();
    }
    Entry::reflected(matcher(text), false)
}

fn matcher(text: &str) -> Matcher {
    let bare = [("http://", ":80"), ("https://", ":443")]
        .into_iter()
        .find_map(|(scheme, port)| text.strip_suffix(port).filter(|bare| bare.starts_with(scheme)));
    match bare {
        Some(bare) => with_doubt(
            origin::exact_or_glob(bare),
            "whether a written default port matches is not documented",
        ),
        None => origin::exact_or_glob(text),
    }
}
