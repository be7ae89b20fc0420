//! Claims: issuer, audience, dates, and what a principal is made of.

use corsac_credentials::{
    Claim, ClaimRefusal, JsonMistake, MAX_DATE, Method, Provider, ProviderConfig, Timestamp,
};
use serde_json::{Value, json};

use crate::minting::{ISSUER, NOW, Setup, Signer, config};

fn setup() -> Setup {
    Setup::new(Signer::es256())
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

#[test]
fn the_issuer_is_ours_to_the_byte() {
    let setup = setup();
    setup.accepts(&setup.signer.token(|claims| claims["iss"] = ISSUER.into()));
    setup.refuses(&setup.signer.token(|claims| remove(claims, "iss")), ClaimRefusal::Missing("iss".into()));
    for issuer in
        ["https://id.example.com/", "https://ID.example.com", "", "https://id.example.com.evil.test"]
    {
        let token = setup.signer.token(|claims| claims["iss"] = issuer.into());
        setup.refuses(&token, ClaimRefusal::Issuer(issuer.into()));
    }
    for issuer in [json!([ISSUER]), json!(null), json!(1)] {
        let token = setup.signer.token(|claims| claims["iss"] = issuer);
        setup.refuses(&token, ClaimRefusal::WrongType("iss".into()));
    }
}

#[test]
fn the_audience_has_one_of_ours() {
    let setup = setup();
    let ours = "https://api.example.com";
    for audience in [json!(ours), json!([ours]), json!(["x", ours]), json!(["https://other.example.com"])] {
        setup.accepts(&setup.signer.token(|claims| claims["aud"] = audience));
    }
    setup.refuses(&setup.signer.token(|claims| remove(claims, "aud")), ClaimRefusal::Missing("aud".into()));
    for (audience, shown) in [
        (json!("https://api.example.com/"), "https://api.example.com/"),
        (json!(["a", "b"]), "a"),
        (json!([]), ""),
        (json!("x https://api.example.com"), "x https://api.example.com"),
    ] {
        let token = setup.signer.token(|claims| claims["aud"] = audience);
        setup.refuses(&token, ClaimRefusal::Audience(shown.into()));
    }
    for audience in [json!(null), json!({ours: 1}), json!([ours, 1]), json!([[ours]])] {
        let token = setup.signer.token(|claims| claims["aud"] = audience);
        setup.refuses(&token, ClaimRefusal::WrongType("aud".into()));
    }
    let long = ProviderConfig { max_token_bytes: 64 * 1024, ..config(&["ES256"]) };
    let setup = Setup::with(&long, setup.signer);
    let many: Vec<&str> = std::iter::repeat_n(ours, 256).collect();
    setup.accepts(&setup.signer.token(|claims| claims["aud"] = json!(many)));
    let many: Vec<&str> = std::iter::repeat_n(ours, 257).collect();
    let token = setup.signer.token(|claims| claims["aud"] = json!(many));
    setup.refuses(&token, ClaimRefusal::TooLong("aud".into()));
}

#[test]
fn a_token_ends_without_leeway() {
    let setup = setup();
    let now = NOW.as_secs();
    setup.accepts(&setup.signer.token(|claims| claims["exp"] = (now + 1).into()));
    for at in [now, now - 1, 0] {
        let token = setup.signer.token(|claims| claims["exp"] = at.into());
        setup.refuses(&token, ClaimRefusal::Expired { at: Timestamp::from_secs(at) });
    }
    setup.refuses(&setup.signer.token(|claims| remove(claims, "exp")), ClaimRefusal::Missing("exp".into()));
    // The same token, later.
    let token = setup.signer.token(|_| {});
    let verify = |seconds| setup.provider.verify(&token, &setup.keys, Timestamp::from_secs(seconds));
    assert!(verify(now + 599).is_ok());
    let at = Timestamp::from_secs(now + 600);
    assert_eq!(verify(now + 600).err(), Some(ClaimRefusal::Expired { at }.into()));
}

#[test]
fn a_token_begins_with_some_leeway() {
    let setup = setup();
    let now = NOW.as_secs();
    let at = |seconds| Timestamp::from_secs(seconds);
    setup.accepts(&setup.signer.token(|claims| claims["nbf"] = (now + 30).into()));
    let token = setup.signer.token(|claims| claims["nbf"] = (now + 31).into());
    setup.refuses(&token, ClaimRefusal::NotYetValid { from: at(now + 31) });
    setup.accepts(&setup.signer.token(|claims| claims["iat"] = (now + 30).into()));
    let token = setup.signer.token(|claims| claims["iat"] = (now + 31).into());
    setup.refuses(&token, ClaimRefusal::IssuedInFuture { at: at(now + 31) });
    setup.accepts(&setup.signer.token(|claims| remove(claims, "nbf")));
    setup.accepts(&setup.signer.token(|claims| remove(claims, "iat")));
}

#[test]
fn dates_are_numbers_of_this_and_the_next_millennia() {
    let setup = setup();
    let now = f64::from(u32::try_from(NOW.as_secs()).unwrap());
    for name in ["exp", "nbf", "iat"] {
        for date in [
            json!(-1),
            json!(-0.5),
            json!("1800000600"),
            json!(null),
            json!([1_800_000_600]),
            json!({}),
            json!(true),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(MAX_DATE.as_secs() + 1),
            json!(1_800_000_600_000_u64),
        ] {
            let token = setup.signer.token(|claims| claims[name] = date);
            setup.refuses(&token, ClaimRefusal::Date(name));
        }
        for text in ["NaN", "Infinity", "1e999", "0x10", "01"] {
            let mut claims = crate::minting::claims().to_string();
            claims.insert_str(1, &format!("\"x{name}\":{text},"));
            let token = setup.signer.mint(&setup.signer.header().to_string(), &claims);
            setup.refuses(&token, ClaimRefusal::Json(JsonMistake::Syntax));
        }
    }
    // RFC 7519, section 2, allows fractions; they count against the token.
    setup.accepts(&setup.signer.token(|claims| claims["exp"] = json!(now + 1.5)));
    let token = setup.signer.token(|claims| claims["exp"] = json!(now + 0.9));
    setup.refuses(&token, ClaimRefusal::Expired { at: NOW });
    setup.accepts(&setup.signer.token(|claims| claims["nbf"] = json!(now + 29.1)));
    let token = setup.signer.token(|claims| claims["nbf"] = json!(now + 30.1));
    setup.refuses(&token, ClaimRefusal::NotYetValid { from: Timestamp::from_secs(NOW.as_secs() + 31) });
    setup.accepts(&setup.signer.token(|claims| claims["exp"] = json!(1.800_000_6e9)));
}

#[test]
fn a_token_does_not_live_forever() {
    let setup = setup();
    let now = NOW.as_secs();
    let day = 86_400;
    setup.accepts(&setup.signer.token(|claims| claims["exp"] = (now - 10 + day).into()));
    let token = setup.signer.token(|claims| claims["exp"] = (now - 9 + day).into());
    setup.refuses(&token, ClaimRefusal::Lifetime { seconds: day + 1, limit: day });
    // Without `iat` it is counted from now on.
    let token = setup.signer.token(|claims| {
        remove(claims, "iat");
        claims["exp"] = (now + day).into();
    });
    setup.accepts(&token);
    let token = setup.signer.token(|claims| {
        remove(claims, "iat");
        claims["exp"] = MAX_DATE.as_secs().into();
    });
    let seconds = MAX_DATE.as_secs() - now;
    setup.refuses(&token, ClaimRefusal::Lifetime { seconds, limit: day });
}

#[test]
fn claims_are_one_object() {
    let setup = setup();
    let mint = |payload: &str| setup.signer.mint(&setup.signer.header().to_string(), payload);
    for payload in ["[]", "\"x\"", "1", "null", "true", "[{\"iss\":1}]"] {
        setup.refuses(&mint(payload), ClaimRefusal::NotObject);
    }
    for payload in ["", "{", "{}{}", "foo", "{\"exp\":}"] {
        setup.refuses(&mint(payload), ClaimRefusal::Json(JsonMistake::Syntax));
    }
    let good = crate::minting::claims().to_string();
    setup.accepts(&mint(&format!(" {good}\n")));
    let twice = |extra: &str| mint(&good.replacen('{', &format!("{{{extra},"), 1));
    for (extra, name) in [
        (r#""exp":9999999999"#, "exp"),
        (r#""\u0065xp":9999999999"#, "exp"),
        (r#""sub":"eve""#, "sub"),
        (r#""s\u0075\u0062":"eve""#, "sub"),
    ] {
        setup.refuses(&twice(extra), ClaimRefusal::Json(JsonMistake::Duplicate(name.into())));
    }
    setup.accepts(&twice(r#""Sub":"eve","EXP":1"#));
    let nested = |depth: usize| format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth));
    setup.accepts(&twice(&nested(15)));
    setup.refuses(&twice(&nested(16)), ClaimRefusal::Json(JsonMistake::TooDeep));
    let deep = ProviderConfig { max_token_bytes: 64 * 1024, ..config(&["ES256"]) };
    let setup = Setup::with(&deep, setup.signer);
    let token = setup.signer.mint(&setup.signer.header().to_string(), &"[".repeat(10_000));
    setup.refuses(&token, ClaimRefusal::Json(JsonMistake::TooDeep));
    let many = format!("{{\"x\":[{}0]}}", "0,".repeat(5_000));
    let token = setup.signer.mint(&setup.signer.header().to_string(), &many);
    setup.refuses(&token, ClaimRefusal::Json(JsonMistake::TooMany));
}

#[test]
fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    let setup = setup();
    for bound in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
        setup.refuses(&setup.signer.token(|claims| claims["cnf"] = bound), ClaimRefusal::Bound);
    }
    // Only a claim of that name, at the top.
    setup.accepts(&setup.signer.token(|claims| claims["x"] = json!({"cnf": {"jkt": "x"}})));
}

#[test]
fn a_principal_is_what_the_claims_say() {
    let kept = ProviderConfig {
        roles_claim: Some("/realm/roles".into()),
        scopes_claim: "scp".into(),
        ..config(&["ES256"])
    };
    let setup = Setup::with(&kept, Signer::es256());
    let token = setup.signer.token(|claims| {
        claims["realm"] = json!({"roles": ["b", "a", "b"]});
        claims["scp"] = "write read  write".into();
    });
    let verified = setup.verify(&token).unwrap();
    let principal = verified.principal();
    assert_eq!(principal.subject(), "ada");
    assert_eq!((principal.provider(), principal.issuer()), ("sign-in", Some(ISSUER)));
    assert_eq!(principal.roles(), ["a", "b"]);
    assert!(principal.has_role("a") && !principal.has_role("A") && !principal.has_role("read"));
    assert_eq!(principal.scopes(), ["read", "write"]);
    assert!(principal.has_scope("write") && !principal.has_scope("writ"));
    assert_eq!(principal.method(), Method::Jwt);
    assert_eq!(principal.expires_at(), Some(Timestamp::from_secs(NOW.as_secs() + 600)));
}

#[test]
fn a_principal_keeps_the_claims_that_are_asked_for() {
    let kept = ProviderConfig {
        kept_claims: vec![
            "tenant".into(),
            "/realm/id".into(),
            "absent".into(),
            "https://example.com/x".into(),
        ],
        ..config(&["ES256"])
    };
    let setup = Setup::with(&kept, Signer::es256());
    let token = setup.signer.token(|claims| {
        claims["realm"] = json!({"id": 7});
        claims["tenant"] = "acme-secret-name".into();
        claims["https://example.com/x"] = json!([true, null, 1.5, {"y": "z"}]);
    });
    let verified = setup.verify(&token).unwrap();
    let principal = verified.principal();
    assert_eq!(principal.claim("tenant").and_then(Claim::as_text), Some("acme-secret-name"));
    assert_eq!(principal.claim("/realm/id"), Some(&Claim::Integer(7)));
    assert_eq!(principal.claim("absent"), None);
    let list = [
        Claim::Flag(true),
        Claim::Null,
        Claim::Number(1.5),
        Claim::Object(vec![("y".into(), Claim::Text("z".into()))]),
    ];
    assert_eq!(principal.claim("https://example.com/x"), Some(&Claim::List(list.into())));
    assert_eq!(principal.claims().count(), 3);
    let debug = format!("{principal:?} {verified:?}");
    assert!(debug.contains("ada") && debug.contains("tenant"), "{debug}");
    assert!(!debug.contains("acme-secret-name") && !token.split('.').any(|s| debug.contains(s)), "{debug}");
}

#[test]
fn names_of_people_and_rights_are_bounded() {
    let setup = setup();
    let sub = || "sub".to_owned();
    setup.accepts(&setup.signer.token(|claims| claims["sub"] = "x".repeat(256).into()));
    let token = setup.signer.token(|claims| claims["sub"] = "x".repeat(257).into());
    setup.refuses(&token, ClaimRefusal::TooLong(sub()));
    setup.refuses(&setup.signer.token(|claims| remove(claims, "sub")), ClaimRefusal::Missing(sub()));
    for subject in ["", "ada\r\nx-role: admin", "ada\u{0}", "\u{85}"] {
        let token = setup.signer.token(|claims| claims["sub"] = subject.into());
        setup.refuses(&token, ClaimRefusal::Character(sub()));
    }
    for subject in [json!(1), json!(null), json!(["ada"])] {
        let token = setup.signer.token(|claims| claims["sub"] = subject);
        setup.refuses(&token, ClaimRefusal::WrongType(sub()));
    }
    for (name, wrong) in [("roles", json!({"admin": true})), ("roles", json!(["a", 1])), ("scope", json!(7))]
    {
        let token = setup.signer.token(|claims| claims[name] = wrong);
        setup.refuses(&token, ClaimRefusal::WrongType(name.into()));
    }
    let names = |count: usize| (0..count).map(|index| index.to_string()).collect::<Vec<_>>();
    setup.accepts(&setup.signer.token(|claims| claims["scope"] = names(256).join(" ").into()));
    for name in ["scope", "roles"] {
        let token = setup.signer.token(|claims| claims[name] = names(257).into());
        setup.refuses(&token, ClaimRefusal::TooLong(name.into()));
    }
    let token = setup.signer.token(|claims| claims["scope"] = names(257).join(" ").into());
    setup.refuses(&token, ClaimRefusal::TooLong("scope".into()));
    // One role as a text is one role, whatever it has within.
    let verified = setup.verify(&setup.signer.token(|claims| claims["roles"] = "read admin".into())).unwrap();
    assert_eq!(verified.principal().roles(), ["read admin"]);
}

#[test]
fn required_claims_are_there() {
    let strict =
        ProviderConfig { required_claims: vec!["jti".into(), "client_id".into()], ..config(&["ES256"]) };
    let setup = Setup::with(&strict, Signer::es256());
    let token = setup.signer.token(|claims| claims["jti"] = "1".into());
    setup.refuses(&token, ClaimRefusal::Missing("client_id".into()));
    let token = setup.signer.token(|claims| {
        claims["jti"] = "1".into();
        claims["client_id"] = "app".into();
    });
    setup.accepts(&token);
}

#[test]
fn providers_do_not_accept_each_others_tokens() {
    let setup = setup();
    let other = ProviderConfig { issuer: "https://other.example.com".into(), ..config(&["ES256"]) };
    let other = Provider::compile(&other).unwrap();
    let token = setup.signer.token(|_| {});
    // The same keys, as with an issuer of many tenants.
    let refusal = other.verify(&token, &setup.keys, NOW).err();
    assert_eq!(refusal, Some(ClaimRefusal::Issuer(ISSUER.into()).into()));
}
