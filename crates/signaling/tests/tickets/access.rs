//! Access tokens and assertions.

use corsac_credentials::{
    Algorithm, ClaimRefusal, JsonMistake, KeyRefusal, KeySet, Refusal, ShapeRefusal, Timestamp,
};
use corsac_signaling::{Access, AccessRules, Code, Denial, Grants, IcePolicy, Kind, Part, Reason};
use serde_json::{Value, json};

use crate::minting::{AUDIENCE, NOW, Signer, World, b64, config, with, without};

fn refused(denial: Result<Access, Denial>, reason: impl Into<Reason>) {
    let denial = denial.expect_err("the token is accepted");
    assert_eq!(denial, Denial { part: Part::Access, code: Code::Token, reason: reason.into() });
}

fn claim(refusal: ClaimRefusal) -> Reason {
    Reason::from(refusal)
}

#[test]
fn a_good_token_says_what_it_says() {
    for issuer in [Signer::es256(), Signer::ed25519()] {
        let world = World::new(issuer);
        let token = world.access(|_| {});
        let access = world.verify_access(&token).unwrap();
        assert_eq!((access.sub.as_str(), access.jti.as_str(), access.room.as_str()), ("ada", "t1", "r1"));
        assert_eq!((access.iat.as_secs(), access.exp.as_secs()), (NOW.as_secs() - 10, NOW.as_secs() + 590));
        let publish = [Kind::Audio, Kind::Video, Kind::Data].into_iter().collect();
        assert_eq!(access.grants, Grants { publish, subscribe: true, ..Grants::default() });
        assert_eq!((access.ice, access.max_bps), (IcePolicy::NoPrivate, Some(2_500_000)));
        assert_eq!(access.key.to_string(), world.peer.jkt());
        assert!(access.media_keys.unwrap().contains("sha-256", &[0x4a; 32]));
    }
}

#[test]
fn a_token_grants_nothing_that_it_does_not_say() {
    let world = World::new(Signer::es256());
    let access = |change: &dyn Fn(&mut Value)| world.verify_access(&world.access(change));
    let none = access(&without("grants")).unwrap();
    assert_eq!(none.grants, Grants::default());
    assert_eq!(access(&|claims| claims["grants"] = json!({})).unwrap().grants, Grants::default());
    let plain =
        access(&|claims| ["ice", "max_bps", "mky"].into_iter().for_each(|name| without(name)(claims)));
    let plain = plain.unwrap();
    assert_eq!((plain.ice, plain.max_bps, plain.media_keys), (IcePolicy::All, None, None));
    let few = access(&|claims| claims["grants"] = json!({"mod": true, "rec": true})).unwrap().grants;
    assert!(few.duties.moderate && few.duties.record && !few.subscribe && few.publish.is_empty());
}

#[test]
fn a_member_that_is_not_what_its_name_promises_is_refused() {
    let world = World::new(Signer::es256());
    let wrong: [(&'static str, Vec<Value>); 5] = [
        (
            "grants",
            vec![
                json!([]),
                Value::Null,
                json!({"pub": ["audio", "smell"]}),
                json!({"pub": "audio"}),
                json!({"pub": [1]}),
                json!({"sub": 1}),
                json!({"mod": "true"}),
                json!({"rec": null}),
                json!({"admin": true}),
            ],
        ),
        ("ice", vec![json!("Relay"), json!(""), json!(["relay"]), Value::Null]),
        ("max_bps", vec![json!(-1), json!(1.5), json!("1"), json!(1e30), Value::Null]),
        (
            "cnf",
            vec![
                json!({}),
                json!("x"),
                json!({"jkt": "x"}),
                json!({"jkt": 1}),
                json!({"jwk": world.peer.jwk()}),
            ],
        ),
        (
            "mky",
            vec![
                json!({}),
                json!([{"alg": "sha-1", "dig": "4A".repeat(20)}]),
                json!([{"alg": "sha-256", "dig": "4A"}]),
            ],
        ),
    ];
    for (name, values) in wrong {
        for value in values {
            refused(world.verify_access(&world.access(with(name, value))), Reason::Value(name));
        }
    }
}

#[test]
fn required_members_are_there() {
    let world = World::new(Signer::es256());
    for name in ["aud", "sub", "jti", "iat", "exp", "room", "cnf"] {
        refused(world.verify_access(&world.access(without(name))), claim(ClaimRefusal::Missing(name.into())));
    }
    for name in ["sub", "jti", "room"] {
        let of = |value: Value| world.verify_access(&world.access(with(name, value)));
        assert!(of(json!("x".repeat(256))).is_ok());
        refused(of(json!("x".repeat(257))), claim(ClaimRefusal::TooLong(name.into())));
        refused(of(json!("")), claim(ClaimRefusal::Character(name.into())));
        refused(of(json!("a\nb")), claim(ClaimRefusal::Character(name.into())));
        refused(of(json!(1)), claim(ClaimRefusal::WrongType(name.into())));
    }
}

#[test]
fn a_token_lives_ten_minutes_at_most() {
    let world = World::new(Signer::es256());
    let now = NOW.as_secs();
    let of = |iat: u64, exp: u64| {
        world.verify_access(&world.access(|claims| {
            claims["iat"] = iat.into();
            claims["exp"] = exp.into();
        }))
    };
    assert!(of(now, now + 600).is_ok());
    refused(of(now, now + 601), claim(ClaimRefusal::Lifetime { seconds: 601, limit: 600 }));
    assert!(of(now - 599, now + 1).is_ok());
    refused(of(now - 600, now), claim(ClaimRefusal::Expired { at: NOW }));
    assert!(of(now + 30, now + 600).is_ok());
    let at = Timestamp::from_secs(now + 31);
    refused(of(now + 31, now + 600), claim(ClaimRefusal::IssuedInFuture { at }));
    let fraction = world.access(|claims| {
        claims["iat"] = now.into();
        claims["exp"] = json!(1_800_000_600.9);
    });
    assert!(world.verify_access(&fraction).is_ok());
    let from = Timestamp::from_secs(now + 31);
    assert!(world.verify_access(&world.access(with("nbf", now + 30))).is_ok());
    refused(
        world.verify_access(&world.access(with("nbf", now + 31))),
        claim(ClaimRefusal::NotYetValid { from }),
    );
}

#[test]
fn a_token_is_for_this_server() {
    let world = World::new(Signer::es256());
    let of = |aud: Value| world.verify_access(&world.access(with("aud", aud)));
    assert!(of(json!(["other", AUDIENCE])).is_ok());
    refused(of(json!("other")), claim(ClaimRefusal::Audience("other".into())));
    refused(of(json!(["peers"])), claim(ClaimRefusal::Audience("peers".into())));
    refused(of(json!([])), claim(ClaimRefusal::Audience(String::new())));
    refused(of(json!(format!("{AUDIENCE}.evil"))), claim(ClaimRefusal::Audience(format!("{AUDIENCE}.evil"))));
}

#[test]
fn an_issuer_counts_where_one_is_configured() {
    let mut world = World::new(Signer::es256());
    let [none, own, other] = [None, Some("https://id.example.com"), Some("https://id.example.org")]
        .map(|issuer| world.access(|claims| issuer.map_or((), |issuer| claims["iss"] = issuer.into())));
    assert!([&none, &own, &other].iter().all(|token| world.verify_access(token).is_ok()));
    let config = corsac_signaling::AccessConfig { issuer: Some("https://id.example.com".into()), ..config() };
    world.rules = AccessRules::compile(&config).unwrap();
    assert!(world.verify_access(&own).is_ok());
    refused(world.verify_access(&none), claim(ClaimRefusal::Missing("iss".into())));
    refused(world.verify_access(&other), claim(ClaimRefusal::Issuer("https://id.example.org".into())));
    // An assertion comes from the same issuer.
    let assertion = |issuer: &str| world.verify_assertion(&world.assertion(with("iss", issuer)));
    assert!(assertion("https://id.example.com").is_ok());
    assert_eq!(assertion("https://id.example.org").unwrap_err().code, Code::Token);
}

#[test]
fn no_algorithm_but_those_of_issuers() {
    let world = World::new(Signer::es256());
    let claims = world.access_claims().to_string();
    let header = |alg: &str| json!({"alg": alg, "typ": "corsac-access+jwt"});
    let shape = |refusal: ShapeRefusal| Reason::from(Refusal::from(refusal));
    for alg in ["none", "NONE", "None"] {
        let unsigned = format!("{}.{}.", b64(header(alg).to_string()), b64(&claims));
        refused(world.verify_access(&unsigned), shape(ShapeRefusal::AlgorithmNone));
        refused(
            world.verify_access(&world.issuer.sign_text(&header(alg), &claims)),
            shape(ShapeRefusal::AlgorithmNone),
        );
    }
    // The public key as a secret.
    for secret in [world.issuer.jwk().to_string(), world.issuer.jwk()["x"].as_str().unwrap().to_owned()] {
        let forged = Signer::Hs256(secret.into_bytes()).sign("corsac-access+jwt", &world.access_claims());
        refused(world.verify_access(&forged), shape(ShapeRefusal::AlgorithmSymmetric(Algorithm::Hs256)));
    }
    let rs256 = world.issuer.sign_text(&header("RS256"), &claims);
    refused(world.verify_access(&rs256), shape(ShapeRefusal::AlgorithmNotAllowed(Algorithm::Rs256)));
    let eddsa = world.issuer.sign_text(&header("EdDSA"), &claims);
    refused(world.verify_access(&eddsa), KeyRefusal::NoneFits(Algorithm::EdDsa));
    refused(
        world.verify_access(&Signer::es256().sign("corsac-access+jwt", &world.access_claims())),
        KeyRefusal::Signature,
    );
    // A key in the header is not looked at.
    let own = Signer::es256();
    let jwk = json!({"alg": "ES256", "typ": "corsac-access+jwt", "jwk": own.jwk()});
    refused(world.verify_access(&own.sign_text(&jwk, &claims)), KeyRefusal::Signature);
}

#[test]
fn no_text_is_taken_for_another() {
    let world = World::new(Signer::es256());
    let claims = world.access_claims();
    for typ in ["JWT", "at+jwt", "corsac-peer+jwt", "corsac-pop+jwt", "corsac-consent+jwt", "corsac-access"] {
        let token = world.issuer.sign(typ, &claims);
        refused(
            world.verify_access(&token),
            Reason::from(Refusal::from(ShapeRefusal::TypeWrong(typ.into()))),
        );
    }
    let untyped = world.issuer.sign_text(&json!({"alg": "ES256"}), &claims.to_string());
    refused(world.verify_access(&untyped), Reason::from(Refusal::from(ShapeRefusal::TypeMissing)));
    // Neither stands for the other, even with claims of both.
    let both = world.access(|claims| {
        claims["aud"] = json!([AUDIENCE, "peers"]);
        claims["cnf"]["jwk"] = world.peer.jwk();
    });
    assert!(world.verify_access(&both).is_ok());
    assert_eq!(world.verify_assertion(&both).unwrap_err().part, Part::Assertion);
    refused(
        world.verify_access(&world.assertion(|_| {})),
        Reason::from(Refusal::from(ShapeRefusal::TypeWrong("corsac-peer+jwt".into()))),
    );
}

#[test]
fn what_is_signed_cannot_be_changed() {
    let world = World::new(Signer::es256());
    let token = world.access(|_| {});
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    assert!(world.verify_access(&token).is_ok());
    for name in ["aud", "sub", "jti", "iat", "exp", "room", "grants", "ice", "max_bps", "cnf", "mky"] {
        let mut claims = world.access_claims();
        claims[name] = match &claims[name] {
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(text) => json!(format!("{text}2")),
            _ => json!({}),
        };
        let changed = format!("{header}.{}.{signature}", b64(claims.to_string()));
        refused(world.verify_access(&changed), KeyRefusal::Signature);
    }
    let stripped = format!("{signed}.");
    refused(world.verify_access(&stripped), Reason::from(Refusal::from(ShapeRefusal::SignatureMissing)));
}

#[test]
fn a_name_stands_once() {
    let world = World::new(Signer::es256());
    let header = json!({"alg": "ES256", "typ": "corsac-access+jwt"});
    let claims = world.access_claims().to_string();
    for (name, twice) in [
        ("sub", claims.replacen('{', r#"{"sub":"eve","#, 1)),
        ("sub", claims.replacen('{', r#"{"\u0073ub":"eve","#, 1)),
        ("mod", claims.replace(r#""mod":false"#, r#""mod":false,"mod":true"#)),
        ("jkt", claims.replace(r#""jkt":"#, r#""jkt":"","jkt":"#)),
    ] {
        assert_ne!(twice, claims);
        let token = world.issuer.sign_text(&header, &twice);
        refused(world.verify_access(&token), claim(ClaimRefusal::Json(JsonMistake::Duplicate(name.into()))));
    }
}

#[test]
fn a_token_is_bounded() {
    let world = World::new(Signer::es256());
    let of = |length: usize| world.verify_access(&world.access(with("padding", "x".repeat(length))));
    assert!(of(4_096).is_ok());
    assert!(matches!(
        of(8_192).unwrap_err().reason,
        Reason::Credential(Refusal::Shape(ShapeRefusal::TooLong { limit: 8_192, .. }))
    ));
    assert_eq!(world.verify_access("").unwrap_err().code, Code::Token);
}

#[test]
fn keys_are_chosen_by_name_where_a_token_has_one() {
    let (first, second) = (Signer::es256(), Signer::es256());
    let named = |signer: &Signer, kid: &str| {
        let mut jwk = signer.jwk();
        jwk["kid"] = kid.into();
        jwk
    };
    let mut world = World::new(Signer::es256());
    let keys = json!({"keys": [named(&first, "1"), named(&second, "2"), Signer::Hs256(vec![7; 32]).jwk()]});
    // A secret that somebody published is not used.
    world.keys = KeySet::parse(keys.to_string().as_bytes(), &AccessRules::key_rules()).unwrap();
    assert_eq!(world.keys.keys().len(), 2);
    let of = |signer: &Signer, kid: Option<&str>| {
        let mut header = json!({"alg": "ES256", "typ": "corsac-access+jwt"});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        world.verify_access(&signer.sign_text(&header, &world.access_claims().to_string()))
    };
    assert!(of(&first, Some("1")).is_ok() && of(&second, Some("2")).is_ok());
    refused(of(&first, Some("2")), KeyRefusal::Signature);
    refused(of(&first, Some("3")), KeyRefusal::Unknown("3".into()));
    refused(of(&first, None), KeyRefusal::Ambiguous(Algorithm::Es256));
}

#[test]
fn an_assertion_shows_a_key_that_its_issuer_vouches_for() {
    let world = World::new(Signer::ed25519());
    let text = world.assertion(|_| {});
    let assertion = world.verify_assertion(&text).unwrap();
    assert_eq!((assertion.text.as_ref(), assertion.sub.as_str()), (text.as_str(), "ada"));
    assert_eq!(assertion.key.thumbprint().to_string(), world.peer.jkt());
    assert!(assertion.media_keys.unwrap().contains("sha-256", &[0x4a; 32]));
    // It may live longer than an access token, and does without `mky`.
    let plain = world.assertion(|claims| {
        without("mky")(claims);
        claims["exp"] = json!(NOW.as_secs() + 86_400);
    });
    assert_eq!(world.verify_assertion(&plain).unwrap().media_keys, None);
}

type Change = dyn Fn(&mut Value);

#[test]
fn an_assertion_that_is_wrong_is_no_assertion() {
    let world = World::new(Signer::ed25519());
    let changes: [Box<Change>; 12] = [
        Box::new(without("aud")),
        Box::new(without("sub")),
        Box::new(without("exp")),
        Box::new(without("cnf")),
        Box::new(|claims| claims["aud"] = AUDIENCE.into()),
        Box::new(|claims| claims["exp"] = NOW.as_secs().into()),
        Box::new(|claims| claims["cnf"] = json!({"jkt": "x"})),
        Box::new(|claims| claims["cnf"]["jwk"] = Signer::ed25519().jwk()),
        Box::new(|claims| claims["cnf"]["jwk"]["d"] = "AA".into()),
        Box::new(|claims| claims["cnf"]["jwk"]["y"] = claims["cnf"]["jwk"]["x"].clone()),
        Box::new(|claims| claims["mky"] = json!([{"alg": "md5", "dig": "4A".repeat(16)}])),
        Box::new(|claims| claims["padding"] = "x".repeat(4_096).into()),
    ];
    for (index, change) in changes.iter().enumerate() {
        let denial = world.verify_assertion(&world.assertion(change)).unwrap_err();
        assert_eq!((denial.part, denial.code), (Part::Assertion, Code::Token), "{index}");
    }
    let other = Signer::ed25519().sign("corsac-peer+jwt", &json!({}));
    assert_eq!(world.verify_assertion(&other).unwrap_err().reason, Reason::from(KeyRefusal::Signature));
}
