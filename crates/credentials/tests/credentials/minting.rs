//! Signs whatever a test writes, however wrong.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{KeySet, Provider, ProviderConfig, Refusal, Timestamp, Verified};
use serde_json::{Value, json};

/// The time at which tokens of [`claims`] are good.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

pub(crate) enum Signer {
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
    Hs256(Vec<u8>),
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

impl Signer {
    pub(crate) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn es384() -> Self {
        Self::Es384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn rs256() -> Self {
        Self::Rs256(RSA.clone_pair())
    }

    pub(crate) fn ps256() -> Self {
        Self::Ps256(RSA.clone_pair())
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::Ed25519(_) => "EdDSA",
            Self::Rs256(_) => "RS256",
            Self::Ps256(_) => "PS256",
            Self::Hs256(_) => "HS256",
        }
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) | Self::Es384(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) | Self::Ps256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match self {
                    Self::Rs256(_) => pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap(),
                    _ => pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature).unwrap(),
                }
                signature
            }
            Self::Hs256(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
            }
        }
    }

    /// Signs two texts as header and payload.
    pub(crate) fn mint(&self, header: &str, payload: &str) -> String {
        self.sign_encoded(&b64(header), &b64(payload))
    }

    /// Signs two segments as they are.
    pub(crate) fn sign_encoded(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let signature = b64(self.signature(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The header of its good tokens.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.alg(), "typ": "at+jwt", "kid": "k1"})
    }

    /// A good token, with changes to its claims.
    pub(crate) fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.mint(&self.header().to_string(), &claims.to_string())
    }

    /// A good token, with changes to its header.
    pub(crate) fn token_with_header(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header();
        change(&mut header);
        self.mint(&header.to_string(), &claims().to_string())
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match self {
            Self::Es256(pair) | Self::Es384(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
            }
            Self::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
            Self::Rs256(pair) | Self::Ps256(pair) => {
                let key = pair.public_key();
                let n = b64(key.modulus().big_endian_without_leading_zero());
                json!({"kty": "RSA", "n": n, "e": b64(key.exponent().big_endian_without_leading_zero())})
            }
            Self::Hs256(secret) => json!({"kty": "oct", "k": b64(secret)}),
        };
        jwk["kid"] = "k1".into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.alg().into();
        jwk
    }
}

/// One RSA key for all tests: making one takes a second.
static RSA: LazyLock<RsaDer> = LazyLock::new(|| {
    use aws_lc_rs::encoding::AsDer;
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    RsaDer(pair.as_der().unwrap().as_ref().to_vec())
});

struct RsaDer(Vec<u8>);

impl RsaDer {
    fn clone_pair(&self) -> RsaKeyPair {
        RsaKeyPair::from_pkcs8(&self.0).unwrap()
    }
}

pub(crate) fn claims() -> Value {
    let now = NOW.as_secs();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now - 10, "nbf": now - 10, "exp": now + 600,
        "scope": "read write", "roles": ["editor", "admin"],
    })
}

pub(crate) fn config(algorithms: &[&str]) -> ProviderConfig {
    ProviderConfig {
        name: "sign-in".into(),
        issuer: ISSUER.into(),
        audiences: vec![AUDIENCE.into(), "https://other.example.com".into()],
        algorithms: algorithms.iter().map(|name| (*name).to_owned()).collect(),
        roles_claim: Some("roles".into()),
        ..ProviderConfig::default()
    }
}

pub(crate) fn provider(algorithms: &[&str]) -> Provider {
    Provider::compile(&config(algorithms)).unwrap()
}

pub(crate) fn key_set(keys: &[Value], provider: &Provider) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes(), &provider.key_rules()).unwrap()
}

/// A provider with one key.
pub(crate) struct Setup {
    pub(crate) signer: Signer,
    pub(crate) provider: Provider,
    pub(crate) keys: KeySet,
}

impl Setup {
    pub(crate) fn new(signer: Signer) -> Self {
        Self::with(&config(&[signer.alg()]), signer)
    }

    pub(crate) fn with(config: &ProviderConfig, signer: Signer) -> Self {
        let provider = Provider::compile(config).unwrap();
        let keys = key_set(&[signer.jwk()], &provider);
        Self { signer, provider, keys }
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        self.provider.verify(token, &self.keys, NOW)
    }

    #[track_caller]
    pub(crate) fn accepts(&self, token: &str) {
        self.verify(token).unwrap();
    }

    /// Refused for this reason, which tells nothing of the token.
    #[track_caller]
    pub(crate) fn refuses(&self, token: &str, expected: impl Into<Refusal>) {
        let refusal = self.verify(token).expect_err("the token is accepted");
        assert_eq!(refusal, expected.into());
        check_secrecy(&refusal, token);
    }
}

/// Neither what is logged nor what is answered has a segment of the token.
#[track_caller]
pub(crate) fn check_secrecy(refusal: &Refusal, token: &str) {
    let logged = format!("{refusal} {refusal:?}");
    let answered = refusal.terse().description;
    for segment in token.split('.').filter(|segment| segment.len() > 8) {
        assert!(!logged.contains(segment), "{logged}");
        assert!(!answered.contains(segment), "{answered}");
    }
}
