//! What a join costs before anything is sent: the CPU time of `verify_hello`, of which three
//! signatures are the most. Linux only. `cargo run -p corsac-signaling --example verify_hello`
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::error::Error;
use std::io::Write;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{ConfirmationKey, KeySet, Timestamp};
use corsac_signaling::{AccessConfig, AccessRules, Digest, Hello, NONCE_BYTES, Proof, verify_hello};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const AUDIENCE: &str = "signaling.example.com";
const ROUNDS: u64 = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let issuer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let peer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let keys = json!({"keys": [jwk(&issuer)]}).to_string();
    let keys = KeySet::parse(keys.as_bytes(), &AccessRules::key_rules())?;
    let config = AccessConfig { audience: AUDIENCE.into(), ..AccessConfig::default() };
    let rules = AccessRules::compile(&config).map_err(|_| "the configuration is wrong")?;

    let jkt =
        ConfirmationKey::parse(&jwk(&peer).to_string()).map_err(|reason| reason.to_string())?.thumbprint();
    let mky = json!([{"alg": "sha-256", "dig": "4A".repeat(32)}]);
    let access = json!({
        "aud": AUDIENCE, "sub": "ada", "jti": "t1", "iat": NOW, "exp": NOW + 600, "room": "r1", "mky": mky,
        "grants": {"pub": ["audio", "video", "data"], "sub": true}, "cnf": {"jkt": jkt.to_string()},
    });
    let assertion =
        json!({"aud": "peers", "sub": "ada", "exp": NOW + 3_600, "cnf": {"jwk": jwk(&peer)}, "mky": mky});
    let token = sign(&issuer, "corsac-access+jwt", &access)?;
    let assertion = sign(&issuer, "corsac-peer+jwt", &assertion)?;
    let nonce = [7; NONCE_BYTES];
    let ath = Digest::of(token.as_bytes()).to_string();
    let pop = json!({"nonce": URL_SAFE_NO_PAD.encode(nonce), "aud": AUDIENCE, "ath": ath, "iat": NOW});
    let pop = sign(&peer, "corsac-pop+jwt", &pop)?;

    let hello = Hello { token: &token, assertion: &assertion, proof: Proof { pop: &pop, nonce: &nonce } };
    let before = cpu_nanoseconds()?;
    for _ in 0..ROUNDS {
        verify_hello(&hello, &rules, &keys, Timestamp::from_secs(NOW))?;
    }
    let each = (cpu_nanoseconds()? - before) / ROUNDS / 1_000;
    writeln!(std::io::stdout(), "verify_hello: {each} µs of CPU time each, {ROUNDS} times")?;
    Ok(())
}

fn jwk(pair: &EcdsaKeyPair) -> Value {
    let point = pair.public_key().as_ref();
    let (x, y) = point.split_at(point.len() / 2 + 1);
    let x = x.split_first().map_or(x, |(_, x)| x);
    json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
}

fn sign(pair: &EcdsaKeyPair, typ: &str, claims: &Value) -> Result<String, Box<dyn Error>> {
    let header = json!({"alg": "ES256", "typ": typ}).to_string();
    let signed = [header, claims.to_string()].map(|text| URL_SAFE_NO_PAD.encode(text)).join(".");
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Of this process, from the scheduler.
fn cpu_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(stat.split(' ').next().unwrap_or_default().parse()?)
}
