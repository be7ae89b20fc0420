//! The cache of verified tokens: it never knows more than verifying would say.

use std::sync::Arc;

use corsac_credentials::{KeySet, Provider, ProviderConfig, Timestamp, Verified, VerifiedCache};
use proptest::prelude::*;
use serde_json::Value;

use crate::minting::{NOW, Setup, Signer, config, key_set};

fn kept(setup: &Setup, token: &str) -> VerifiedCache {
    let mut cache = VerifiedCache::new(100, [1; 32]);
    let admitted = setup.provider.admit(token).unwrap();
    let verified = admitted.verify(&setup.keys.keys()[0], NOW).unwrap();
    cache.insert(&admitted, &verified, NOW);
    cache
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() + seconds)
}

#[test]
fn an_entry_ends_with_the_token() {
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let mut cache = kept(&setup, &token);
    let found = cache.get(&setup.provider, &token, &setup.keys, at(599)).unwrap();
    assert_eq!(found.subject(), "ada");
    assert!(cache.get(&setup.provider, &token, &setup.keys, at(600)).is_none());
    // Dropped, so that a clock that is set back does not bring it to life.
    assert!(cache.is_empty());
    let mut cache = kept(&setup, &token);
    let before = Timestamp::from_secs(NOW.as_secs() - 1);
    assert!(cache.get(&setup.provider, &token, &setup.keys, before).is_none());
}

#[test]
fn an_entry_ends_with_its_key() {
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let mut other = Signer::es256().jwk();
    other["kid"] = "k2".into();
    let mut cache = kept(&setup, &token);
    let grown = key_set(&[other.clone(), setup.signer.jwk()], &setup.provider);
    assert!(cache.get(&setup.provider, &token, &grown, NOW).is_some());
    let gone = key_set(&[other.clone()], &setup.provider);
    assert!(cache.get(&setup.provider, &token, &gone, NOW).is_none());
    // Another key under the same name.
    other["kid"] = "k1".into();
    let mut cache = kept(&setup, &token);
    let replaced = key_set(&[other], &setup.provider);
    assert!(cache.get(&setup.provider, &token, &replaced, NOW).is_none());
}

#[test]
fn an_entry_is_for_one_token_under_one_set_of_rules() {
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let mut cache = kept(&setup, &token);
    let same = Provider::compile(&config(&["ES256"])).unwrap();
    assert!(cache.get(&same, &token, &setup.keys, NOW).is_some());
    let base = config(&["ES256"]);
    let audience = base.audiences[..1].to_vec();
    for other in [
        ProviderConfig { name: "other".into(), ..base.clone() },
        ProviderConfig { audiences: audience, ..base.clone() },
        ProviderConfig { issuer: "https://other.example.com".into(), ..base.clone() },
        ProviderConfig { required_claims: vec!["jti".into()], ..base.clone() },
        ProviderConfig { algorithms: vec!["ES256".into(), "RS256".into()], ..base.clone() },
    ] {
        let other = Provider::compile(&other).unwrap();
        assert!(cache.get(&other, &token, &setup.keys, NOW).is_none(), "{other:?}");
    }
    let twin = setup.signer.token(|_| {});
    assert_ne!(twin, token);
    assert!(cache.get(&setup.provider, &twin, &setup.keys, NOW).is_none());
    assert!(
        cache.get(&setup.provider, token.trim_end_matches(char::is_alphanumeric), &setup.keys, NOW).is_none()
    );
    assert!(cache.get(&setup.provider, &"x".repeat(9_000), &setup.keys, NOW).is_none());
}

#[test]
fn the_cache_shows_neither_tokens_nor_its_key() {
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let debug = format!("{:?}", kept(&setup, &token));
    assert!(!token.split('.').any(|segment| debug.contains(segment)), "{debug}");
    assert!(!debug.contains("1, 1, 1, 1"), "{debug}");
}

struct World {
    provider: Provider,
    tokens: Vec<String>,
    rings: Vec<KeySet>,
}

impl World {
    fn new() -> Self {
        let (first, second) = (Signer::ed25519(), Signer::ed25519());
        let mut other = second.jwk();
        other["kid"] = "k2".into();
        let provider = Provider::compile(&config(&["EdDSA"])).unwrap();
        let ends = [5, 40, 600];
        let tokens = |signer: &Signer, id: &str| {
            ends.map(|end| {
                let mut header = signer.header();
                header["kid"] = id.into();
                let mut claims: Value = crate::minting::claims();
                claims["exp"] = (NOW.as_secs() + end).into();
                signer.mint(&header.to_string(), &claims.to_string())
            })
        };
        let tokens = [tokens(&first, "k1"), tokens(&second, "k2")].concat();
        let rings = [vec![first.jwk()], vec![other.clone()], vec![first.jwk(), other]];
        let rings = rings.iter().map(|ring| key_set(ring, &provider)).collect();
        Self { provider, tokens, rings }
    }
}

proptest! {
    /// Whoever asks the cache first and verifies otherwise gets what verifying would give.
    #[test]
    fn cached_and_verified_agree(steps in proptest::collection::vec((0..6_usize, 0..3_usize, 0..20_u64), 1..60)) {
        static WORLD: std::sync::LazyLock<World> = std::sync::LazyLock::new(World::new);
        let mut cache = VerifiedCache::new(4, [3; 32]);
        let mut now = NOW;
        for (token, ring, wait) in steps {
            now = now.plus(std::time::Duration::from_secs(wait));
            let (token, keys) = (&WORLD.tokens[token], &WORLD.rings[ring]);
            let verified = WORLD.provider.verify(token, keys, now);
            let cached = cache.get(&WORLD.provider, token, keys, now);
            if let Some(cached) = &cached {
                prop_assert_eq!(Some(cached), verified.as_ref().ok().map(Verified::principal));
            }
            if let Ok(verified) = &verified {
                let admitted = WORLD.provider.admit(token).unwrap();
                cache.insert(&admitted, verified, now);
                let again = cache.get(&WORLD.provider, token, keys, now);
                prop_assert!(again.is_some_and(|again| Arc::ptr_eq(&again, verified.principal())));
            }
            prop_assert!(cache.len() <= 4);
        }
    }
}
