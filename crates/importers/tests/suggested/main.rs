//! Configurations of many systems as policies of ours: each policy is as it was when somebody
//! looked at it, compiles, and admits no stranger.
//!
//! `CORSAC_BLESS=1` writes the policies anew; `corsac check` on them is a test of the binary.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use corsac_analysis::import::{RemarkKind, Suggestion};
use corsac_analysis::model::{Credentials, Matcher, Model, of_policy};
use corsac_analysis::question::{Prover, Verdict};
use corsac_analysis::stranger::Intended;
use corsac_cors::Policy;
use corsac_diagnostics::Source;
use corsac_importers::{System, import};
use corsac_origin::PublicSuffixList;

/// Each file with its system.
const SAMPLES: [(&str, &str); 27] = [
    ("Caddyfile", "caddy"),
    ("actuator.properties", "spring"),
    ("apache.conf", "apache"),
    ("django.py", "django"),
    ("envoy.yaml", "envoy"),
    ("express-null.js", "express"),
    ("express.js", "express"),
    ("fastapi-expression.py", "fastapi"),
    ("fastapi.py", "fastapi"),
    ("flask.py", "flask-cors"),
    ("gcs.json", "gcs"),
    ("haproxy.cfg", "haproxy"),
    ("ingress.yaml", "ingress-nginx"),
    ("istio.yaml", "istio"),
    ("kong.yml", "kong"),
    ("nginx-code.conf", "nginx"),
    ("nginx-expression.conf", "nginx"),
    ("nginx-map.conf", "nginx"),
    ("nginx-nobody.conf", "nginx"),
    ("nginx-open.conf", "nginx"),
    ("nginx-reflects.conf", "nginx"),
    ("nginx-two-servers.conf", "nginx"),
    ("s3.json", "s3"),
    ("spring.yml", "spring"),
    ("tower.rs", "rust"),
    ("traefik-expression.yml", "traefik"),
    ("traefik.yml", "traefik"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suggested")
}

fn read(system: &str, name: &str, text: &str) -> Model {
    import(System::by_id(system).unwrap(), Source::new(name, text), &()).unwrap()
}

fn suggested(system: &str, name: &str, text: &str, told: &[&str]) -> Suggestion {
    let list = PublicSuffixList::embedded();
    let told = (!told.is_empty()).then(|| Intended::of(told.iter().copied(), list).unwrap());
    Suggestion::of(&read(system, name, text), told.as_ref(), &Prover::new(list))
}

fn origins(suggestion: &Suggestion) -> Vec<&str> {
    suggestion.policies.iter().flat_map(|policy| &policy.config.origins).map(String::as_str).collect()
}

/// No policy admits a stranger, but such as admit everybody without credentials.
fn admits_no_stranger(suggestion: &Suggestion) {
    let list = PublicSuffixList::embedded();
    let intended = Intended::of(suggestion.intended.iter().map(String::as_str), list).unwrap();
    for suggested in &suggestion.policies {
        let policy = Policy::compile(&suggested.config).unwrap();
        if policy.allows_any_origin() {
            assert!(!policy.allows_credentials());
            continue;
        }
        let readers: Matcher = of_policy("it", &policy).actual.readers(Credentials::Omitted);
        let verdict = Prover::new(list).strangers(&readers, &intended);
        assert!(matches!(verdict, Verdict::Proved { .. }), "{suggested:?}: {verdict:?}");
    }
}

#[test]
fn samples_have_the_policies_that_were_looked_at_and_admit_no_stranger() {
    let bless = std::env::var_os("CORSAC_BLESS").is_some();
    for (name, system) in SAMPLES {
        let text = fs::read_to_string(folder().join("sources").join(name)).unwrap();
        let suggestion = suggested(system, name, &text, &[]);
        admits_no_stranger(&suggestion);
        let written = suggestion.to_toml(&format!("Written by `corsac import` from {name}."));
        let path = folder().join("policies").join(format!("{name}.toml"));
        if bless {
            fs::write(&path, &written).unwrap();
        }
        assert_eq!(written, fs::read_to_string(&path).unwrap(), "{name}");
    }
    assert_eq!(fs::read_dir(folder().join("sources")).unwrap().count(), SAMPLES.len());
    assert_eq!(fs::read_dir(folder().join("policies")).unwrap().count(), SAMPLES.len());
}

const REFLECTS: &str = "server { location / {\n  add_header Access-Control-Allow-Origin $http_origin always;\n  \
    add_header Access-Control-Allow-Credentials true always;\n} }";

#[test]
fn reflection_is_carried_over_for_names_that_are_told_and_for_nobody_else() {
    let told = suggested("nginx", "nginx.conf", REFLECTS, &["example.com"]);
    assert_eq!(origins(&told), ["https://example.com", "https://*.example.com"]);
    assert!(!told.is_whole());
    admits_no_stranger(&told);
    let nobody = suggested("nginx", "nginx.conf", REFLECTS, &[]);
    assert_eq!(origins(&nobody), Vec::<&str>::new());
    assert!(!nobody.is_whole());
    assert!(nobody.routes.iter().all(|route| route.policy.is_none()));
}

fn express(origin: &str, told: &[&str]) -> Suggestion {
    let code = format!(
        "const cors = require('cors')\nconst app = require('express')()\n\
         app.use(cors({{ origin: {origin}, credentials: true }}))"
    );
    suggested("express", "app.js", &code, told)
}

#[test]
fn expressions_become_the_tightest_entries() {
    for (origin, entries) in [
        (r"/^https:\/\/(a|b)\.example\.com$/", &["https://a.example.com", "https://b.example.com"][..]),
        (r"/^https:\/\/[a-z]+\.eu\.example\.com$/", &["https://*.eu.example.com"]),
        (r"/^https:\/\/example\.com:(81|82)$/", &["https://example.com:81", "https://example.com:82"]),
        (r"/^https:\/\/example\.com:\d+$/", &["https://example.com:*"]),
        (r"/^https:\/\/app\.example\.com/", &["https://app.example.com"]),
        (r"/example\.com$/", &["https://example.com", "https://*.example.com"]),
    ] {
        let suggestion = express(origin, &[]);
        assert_eq!(origins(&suggestion), entries, "{origin}");
        admits_no_stranger(&suggestion);
    }
}

#[test]
fn what_is_listed_for_others_than_those_told_is_left_out() {
    let list = "['https://app.example.com', 'https://partner.example.net']";
    let told = express(list, &["example.com"]);
    assert_eq!(origins(&told), ["https://app.example.com"]);
    let remark = told.all_remarks().find(|(_, remark)| remark.kind == RemarkKind::LeftOut).unwrap().1;
    assert_eq!(remark.witness.as_deref(), Some("https://partner.example.net"));
    let guessed = express(list, &[]);
    assert_eq!(origins(&guessed), ["https://app.example.com", "https://partner.example.net"]);
    assert!(guessed.is_whole());
}

#[test]
fn text_of_a_configuration_ends_no_comment() {
    let conf = "server { server_name \"a\n[cors.evil]\n\"; location / {\n\
        add_header Access-Control-Allow-Origin \"https://a.example.com\n[cors.evil]\"; } }";
    let written = suggested("nginx", "nginx.conf", conf, &[]).to_toml("a title");
    let has_table = written.lines().any(|line| line.starts_with("[cors.evil]"));
    assert!(!has_table, "{written}");
}

#[test]
fn five_thousand_origins_are_listed() {
    let listed: Vec<String> = (0..5_000).map(|number| format!("'https://a{number}.example.com'")).collect();
    let suggestion = express(&format!("[{}]", listed.join(",")), &[]);
    assert_eq!(origins(&suggestion).len(), 5_000);
}
