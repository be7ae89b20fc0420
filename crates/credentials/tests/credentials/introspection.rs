//! Opaque tokens: what is asked, how the answer is read, and what is kept of it.

use corsac_credentials::{
    ClaimRefusal, Introspection, IntrospectionCache, IntrospectionConfig, IntrospectionRefusal, Method,
    Refusal, Timestamp, Unavailable,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";

fn config() -> IntrospectionConfig {
    IntrospectionConfig {
        name: "opaque".into(),
        issuer: Some("https://id.example.com".into()),
        audiences: vec!["https://api.example.com".into()],
        roles_claim: Some("groups".into()),
        ..IntrospectionConfig::default()
    }
}

fn rules() -> Introspection {
    Introspection::compile(&config()).unwrap()
}

fn answer() -> Value {
    json!({
        "active": true, "iss": "https://id.example.com", "aud": ["https://api.example.com"], "sub": "ada",
        "scope": "read write", "groups": ["staff"], "exp": NOW.as_secs() + 600, "token_type": "Bearer",
    })
}

fn read(change: impl FnOnce(&mut Value)) -> Result<String, Refusal> {
    let mut answer = answer();
    change(&mut answer);
    rules().read_answer(answer.to_string().as_bytes(), NOW).map(|principal| principal.subject().to_owned())
}

#[test]
fn the_token_is_sent_as_a_form() {
    let body = rules().request_body("a+b/c~d.e-f_g==").unwrap();
    let expected = "token=a%2Bb%2Fc%7Ed.e-f_g%3D%3D&token_type_hint=access_token";
    assert_eq!(body.expose_secret(), expected);
    assert!(!format!("{body:?}").contains("a%2Bb"));
    for token in ["", "a b", "a&token=b", "a\r\n", "é", &"a".repeat(5_000)] {
        let refusal = rules().request_body(token).unwrap_err();
        assert_eq!(refusal, IntrospectionRefusal::Malformed.into());
    }
}

#[test]
fn an_active_token_has_a_holder() {
    let principal = rules().read_answer(answer().to_string().as_bytes(), NOW).unwrap();
    assert_eq!((principal.subject(), principal.method()), ("ada", Method::Introspection));
    assert!(principal.has_scope("write") && principal.has_role("staff"));
    assert_eq!(principal.expires_at(), Some(Timestamp::from_secs(NOW.as_secs() + 600)));
    assert_eq!(read(|answer| drop(answer.as_object_mut().unwrap().remove("exp"))), Ok("ada".into()));
}

#[test]
fn an_inactive_token_has_none() {
    let inactive = Err(IntrospectionRefusal::Inactive.into());
    assert_eq!(read(|answer| *answer = json!({"active": false})), inactive);
    assert_eq!(read(|answer| answer["active"] = false.into()), inactive);
}

#[test]
fn what_is_no_answer_decides_nothing() {
    for active in [json!("true"), json!("false"), json!(1), json!(null), json!([true])] {
        let refusal = read(|answer| answer["active"] = active).unwrap_err();
        let expected = Unavailable::Answer("has an `active` that is neither true nor false");
        assert_eq!(refusal, expected.into());
        assert_eq!(refusal.terse().status, 503);
    }
    let answer = |body: &str| rules().read_answer(body.as_bytes(), NOW).unwrap_err();
    assert_eq!(answer("{}"), Unavailable::Answer("has no `active`").into());
    assert_eq!(answer("[]"), Unavailable::Answer("is no object").into());
    let twice = r#"{"active":false,"active":true}"#;
    for body in ["", "<html>", twice, "{\"active\":true}x"] {
        assert_eq!(answer(body), Unavailable::Answer("is not JSON that we read").into());
    }
    assert_eq!(answer(&" ".repeat(70_000)), Unavailable::Answer("is too long").into());
}

#[test]
fn an_active_token_may_still_not_be_for_us() {
    let claim = |refusal: ClaimRefusal| Err(Refusal::from(refusal));
    assert_eq!(read(|answer| answer["aud"] = "x".into()), claim(ClaimRefusal::Audience("x".into())));
    let remove = |name: &'static str| read(move |answer| drop(answer.as_object_mut().unwrap().remove(name)));
    assert_eq!(remove("aud"), claim(ClaimRefusal::Missing("aud".into())));
    assert_eq!(remove("iss"), claim(ClaimRefusal::Missing("iss".into())));
    assert_eq!(remove("sub"), claim(ClaimRefusal::Missing("sub".into())));
    assert_eq!(read(|answer| answer["exp"] = NOW.as_secs().into()), claim(ClaimRefusal::Expired { at: NOW }));
    assert_eq!(read(|answer| answer["exp"] = "soon".into()), claim(ClaimRefusal::Date("exp")));
    // A token that is bound to a key is none for whoever carries it.
    let bound = IntrospectionRefusal::TokenType("DPoP".into());
    assert_eq!(read(|answer| answer["token_type"] = "DPoP".into()), Err(bound.into()));
    assert_eq!(read(|answer| answer["token_type"] = "bearer".into()), Ok("ada".into()));
}

#[test]
fn answers_are_kept_for_a_while() {
    let (rules, mut cache) = (rules(), IntrospectionCache::new(10, [1; 32]));
    let at = |seconds| Timestamp::from_secs(NOW.as_secs() + seconds);
    assert!(cache.get(&rules, TOKEN, NOW).is_none());
    let good = rules.read_answer(answer().to_string().as_bytes(), NOW);
    cache.insert(&rules, TOKEN, &good, NOW);
    assert_eq!(cache.get(&rules, TOKEN, at(59)), Some(good.clone()));
    assert_eq!(cache.get(&rules, TOKEN, at(60)), None);
    // Never beyond its end.
    let mut short = answer();
    short["exp"] = (NOW.as_secs() + 7).into();
    let short = rules.read_answer(short.to_string().as_bytes(), NOW);
    cache.insert(&rules, "short", &short, NOW);
    assert!(cache.get(&rules, "short", at(6)).is_some());
    assert!(cache.get(&rules, "short", at(7)).is_none());
    // A refusal, briefly; and not at all that nothing was decided.
    let inactive = rules.read_answer(b"{\"active\":false}", NOW);
    cache.insert(&rules, "inactive", &inactive, NOW);
    assert_eq!(cache.get(&rules, "inactive", at(4)), Some(inactive.clone()));
    assert_eq!(cache.get(&rules, "inactive", at(5)), None);
    let broken = rules.read_answer(b"", NOW);
    cache.insert(&rules, "broken", &broken, NOW);
    assert_eq!(cache.get(&rules, "broken", NOW), None);
    // Under other rules it is another token.
    let other = IntrospectionConfig { audiences: vec!["x".into()], ..config() };
    let other = Introspection::compile(&other).unwrap();
    cache.insert(&rules, TOKEN, &good, NOW);
    assert_eq!(cache.get(&other, TOKEN, NOW), None);
    // Strangers' tokens push out strangers' tokens only.
    for number in 0..1_000 {
        cache.insert(&rules, &format!("invented{number}"), &inactive, NOW);
    }
    assert_eq!(cache.get(&rules, TOKEN, NOW), Some(good));
    assert!(!format!("{cache:?}").contains(TOKEN));
}
