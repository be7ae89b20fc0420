//! Consent: signed, about this session, a moment old.

use corsac_credentials::{ClaimRefusal, KeyRefusal, Refusal, ShapeRefusal, Timestamp};
use corsac_signaling::{
    Code, Consent, Consents, Context, Decision, Denial, Digest, Kind, Kinds, Part, Reason,
};
use serde_json::{Value, json};

use crate::minting::{NOW, Signer, b64};

const TYP: &str = "corsac-consent+jwt";

fn notice() -> String {
    Digest::of(b"May we hear you?").to_string()
}

fn claims() -> Value {
    json!({
        "v": 1, "room": "r1", "sub": "ada", "sid": "s1", "scope": ["audio", "video"], "decision": "grant",
        "purpose": "lesson", "notice": notice(), "iat": NOW.as_secs(),
    })
}

fn verify(jws: &str, peer: &Signer) -> Result<Consent, Denial> {
    let notice = notice();
    let context = Context { room: "r1", sub: "ada", sid: "s1", notice: &notice };
    Consent::verify(jws, &peer.key(), &context, NOW)
}

/// What comes of a consent with changes.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Consent, Denial> {
    let peer = Signer::es256();
    let mut claims = claims();
    change(&mut claims);
    verify(&peer.sign(TYP, &claims), &peer)
}

#[track_caller]
fn refused(consent: Result<Consent, Denial>, reason: impl Into<Reason>) {
    let denial = consent.expect_err("the consent is accepted");
    let reason = reason.into();
    assert_eq!(denial, Denial { part: Part::Consent, code: Code::ConsentSignature, reason });
    assert_eq!(denial.told().code, Code::ConsentSignature);
}

#[test]
fn a_consent_says_who_agrees_to_what_and_what_for() {
    let consent = changed(|_| {}).unwrap();
    assert_eq!((consent.room.as_str(), consent.sub.as_str(), consent.sid.as_str()), ("r1", "ada", "s1"));
    assert_eq!(consent.scope, [Kind::Audio, Kind::Video].into_iter().collect());
    assert_eq!((consent.recording, consent.decision, consent.issued_at), (false, Decision::Grant, NOW));
    assert_eq!((consent.purpose.as_str(), consent.notice.to_string()), ("lesson", notice()));
    let revoked = changed(|claims| {
        claims["decision"] = "revoke".into();
        claims["scope"] = json!(["recording"]);
        claims["purpose"] = "".into();
    });
    let revoked = revoked.unwrap();
    assert_eq!((revoked.decision, revoked.scope, revoked.recording), (Decision::Revoke, Kinds::NONE, true));
}

#[test]
fn a_consent_for_anything_else_is_refused() {
    for name in ["room", "sub", "sid"] {
        refused(changed(|claims| claims[name] = "other".into()), Reason::Mismatch(name));
    }
    let other = Digest::of(b"May we see you?").to_string();
    refused(changed(|claims| claims["notice"] = other.into()), Reason::Mismatch("notice"));
}

#[test]
fn all_members_are_there_and_no_others() {
    let all = claims();
    for name in all.as_object().unwrap().keys() {
        let missing = changed(|claims| {
            claims.as_object_mut().unwrap().remove(name);
        });
        refused(missing, ClaimRefusal::Missing(name.clone()));
        assert!(changed(|claims| claims[name] = json!({})).is_err(), "{name}");
        assert!(changed(|claims| claims[name] = Value::Null).is_err(), "{name}");
    }
    for name in ["exp", "aud", "V", "scopes"] {
        refused(changed(|claims| claims[name] = json!(1)), Reason::Unknown(name.into()));
    }
    for version in [json!(2), json!("1"), json!(1.0), json!(true)] {
        let consent = changed(|claims| claims["v"] = version.clone());
        assert_eq!(consent.is_ok(), version == json!(1), "{version}");
    }
}

#[test]
fn a_scope_names_known_things_once() {
    for scope in [json!(["audio"]), json!(["audio", "video", "screen", "data", "recording"])] {
        assert!(changed(|claims| claims["scope"] = scope.clone()).is_ok(), "{scope}");
    }
    for scope in [
        json!([]),
        json!(["audio", "audio"]),
        json!(["recording", "recording"]),
        json!(["Audio"]),
        json!(["smell"]),
        json!([""]),
        json!([1]),
        json!("audio"),
    ] {
        refused(changed(|claims| claims["scope"] = scope), Reason::Value("scope"));
    }
    for decision in ["Grant", "deny", ""] {
        refused(changed(|claims| claims["decision"] = decision.into()), Reason::Value("decision"));
    }
    assert!(changed(|claims| claims["purpose"] = "x".repeat(512).into()).is_ok());
    for purpose in ["x".repeat(513), "a\nb".into()] {
        refused(changed(|claims| claims["purpose"] = purpose.into()), Reason::Value("purpose"));
    }
    refused(changed(|claims| claims["notice"] = "x".into()), Reason::Value("notice"));
}

#[test]
fn a_consent_is_a_minute_old_at_most() {
    let now = NOW.as_secs();
    for iat in [now - 60, now, now + 30] {
        assert!(changed(|claims| claims["iat"] = iat.into()).is_ok(), "{iat}");
    }
    refused(changed(|claims| claims["iat"] = (now - 61).into()), Reason::Old(61));
    let at = Timestamp::from_secs(now + 31);
    refused(changed(|claims| claims["iat"] = (now + 31).into()), ClaimRefusal::IssuedInFuture { at });
}

#[test]
fn only_the_identity_key_consents() {
    let peer = Signer::es256();
    let jws = peer.sign(TYP, &claims());
    assert!(verify(&jws, &peer).is_ok());
    refused(verify(&jws, &Signer::es256()), KeyRefusal::Signature);
    let (header, rest) = jws.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    for name in claims().as_object().unwrap().keys() {
        let mut claims = claims();
        claims[name] = json!("x");
        let tampered = format!("{header}.{}.{signature}", b64(claims.to_string()));
        refused(verify(&tampered, &peer), KeyRefusal::Signature);
    }
    let shape = |refusal: ShapeRefusal| Reason::from(Refusal::from(refusal));
    let pop = peer.sign("corsac-pop+jwt", &claims());
    refused(verify(&pop, &peer), shape(ShapeRefusal::TypeWrong("corsac-pop+jwt".into())));
    let unsigned =
        format!("{}.{}.", b64(json!({"alg": "none", "typ": TYP}).to_string()), b64(claims().to_string()));
    refused(verify(&unsigned, &peer), shape(ShapeRefusal::AlgorithmNone));
    let forged = Signer::Hs256(peer.jwk().to_string().into_bytes()).sign(TYP, &claims());
    let hs256 = corsac_credentials::Algorithm::Hs256;
    refused(verify(&forged, &peer), shape(ShapeRefusal::AlgorithmSymmetric(hs256)));
    assert_eq!(verify("", &peer).unwrap_err().code, Code::ConsentSignature);
}

#[test]
fn what_is_consented_to_grows_and_shrinks() {
    let consent = |decision: &str, scope: &[&str]| {
        changed(|claims| {
            claims["decision"] = decision.into();
            claims["scope"] = json!(scope);
        })
        .unwrap()
    };
    let mut consents = Consents::default();
    assert!(consents.kinds().is_empty() && !consents.recording());
    consents.apply(&consent("grant", &["audio", "recording"]));
    consents.apply(&consent("grant", &["video"]));
    assert_eq!(consents.kinds(), [Kind::Audio, Kind::Video].into_iter().collect());
    assert!(consents.recording());
    consents.apply(&consent("revoke", &["video", "screen"]));
    assert_eq!(consents.kinds(), [Kind::Audio].into_iter().collect());
    assert!(consents.recording());
    consents.apply(&consent("revoke", &["recording"]));
    assert!(!consents.recording() && consents.kinds().contains(Kind::Audio));
    consents.revoke([Kind::Audio].into_iter().collect(), false);
    assert!(consents.kinds().is_empty());
    consents.apply(&consent("grant", &["audio"]));
    assert!(consents.kinds().contains(Kind::Audio));
}
