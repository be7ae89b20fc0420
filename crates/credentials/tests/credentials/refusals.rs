//! What is logged and what is answered: two texts that share nothing.

use corsac_credentials::{
    Algorithm, ApiKeyRefusal, Base64Mistake, ClaimRefusal, IntrospectionRefusal, JsonMistake, KeyRefusal,
    PlaceRefusal, Refusal, ShapeRefusal, Timestamp, Unavailable,
};

const AT: Timestamp = Timestamp::from_secs(1);

fn shapes() -> Vec<ShapeRefusal> {
    let base64 = |segment, mistake| ShapeRefusal::Base64 { segment, mistake };
    vec![
        ShapeRefusal::TooLong { bytes: 2, limit: 1 },
        ShapeRefusal::NotCompact,
        ShapeRefusal::Encrypted,
        ShapeRefusal::Segments(2),
        base64("header", Base64Mistake::Byte),
        base64("payload", Base64Mistake::Length),
        base64("signature", Base64Mistake::Padding),
        base64("signature", Base64Mistake::TrailingBits),
        ShapeRefusal::HeaderJson(JsonMistake::Syntax),
        ShapeRefusal::HeaderJson(JsonMistake::Duplicate("a`\n".into())),
        ShapeRefusal::HeaderJson(JsonMistake::TooDeep),
        ShapeRefusal::HeaderJson(JsonMistake::TooMany),
        ShapeRefusal::HeaderNotObject,
        ShapeRefusal::HeaderMember("kid"),
        ShapeRefusal::Critical,
        ShapeRefusal::UnencodedPayload,
        ShapeRefusal::Nested("JWT\r\n".into()),
        ShapeRefusal::TypeMissing,
        ShapeRefusal::TypeWrong("JWT".into()),
        ShapeRefusal::AlgorithmMissing,
        ShapeRefusal::AlgorithmNone,
        ShapeRefusal::AlgorithmSymmetric(Algorithm::Hs256),
        ShapeRefusal::AlgorithmUnknown("x".repeat(10_000)),
        ShapeRefusal::AlgorithmNotAllowed(Algorithm::Rs256),
        ShapeRefusal::KeyIdTooLong(300),
        ShapeRefusal::SignatureMissing,
    ]
}

fn claims() -> Vec<ClaimRefusal> {
    vec![
        ClaimRefusal::Json(JsonMistake::Syntax),
        ClaimRefusal::NotObject,
        ClaimRefusal::Missing("exp".into()),
        ClaimRefusal::WrongType("aud".into()),
        ClaimRefusal::TooLong("sub".into()),
        ClaimRefusal::Character("sub".into()),
        ClaimRefusal::Issuer("x\u{1b}[2J".into()),
        ClaimRefusal::Audience("y".into()),
        ClaimRefusal::Date("exp"),
        ClaimRefusal::Expired { at: AT },
        ClaimRefusal::NotYetValid { from: AT },
        ClaimRefusal::IssuedInFuture { at: AT },
        ClaimRefusal::Bound,
        ClaimRefusal::Lifetime { seconds: 2, limit: 1 },
    ]
}

fn all() -> Vec<Refusal> {
    let id = || "0123456789abcdef".to_owned();
    let keys = [
        KeyRefusal::Unknown("`".into()),
        KeyRefusal::NoneFits(Algorithm::Es256),
        KeyRefusal::Ambiguous(Algorithm::Es256),
        KeyRefusal::AlgorithmMismatch { key: Algorithm::Es256, token: Algorithm::Rs256 },
        KeyRefusal::Mismatch,
        KeyRefusal::Signature,
    ];
    let places = [
        PlaceRefusal::Missing,
        PlaceRefusal::Repeated("a cookie"),
        PlaceRefusal::Several("a cookie", "the query"),
        PlaceRefusal::Malformed("a cookie"),
        PlaceRefusal::TooLong("a cookie"),
        PlaceRefusal::Query,
    ];
    let api_keys = [
        ApiKeyRefusal::Malformed,
        ApiKeyRefusal::Prefix,
        ApiKeyRefusal::Checksum,
        ApiKeyRefusal::Unknown(id()),
        ApiKeyRefusal::Secret(id()),
        ApiKeyRefusal::Revoked(id()),
        ApiKeyRefusal::Expired { id: id(), at: AT },
        ApiKeyRefusal::NotYetValid { id: id(), from: AT },
    ];
    let introspection = [
        IntrospectionRefusal::Malformed,
        IntrospectionRefusal::Inactive,
        IntrospectionRefusal::TokenType("DPoP".into()),
    ];
    let unavailable = [Unavailable::Answer("is no object"), Unavailable::Keys];
    let shapes = shapes().into_iter().map(Refusal::from);
    shapes
        .chain(keys.map(Refusal::from))
        .chain(claims().into_iter().map(Refusal::from))
        .chain(places.map(Refusal::from))
        .chain(api_keys.map(Refusal::from))
        .chain(introspection.map(Refusal::from))
        .chain(unavailable.map(Refusal::from))
        .collect()
}

#[test]
fn the_log_and_the_answer_share_no_string() {
    for refusal in all() {
        let (logged, answered) = (refusal.to_string().to_lowercase(), refusal.terse());
        let description = answered.description.to_lowercase();
        assert!(!logged.contains(&description) && !description.contains(&logged), "{logged} / {description}");
    }
}

#[test]
fn the_log_has_one_line_a_refusal_and_tells_them_apart() {
    let mut logged: Vec<String> = all().iter().map(ToString::to_string).collect();
    for line in &logged {
        assert!(!line.is_empty() && line.len() < 400 && !line.contains(char::is_control), "{line:?}");
        assert!(!line.ends_with('.') && !line.starts_with(char::is_uppercase), "{line:?}");
    }
    let count = logged.len();
    logged.sort();
    logged.dedup();
    assert_eq!(logged.len(), count);
}

#[test]
fn the_answer_is_what_rfc_6750_allows() {
    for refusal in all() {
        let terse = refusal.terse();
        let expected = match terse.error {
            Some("invalid_request") => 400,
            None if matches!(refusal, Refusal::Unavailable(_)) => 503,
            Some("invalid_token") | None => 401,
            Some(other) => panic!("{other}"),
        };
        assert_eq!(terse.status, expected, "{refusal}");
        let printable = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
        assert!(terse.description.bytes().all(printable), "{}", terse.description);
    }
}

#[test]
fn only_the_holder_of_a_right_credential_learns_more() {
    let told: Vec<&str> = {
        let mut told: Vec<&str> = all().iter().map(|refusal| refusal.terse().description).collect();
        told.sort_unstable();
        told.dedup();
        told
    };
    assert_eq!(told.len(), 5);
    let expired = "The credential has expired";
    for refusal in all() {
        let is_expired = matches!(
            refusal,
            Refusal::Claim(ClaimRefusal::Expired { .. }) | Refusal::ApiKey(ApiKeyRefusal::Expired { .. })
        );
        assert_eq!(refusal.terse().description == expired, is_expired, "{refusal}");
    }
}
