//! `hello`, `resume` and `token.refresh`.

use corsac_credentials::{ClaimRefusal, KeyRefusal, Refusal, ShapeRefusal, Timestamp};
use corsac_signaling::{Code, Denial, Jtis, NONCE_BYTES, Part, Proof, Reason};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::minting::{AUDIENCE, NONCE, NOW, Signer, World, b64, with, without};

/// A `hello` whose proof alone is wrong.
#[track_caller]
fn pop_refused(world: &World, token: &str, pop: &str, reason: impl Into<Reason>) {
    let denial = world.hello(token, &world.assertion(|_| {}), pop).expect_err("the proof is accepted");
    let reason = reason.into();
    assert_eq!(denial, Denial { part: Part::Possession, code: Code::Possession, reason });
}

#[test]
fn who_proves_its_key_comes_in_once() {
    let world = World::new(Signer::es256());
    let token = world.access(|_| {});
    let (assertion, pop) = (world.assertion(|_| {}), world.pop(&token, |_| {}));
    let caller = world.hello(&token, &assertion, &pop).unwrap();
    assert_eq!((caller.access.sub.as_str(), caller.assertion.sub.as_str()), ("ada", "ada"));
    let mut jtis = Jtis::default();
    assert_eq!(jtis.spend(&caller.access, NOW), Ok(()));
    let denial = jtis.spend(&caller.access, NOW).unwrap_err();
    assert_eq!((denial.code, denial.reason), (Code::JtiReplay, Reason::Spent));
    // Another token of the same user is another token.
    let other = world.verify_access(&world.access(with("jti", "t2"))).unwrap();
    assert_eq!(jtis.spend(&other, NOW), Ok(()));
}

#[test]
fn checks_go_in_the_order_of_the_protocol() {
    let world = World::new(Signer::es256());
    let good = world.access(|_| {});
    let bad_token = world.access(with("aud", "other"));
    let bad_assertion = world.assertion(with("aud", "other"));
    let other_sub = world.assertion(with("sub", "eve"));
    let bad_pop = world.pop(&good, with("nonce", "x"));
    let code = |token: &str, assertion: &str, pop: &str| {
        world.hello(token, assertion, pop).map_err(|denial| (denial.code, denial.part)).err()
    };
    assert_eq!(code(&bad_token, &bad_assertion, &bad_pop), Some((Code::Token, Part::Access)));
    assert_eq!(code(&good, &bad_assertion, &bad_pop), Some((Code::Token, Part::Assertion)));
    assert_eq!(code(&good, &other_sub, &bad_pop), Some((Code::Confirmation, Part::Access)));
    assert_eq!(code(&good, &world.assertion(|_| {}), &bad_pop), Some((Code::Possession, Part::Possession)));
    assert_eq!(code(&good, &world.assertion(|_| {}), &world.pop(&good, |_| {})), None);
}

#[test]
fn a_stolen_token_is_worth_nothing_without_its_key() {
    let world = World::new(Signer::es256());
    let thief = World { peer: Signer::es256(), ..World::new(Signer::es256()) };
    let token = world.access(|_| {});
    // With its own key, and an assertion for it that the issuer even signed.
    let own = world.assertion(|claims| claims["cnf"]["jwk"] = thief.peer.jwk());
    let denial = world.hello(&token, &own, &thief.pop(&token, |_| {})).unwrap_err();
    assert_eq!((denial.code, denial.reason), (Code::Confirmation, Reason::Mismatch("cnf.jkt")));
    // With the victim's assertion, and without the key.
    pop_refused(&world, &token, &thief.pop(&token, |_| {}), KeyRefusal::Signature);
    // With the victim's key, for another subject.
    let denial =
        world.hello(&token, &world.assertion(with("sub", "eve")), &world.pop(&token, |_| {})).unwrap_err();
    assert_eq!((denial.code, denial.reason), (Code::Confirmation, Reason::Mismatch("sub")));
}

#[test]
fn a_proof_answers_this_nonce_for_this_token_and_this_server() {
    let world = World::new(Signer::es256());
    let token = world.access(|_| {});
    let of = |change: &dyn Fn(&mut Value)| world.pop(&token, change);
    let hello = |pop: &str| world.hello(&token, &world.assertion(|_| {}), pop);
    // `kid` chooses nothing, and other members say nothing.
    let kid = json!({"alg": "ES256", "typ": "corsac-pop+jwt", "kid": "mine"});
    let claims =
        json!({"nonce": b64(NONCE), "aud": AUDIENCE, "ath": hash(&token), "iat": NOW.as_secs(), "jti": "x"});
    assert!(hello(&world.peer.sign_text(&kid, &claims.to_string())).is_ok());
    for name in ["nonce", "aud", "ath"] {
        pop_refused(&world, &token, &of(&without(name)), ClaimRefusal::Missing(name.into()));
        pop_refused(
            &world,
            &token,
            &of(&|claims| claims[name] = json!([])),
            ClaimRefusal::WrongType(name.into()),
        );
    }
    for (name, value) in [
        ("nonce", b64([8; NONCE_BYTES])),
        ("nonce", format!("{}=", b64(NONCE))),
        ("nonce", String::new()),
        ("aud", "other".into()),
        ("ath", hash("other")),
        ("ath", String::new()),
        ("ath", format!("{}=", hash(&token))),
    ] {
        pop_refused(
            &world,
            &token,
            &of(&|claims| claims[name] = value.as_str().into()),
            Reason::Mismatch(name),
        );
    }
    // A list would be for other servers too.
    pop_refused(
        &world,
        &token,
        &of(&|claims| claims["aud"] = json!([AUDIENCE])),
        ClaimRefusal::WrongType("aud".into()),
    );
}

fn hash(token: &str) -> String {
    corsac_signaling::Digest::of(token.as_bytes()).to_string()
}

#[test]
fn a_proof_is_a_minute_old_at_most() {
    let world = World::new(Signer::es256());
    let token = world.access(|_| {});
    let now = NOW.as_secs();
    let hello =
        |iat: Value| world.hello(&token, &world.assertion(|_| {}), &world.pop(&token, with("iat", iat)));
    for iat in [json!(now - 60), json!(now), json!(now + 30), json!(1_799_999_999.5)] {
        assert!(hello(iat.clone()).is_ok(), "{iat}");
    }
    pop_refused(&world, &token, &world.pop(&token, with("iat", now - 61)), Reason::Old(61));
    let at = Timestamp::from_secs(now + 31);
    pop_refused(
        &world,
        &token,
        &world.pop(&token, with("iat", now + 31)),
        ClaimRefusal::IssuedInFuture { at },
    );
    pop_refused(&world, &token, &world.pop(&token, without("iat")), ClaimRefusal::Missing("iat".into()));
    for iat in [json!("1"), json!(-1), json!(1e15), Value::Null] {
        pop_refused(&world, &token, &world.pop(&token, with("iat", iat)), ClaimRefusal::Date("iat"));
    }
}

#[test]
fn a_proof_is_of_its_type_and_algorithm() {
    let world = World::new(Signer::es256());
    let token = world.access(|_| {});
    let claims = json!({"nonce": b64(NONCE), "aud": AUDIENCE, "ath": hash(&token), "iat": NOW.as_secs()});
    let shape = |refusal: ShapeRefusal| Reason::from(Refusal::from(refusal));
    for typ in ["JWT", "corsac-consent+jwt", "corsac-bind+jwt", "dpop+jwt"] {
        pop_refused(
            &world,
            &token,
            &world.peer.sign(typ, &claims),
            shape(ShapeRefusal::TypeWrong(typ.into())),
        );
    }
    let none = json!({"alg": "none", "typ": "corsac-pop+jwt"});
    let unsigned = format!("{}.{}.", b64(none.to_string()), b64(claims.to_string()));
    pop_refused(&world, &token, &unsigned, shape(ShapeRefusal::AlgorithmNone));
    let secret = world.peer.jwk().to_string().into_bytes();
    let forged = Signer::Hs256(secret).sign("corsac-pop+jwt", &claims);
    let symmetric = corsac_credentials::Algorithm::Hs256;
    pop_refused(&world, &token, &forged, shape(ShapeRefusal::AlgorithmSymmetric(symmetric)));
    let issuers = Signer::ed25519().sign("corsac-pop+jwt", &claims);
    let eddsa = corsac_credentials::Algorithm::EdDsa;
    pop_refused(&world, &token, &issuers, shape(ShapeRefusal::AlgorithmNotAllowed(eddsa)));
    for text in ["", "a.b.c", "x"] {
        let denial = world.hello(&token, &world.assertion(|_| {}), text).unwrap_err();
        assert_eq!(denial.code, Code::Possession, "{text}");
    }
    let long = world.pop(&token, with("padding", "x".repeat(2_048)));
    let denial = world.hello(&token, &world.assertion(|_| {}), &long).unwrap_err();
    assert_eq!(denial.code, Code::Possession);
}

#[test]
fn a_session_resumes_with_a_new_proof_and_never_longer_than_its_token() {
    let world = World::new(Signer::es256());
    let caller = world.caller();
    let token = world.access(|_| {});
    let nonce = [9; NONCE_BYTES];
    let pop = |at: u64| {
        world.peer.sign(
            "corsac-pop+jwt",
            &json!({"nonce": b64(nonce), "aud": AUDIENCE, "ath": caller.access.hash.to_string(), "iat": at}),
        )
    };
    let now = NOW.as_secs();
    let resume = |pop: &str, at: u64| {
        caller.verify_pop(&Proof { pop, nonce: &nonce }, &world.rules, Timestamp::from_secs(at))
    };
    assert_eq!(resume(&pop(now + 100), now + 100), Ok(()));
    assert_eq!(resume(&pop(now + 589), now + 589), Ok(()));
    let denial = resume(&pop(now + 590), now + 590).unwrap_err();
    assert_eq!((denial.code, denial.part), (Code::Token, Part::Access));
    // The proof of `hello` answered another nonce.
    let old = world.pop(&token, |_| {});
    assert_eq!(resume(&old, now).unwrap_err().reason, Reason::Mismatch("nonce"));
}

#[test]
fn a_refreshed_token_is_for_the_same_subject_key_and_room() {
    let world = World::new(Signer::es256());
    let caller = world.caller();
    let refresh = |change: &dyn Fn(&mut Value)| {
        caller.refresh(&world.access(change), &world.rules, &world.keys, NOW).map_err(|denial| denial.code)
    };
    let later = NOW.as_secs() + 600;
    let access = refresh(&|claims| {
        claims["jti"] = "t2".into();
        claims["iat"] = NOW.as_secs().into();
        claims["exp"] = later.into();
        claims["grants"] = json!({"mod": true});
    });
    let access = access.unwrap();
    assert_eq!((access.exp.as_secs(), access.jti.as_str()), (later, "t2"));
    // What the new token does not say is no longer granted.
    assert!(access.grants.duties.moderate && access.grants.publish.is_empty() && !access.grants.subscribe);
    assert_eq!(refresh(&|claims| claims["sub"] = "eve".into()).err(), Some(Code::Confirmation));
    let other = Signer::es256().jkt();
    assert_eq!(
        refresh(&|claims| claims["cnf"]["jkt"] = other.as_str().into()).err(),
        Some(Code::Confirmation)
    );
    assert_eq!(refresh(&|claims| claims["room"] = "r2".into()).err(), Some(Code::Token));
    assert_eq!(refresh(&|claims| claims["exp"] = NOW.as_secs().into()).err(), Some(Code::Token));
    let forged = Signer::es256().sign("corsac-access+jwt", &world.access_claims());
    assert_eq!(caller.refresh(&forged, &world.rules, &world.keys, NOW).unwrap_err().code, Code::Token);
}

#[test]
fn the_caller_learns_no_reason_and_the_log_no_token() {
    let world = World::new(Signer::es256());
    let token = world.access(with("aud", "somebody-else"));
    let denial = world.hello(&token, "", "").unwrap_err();
    let (told, logged) = (denial.told(), denial.to_string());
    assert_eq!(told.code, Code::Token);
    assert!(logged.contains("somebody-else"), "{logged}");
    assert!(!told.detail.contains("somebody-else") && !logged.contains(told.detail.as_ref()), "{told}");
    let expired = world.access(with("exp", NOW.as_secs() - 1));
    assert_eq!(world.hello(&expired, "", "").unwrap_err().told(), told);
    assert_eq!(world.hello("", "", "").unwrap_err().told(), told);
    for segment in token.split('.') {
        assert!(!format!("{logged} {denial:?}").contains(segment), "{denial:?}");
    }
}

proptest! {
    #[test]
    fn no_changed_character_passes(part in 0_usize..3, at in 0_usize..4_096, other in "[A-Za-z0-9_.=-]") {
        let world = World::new(Signer::ed25519());
        let token = world.access(|_| {});
        let pop = world.pop(&token, |_| {});
        let mut texts = [token, world.assertion(|_| {}), pop];
        let text = &mut texts[part];
        let at = at % text.len();
        prop_assume!(!text.get(at..).unwrap().starts_with(&other));
        text.replace_range(at..=at, &other);
        let code = world.hello(&texts[0], &texts[1], &texts[2]).err().map(|denial| denial.code);
        prop_assert_eq!(code, Some(if part == 2 { Code::Possession } else { Code::Token }));
    }

    #[test]
    fn any_text_is_answered(texts in proptest::array::uniform3(".{0,200}")) {
        let world = World::new(Signer::ed25519());
        let [token, assertion, pop] = &texts;
        prop_assert_eq!(world.hello(token, assertion, pop).unwrap_err().code, Code::Token);
        prop_assert!(world.verify_assertion(assertion).is_err());
    }
}
