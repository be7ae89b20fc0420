//! API keys: how they are made, stored, recognized and rotated.

use std::time::Duration;

use corsac_credentials::{
    API_KEY_RANDOM_BYTES, ApiKeyEntry, ApiKeyRefusal, ApiKeys, ApiKeysConfig, Method, MistakeKind, NewApiKey,
    Refusal, Timestamp,
};
use secrecy::{ExposeSecret, SecretBox};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn hash_key() -> SecretBox<[u8; 32]> {
    SecretBox::new(Box::new([42; 32]))
}

fn make(seed: u8) -> NewApiKey {
    NewApiKey::make("corsac", &[seed; API_KEY_RANDOM_BYTES], &hash_key()).unwrap()
}

fn entry(key: &NewApiKey) -> ApiKeyEntry {
    ApiKeyEntry {
        id: key.id().into(),
        hash: key.hash().into(),
        subject: "billing".into(),
        roles: vec!["service".into()],
        scopes: vec!["read".into()],
        ..ApiKeyEntry::default()
    }
}

fn config(keys: Vec<ApiKeyEntry>) -> ApiKeysConfig {
    ApiKeysConfig { name: "keys".into(), prefix: "corsac".into(), hash_key: hash_key(), keys }
}

fn keys(keys: Vec<ApiKeyEntry>) -> ApiKeys {
    ApiKeys::compile(config(keys)).unwrap()
}

fn text(key: &NewApiKey) -> &str {
    key.text().expose_secret()
}

#[track_caller]
fn refused(keys: &ApiKeys, text: &str) -> ApiKeyRefusal {
    match keys.verify(text, NOW).unwrap_err() {
        Refusal::ApiKey(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_is_recognized() {
    let (key, other) = (make(1), make(2));
    let keys = keys(vec![entry(&other), entry(&key)]);
    let principal = keys.verify(text(&key), NOW).unwrap();
    assert_eq!((principal.subject(), principal.provider()), ("billing", "keys"));
    assert_eq!(
        (principal.method(), principal.issuer(), principal.expires_at()),
        (Method::ApiKey, None, None)
    );
    assert!(principal.has_role("service") && principal.has_scope("read"));
}

#[test]
fn a_key_has_one_form() {
    let key = make(1);
    assert_eq!(text(&key).len(), "corsac".len() + 1 + 16 + 1 + 64 + 1 + 8);
    assert!(text(&key).starts_with("corsac_0101010101010101_01"));
    let keys = keys(vec![entry(&key)]);
    let good = text(&key);
    let (short, _) = good.split_at(good.len() - 1);
    for wrong in [
        "",
        "_",
        "___",
        "corsac_1_2_3",
        short,
        &good.to_uppercase(),
        &format!("{good}0"),
        &format!(" {good}"),
    ] {
        assert_eq!(refused(&keys, wrong), ApiKeyRefusal::Malformed, "{wrong}");
    }
    assert_eq!(refused(&keys, &"a".repeat(1_000_000)), ApiKeyRefusal::Malformed);
    assert_eq!(refused(&keys, &good.replacen("_01", "_02", 1)), ApiKeyRefusal::Checksum);
    for prefix in ["c", "1a", "Corsac", "a_b", "", &"a".repeat(17)] {
        assert!(NewApiKey::make(prefix, &[0; API_KEY_RANDOM_BYTES], &hash_key()).is_none(), "{prefix}");
    }
    let staging = NewApiKey::make("staging", &[1; API_KEY_RANDOM_BYTES], &hash_key()).unwrap();
    assert_eq!(refused(&keys, text(&staging)), ApiKeyRefusal::Prefix);
}

#[test]
fn an_unknown_key_and_a_wrong_secret_look_alike_outside() {
    let key = make(1);
    let keys = keys(vec![entry(&key)]);
    let mut random = [9; API_KEY_RANDOM_BYTES];
    random[..8].fill(1);
    let wrong = NewApiKey::make("corsac", &random, &hash_key()).unwrap();
    assert_eq!(wrong.id(), key.id());
    let (secret, unknown) = (refused(&keys, text(&wrong)), refused(&keys, text(&make(7))));
    assert_eq!(secret, ApiKeyRefusal::Secret(key.id().into()));
    assert_eq!(unknown, ApiKeyRefusal::Unknown("0707070707070707".into()));
    assert_eq!(Refusal::from(secret).terse(), Refusal::from(unknown).terse());
}

#[test]
fn the_hash_needs_its_key() {
    let key = make(1);
    let other = SecretBox::new(Box::new([43; 32]));
    let under_other = NewApiKey::make("corsac", &[1; API_KEY_RANDOM_BYTES], &other).unwrap();
    assert_eq!(text(&key), text(&under_other));
    assert_ne!(key.hash(), under_other.hash());
    let keys = keys(vec![entry(&under_other)]);
    assert_eq!(refused(&keys, text(&key)), ApiKeyRefusal::Secret(key.id().into()));
}

#[test]
fn keys_begin_end_and_are_revoked() {
    let key = make(1);
    let at = |seconds| Timestamp::from_secs(NOW.as_secs() + seconds);
    let id = || key.id().to_owned();
    let with = |change: &dyn Fn(&mut ApiKeyEntry)| {
        let mut entry = entry(&key);
        change(&mut entry);
        keys(vec![entry])
    };
    let ending = with(&|entry| entry.expires_at = Some(at(10)));
    assert_eq!(ending.verify(text(&key), at(9)).unwrap().expires_at(), Some(at(10)));
    let expired = Refusal::from(ApiKeyRefusal::Expired { id: id(), at: at(10) });
    assert_eq!(ending.verify(text(&key), at(10)).err(), Some(expired));
    let beginning = with(&|entry| entry.not_before = Some(at(1)));
    assert_eq!(refused(&beginning, text(&key)), ApiKeyRefusal::NotYetValid { id: id(), from: at(1) });
    assert!(beginning.verify(text(&key), at(1)).is_ok());
    let revoked = with(&|entry| entry.revoked = true);
    assert_eq!(refused(&revoked, text(&key)), ApiKeyRefusal::Revoked(id()));
    // Who does not have the secret learns nothing of it.
    let mut random = [9; API_KEY_RANDOM_BYTES];
    random[..8].fill(1);
    let wrong = NewApiKey::make("corsac", &random, &hash_key()).unwrap();
    assert_eq!(refused(&revoked, text(&wrong)), ApiKeyRefusal::Secret(id()));
}

#[test]
fn rotation_overlaps() {
    let (old, new) = (make(1), make(2));
    let mut first = entry(&old);
    let second = first.rotate(&new, NOW, Duration::from_secs(60));
    assert_eq!((second.subject.as_str(), second.expires_at), ("billing", None));
    let keys = keys(vec![first.clone(), second]);
    let at = |seconds| Timestamp::from_secs(NOW.as_secs() + seconds);
    assert!(keys.verify(text(&old), at(59)).is_ok() && keys.verify(text(&new), at(59)).is_ok());
    assert!(keys.verify(text(&old), at(60)).is_err() && keys.verify(text(&new), at(60)).is_ok());
    // An end is not put off.
    let third = first.rotate(&make(3), NOW, Duration::from_secs(3_600));
    assert_eq!(first.expires_at, Some(at(60)));
    assert_eq!(third.expires_at, Some(at(60)));
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let (a, b) = (make(1), make(2));
    let wrong = ApiKeyEntry {
        id: "x".into(),
        hash: "secret".into(),
        roles: vec!["r".into(), "r".into()],
        not_before: Some(NOW),
        expires_at: Some(NOW),
        ..ApiKeyEntry::default()
    };
    let config = ApiKeysConfig {
        prefix: "X".into(),
        name: String::new(),
        ..config(vec![entry(&b), wrong, entry(&a), entry(&b)])
    };
    let error = ApiKeys::compile(config).unwrap_err();
    let fields: Vec<&str> = error.mistakes().iter().map(|mistake| mistake.field.as_str()).collect();
    let expected = [
        "name",
        "prefix",
        "keys[1].id",
        "keys[1].hash",
        "keys[1].subject",
        "keys[1].roles[1]",
        "keys[1].expires_at",
        "keys[3].id",
    ];
    assert_eq!(fields, expected);
    assert_eq!(error.mistakes()[3].kind, MistakeKind::MalformedHash);
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn nothing_shows_a_secret() {
    let key = make(0xab);
    let entry = entry(&key);
    let shown =
        format!("{key:?} {entry:?} {:?} {:?}", config(vec![entry.clone()]), keys(vec![entry.clone()]));
    let stored = key.hash().to_owned();
    let made = format!("{:?}", keys(vec![entry]));
    assert!(!shown.contains(&"ab".repeat(32)) && !shown.contains("42, 42"), "{shown}");
    assert!(!made.contains(&stored), "{made}");
}
