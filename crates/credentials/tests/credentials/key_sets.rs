//! Sets of keys: each key is admitted or rejected for itself.

use corsac_credentials::{
    Algorithm, Base64Mistake, JsonMistake, KeyRejection, KeySet, KeySetError, MAX_KEY_SET_BYTES, Provider,
    ProviderConfig,
};
use serde_json::{Value, json};

use crate::minting::{NOW, Signer, b64, config, key_set, provider, unb64};

/// Why a key beside a good one is rejected.
#[track_caller]
fn rejection(provider: &Provider, key: Value) -> KeyRejection {
    let mut good = Signer::es256().jwk();
    good["kid"] = "good".into();
    let set = key_set(&[key, good], provider);
    assert_eq!(set.keys().len(), 1, "both keys are admitted");
    assert_eq!(set.keys()[0].id(), Some("good"));
    assert_eq!(set.rejected()[0].index, 0);
    set.rejected()[0].reason.clone()
}

fn with(mut key: Value, name: &str, value: impl Into<Value>) -> Value {
    key[name] = value.into();
    key
}

fn without(mut key: Value, name: &str) -> Value {
    key.as_object_mut().unwrap().remove(name);
    key
}

fn any() -> Provider {
    provider(&["ES256", "ES384", "EdDSA", "RS256"])
}

#[test]
fn the_purpose_of_a_key_is_to_verify() {
    let (provider, ec) = (any(), Signer::es256().jwk());
    for fine in [
        without(ec.clone(), "use"),
        with(ec.clone(), "key_ops", json!(["verify"])),
        with(without(ec.clone(), "use"), "key_ops", json!(["verify"])),
    ] {
        assert_eq!(key_set(&[fine], &provider).rejected(), []);
    }
    assert_eq!(rejection(&provider, with(ec.clone(), "use", "enc")), KeyRejection::Use("enc".into()));
    assert_eq!(rejection(&provider, with(ec.clone(), "use", "SIG")), KeyRejection::Use("SIG".into()));
    assert_eq!(rejection(&provider, with(ec.clone(), "use", 1)), KeyRejection::Member("use"));
    for operations in [json!([]), json!(["encrypt"]), json!(["sign", "verify"]), json!(["verify", 1])] {
        assert_eq!(rejection(&provider, with(ec.clone(), "key_ops", operations)), KeyRejection::Operations);
    }
    assert_eq!(rejection(&provider, with(ec, "key_ops", "verify")), KeyRejection::Member("key_ops"));
}

#[test]
fn the_algorithm_of_a_key_is_one_and_ours() {
    let provider = any();
    let (ec, rsa) = (Signer::es256().jwk(), Signer::rs256().jwk());
    let set =
        key_set(&[without(rsa.clone(), "alg"), without(with(ec.clone(), "kid", "2"), "alg")], &provider);
    let algorithms: Vec<Algorithm> = set.keys().iter().map(|key| key.algorithm()).collect();
    assert_eq!(algorithms, [Algorithm::Rs256, Algorithm::Es256]);
    let two = crate::minting::provider(&["RS256", "PS256", "ES256"]);
    assert_eq!(rejection(&two, without(rsa.clone(), "alg")), KeyRejection::AlgorithmUnstated);
    let not_allowed = KeyRejection::AlgorithmNotAllowed(Algorithm::Ps256);
    assert_eq!(rejection(&provider, with(rsa.clone(), "alg", "PS256")), not_allowed);
    let mismatch = |algorithm| KeyRejection::AlgorithmMismatch(algorithm);
    assert_eq!(rejection(&provider, with(rsa.clone(), "alg", "ES256")), mismatch(Algorithm::Es256));
    assert_eq!(rejection(&provider, with(ec.clone(), "alg", "ES384")), mismatch(Algorithm::Es384));
    assert_eq!(rejection(&provider, with(ec.clone(), "alg", "HS256")), mismatch(Algorithm::Hs256));
    for name in ["none", "RSA-OAEP", "ES512", "es256"] {
        let unknown = KeyRejection::AlgorithmUnknown(name.into());
        assert_eq!(rejection(&provider, with(rsa.clone(), "alg", name)), unknown);
    }
    assert_eq!(rejection(&provider, with(rsa, "alg", 256)), KeyRejection::Member("alg"));
    let es256 = crate::minting::provider(&["ES256"]);
    assert_eq!(rejection(&es256, without(Signer::es384().jwk(), "alg")), KeyRejection::AlgorithmUnstated);
}

#[test]
fn curves_and_points_go_together() {
    let (provider, ec) = (any(), Signer::es256().jwk());
    assert_eq!(
        rejection(&provider, with(ec.clone(), "crv", "P-384")),
        KeyRejection::AlgorithmMismatch(Algorithm::Es256)
    );
    let p384 = with(without(ec.clone(), "alg"), "crv", "P-384");
    assert_eq!(rejection(&provider, p384), KeyRejection::Invalid);
    for curve in ["P-521", "secp256k1", "p-256", "Ed25519"] {
        assert_eq!(rejection(&provider, with(ec.clone(), "crv", curve)), KeyRejection::Curve(curve.into()));
    }
    assert_eq!(rejection(&provider, without(ec.clone(), "crv")), KeyRejection::Member("crv"));
    assert_eq!(rejection(&provider, without(ec.clone(), "y")), KeyRejection::Member("y"));
    let y = unb64(ec["y"].as_str().unwrap());
    // Off the curve, at infinity, and of another length.
    for wrong in [b64([1; 32]), b64([0; 32]), b64(&y[1..]), b64([&[0], &y[..]].concat())] {
        assert_eq!(rejection(&provider, with(ec.clone(), "y", wrong)), KeyRejection::Invalid);
    }
    let padded = format!("{}=", ec["x"].as_str().unwrap());
    let mistake = Base64Mistake::Padding;
    assert_eq!(rejection(&provider, with(ec, "x", padded)), KeyRejection::Base64 { member: "x", mistake });
}

#[test]
fn edwards_keys_have_32_bytes_and_a_large_order() {
    let (provider, okp) = (any(), Signer::ed25519().jwk());
    assert_eq!(key_set(std::slice::from_ref(&okp), &provider).rejected(), []);
    for curve in ["Ed448", "X25519"] {
        assert_eq!(rejection(&provider, with(okp.clone(), "crv", curve)), KeyRejection::Curve(curve.into()));
    }
    assert_eq!(rejection(&provider, with(okp.clone(), "x", b64([9; 31]))), KeyRejection::Invalid);
    assert_eq!(rejection(&provider, with(okp.clone(), "x", b64([9; 33]))), KeyRejection::Invalid);
    let mut p = [0xff; 32];
    p[31] = 0x7f;
    let (mut one, mut negative) = ([0; 32], [0; 32]);
    one[0] = 1;
    negative[0] = 1;
    negative[31] = 0x80;
    for low in [0xec, 0xed, 0xee].map(|first| [&[first], &p[1..]].concat()) {
        assert_eq!(rejection(&provider, with(okp.clone(), "x", b64(low))), KeyRejection::SmallOrder);
    }
    for low in [[0; 32], one, negative] {
        assert_eq!(rejection(&provider, with(okp.clone(), "x", b64(low))), KeyRejection::SmallOrder);
    }
    let eighth = "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU";
    assert_eq!(rejection(&provider, with(okp, "x", eighth)), KeyRejection::SmallOrder);
}

#[test]
fn rsa_keys_have_a_size() {
    let (provider, rsa) = (any(), Signer::rs256().jwk());
    let n = unb64(rsa["n"].as_str().unwrap());
    let of = |modulus: &[u8]| with(rsa.clone(), "n", b64(modulus));
    assert_eq!(rejection(&provider, of(&n[128..])), KeyRejection::RsaModulus(bits(&n[128..])));
    let short = [&[0x7f], &n[1..]].concat();
    assert_eq!(rejection(&provider, of(&short)), KeyRejection::RsaModulus(2_047));
    let long = [&[1], &[0xff; 1024][..]].concat();
    assert_eq!(rejection(&provider, of(&long)), KeyRejection::RsaModulus(8_193));
    assert_eq!(rejection(&provider, of(&[])), KeyRejection::RsaModulus(0));
    let even = [&n[..255], &[0]].concat();
    assert_eq!(rejection(&provider, of(&even)), KeyRejection::RsaModulus(2_048));
    // The same number with a leading zero is the same key.
    let set = key_set(&[of(&[&[0], &n[..]].concat())], &provider);
    assert!(provider.verify(&Signer::rs256().token(|_| {}), &set, NOW).is_ok());
    for exponent in [&[][..], &[1], &[3], &[1, 0, 0], &[0xff, 0xff], &[1, 0, 0, 0, 1], &[1; 300]] {
        assert_eq!(rejection(&provider, with(rsa.clone(), "e", b64(exponent))), KeyRejection::RsaExponent);
    }
    for exponent in [&[1, 0, 1][..], &[0, 1, 0, 1], &[1, 0, 3]] {
        assert_eq!(key_set(&[with(rsa.clone(), "e", b64(exponent))], &provider).rejected(), []);
    }
}

fn bits(number: &[u8]) -> usize {
    let start = number.iter().position(|byte| *byte != 0).unwrap();
    (number.len() - start) * 8 - number[start].leading_zeros() as usize
}

#[test]
fn secrets_are_local_long_and_alone() {
    let oct = Signer::Hs256(vec![9; 32]).jwk();
    assert_eq!(rejection(&any(), oct.clone()), KeyRejection::MixedSet);
    let alone = KeySet::parse(json!({"keys": [oct]}).to_string().as_bytes(), &any().key_rules());
    let Err(KeySetError::NoneUsable(rejected)) = alone else { panic!("{alone:?}") };
    assert_eq!(rejected[0].reason, KeyRejection::Symmetric);

    let local = ProviderConfig { dangerously_shared_secret: true, ..config(&["HS256", "HS384", "HS512"]) };
    let local = Provider::compile(&local).unwrap();
    let parse =
        |keys: &[Value]| KeySet::parse(json!({"keys": keys}).to_string().as_bytes(), &local.key_rules());
    for (alg, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let of = |length: usize| with(Signer::Hs256(vec![9; length]).jwk(), "alg", alg);
        assert_eq!(parse(&[of(least)]).unwrap().rejected(), []);
        assert_eq!(parse(&[with(of(least), "key_ops", json!(["sign", "verify"]))]).unwrap().rejected(), []);
        for length in [0, least - 1] {
            let Err(KeySetError::NoneUsable(rejected)) = parse(&[of(length)]) else {
                panic!("{alg} {length}")
            };
            assert_eq!(rejected[0].reason, KeyRejection::SecretTooShort(length));
        }
    }
    let Err(KeySetError::NoneUsable(rejected)) =
        parse(&[oct.clone(), with(Signer::es256().jwk(), "kid", "2")])
    else {
        panic!()
    };
    assert_eq!(rejected[0].reason, KeyRejection::MixedSet);
    assert_eq!(rejected[1].reason, KeyRejection::AlgorithmNotAllowed(Algorithm::Es256));
    let Err(KeySetError::NoneUsable(rejected)) = parse(&[without(oct, "alg")]) else { panic!() };
    assert_eq!(rejected[0].reason, KeyRejection::AlgorithmUnstated);
}

#[test]
fn keys_with_one_name_are_all_rejected() {
    let (a, b, c) = (Signer::es256().jwk(), Signer::ed25519().jwk(), Signer::es256().jwk());
    let set = key_set(&[a.clone(), b, with(c.clone(), "kid", "2")], &any());
    assert_eq!(set.keys().len(), 1);
    assert_eq!(set.keys()[0].id(), Some("2"));
    assert!(set.rejected().iter().all(|key| key.reason == KeyRejection::DuplicateId));
    // A bad key spoils the name, too: nobody knows which of them is meant.
    let spoilt = with(with(c.clone(), "kid", "2"), "use", "enc");
    let set = key_set(&[a.clone(), spoilt, with(Signer::es256().jwk(), "kid", "2")], &any());
    assert_eq!(set.keys().len(), 1);
    assert!(set.rejected().iter().all(|key| key.reason == KeyRejection::DuplicateId));
    // No name is not the same name.
    assert_eq!(key_set(&[without(a, "kid"), without(c, "kid")], &any()).keys().len(), 2);
}

#[test]
fn a_key_is_an_object_with_a_kind_and_a_name_of_some_length() {
    let (provider, ec) = (any(), Signer::es256().jwk());
    for other in [json!(null), json!("key"), json!([]), json!(1)] {
        assert_eq!(rejection(&provider, other), KeyRejection::NotObject);
    }
    assert_eq!(rejection(&provider, without(ec.clone(), "kty")), KeyRejection::Member("kty"));
    assert_eq!(rejection(&provider, with(ec.clone(), "kty", "ec")), KeyRejection::Type("ec".into()));
    assert_eq!(
        rejection(&provider, with(ec.clone(), "kty", "RSA")),
        KeyRejection::AlgorithmMismatch(Algorithm::Es256)
    );
    assert_eq!(rejection(&provider, with(ec.clone(), "kid", 1)), KeyRejection::Member("kid"));
    assert_eq!(rejection(&provider, with(ec.clone(), "kid", "k".repeat(257))), KeyRejection::IdTooLong(257));
    assert_eq!(rejection(&provider, with(ec, "d", b64([1; 32]))), KeyRejection::Private);
}

#[test]
fn a_set_is_an_object_with_a_list() {
    let rules = any().key_rules();
    let error = |text: &str| KeySet::parse(text.as_bytes(), &rules).unwrap_err();
    for text in ["{}", "[]", "null", r#"{"keys": {}}"#, r#"{"keys": null}"#] {
        assert_eq!(error(text), KeySetError::NotKeySet);
    }
    assert_eq!(error(r#"{"keys": []}"#), KeySetError::NoneUsable(Vec::new()));
    assert_eq!(error("<html>"), KeySetError::Json(JsonMistake::Syntax));
    assert_eq!(error(""), KeySetError::Json(JsonMistake::Syntax));
    let twice = KeySetError::Json(JsonMistake::Duplicate("keys".into()));
    assert_eq!(error(r#"{"keys": [], "keys": []}"#), twice);
    let twice = KeySetError::Json(JsonMistake::Duplicate("kid".into()));
    assert_eq!(error(r#"{"keys": [{"kid": "a", "kid": "b"}]}"#), twice);
    let pad = " ".repeat(MAX_KEY_SET_BYTES);
    let good = json!({"keys": [Signer::es256().jwk()]}).to_string();
    assert_eq!(error(&format!("{good}{pad}")), KeySetError::TooLong(good.len() + MAX_KEY_SET_BYTES));
    let fits = format!("{good}{}", " ".repeat(MAX_KEY_SET_BYTES - good.len()));
    assert!(KeySet::parse(fits.as_bytes(), &rules).is_ok());
}

#[test]
fn thumbprints_tell_keys_apart() {
    let (provider, ec) = (any(), Signer::es256().jwk());
    let print = |key: Value| key_set(&[key], &provider).keys()[0].thumbprint();
    assert_eq!(print(ec.clone()), print(without(ec.clone(), "use")));
    assert_ne!(print(ec.clone()), print(with(ec.clone(), "kid", "k2")));
    assert_ne!(print(ec.clone()), print(without(ec.clone(), "kid")));
    assert_ne!(print(ec), print(Signer::es256().jwk()));
}
