//! Any bytes as a set of keys.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use corsac_credentials::{KeySet, KeySetError, MAX_KEYS, Provider, ProviderConfig};
use serde_json::Value;

/// Every key is admitted or rejected; what is admitted is what a plain reading allows.
pub fn key_set(bytes: &[u8]) {
    static PUBLIC: LazyLock<Provider> =
        LazyLock::new(|| provider(&["EdDSA", "ES256", "ES384", "PS256", "RS256", "RS384", "RS512"]));
    static SECRET: LazyLock<Provider> = LazyLock::new(|| provider(&["HS256", "HS384", "HS512"]));
    for provider in [&*PUBLIC, &*SECRET] {
        match KeySet::parse(bytes, &provider.key_rules()) {
            Ok(set) => check(bytes, &set, provider),
            Err(KeySetError::NoneUsable(rejected)) => {
                assert!(rejected.iter().all(|key| is_one_line(&key.to_string())));
            }
            Err(error) => assert!(is_one_line(&error.to_string())),
        }
    }
}

pub(crate) fn provider(algorithms: &[&str]) -> Provider {
    let config = ProviderConfig {
        name: "fuzz".into(),
        issuer: "i".into(),
        audiences: vec!["a".into()],
        algorithms: algorithms.iter().map(|name| (*name).to_owned()).collect(),
        kept_claims: vec!["kept".into()],
        roles_claim: Some("/realm/roles".into()),
        dangerously_shared_secret: true,
        ..ProviderConfig::default()
    };
    Provider::compile(&config).expect("the configuration is right")
}

pub(crate) fn is_one_line(message: &str) -> bool {
    !message.is_empty() && !message.contains(char::is_control)
}

fn check(bytes: &[u8], set: &KeySet, provider: &Provider) {
    let value: Value = serde_json::from_slice(bytes).expect("what is read is JSON");
    let list = value["keys"].as_array().expect("a set has a list");
    assert_eq!(list.len(), set.keys().len() + set.rejected().len());
    assert!(list.len() <= MAX_KEYS);
    let rejected: BTreeSet<usize> = set.rejected().iter().map(|key| key.index).collect();
    let admitted = list.iter().enumerate().filter(|(index, _)| !rejected.contains(index));
    for ((_, written), key) in admitted.zip(set.keys()) {
        assert_eq!(written["kid"].as_str(), key.id());
        assert!(provider.key_rules().algorithms().contains(&key.algorithm()));
        assert_eq!(written["kty"] == "oct", key.algorithm().is_symmetric());
        assert!(written["use"] == "sig" || written.get("use").is_none());
        assert!(written.get("alg").is_none_or(|alg| {
            alg == key.algorithm().as_str() || alg == "Ed25519" && key.algorithm().as_str() == "EdDSA"
        }));
        assert!(key.algorithm().is_symmetric() || written.get("d").is_none());
        let same = list.iter().filter(|other| key.id().is_some() && other["kid"].as_str() == key.id());
        assert!(same.count() <= 1);
    }
}
