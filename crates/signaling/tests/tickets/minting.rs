//! Signs whatever a test writes, however wrong.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{ConfirmationKey, KeySet, Timestamp};
use corsac_signaling::{
    Access, AccessConfig, AccessRules, Assertion, Caller, Denial, Digest, Hello, NONCE_BYTES, Proof,
    verify_hello,
};
use serde_json::{Value, json};

/// The time at which everything that [`World`] signs is good.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];
pub(crate) const AUDIENCE: &str = "signaling.example.com";

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) enum Signer {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hs256(Vec<u8>),
}

impl Signer {
    pub(crate) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
            Self::Hs256(_) => "HS256",
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)})
            }
            Self::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
            Self::Hs256(secret) => json!({"kty": "oct", "k": b64(secret)}),
        }
    }

    pub(crate) fn key(&self) -> ConfirmationKey {
        ConfirmationKey::parse(&self.jwk().to_string()).unwrap()
    }

    pub(crate) fn jkt(&self) -> String {
        self.key().thumbprint().to_string()
    }

    /// Signs a payload as it is, under a header.
    pub(crate) fn sign_text(&self, header: &Value, payload: &str) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(payload));
        let signature = match self {
            Self::Es256(pair) => b64(pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap()),
            Self::Ed25519(pair) => b64(pair.sign(signed.as_bytes())),
            Self::Hs256(secret) => {
                b64(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()))
            }
        };
        format!("{signed}.{signature}")
    }

    pub(crate) fn sign(&self, typ: &str, payload: &Value) -> String {
        self.sign_text(&json!({"alg": self.alg(), "typ": typ}), &payload.to_string())
    }
}

/// An issuer, a peer, and a server that knows the issuer.
pub(crate) struct World {
    pub(crate) issuer: Signer,
    pub(crate) peer: Signer,
    pub(crate) rules: AccessRules,
    pub(crate) keys: KeySet,
}

pub(crate) fn config() -> AccessConfig {
    AccessConfig { audience: AUDIENCE.into(), ..AccessConfig::default() }
}

impl World {
    pub(crate) fn new(issuer: Signer) -> Self {
        let keys = json!({"keys": [issuer.jwk()]}).to_string();
        let keys = KeySet::parse(keys.as_bytes(), &AccessRules::key_rules()).unwrap();
        Self { issuer, peer: Signer::es256(), rules: AccessRules::compile(&config()).unwrap(), keys }
    }

    /// Claims of a good access token.
    pub(crate) fn access_claims(&self) -> Value {
        let now = NOW.as_secs();
        json!({
            "aud": AUDIENCE, "sub": "ada", "jti": "t1", "iat": now - 10, "exp": now + 590, "room": "r1",
            "grants": {"pub": ["audio", "video", "data"], "sub": true, "mod": false, "rec": false},
            "ice": "no-private", "max_bps": 2_500_000, "cnf": {"jkt": self.peer.jkt()},
            "mky": [{"alg": "sha-256", "dig": "4A".repeat(32)}],
        })
    }

    pub(crate) fn access(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.access_claims();
        change(&mut claims);
        self.issuer.sign("corsac-access+jwt", &claims)
    }

    pub(crate) fn assertion(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "aud": "peers", "sub": "ada", "exp": NOW.as_secs() + 3_600, "cnf": {"jwk": self.peer.jwk()},
            "mky": [{"alg": "sha-256", "dig": "4A".repeat(32)}],
        });
        change(&mut claims);
        self.issuer.sign("corsac-peer+jwt", &claims)
    }

    pub(crate) fn pop(&self, token: &str, change: impl FnOnce(&mut Value)) -> String {
        let ath = Digest::of(token.as_bytes()).to_string();
        let mut claims = json!({"nonce": b64(NONCE), "aud": AUDIENCE, "ath": ath, "iat": NOW.as_secs()});
        change(&mut claims);
        self.peer.sign("corsac-pop+jwt", &claims)
    }

    pub(crate) fn verify_access(&self, token: &str) -> Result<Access, Denial> {
        Access::verify(token, &self.rules, &self.keys, NOW)
    }

    pub(crate) fn verify_assertion(&self, text: &str) -> Result<Assertion, Denial> {
        Assertion::verify(text, &self.rules, &self.keys, NOW)
    }

    pub(crate) fn hello(&self, token: &str, assertion: &str, pop: &str) -> Result<Caller, Denial> {
        let hello = Hello { token, assertion, proof: Proof { pop, nonce: &NONCE } };
        verify_hello(&hello, &self.rules, &self.keys, NOW)
    }

    pub(crate) fn caller(&self) -> Caller {
        let token = self.access(|_| {});
        self.hello(&token, &self.assertion(|_| {}), &self.pop(&token, |_| {})).unwrap()
    }
}

/// A change that takes a member out.
pub(crate) fn without(name: &'static str) -> impl Fn(&mut Value) {
    move |claims| {
        claims.as_object_mut().unwrap().remove(name).unwrap();
    }
}

/// A change that sets a member.
pub(crate) fn with(name: &'static str, value: impl Into<Value>) -> impl FnOnce(&mut Value) {
    let value = value.into();
    move |claims| claims[name] = value
}
