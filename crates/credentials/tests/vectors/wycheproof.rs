//! The JOSE vectors of Wycheproof, run through the public API.
//!
//! Their payloads are no claims (`foo`, `Test`), so a token whose signature is accepted
//! ends at its claims, and one that is not ends before them.

use corsac_credentials::{KeySet, KeySetError, Provider, ProviderConfig, Refusal, Timestamp};
use serde_json::{Value, json};

pub(crate) const SIGNATURES: &str = "json_web_signature_test.json";
pub(crate) const KEYS: &str = "json_web_key_test.json";

/// Where we differ from what a vector expects, and why.
pub(crate) const ADJUDICATED: &[(&str, u64, &str)] = &[
    (SIGNATURES, 346, PS384_WITH_PS256),
    (SIGNATURES, 347, ES521),
    (SIGNATURES, 350, PS384_WITH_PS256),
    (SIGNATURES, 351, ES521),
    (SIGNATURES, 367, SAME_AS_357),
    (SIGNATURES, 370, SAME_AS_357),
    (SIGNATURES, 372, OUTSIDE_OF_BASE64URL),
    (SIGNATURES, 373, OUTSIDE_OF_BASE64URL),
];

const PS384_WITH_PS256: &str = "The key says `alg`: `PS256`, the token `PS384`. A key that names its algorithm is \
    used with no other (RFC 8725, section 3.1).";
const ES521: &str = "The key says `alg`: `ES521`, which is no algorithm (P-521 goes with `ES512`). Corsac verifies \
    with P-256, P-384 and Ed25519 only, so it refuses the key for its curve already.";
const SAME_AS_357: &str = "Byte for byte the token of vector 357, which is valid: the padding that the vector's name \
    speaks of is not there. With it, the token is refused (`a_token_has_one_spelling`).";
const OUTSIDE_OF_BASE64URL: &str = "The token has a `?`, which is not in the alphabet. RFC 7515, section 2, has no \
    other characters, and a reader that skips some lets one token be spelled in many ways.";

/// What became of a vector.
pub(crate) struct Outcome {
    pub(crate) file: &'static str,
    pub(crate) id: u64,
    pub(crate) group: String,
    pub(crate) comment: String,
    /// Whether the vector's authors accept it.
    pub(crate) expected: bool,
    /// Why we do not.
    pub(crate) refusal: Option<String>,
}

impl Outcome {
    pub(crate) fn accepted(&self) -> bool {
        self.refusal.is_none()
    }
}

pub(crate) fn run() -> Vec<Outcome> {
    let files = [
        (SIGNATURES, include_str!("../data/wycheproof/json_web_signature_test.json")),
        (KEYS, include_str!("../data/wycheproof/json_web_key_test.json")),
    ];
    files.into_iter().flat_map(|(file, text)| run_file(file, text)).collect()
}

fn run_file(file: &'static str, text: &str) -> Vec<Outcome> {
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut outcomes = Vec::new();
    for group in vectors["testGroups"].as_array().unwrap() {
        // Public keys where there are some: those of a secret are under `private`.
        let keys = group.get("public").unwrap_or(&group["private"]);
        let keys = if file == KEYS { keys.clone() } else { json!({"keys": [keys]}) };
        for test in group["tests"].as_array().unwrap() {
            let result = test["result"].as_str().unwrap();
            assert!(matches!(result, "valid" | "invalid"), "{result}");
            outcomes.push(Outcome {
                file,
                id: test["tcId"].as_u64().unwrap(),
                group: group["comment"].as_str().unwrap().into(),
                comment: test["comment"].as_str().unwrap().into(),
                expected: result == "valid",
                refusal: verify(&keys, test["jws"].as_str().unwrap()).err(),
            });
        }
    }
    outcomes
}

/// Whether the signature is accepted under the keys.
fn verify(keys: &Value, token: &str) -> Result<(), String> {
    let secret = keys["keys"].as_array().unwrap().iter().any(|key| key["kty"] == "oct");
    let algorithms: &[&str] = if secret {
        &["HS256", "HS384", "HS512"]
    } else {
        &["EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
    };
    let provider = Provider::compile(&ProviderConfig {
        name: "wycheproof".into(),
        issuer: "https://issuer.example".into(),
        audiences: vec!["https://audience.example".into()],
        algorithms: algorithms.iter().map(|name| (*name).into()).collect(),
        token_types: vec!["JWT".into()],
        type_may_be_absent: true,
        dangerously_shared_secret: secret,
        ..ProviderConfig::default()
    })
    .unwrap();
    let keys =
        KeySet::parse(keys.to_string().as_bytes(), &provider.key_rules()).map_err(|error| match error {
            KeySetError::NoneUsable(rejected) => format!("key: {}", rejected[0].reason),
            other => other.to_string(),
        })?;
    match provider.verify(token, &keys, Timestamp::from_secs(1_800_000_000)) {
        Ok(_) | Err(Refusal::Claim(_)) => Ok(()),
        Err(refusal) => Err(refusal.to_string()),
    }
}
