//! Our signatures against `jsonwebtoken`'s: two answers to each vector and to each token
//! that differs from a good one in a bit.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{ClaimRefusal, KeyRefusal, KeySet, Provider, ProviderConfig, Refusal, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use jsonwebtoken::crypto::verify;
use jsonwebtoken::{Algorithm, DecodingKey};

struct Peer {
    provider: Provider,
    keys: KeySet,
    key: DecodingKey,
    algorithm: Algorithm,
    signature: Vec<u8>,
    signed: String,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Peer {
    fn new(alg: &str, jwk: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let provider = Provider::compile(&ProviderConfig {
            name: "peer".into(),
            issuer: "https://id.example.com".into(),
            audiences: vec!["https://api.example.com".into()],
            algorithms: vec![alg.into()],
            type_may_be_absent: true,
            ..ProviderConfig::default()
        })
        .unwrap();
        let keys =
            KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes(), &provider.key_rules()).unwrap();
        let key = DecodingKey::from_jwk(&serde_json::from_value(jwk.clone()).unwrap()).unwrap();
        let signed = format!("{}.{}", b64(json!({"alg": alg}).to_string()), b64("[]"));
        let signature = sign(signed.as_bytes());
        Self { provider, keys, key, algorithm: alg.parse().unwrap(), signature, signed }
    }

    /// Both, of the same signature over the same text.
    fn check(&self, signature: &[u8]) -> bool {
        let encoded = b64(signature);
        let theirs = verify(&encoded, self.signed.as_bytes(), &self.key, self.algorithm).unwrap();
        let token = format!("{}.{encoded}", self.signed);
        let refusal = self.provider.verify(&token, &self.keys, Timestamp::from_secs(0)).unwrap_err();
        let ours = match refusal {
            Refusal::Claim(ClaimRefusal::NotObject) => true,
            Refusal::Key(KeyRefusal::Signature) => false,
            other => panic!("{other}"),
        };
        assert_eq!(ours, theirs, "{encoded}");
        ours
    }
}

fn ed25519() -> Peer {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())});
    Peer::new("EdDSA", &jwk, |message| pair.sign(message).as_ref().to_vec())
}

fn es256() -> Peer {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)});
    let random = aws_lc_rs::rand::SystemRandom::new();
    Peer::new("ES256", &jwk, |message| pair.sign(&random, message).unwrap().as_ref().to_vec())
}

#[test]
fn a_good_signature_is_good_for_both() {
    for peer in [ed25519(), es256()] {
        assert!(peer.check(&peer.signature));
        assert!(!peer.check(&[0; 64]));
    }
}

proptest! {
    #[test]
    fn a_changed_signature_is_bad_for_both(bit in 0..512_usize, cut in 1..65_usize) {
        static PEERS: std::sync::LazyLock<[Peer; 2]> = std::sync::LazyLock::new(|| [ed25519(), es256()]);
        for peer in PEERS.iter() {
            let mut changed = peer.signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!peer.check(&changed));
            prop_assert!(cut == 64 || !peer.check(&peer.signature[..cut.min(64)]));
        }
    }
}
