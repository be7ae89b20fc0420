//! Signs whatever a test writes, however wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::ConfirmationKey;
use serde_json::{Value, json};

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) struct Signer(EcdsaKeyPair);

impl Signer {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)})
    }

    pub(crate) fn jkt(&self) -> String {
        ConfirmationKey::parse(&self.jwk().to_string()).unwrap().thumbprint().to_string()
    }

    pub(crate) fn sign(&self, typ: &str, payload: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": typ}).to_string();
        let signed = format!("{}.{}", b64(header), b64(payload.to_string()));
        let signature = b64(self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    }
}
