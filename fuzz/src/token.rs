//! Any two texts as the header and the payload of a JWT, signed, so that its claims are read.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{KeySet, Principal, Provider, Timestamp};
use serde_json::{Value, json};

use crate::key_set::{is_one_line, provider};

const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

/// A token is accepted only if a plain reading of it allows that; whole bytes that nobody
/// signed never are; and a refusal has none of the token in it.
pub fn token(bytes: &[u8]) {
    static SETUP: LazyLock<(Provider, KeySet)> = LazyLock::new(|| {
        let provider = provider(&["HS256"]);
        let keys = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(SECRET)}]});
        let keys = KeySet::parse(keys.to_string().as_bytes(), &provider.key_rules()).expect("one good key");
        (provider, keys)
    });
    let (provider, keys) = &*SETUP;
    let verify = |token: &str| provider.verify(token, keys, Timestamp::from_secs(NOW));
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(verify(text).is_err(), "nobody signed it");
    }
    let split = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, payload) = (&bytes[..split], bytes.get(split + 1..).unwrap_or_default());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &SECRET), signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(tag.as_ref());
    match verify(&format!("{signed}.{signature}")) {
        Ok(verified) => check(header, payload, verified.principal()),
        Err(refusal) => {
            let logged = refusal.to_string();
            assert!(is_one_line(&logged) && !logged.contains(&signature), "{logged}");
        }
    }
}

fn check(header: &[u8], payload: &[u8], principal: &Principal) {
    let header: Value = serde_json::from_slice(header).expect("JSON");
    let claims: Value = serde_json::from_slice(payload).expect("JSON");
    assert_eq!(header["alg"], "HS256");
    let typ = header["typ"].as_str().expect("a type").to_ascii_lowercase();
    assert!(matches!(typ.as_str(), "at+jwt" | "application/at+jwt"), "{typ}");
    // The only key has no name.
    for name in ["crit", "b64", "cty", "kid"] {
        assert!(header.get(name).is_none(), "{header}");
    }
    assert_eq!(claims["iss"], "i");
    let ours = |audience: &Value| audience == "a";
    assert!(ours(&claims["aud"]) || claims["aud"].as_array().is_some_and(|list| list.iter().any(ours)));
    assert_eq!(claims["sub"].as_str(), Some(principal.subject()));
    check_dates(&claims);
    for role in principal.roles() {
        let written = &claims["realm"]["roles"];
        assert!(
            written == role.as_str()
                || written.as_array().is_some_and(|list| list.iter().any(|own| own == role.as_str()))
        );
    }
    assert_eq!(claims.get("kept").is_some(), principal.claim("kept").is_some());
}

fn check_dates(claims: &Value) {
    let (now, exp) = (1.8e9, claims["exp"].as_f64().expect("a date"));
    assert!(exp >= now + 1.0 && exp < 253_402_300_800.0, "{exp}");
    let from = claims["iat"].as_f64().unwrap_or(now);
    assert!(exp - from < 86_402.0 && from <= now + 30.0, "{exp} {from}");
    assert!(claims["nbf"].as_f64().is_none_or(|nbf| nbf <= now + 30.0));
    for name in ["nbf", "iat"] {
        assert!(claims.get(name).is_none_or(|date| date.as_f64().is_some_and(|date| date >= 0.0)));
    }
}
