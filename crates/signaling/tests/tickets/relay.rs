//! What goes with descriptions and relays: `bind`, and credentials for TURN.

use std::time::Duration;

use corsac_credentials::Timestamp;
use corsac_events::Secret;
use corsac_signaling::{Code, TurnConfig, TurnIds, TurnMistake, TurnServer, check_bind};
use serde_json::json;

use crate::minting::{NOW, Signer, World, without};

#[test]
fn a_description_has_its_signature_and_the_tokens_certificates() {
    let world = World::new(Signer::es256());
    let access = world.verify_access(&world.access(|_| {})).unwrap();
    let code = |bind: &str, fingerprints: &[(&str, &[u8])]| {
        check_bind(bind, fingerprints.iter().copied(), &access).map_err(|refusal| refusal.code).err()
    };
    let own: (&str, &[u8]) = ("sha-256", &[0x4a; 32]);
    let other: (&str, &[u8]) = ("sha-256", &[0x4b; 32]);
    assert_eq!(code("a.b.c", &[own]), None);
    assert_eq!(code("", &[own]), Some(Code::NoBind));
    assert_eq!(code(&"x".repeat(8_192), &[own]), None);
    assert_eq!(code(&"x".repeat(8_193), &[own]), Some(Code::NoBind));
    assert_eq!(code("a.b.c", &[other]), Some(Code::FingerprintToken));
    // One that is named does not cover one that is not.
    assert_eq!(code("a.b.c", &[own, other]), Some(Code::FingerprintToken));
    assert_eq!(code("a.b.c", &[own, ("sha-512", &[0x4a; 64])]), Some(Code::FingerprintToken));
    assert_eq!(code("", &[other]), Some(Code::NoBind));
}

#[test]
fn a_token_without_certificates_allows_any_and_one_with_none_allows_none() {
    let world = World::new(Signer::es256());
    let any: [(&str, &[u8]); 1] = [("sha-256", &[1; 32])];
    let unbound = world.verify_access(&world.access(without("mky"))).unwrap();
    assert!(check_bind("x", any, &unbound).is_ok());
    assert_eq!(check_bind("", any, &unbound).unwrap_err().code, Code::NoBind);
    let none = world.verify_access(&world.access(|claims| claims["mky"] = json!([]))).unwrap();
    assert_eq!(check_bind("x", any, &none).unwrap_err().code, Code::FingerprintToken);
}

fn config(ids: TurnIds) -> TurnConfig {
    TurnConfig {
        urls: vec!["turns:turn.example.com:5349?transport=tcp".into(), "turn:203.0.113.7".into()],
        secret: Secret::new("north-wind-and-the-sun".into()),
        ids,
        ..TurnConfig::default()
    }
}

/// Made by Python: `base64.b64encode(hmac.new(secret, username, "sha1").digest())`, and the id
/// from `hmac` with "sha256" as in `turn.rs`.
#[test]
fn a_relay_gets_the_credentials_that_it_computes() {
    let world = World::new(Signer::es256());
    let access = world.verify_access(&world.access(|_| {})).unwrap();
    let of = |ids| TurnServer::compile(&config(ids)).unwrap().credentials(&access, NOW).unwrap();
    let hashed = of(TurnIds::default());
    assert_eq!(hashed.username.as_ref(), "1800000590:ClqxiTvrM2rqF_hdakRg");
    assert_eq!(hashed.credential.expose(), "yB/iYimiUZfqSvLm5rZ8a9FvVNU=");
    assert_eq!((hashed.ttl_s, hashed.until.as_secs(), hashed.urls.len()), (590, 1_800_000_590, 2));
    assert_eq!(of(TurnIds::DangerouslyPlain).username.as_ref(), "1800000590:ada");
    let mut longer = access.clone();
    longer.exp = Timestamp::from_secs(NOW.as_secs() + 601);
    let plain = TurnServer::compile(&config(TurnIds::DangerouslyPlain)).unwrap();
    let plain = plain.credentials(&longer, NOW).unwrap();
    assert_eq!(plain.username.as_ref(), "1800000600:ada");
    assert_eq!(plain.credential.expose(), "C6nDU4CROWZYMwJCwBRi3VVqm+M=");
    let revocation = plain.revocation();
    assert_eq!((revocation.username.as_ref(), revocation.until.as_secs()), ("1800000600:ada", 1_800_000_600));
}

#[test]
fn credentials_end_with_the_token() {
    let world = World::new(Signer::es256());
    let access = world.verify_access(&world.access(|_| {})).unwrap();
    let server =
        TurnServer::compile(&TurnConfig { ttl: Duration::from_secs(60), ..config(TurnIds::default()) });
    let server = server.unwrap();
    let ttl = |seconds: u64| {
        let credentials = server.credentials(&access, Timestamp::from_secs(NOW.as_secs() + seconds));
        credentials.map(|credentials| (credentials.ttl_s, credentials.until.as_secs() - NOW.as_secs()))
    };
    assert_eq!(ttl(0), Some((60, 60)));
    assert_eq!(ttl(530), Some((60, 590)));
    assert_eq!(ttl(531), Some((59, 590)));
    assert_eq!(ttl(589), Some((1, 590)));
    assert_eq!(ttl(590), None);
    assert_eq!(ttl(10_000), None);
}

#[test]
fn a_relay_learns_no_subject_and_a_log_no_secret() {
    let world = World::new(Signer::es256());
    let of = |sub: &str, secret: &str| {
        let access = world.verify_access(&world.access(|claims| claims["sub"] = sub.into())).unwrap();
        let config = TurnConfig { secret: Secret::new(secret.into()), ..config(TurnIds::default()) };
        let server = TurnServer::compile(&config).unwrap();
        let credentials = server.credentials(&access, NOW).unwrap();
        let shown = format!("{server:?} {credentials:?} {config:?}");
        assert!(!shown.contains(secret) && !shown.contains(credentials.credential.expose()), "{shown}");
        credentials.username
    };
    let (one, two) = ("north-wind-and-the-sun", "north-wind-and-the-moon");
    assert_eq!(of("ada", one), of("ada", one));
    assert_ne!(of("ada", one), of("eve", one));
    assert_ne!(of("ada", one), of("ada", two));
    assert!(!of("ada", one).contains("ada"));
}

#[test]
fn every_mistake_of_a_relay_is_told_at_once() {
    let bad = TurnConfig {
        urls: vec!["https://turn.example.com".into(), "turn:".into(), "turn:a b".into(), "turn:ok".into()],
        secret: Secret::new("fifteen-bytes-x".into()),
        ttl: Duration::from_secs(601),
        ids: TurnIds::default(),
    };
    let url = |url: &str| TurnMistake::Url(url.into());
    let expected = [
        url("https://turn.example.com"),
        url("turn:"),
        url("turn:a b"),
        TurnMistake::SecretShort(15),
        TurnMistake::Ttl(Duration::from_secs(601)),
    ];
    assert_eq!(TurnServer::compile(&bad).err().as_deref(), Some(&expected[..]));
    let mistakes = |change: &dyn Fn(&mut TurnConfig)| {
        let mut config = config(TurnIds::default());
        change(&mut config);
        TurnServer::compile(&config).err()
    };
    assert_eq!(mistakes(&|_| {}), None);
    assert_eq!(mistakes(&|config| config.secret = Secret::new("sixteen-bytes-xy".into())), None);
    assert_eq!(mistakes(&|config| config.urls.clear()), Some(vec![TurnMistake::Urls(0)]));
    assert_eq!(mistakes(&|config| config.urls = vec!["turn:a".into(); 8]), None);
    assert_eq!(mistakes(&|config| config.urls = vec!["turn:a".into(); 9]), Some(vec![TurnMistake::Urls(9)]));
    let ttl = Duration::from_millis(999);
    assert_eq!(mistakes(&|config| config.ttl = ttl), Some(vec![TurnMistake::Ttl(ttl)]));
    let ttl = Duration::from_millis(600_001);
    assert_eq!(mistakes(&|config| config.ttl = ttl), Some(vec![TurnMistake::Ttl(ttl)]));
}
