//! A JWT, cold and from the cache, beside its signature alone and jsonwebtoken.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{KeySet, Provider, ProviderConfig, Timestamp, VerifiedCache};
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::measure::{Case, Table, cell, measure};

const NOW: Timestamp = Timestamp::from_secs(4_000_000_000);

struct Signed {
    alg: &'static str,
    jwk: Value,
    parameters: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
    message: String,
    signature: Vec<u8>,
}

pub(crate) fn run() -> Table {
    let header = [
        "algorithm",
        "Corsac",
        "Corsac, cached",
        "signature alone, key parsed once",
        "key parsed each time",
        "jsonwebtoken",
    ];
    let mut table = Table::new("A JWT of 450 bytes of claims (time, allocations)", &header);
    for signed in [es256(), ed25519(), rs256()].into_iter().flatten() {
        if let Some(row) = row(&signed) {
            table.row(row);
        }
    }
    table
}

fn row(signed: &Signed) -> Option<Vec<String>> {
    let token = format!("{}.{}", signed.message, b64(&signed.signature));
    let provider = Provider::compile(&ProviderConfig {
        name: "bench".into(),
        issuer: "https://id.example.com".into(),
        audiences: vec!["https://api.example.com".into()],
        algorithms: vec![signed.alg.into()],
        roles_claim: Some("roles".into()),
        ..ProviderConfig::default()
    })
    .ok()?;
    let keys =
        KeySet::parse(json!({"keys": [signed.jwk]}).to_string().as_bytes(), &provider.key_rules()).ok()?;
    let mut cache = VerifiedCache::new(1_000, [1; 32]);
    let verified = provider.verify(&token, &keys, NOW).ok()?;
    cache.insert(&provider.admit(&token).ok()?, &verified, NOW);
    let parsed = ParsedPublicKey::new(signed.parameters, &signed.public).ok()?;
    let unparsed = UnparsedPublicKey::new(signed.parameters, &signed.public);
    let theirs = DecodingKey::from_jwk(&serde_json::from_value(signed.jwk.clone()).ok()?).ok()?;
    let mut validation = Validation::new(signed.alg.parse().ok()?);
    validation.set_audience(&["https://api.example.com"]);
    validation.set_issuer(&["https://id.example.com"]);
    let message = signed.message.as_bytes();
    let mut cases = [
        Case::new(|| (), |()| sure(provider.verify(&token, &keys, NOW).is_ok())),
        Case::new(|| (), |()| sure(cache.get(&provider, &token, &keys, NOW).is_some())),
        Case::new(|| (), |()| sure(parsed.verify_sig(message, &signed.signature).is_ok())),
        Case::new(|| (), |()| sure(unparsed.verify(message, &signed.signature).is_ok())),
        Case::new(|| (), |()| sure(jsonwebtoken::decode::<Value>(&token, &theirs, &validation).is_ok())),
    ];
    let figures = measure(&mut cases);
    let mut cells = vec![signed.alg.to_owned()];
    cells.extend(figures.into_iter().map(cell));
    Some(cells)
}

fn sure(accepted: bool) {
    assert!(std::hint::black_box(accepted), "a good token is refused");
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn message(alg: &str) -> String {
    let now = NOW.as_secs();
    let claims = json!({
        "iss": "https://id.example.com", "aud": ["https://api.example.com", "https://id.example.com/userinfo"],
        "sub": "auth0|6536f1a2b3c4d5e6f7a8b9c0", "iat": now - 10, "nbf": now - 10, "exp": now + 600,
        "scope": "openid profile email read:items write:items", "roles": ["editor", "reviewer"],
        "client_id": "5f2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", "jti": "b7f0c1d2-3e4f-4a5b-8c6d-7e8f9a0b1c2d",
        "email": "ada@example.com", "name": "Ada Lovelace", "tenant": "acme",
    });
    let header = json!({"alg": alg, "typ": "at+jwt", "kid": "2026-11-key-1"});
    format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
}

fn jwk(alg: &str, members: &Value) -> Value {
    let mut jwk = members.clone();
    if let Some(object) = jwk.as_object_mut() {
        let more = [("alg", alg), ("kid", "2026-11-key-1"), ("use", "sig")];
        object.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
    }
    jwk
}

fn es256() -> Option<Signed> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    let (x, y) = public.get(1..)?.split_at_checked(32)?;
    let jwk = jwk("ES256", &json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)}));
    let message = message("ES256");
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).ok()?.as_ref().to_vec();
    Some(Signed { alg: "ES256", jwk, parameters: &ECDSA_P256_SHA256_FIXED, public, message, signature })
}

fn ed25519() -> Option<Signed> {
    let pair = Ed25519KeyPair::generate().ok()?;
    let public = pair.public_key().as_ref().to_vec();
    let jwk = jwk("EdDSA", &json!({"kty": "OKP", "crv": "Ed25519", "x": b64(&public)}));
    let message = message("EdDSA");
    let signature = pair.sign(message.as_bytes()).as_ref().to_vec();
    Some(Signed { alg: "EdDSA", jwk, parameters: &ED25519, public, message, signature })
}

fn rs256() -> Option<Signed> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let key = pair.public_key();
    let (n, e) = (key.modulus(), key.exponent());
    let (n, e) = (b64(n.big_endian_without_leading_zero()), b64(e.big_endian_without_leading_zero()));
    let jwk = jwk("RS256", &json!({"kty": "RSA", "n": n, "e": e}));
    let message = message("RS256");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).ok()?;
    let public = key.as_ref().to_vec();
    Some(Signed { alg: "RS256", jwk, parameters: &RSA_PKCS1_2048_8192_SHA256, public, message, signature })
}
