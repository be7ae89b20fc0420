//! What people write about issuers: every mistake at once.

use std::time::Duration;

use corsac_credentials::{
    Introspection, IntrospectionConfig, MAX_LEEWAY, MistakeKind, Provider, ProviderConfig,
};

use crate::minting::config;

fn mistakes(config: &ProviderConfig) -> Vec<(String, MistakeKind)> {
    let error = Provider::compile(config).unwrap_err();
    error.mistakes().iter().map(|mistake| (mistake.field.clone(), mistake.kind.clone())).collect()
}

#[test]
fn every_mistake_is_reported() {
    let fields: Vec<String> = mistakes(&ProviderConfig {
        algorithms: vec!["none".into(), "ES256".into(), "ES256".into(), "HS256".into()],
        token_types: Vec::new(),
        leeway: Duration::from_secs(61),
        max_lifetime: Duration::ZERO,
        max_token_bytes: 1 << 20,
        subject_claim: String::new(),
        roles_claim: Some("a\nb".into()),
        kept_claims: vec!["x".into(), "x".into()],
        ..ProviderConfig::default()
    })
    .into_iter()
    .map(|(field, _)| field)
    .collect();
    let expected = [
        "name",
        "issuer",
        "audiences",
        "algorithms[0]",
        "algorithms[2]",
        "algorithms[3]",
        "algorithms",
        "token_types",
        "leeway",
        "max_lifetime",
        "max_token_bytes",
        "subject_claim",
        "roles_claim",
        "kept_claims[1]",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn secrets_need_their_switch_and_no_company() {
    let secret = config(&["HS256"]);
    assert_eq!(mistakes(&secret), [("algorithms[0]".into(), MistakeKind::SharedSecret("HS256".into()))]);
    let allowed = ProviderConfig { dangerously_shared_secret: true, ..secret };
    assert!(Provider::compile(&allowed).is_ok());
    let mixed = ProviderConfig { dangerously_shared_secret: true, ..config(&["HS256", "RS256"]) };
    assert_eq!(mistakes(&mixed), [("algorithms".into(), MistakeKind::MixedAlgorithms)]);
    // The switch alone lets no secret in.
    let unused = ProviderConfig { dangerously_shared_secret: true, ..config(&["RS256"]) };
    assert!(!Provider::compile(&unused).unwrap().key_rules().are_secret());
}

#[test]
fn leeway_has_a_limit() {
    let with = |leeway| ProviderConfig { leeway, ..config(&["ES256"]) };
    assert!(Provider::compile(&with(MAX_LEEWAY)).is_ok());
    let over = MistakeKind::OutOfBounds { value: 61, least: 0, most: 60 };
    assert_eq!(mistakes(&with(Duration::from_secs(61))), [("leeway".into(), over)]);
    let [(_, MistakeKind::Malformed { .. })] = &mistakes(&with(Duration::from_millis(500)))[..] else {
        panic!()
    };
}

#[test]
fn both_names_of_ed25519_are_one() {
    let twice = mistakes(&config(&["EdDSA", "Ed25519"]));
    assert_eq!(twice, [("algorithms[1]".into(), MistakeKind::Repeated("Ed25519".into()))]);
}

#[test]
fn many_mistakes_are_not_all_told() {
    let audiences = (0..100).map(|index| index.to_string()).collect();
    let many = ProviderConfig { audiences, ..config(&["ES256"]) };
    assert_eq!(mistakes(&many), [("audiences".into(), MistakeKind::TooMany(64))]);
}

#[test]
fn introspection_has_bounds_too() {
    let error = Introspection::compile(&IntrospectionConfig {
        active_for: Duration::from_secs(3_601),
        refused_for: Duration::from_secs(61),
        max_token_bytes: 0,
        ..IntrospectionConfig::default()
    })
    .unwrap_err();
    let fields: Vec<&str> = error.mistakes().iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["name", "active_for", "refused_for", "max_token_bytes"]);
    assert!(error.to_string().starts_with("name: nothing there; active_for: 3601 is not from 0 to 3600"));
}
