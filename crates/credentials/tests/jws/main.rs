//! Signed texts of one type each, and the keys of callers: what is accepted, and the nearest
//! thing that is refused.
#![cfg(test)]

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_credentials::{
    Algorithm, Base64Mistake, ClaimRefusal, Claims, ConfirmationKey, Json, JsonMistake, JwkThumbprint, Jws,
    JwsRules, KeyRefusal, KeyRejection, KeySet, KeySetError, MAX_JWK_BYTES, Refusal, ShapeRefusal, Timestamp,
};
use serde_json::{Value, json};
use std::time::Duration;

const RULES: JwsRules =
    JwsRules { typ: "receipt+jwt", algorithms: &[Algorithm::EdDsa, Algorithm::Es256], max_bytes: 1_024 };

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn sign(&self, header: &Value, payload: &str) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(payload));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", b64(signature))
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)})
    }

    fn key(&self) -> ConfirmationKey {
        ConfirmationKey::parse(&self.jwk().to_string()).unwrap()
    }
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "receipt+jwt"})
}

fn shape(text: &str) -> Option<Refusal> {
    Jws::read(text, &RULES).err()
}

#[test]
fn the_payload_comes_only_with_a_signature() {
    let signer = Signer::new();
    let text = signer.sign(&header(), r#"{"a": 1}"#);
    let jws = Jws::read(&text, &RULES).unwrap();
    assert_eq!((jws.key_id(), jws.algorithm()), (None, Algorithm::Es256));
    assert_eq!(signer.key().verify(&jws), Ok(br#"{"a": 1}"#.to_vec()));
    assert_eq!(Signer::new().key().verify(&jws), Err(KeyRefusal::Signature.into()));
    let shown = format!("{jws:?}");
    assert!(text.split('.').all(|segment| !shown.contains(segment)), "{shown}");
    // Each segment is covered.
    let parts: Vec<&str> = text.split('.').collect();
    let other = b64(r#"{"a": 2}"#);
    let renamed = b64(json!({"alg": "ES256", "typ": "receipt+jwt", "kid": "x"}).to_string());
    let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    signature[40] ^= 1;
    for text in [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{renamed}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], b64(&signature)),
        format!("{}.{}.{}", parts[0], parts[1], b64(&signature[..63])),
    ] {
        let jws = Jws::read(&text, &RULES).unwrap();
        assert_eq!(signer.key().verify(&jws), Err(KeyRefusal::Signature.into()), "{text}");
    }
}

#[test]
fn a_text_is_of_its_type_and_no_other() {
    let signer = Signer::new();
    let of = |typ: Value| shape(&signer.sign(&json!({"alg": "ES256", "typ": typ}), "{}"));
    for typ in ["receipt+jwt", "RECEIPT+JWT", "application/receipt+jwt"] {
        assert_eq!(of(typ.into()), None, "{typ}");
    }
    for typ in
        ["JWT", "receipt", "receipt+jwt2", "other+jwt", "text/receipt+jwt", "application/x/receipt+jwt", ""]
    {
        assert_eq!(of(typ.into()), Some(ShapeRefusal::TypeWrong(typ.into()).into()));
    }
    assert_eq!(of(Value::Null), Some(ShapeRefusal::HeaderMember("typ").into()));
    let untyped = signer.sign(&json!({"alg": "ES256"}), "{}");
    assert_eq!(shape(&untyped), Some(ShapeRefusal::TypeMissing.into()));
}

#[test]
fn a_public_key_is_no_secret_even_if_the_rules_say_so() {
    let signer = Signer::new();
    let careless = JwsRules { algorithms: &[Algorithm::Hs256, Algorithm::Es256], ..RULES };
    let signed = format!("{}.{}", b64(json!({"alg": "HS256", "typ": "receipt+jwt"}).to_string()), b64("{}"));
    for secret in [signer.jwk().to_string().into_bytes(), signer.0.public_key().as_ref().to_vec()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        let text = format!("{signed}.{}", b64(tag));
        let refused = Some(ShapeRefusal::AlgorithmSymmetric(Algorithm::Hs256).into());
        assert_eq!(shape(&text), refused);
        assert_eq!(Jws::read(&text, &careless).err(), refused);
    }
    assert_eq!(careless.key_rules().algorithms(), [Algorithm::Es256]);
    let set = br#"{"keys": [{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    assert!(matches!(KeySet::parse(set, &careless.key_rules()), Err(KeySetError::NoneUsable(_))));
    let only = JwsRules { algorithms: &[Algorithm::Hs256], ..RULES };
    assert!(matches!(KeySet::parse(set, &only.key_rules()), Err(KeySetError::NoneUsable(_))));
}

#[test]
fn algorithms_are_the_rules_own() {
    let signer = Signer::new();
    let of = |alg: &str| shape(&signer.sign(&json!({"alg": alg, "typ": "receipt+jwt"}), "{}"));
    assert_eq!(of("ES256"), None);
    assert_eq!(of("EdDSA"), None);
    for alg in ["none", "None", "NONE"] {
        assert_eq!(of(alg), Some(ShapeRefusal::AlgorithmNone.into()));
    }
    assert_eq!(of("RS256"), Some(ShapeRefusal::AlgorithmNotAllowed(Algorithm::Rs256).into()));
    assert_eq!(of("es256"), Some(ShapeRefusal::AlgorithmUnknown("es256".into()).into()));
    // A key verifies its own algorithm alone, whatever the text says.
    let text = signer.sign(&json!({"alg": "EdDSA", "typ": "receipt+jwt"}), "{}");
    let mismatch = KeyRefusal::AlgorithmMismatch { key: Algorithm::Es256, token: Algorithm::EdDsa };
    assert_eq!(signer.key().verify(&Jws::read(&text, &RULES).unwrap()), Err(mismatch.into()));
}

#[test]
fn a_text_is_short_and_whole() {
    let signer = Signer::new();
    let text = signer.sign(&header(), "{}");
    let tight = JwsRules { max_bytes: text.len(), ..RULES };
    assert!(Jws::read(&text, &tight).is_ok());
    let bytes = text.len();
    let tighter = JwsRules { max_bytes: bytes - 1, ..RULES };
    let long = ShapeRefusal::TooLong { bytes, limit: bytes - 1 };
    assert_eq!(Jws::read(&text, &tighter).err(), Some(long.into()));
    let (signed, _) = text.rsplit_once('.').unwrap();
    assert_eq!(shape(&format!("{signed}.")), Some(ShapeRefusal::SignatureMissing.into()));
    assert_eq!(shape(signed), Some(ShapeRefusal::Segments(2).into()));
    assert_eq!(shape(""), Some(ShapeRefusal::Segments(1).into()));
    let padded = format!("{text}=");
    let refused = signer.key().verify(&Jws::read(&padded, &RULES).unwrap());
    let padding = ShapeRefusal::Base64 { segment: "signature", mistake: Base64Mistake::Padding };
    assert_eq!(refused, Err(padding.into()));
    for (member, refusal) in [("crit", ShapeRefusal::Critical), ("b64", ShapeRefusal::UnencodedPayload)] {
        let mut header = header();
        header[member] = json!(["exp"]);
        assert_eq!(shape(&signer.sign(&header, "{}")), Some(refusal.into()));
    }
    let twice = format!("{}.e30.AA", b64(r#"{"alg":"ES256","typ":"receipt+jwt","alg":"ES256"}"#));
    let duplicate = JsonMistake::Duplicate("alg".into());
    assert_eq!(shape(&twice), Some(ShapeRefusal::HeaderJson(duplicate).into()));
}

#[test]
fn a_key_of_a_set_is_chosen_by_its_name() {
    let signer = Signer::new();
    let mut jwk = signer.jwk();
    jwk["kid"] = "k1".into();
    let other = Ed25519KeyPair::generate().unwrap();
    let other = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(other.public_key())});
    let keys = json!({"keys": [jwk, other]}).to_string();
    let keys = KeySet::parse(keys.as_bytes(), &RULES.key_rules()).unwrap();
    let verify = |kid: Option<&str>| {
        let mut header = header();
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        let text = signer.sign(&header, "{}");
        let jws = Jws::read(&text, &RULES)?;
        jws.verify(keys.select(jws.key_id(), jws.algorithm())?)
    };
    assert_eq!(verify(Some("k1")), Ok(b"{}".to_vec()));
    // There is one key for ES256.
    assert_eq!(verify(None), Ok(b"{}".to_vec()));
    assert_eq!(verify(Some("k2")), Err(KeyRefusal::Unknown("k2".into()).into()));
    // A key that was chosen in another way is held against the name.
    let mut header = header();
    header["kid"] = "k2".into();
    let text = signer.sign(&header, "{}");
    let jws = Jws::read(&text, &RULES).unwrap();
    assert_eq!(jws.verify(&keys.keys()[0]), Err(KeyRefusal::Mismatch.into()));
    // A caller has one key, and its name chooses nothing.
    assert_eq!(signer.key().verify(&jws), Ok(b"{}".to_vec()));
}

/// The key of RFC 7517, appendix A.1, and another; the thumbprints are jwcrypto's:
/// `jwk.JWK(kty="EC", crv="P-256", x=…, y=…).thumbprint()`.
#[test]
fn thumbprints_are_those_of_rfc_7638() {
    for (x, y, thumbprint) in [
        (
            "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
        ),
        (
            "04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY",
            "UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw",
            "jtGSXJVYuZVE0cLF8m4OWz-gvUEtc1LxRfUd7fMBarg",
        ),
    ] {
        // Members in any order, and those that do not count.
        let jwk = json!({"y": y, "x": x, "kty": "EC", "crv": "P-256", "kid": "1", "ext": true,
            "key_ops": ["verify"], "alg": "ES256", "use": "sig"});
        let key = ConfirmationKey::parse(&jwk.to_string()).unwrap();
        assert_eq!(key.thumbprint().to_string(), thumbprint);
        assert_eq!(JwkThumbprint::parse(thumbprint), Some(key.thumbprint()));
        assert_eq!(ConfirmationKey::parse(key.jwk()).unwrap().thumbprint(), key.thumbprint());
        let (first, last) = thumbprint.split_at(42);
        for wrong in
            [first.to_owned(), format!("{thumbprint}="), format!("{thumbprint}A"), format!("{first}!")]
        {
            assert_eq!(JwkThumbprint::parse(&wrong), None, "{wrong}");
        }
        // The last of 43 characters has two bits that mean nothing.
        let spelling = char::from(last.as_bytes()[0] + 1);
        assert_eq!(JwkThumbprint::parse(&format!("{first}{spelling}")), None);
    }
}

#[test]
fn a_callers_key_is_a_public_one_of_p256() {
    let signer = Signer::new();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut jwk = signer.jwk();
        change(&mut jwk);
        ConfirmationKey::parse(&jwk.to_string()).err()
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|jwk| jwk["d"] = "AA".into()), Some(KeyRejection::Private));
    assert_eq!(with(&|jwk| jwk["crv"] = "P-384".into()), Some(KeyRejection::AlgorithmUnstated));
    assert_eq!(with(&|jwk| jwk["crv"] = "secp256k1".into()), Some(KeyRejection::Curve("secp256k1".into())));
    assert_eq!(with(&|jwk| jwk["use"] = "enc".into()), Some(KeyRejection::Use("enc".into())));
    assert_eq!(with(&|jwk| jwk["key_ops"] = json!(["sign"])), Some(KeyRejection::Operations));
    let es384 = KeyRejection::AlgorithmMismatch(Algorithm::Es384);
    assert_eq!(with(&|jwk| jwk["alg"] = "ES384".into()), Some(es384));
    assert_eq!(with(&|jwk| jwk["y"] = jwk["x"].clone()), Some(KeyRejection::Invalid));
    assert_eq!(with(&|jwk| jwk["y"] = Value::Null), Some(KeyRejection::Member("y")));
    let padded = |jwk: &mut Value| jwk["x"] = format!("{}=", jwk["x"].as_str().unwrap()).into();
    let padding = KeyRejection::Base64 { member: "x", mistake: Base64Mistake::Padding };
    assert_eq!(with(&padded), Some(padding));
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let ed25519 = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(ed25519.public_key())}).to_string();
    let secret = json!({"kty": "oct", "k": b64([7; 32])}).to_string();
    let twice = signer.jwk().to_string().replacen('{', r#"{"kty":"EC","#, 1);
    let long = signer.jwk().to_string().replacen('{', &format!("{{{}", " ".repeat(MAX_JWK_BYTES)), 1);
    for (text, rejection) in [
        (ed25519.as_str(), KeyRejection::AlgorithmUnstated),
        (&secret, KeyRejection::Symmetric),
        (&twice, KeyRejection::NotObject),
        (&long, KeyRejection::NotObject),
        ("[]", KeyRejection::NotObject),
        ("", KeyRejection::NotObject),
    ] {
        assert_eq!(ConfirmationKey::parse(text).err(), Some(rejection), "{text}");
    }
    assert_eq!(ConfirmationKey::read(&Json::Null).err(), Some(KeyRejection::NotObject));
}

#[test]
fn claims_are_read_once_each() {
    let claims =
        Claims::read(br#"{"sub": "ada", "n": 1, "aud": ["a", "b"], "empty": "", "bell": "\u0007"}"#).unwrap();
    assert_eq!(claims.name("sub"), Ok("ada"));
    assert_eq!(claims.text("empty"), Ok(""));
    assert_eq!(claims.name("empty"), Err(ClaimRefusal::Character("empty".into())));
    assert_eq!(claims.name("bell"), Err(ClaimRefusal::Character("bell".into())));
    assert_eq!(claims.text("n"), Err(ClaimRefusal::WrongType("n".into())));
    assert_eq!(claims.required("m"), Err(ClaimRefusal::Missing("m".into())));
    assert_eq!(claims.check_audience("b"), Ok(()));
    assert_eq!(claims.check_audience("c"), Err(ClaimRefusal::Audience("a".into())));
    assert_eq!(claims.check_issuer("i"), Err(ClaimRefusal::Missing("iss".into())));
    assert!(!format!("{claims:?}").contains("ada"));
    assert_eq!(Claims::read(b"[]"), Err(ClaimRefusal::NotObject));
    let duplicate = JsonMistake::Duplicate("a".into());
    assert_eq!(Claims::read(br#"{"a": 1, "a": 1}"#), Err(ClaimRefusal::Json(duplicate)));
    let long = format!(r#"{{"fits": "{}", "long": "{}"}}"#, "x".repeat(256), "x".repeat(257));
    let claims = Claims::read(long.as_bytes()).unwrap();
    assert!(claims.name("fits").is_ok());
    assert_eq!(claims.name("long"), Err(ClaimRefusal::TooLong("long".into())));
}

#[test]
fn dates_say_now() {
    let claims = Claims::read(br#"{"iat": 99.5, "nbf": 90, "exp": 200.9}"#).unwrap();
    let at = |now| claims.check_dates(Duration::from_secs(10), Timestamp::from_secs(now));
    let dates = at(90).unwrap();
    let (expires_at, issued_at) = (Some(Timestamp::from_secs(200)), Some(Timestamp::from_secs(100)));
    assert_eq!((dates.expires_at, dates.issued_at), (expires_at, issued_at));
    assert!(at(199).is_ok());
    assert_eq!(at(200), Err(ClaimRefusal::Expired { at: Timestamp::from_secs(200) }));
    assert_eq!(at(89), Err(ClaimRefusal::IssuedInFuture { at: Timestamp::from_secs(100) }));
    assert_eq!(at(79), Err(ClaimRefusal::NotYetValid { from: Timestamp::from_secs(90) }));
}
