//! Forms, headers, keys and signatures of tokens: each known attack, refused with a variant
//! of its own, beside the nearest token that is accepted.

use aws_lc_rs::signature::KeyPair;
use corsac_credentials::{
    Algorithm, Base64Mistake, JsonMistake, KeyRefusal, KeySet, KeySetError, MAX_KEYS, ProviderConfig,
    Refusal, ShapeRefusal,
};
use serde_json::{Value, json};

use crate::minting::{Setup, Signer, b64, claims, config, key_set, provider, unb64};

#[test]
fn good_tokens_of_every_algorithm_are_accepted() {
    let signers = [Signer::es256(), Signer::es384(), Signer::ed25519(), Signer::rs256(), Signer::ps256()];
    for signer in signers {
        let setup = Setup::new(signer);
        let verified = setup.verify(&setup.signer.token(|_| {})).unwrap();
        assert_eq!(verified.principal().subject(), "ada", "{}", setup.signer.alg());
        assert!(setup.keys.contains(verified.key()));
    }
}

#[test]
fn ed25519_may_be_called_by_either_name() {
    let setup = Setup::new(Signer::ed25519());
    setup.accepts(&setup.signer.token_with_header(|header| header["alg"] = "Ed25519".into()));
    setup.refuses(
        &setup.signer.token_with_header(|header| header["alg"] = "ed25519".into()),
        ShapeRefusal::AlgorithmUnknown("ed25519".into()),
    );
}

#[test]
fn none_is_refused_in_every_case() {
    let setup = Setup::new(Signer::es256());
    let payload = b64(claims().to_string());
    for spelling in 0..16 {
        let flip =
            |(index, c): (usize, char)| if spelling >> index & 1 == 1 { c.to_ascii_uppercase() } else { c };
        let alg: String = "none".chars().enumerate().map(flip).collect();
        let header = b64(json!({"alg": alg, "typ": "at+jwt", "kid": "k1"}).to_string());
        setup.refuses(&format!("{header}.{payload}."), ShapeRefusal::AlgorithmNone);
        // With a signature that holds, too.
        setup.refuses(&setup.signer.sign_encoded(&header, &payload), ShapeRefusal::AlgorithmNone);
    }
    for alg in ["none ", "", "nones", "no\u{0}ne"] {
        let token = setup.signer.token_with_header(|header| header["alg"] = alg.into());
        setup.refuses(&token, ShapeRefusal::AlgorithmUnknown(alg.into()));
    }
}

#[test]
fn a_public_key_is_never_a_secret() {
    let setup = Setup::with(&config(&["RS256", "ES256"]), Signer::rs256());
    let Signer::Rs256(pair) = &setup.signer else { panic!() };
    let der = pair.public_key().as_ref().to_vec();
    let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", b64(&der));
    let jwk = setup.signer.jwk().to_string().into_bytes();
    let modulus = unb64(setup.signer.jwk()["n"].as_str().unwrap());
    for secret in [der, pem.into_bytes(), jwk, modulus, Vec::new()] {
        let token = Signer::Hs256(secret).token(|_| {});
        setup.refuses(&token, ShapeRefusal::AlgorithmSymmetric(Algorithm::Hs256));
    }
    for (alg, algorithm) in [("HS384", Algorithm::Hs384), ("HS512", Algorithm::Hs512)] {
        let token = setup.signer.token_with_header(|header| header["alg"] = alg.into());
        setup.refuses(&token, ShapeRefusal::AlgorithmSymmetric(algorithm));
    }
    setup.accepts(&setup.signer.token(|_| {}));
}

#[test]
fn a_key_verifies_its_own_algorithm_only() {
    let setup = Setup::with(&config(&["RS256", "PS256", "ES256"]), Signer::rs256());
    setup.accepts(&setup.signer.token(|_| {}));
    // The same RSA key, the other padding.
    let mismatch = KeyRefusal::AlgorithmMismatch { key: Algorithm::Rs256, token: Algorithm::Ps256 };
    setup.refuses(&Signer::ps256().token(|_| {}), mismatch);
    let mismatch = KeyRefusal::AlgorithmMismatch { key: Algorithm::Rs256, token: Algorithm::Es256 };
    setup.refuses(&Signer::es256().token(|_| {}), mismatch);
    let token = setup.signer.token_with_header(|header| header["alg"] = "RS384".into());
    setup.refuses(&token, ShapeRefusal::AlgorithmNotAllowed(Algorithm::Rs384));
    for alg in ["ES512", "ES256K", "RS1", "rs256", "RSA-OAEP", "dir"] {
        let token = setup.signer.token_with_header(|header| header["alg"] = alg.into());
        setup.refuses(&token, ShapeRefusal::AlgorithmUnknown(alg.into()));
    }
}

#[test]
fn a_key_that_was_chosen_for_another_token_is_refused() {
    let setup = Setup::with(&config(&["ES256", "EdDSA"]), Signer::es256());
    let token = setup.signer.token(|_| {});
    let other = Signer::ed25519().token(|_| {});
    let key = &setup.keys.keys()[0];
    let verify = |token: &str| setup.provider.admit(token).unwrap().verify(key, crate::minting::NOW);
    assert!(verify(&token).is_ok());
    let mismatch = KeyRefusal::AlgorithmMismatch { key: Algorithm::Es256, token: Algorithm::EdDsa };
    assert_eq!(verify(&other).err(), Some(mismatch.into()));
    let renamed = setup.signer.token_with_header(|header| header["kid"] = "k2".into());
    assert_eq!(verify(&renamed).err(), Some(KeyRefusal::Mismatch.into()));
}

#[test]
fn a_key_id_is_compared_and_nothing_else() {
    let setup = Setup::new(Signer::es256());
    for id in [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "x' UNION SELECT 'secret' --",
        "https://attacker.example/jwks.json",
        "k1\u{0}",
        "K1",
        " k1",
        "",
        "`id`\r\nset-cookie: a=b",
        &"k".repeat(256),
    ] {
        let token = setup.signer.token_with_header(|header| header["kid"] = id.into());
        setup.refuses(&token, KeyRefusal::Unknown(id.into()));
        let logged = setup.verify(&token).unwrap_err().to_string();
        assert!(logged.len() < 300 && !logged.contains(char::is_control), "{logged:?}");
    }
    let token = setup.signer.token_with_header(|header| header["kid"] = "k".repeat(257).into());
    setup.refuses(&token, ShapeRefusal::KeyIdTooLong(257));
    for id in [json!(1), json!(null), json!(["k1"]), json!({"k1": 1})] {
        let token = setup.signer.token_with_header(|header| header["kid"] = id);
        setup.refuses(&token, ShapeRefusal::HeaderMember("kid"));
    }
}

#[test]
fn a_token_without_key_id_needs_exactly_one_key() {
    let without = |header: &mut Value| drop(header.as_object_mut().unwrap().remove("kid"));
    let setup = Setup::with(&config(&["ES256", "EdDSA"]), Signer::es256());
    setup.accepts(&setup.signer.token_with_header(without));
    setup.refuses(&Signer::ed25519().token_with_header(without), KeyRefusal::NoneFits(Algorithm::EdDsa));
    let (first, second) = (Signer::es256(), Signer::es256());
    let mut other = second.jwk();
    other["kid"] = "k2".into();
    let provider = provider(&["ES256"]);
    let keys = key_set(&[first.jwk(), other], &provider);
    let verify = |token: &str| provider.verify(token, &keys, crate::minting::NOW);
    assert_eq!(
        verify(&first.token_with_header(without)).err(),
        Some(KeyRefusal::Ambiguous(Algorithm::Es256).into())
    );
    assert!(verify(&first.token(|_| {})).is_ok());
}

#[test]
fn a_token_does_not_bring_its_key() {
    let setup = Setup::new(Signer::es256());
    let attacker = Signer::es256();
    let embedded = [
        ("jwk", attacker.jwk()),
        ("jku", "https://attacker.example/jwks.json".into()),
        ("x5u", "https://attacker.example/cert.pem".into()),
        ("x5c", json!(["MIIB"])),
        ("x5t", "AAAA".into()),
    ];
    for (name, value) in embedded {
        let add = |header: &mut Value| header[name] = value.clone();
        setup.refuses(&attacker.token_with_header(add), KeyRefusal::Signature);
        setup.accepts(&setup.signer.token_with_header(add));
        let unnamed = |header: &mut Value| {
            header[name] = value.clone();
            header.as_object_mut().unwrap().remove("kid");
        };
        setup.refuses(&attacker.token_with_header(unnamed), KeyRefusal::Signature);
    }
}

#[test]
fn any_extension_is_refused() {
    let setup = Setup::new(Signer::es256());
    for crit in
        [json!(["exp"]), json!([]), json!(["b64"]), json!(["http://example.com/x"]), json!(1), json!(null)]
    {
        let token = setup.signer.token_with_header(|header| header["crit"] = crit);
        setup.refuses(&token, ShapeRefusal::Critical);
    }
    for b64 in [json!(false), json!(true), json!("false")] {
        let token = setup.signer.token_with_header(|header| header["b64"] = b64);
        setup.refuses(&token, ShapeRefusal::UnencodedPayload);
    }
    // Unknown, and not critical: RFC 7515, section 4.
    setup.accepts(&setup.signer.token_with_header(|header| header["http://example.com/x"] = 1.into()));
}

#[test]
fn a_token_in_a_token_is_refused() {
    let setup = Setup::new(Signer::es256());
    for cty in ["JWT", "jwt", "application/jwt", "json"] {
        let token = setup.signer.token_with_header(|header| header["cty"] = cty.into());
        setup.refuses(&token, ShapeRefusal::Nested(cty.into()));
    }
    let nested = setup.signer.mint(&setup.signer.header().to_string(), &setup.signer.token(|_| {}));
    let refusal = setup.verify(&nested).unwrap_err();
    assert_eq!(refusal, corsac_credentials::ClaimRefusal::Json(JsonMistake::Syntax).into());
}

#[test]
fn types_are_compared_as_media_types() {
    let setup = Setup::new(Signer::es256());
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        setup.accepts(&setup.signer.token_with_header(|header| header["typ"] = typ.into()));
    }
    for typ in ["JWT", "", "at+jwt ", "text/at+jwt", "application/application/at+jwt", "logout+jwt"] {
        let token = setup.signer.token_with_header(|header| header["typ"] = typ.into());
        setup.refuses(&token, ShapeRefusal::TypeWrong(typ.into()));
    }
    let without = |header: &mut Value| drop(header.as_object_mut().unwrap().remove("typ"));
    setup.refuses(&setup.signer.token_with_header(without), ShapeRefusal::TypeMissing);
    let token = setup.signer.token_with_header(|header| header["typ"] = json!(["at+jwt"]));
    setup.refuses(&token, ShapeRefusal::HeaderMember("typ"));

    let lax = ProviderConfig {
        token_types: vec!["application/JWT".into()],
        type_may_be_absent: true,
        ..config(&["ES256"])
    };
    let setup = Setup::with(&lax, setup.signer);
    setup.accepts(&setup.signer.token_with_header(without));
    setup.accepts(&setup.signer.token_with_header(|header| header["typ"] = "jwt".into()));
    setup.refuses(&setup.signer.token(|_| {}), ShapeRefusal::TypeWrong("at+jwt".into()));
}

#[test]
fn names_stand_once_in_a_header() {
    let setup = Setup::new(Signer::es256());
    let twice = |name: &str| ShapeRefusal::HeaderJson(JsonMistake::Duplicate(name.into()));
    for (header, name) in [
        (r#"{"alg":"ES256","alg":"ES256","kid":"k1","typ":"at+jwt"}"#, "alg"),
        (r#"{"alg":"none","kid":"k1","typ":"at+jwt","alg":"ES256"}"#, "alg"),
        (r#"{"alg":"ES256","\u0061lg":"none","kid":"k1","typ":"at+jwt"}"#, "alg"),
        (r#"{"alg":"ES256","kid":"k1","k\u0069d":"k1","typ":"at+jwt"}"#, "kid"),
        (r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","x":{"y":1,"y":2}}"#, "y"),
    ] {
        setup.refuses(&setup.signer.mint(header, &claims().to_string()), twice(name));
    }
    // An escape alone is another spelling of the same name.
    let header = r#"{"\u0061lg":"ES256","kid":"k1","typ":"at+jwt"}"#;
    setup.accepts(&setup.signer.mint(header, &claims().to_string()));
}

#[test]
fn a_header_is_an_object_with_an_algorithm() {
    let setup = Setup::new(Signer::es256());
    let mint = |header: &str| setup.signer.mint(header, &claims().to_string());
    setup.refuses(&mint("{}"), ShapeRefusal::AlgorithmMissing);
    for header in ["[]", "\"ES256\"", "null", "1"] {
        setup.refuses(&mint(header), ShapeRefusal::HeaderNotObject);
    }
    for header in ["", "{", "{'alg':'ES256'}", "\u{feff}{}", "{\"alg\":NaN}", "{}{}"] {
        setup.refuses(&mint(header), ShapeRefusal::HeaderJson(JsonMistake::Syntax));
    }
    setup.refuses(&mint(&r#"{"a":"#.repeat(1_000)), ShapeRefusal::HeaderJson(JsonMistake::TooDeep));
    for alg in [json!(null), json!(["ES256"]), json!(0), json!({})] {
        let token = setup.signer.token_with_header(|header| header["alg"] = alg);
        setup.refuses(&token, ShapeRefusal::HeaderMember("alg"));
    }
}

#[test]
fn a_token_has_one_spelling() {
    let setup = Setup::new(Signer::es256());
    let good = setup.signer.token(|_| {});
    setup.accepts(&good);
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let base64 = |segment, mistake| ShapeRefusal::Base64 { segment, mistake };
    setup.refuses(&format!(" {good}"), base64("header", Base64Mistake::Byte));
    setup.refuses(&format!("{good}\n"), base64("signature", Base64Mistake::Byte));
    setup.refuses(&format!("{header}.{payload}.{signature}="), base64("signature", Base64Mistake::Padding));
    setup.refuses(&format!("{header}=.{payload}.{signature}"), base64("header", Base64Mistake::Padding));
    setup.refuses(&format!("{header}.{payload}.{signature}A"), KeyRefusal::Signature);
    setup.refuses(&format!("{good}AAA"), base64("signature", Base64Mistake::Length));
    // 64 bytes end in a character of which four bits must be zero.
    let (body, last) = signature.split_at(signature.len() - 1);
    let twin = char::from(last.as_bytes()[0] + 1);
    assert_eq!(signature.len() % 4, 2);
    setup.refuses(
        &format!("{header}.{payload}.{body}{twin}"),
        base64("signature", Base64Mistake::TrailingBits),
    );
    // The signature covers the payload as it is written, whose spelling is checked all the same.
    let padded = setup.signer.sign_encoded(header, &format!("{payload}="));
    setup.refuses(&padded, base64("payload", Base64Mistake::Padding));
    let broken = setup.signer.sign_encoded(header, &format!("{payload}\n"));
    setup.refuses(&broken, base64("payload", Base64Mistake::Byte));
    let standard = setup.signer.sign_encoded(header, "e30+");
    setup.refuses(&standard, base64("payload", Base64Mistake::Byte));
}

#[test]
fn a_token_has_three_segments() {
    let setup = Setup::new(Signer::es256());
    let good = setup.signer.token(|_| {});
    let (signed, _) = good.rsplit_once('.').unwrap();
    setup.refuses("", ShapeRefusal::Segments(1));
    setup.refuses(signed, ShapeRefusal::Segments(2));
    setup.refuses(&format!("{good}."), ShapeRefusal::Segments(4));
    setup.refuses(&format!("{good}.AAAA.AAAA"), ShapeRefusal::Encrypted);
    setup.refuses(&format!("{signed}."), ShapeRefusal::SignatureMissing);
    setup.refuses(&".".repeat(5_000), ShapeRefusal::Segments(5_001));
    setup.refuses(r#"{"protected":"e30","payload":"e30","signature":"AA"}"#, ShapeRefusal::NotCompact);
}

#[test]
fn a_token_has_a_size() {
    let limit = 1_024;
    let short = ProviderConfig { max_token_bytes: limit, ..config(&["ES256"]) };
    let setup = Setup::with(&short, Signer::es256());
    let of_size = |pad: usize| setup.signer.token(|claims| claims["pad"] = "x".repeat(pad).into());
    let (mut fits, mut over) = (of_size(0), String::new());
    for token in (1..).map(of_size) {
        if token.len() > limit {
            over = token;
            break;
        }
        fits = token;
    }
    setup.accepts(&fits);
    setup.refuses(&over, ShapeRefusal::TooLong { bytes: over.len(), limit });
    let huge = "A".repeat(10_000_000);
    setup.refuses(&huge, ShapeRefusal::TooLong { bytes: huge.len(), limit });
}

#[test]
fn a_changed_signature_does_not_hold() {
    for signer in [Signer::es256(), Signer::ed25519(), Signer::rs256(), Signer::ps256()] {
        let setup = Setup::new(signer);
        let good = setup.signer.token(|_| {});
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let bytes = unb64(signature);
        let with = |bytes: &[u8]| format!("{signed}.{}", b64(bytes));
        for bit in [0, 7, bytes.len() * 4, bytes.len() * 8 - 1] {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            setup.refuses(&with(&changed), KeyRefusal::Signature);
        }
        for changed in [&bytes[1..], &bytes[..bytes.len() - 1], &[0; 1], &vec![0; bytes.len()]] {
            setup.refuses(&with(changed), KeyRefusal::Signature);
        }
        setup.refuses(&with(&[&bytes[..], &[0]].concat()), KeyRefusal::Signature);
        setup.refuses(&with(&[&[0], &bytes[..]].concat()), KeyRefusal::Signature);
        let other = setup.signer.token(|claims| claims["sub"] = "eve".into());
        let (other, _) = other.rsplit_once('.').unwrap();
        setup.refuses(&format!("{other}.{signature}"), KeyRefusal::Signature);
    }
}

/// ECDSA has two signatures for one: (r, n - s) holds wherever (r, s) does, and RFC 7518
/// does not forbid it. It changes no claim, so nothing is gained by it; the cache of
/// verified tokens goes by the whole text.
#[test]
fn the_twin_of_an_ecdsa_signature_is_as_good_and_that_of_others_is_not() {
    const P256_ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = unb64(signature);
    let (r, s) = bytes.split_at(32);
    let twin = [r, &minus(&P256_ORDER, s)].concat();
    setup.accepts(&format!("{signed}.{}", b64(&twin)));
    // DER, which is how other protocols write it.
    let der = [&[0x30, 0x44, 2, 0x20], r, &[2, 0x20], s].concat();
    setup.refuses(&format!("{signed}.{}", b64(der)), KeyRefusal::Signature);

    let setup = Setup::new(Signer::ed25519());
    let token = setup.signer.token(|_| {});
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = unb64(signature);
    // s + the order of the group, little-endian.
    let mut order = [0_u8; 32];
    order[..16].copy_from_slice(&[
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    ]);
    order[31] = 0x10;
    let mut carry = 0_u16;
    let sum: Vec<u8> = bytes[32..]
        .iter()
        .zip(order)
        .map(|(a, b)| {
            let sum = u16::from(*a) + u16::from(b) + carry;
            carry = sum >> 8;
            sum.to_le_bytes()[0]
        })
        .collect();
    let twin = [&bytes[..32], &sum].concat();
    setup.refuses(&format!("{signed}.{}", b64(twin)), KeyRefusal::Signature);
}

fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let difference = i16::from(*a) - i16::from(*b) - borrow;
            borrow = i16::from(difference < 0);
            difference.to_le_bytes()[0]
        })
        .collect();
    out.reverse();
    out
}

#[test]
fn a_shared_secret_works_where_it_is_allowed() {
    let secret = ProviderConfig { dangerously_shared_secret: true, ..config(&["HS256"]) };
    let setup = Setup::with(&secret, Signer::Hs256(vec![7; 32]));
    setup.accepts(&setup.signer.token(|_| {}));
    setup.refuses(&Signer::Hs256(vec![8; 32]).token(|_| {}), KeyRefusal::Signature);
    setup.refuses(&Signer::es256().token(|_| {}), ShapeRefusal::AlgorithmNotAllowed(Algorithm::Es256));
    let none = setup.signer.token_with_header(|header| header["alg"] = "None".into());
    setup.refuses(&none, ShapeRefusal::AlgorithmNone);
    let debug = format!("{:?} {:?}", setup.keys, setup.provider);
    assert!(!debug.contains(&b64([7; 32])) && !debug.contains("7, 7"), "{debug}");
}

#[test]
fn too_many_keys_are_no_key_set() {
    let setup = Setup::new(Signer::es256());
    let set = |count: usize| {
        let keys: Vec<Value> = (0..count)
            .map(|index| {
                let mut jwk = setup.signer.jwk();
                jwk["kid"] = index.to_string().into();
                jwk
            })
            .collect();
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes(), &setup.provider.key_rules())
    };
    assert_eq!(set(MAX_KEYS).unwrap().keys().len(), MAX_KEYS);
    assert_eq!(set(MAX_KEYS + 1).err(), Some(KeySetError::TooMany(MAX_KEYS + 1)));
}

#[test]
fn what_is_admitted_is_not_shown() {
    let setup = Setup::new(Signer::es256());
    let token = setup.signer.token(|_| {});
    let debug = format!("{:?}", setup.provider.admit(&token).unwrap());
    for segment in token.split('.') {
        assert!(!debug.contains(segment), "{debug}");
    }
    let refusal: Refusal = KeyRefusal::Signature.into();
    assert!(!format!("{refusal:?}").contains(&token));
}
