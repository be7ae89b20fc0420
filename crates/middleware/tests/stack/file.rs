//! An application reads the gateway's file: what is not its business is not looked at, and
//! nothing else is let slip.

use corsac_diagnostics::{Severity, Source};
use corsac_middleware::stack::file::{Reading, read};
use corsac_origin::PublicSuffixList;

const POLICY: &str = r#"
[gateway]
listen = "0.0.0.0:443"
cors = "app"

[gateway.tls]
certificates = [{ chain = "nowhere.pem", key = "nowhere.key" }]

[gateway.limits]
body_size = "2KiB"
header_fields = 9
connections = 7

[upstreams.api]
url = "no URL at all"

[cors.app]
origins = ["https://app.example.com"]

[cors.other]
origins = ["https://other.example.com"]

[[routes]]
path = "/a"
upstream = "api"
response_timeout = "1s"
cors = "other"

[profiles.development.cors.app]
origins = ["http://localhost:*"]
"#;

fn of(text: &str, profile: Option<&str>) -> Reading {
    read(Source::new("policy.toml", text), profile, PublicSuffixList::embedded())
}

#[test]
fn what_is_about_forwarding_is_not_looked_at() {
    let reading = of(POLICY, None);
    assert_eq!(reading.findings, []);
    let config = reading.config.unwrap();
    assert_eq!((config.body_size.0, config.head.header_fields), (2_048, 9));
    assert_eq!(&*config.unrouted.unwrap().name, "app");
    assert_eq!(config.routes.len(), 1);
    assert_eq!(&*config.routes[0].policy().unwrap().name, "other");
}

#[test]
fn a_profile_is_laid_over_the_rest() {
    let config = of(POLICY, Some("development")).config.unwrap();
    let policy = config.unrouted.unwrap().policy.to_config();
    assert_eq!(policy.origins, ["http://localhost:*"]);
    let unknown = of(POLICY, Some("staging"));
    assert!(unknown.config.is_none());
    assert_eq!(unknown.findings[0].rule.id, "unknown-reference");
}

#[test]
fn nothing_else_is_let_slip() {
    for (from, to, rule, place) in [
        ("[[routes]]", "[route]\n[[routes]]", "unknown-key", "route"),
        ("upstream = \"api\"", "upstrem = \"api\"", "unknown-key", "upstrem"),
        ("cors = \"other\"", "cors = \"another\"", "unknown-reference", "another"),
        ("cors = \"app\"", "cors = \"another\"", "unknown-reference", "another"),
        ("header_fields = 9", "header_fields = 0", "invalid-value", "header_fields"),
        ("[[routes]]", "[rate_limit_store]\nurl = \"redis://a\"\n[[routes]]", "invalid-value", "shared"),
        ("path = \"/a\"", "path = \"a\"", "invalid-value", "path"),
        ("response_timeout = \"1s\"", "response_timeout = 1", "wrong-type", "response_timeout"),
    ] {
        let reading = of(&POLICY.replacen(from, to, 1), None);
        let errors: Vec<_> = reading.findings.iter().filter(|it| it.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{to}: {errors:#?}");
        assert_eq!(errors[0].rule.id, rule, "{to}");
        assert!(errors[0].message.contains(place), "{to}: {}", errors[0].message);
        assert!(reading.config.is_none(), "{to}");
    }
}

#[test]
fn a_definition_that_nothing_uses_is_a_warning() {
    let reading = of(&POLICY.replace("cors = \"other\"", ""), None);
    assert!(reading.config.is_some());
    let rules: Vec<_> = reading.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(rules, ["unused-definition"]);
}
