//! Tokens for browsers that say nothing.

use corsac_middleware::csrf::{
    Ambient, Csrf, CsrfConfig, CsrfMode, MistakeKind, RANDOM_BYTES, RouteCsrf, TokenConfig,
};
use corsac_middleware::mistake::Mistakes;
use http::HeaderMap;

use crate::{Asked, KEY, OLD_KEY, with_tokens};

const RANDOM: [u8; RANDOM_BYTES] = [7; RANDOM_BYTES];

/// A request of an old browser: no `Sec-Fetch-Site`, no `Origin`.
fn old(session: Option<&str>, cookie: Option<&str>, field: Option<&str>) -> Asked {
    let pairs = [("sid", session), ("__Host-csrf", cookie)];
    let pairs = pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
    let cookies = pairs.collect::<Vec<_>>().join("; ");
    let mut asked = Asked::post(&[]);
    if !cookies.is_empty() {
        asked = asked.with(&[("cookie", &cookies)]);
    }
    match field {
        Some(field) => asked.with(&[("x-csrf-token", field)]),
        None => asked,
    }
}

fn reason(csrf: &Csrf, asked: &Asked) -> &'static str {
    asked.decide(csrf, None).reason()
}

#[test]
fn an_old_browser_needs_the_token_of_its_session_twice() {
    let csrf = with_tokens(&[KEY]);
    let token = csrf.issue(Some(b"alice"), RANDOM).unwrap();
    let (alice, same) = (Some("alice"), Some(token.as_str()));
    assert_eq!(token.len(), 64);
    assert_eq!(reason(&csrf, &old(alice, same, same)), "token");
    for (asked, expected) in [
        (old(alice, None, None), "token-missing"),
        (old(alice, same, None), "token-missing"),
        (old(alice, None, same), "token-missing"),
        (old(alice, same, Some("")), "token-wrong"),
        (old(alice, Some(""), Some("")), "token-wrong"),
        (old(Some("mallory"), same, same), "token-wrong"),
        (old(Some("alic"), same, same), "token-wrong"),
        (old(Some(""), same, same), "token-wrong"),
        (old(None, same, same), "token-wrong"),
        // Twice the field, a second session or token that a sibling has planted.
        (old(alice, same, same).with(&[("x-csrf-token", &token)]), "token-wrong"),
        (old(alice, same, same).with(&[("cookie", "sid=mallory")]), "token-wrong"),
        (old(alice, same, same).with(&[("cookie", &format!("__Host-csrf={token}"))]), "token-wrong"),
    ] {
        assert_eq!(reason(&csrf, &asked), expected);
    }
    // A token is no ticket for a page that its browser calls foreign.
    for (fields, expected) in [
        (&[("sec-fetch-site", "cross-site")][..], "cross-site"),
        (&[("origin", "https://attacker.example")], "foreign-origin"),
        (&[("origin", "null")], "null-origin"),
    ] {
        assert_eq!(reason(&csrf, &old(alice, same, same).with(fields)), expected);
    }
    // Whose browser says where it comes from needs none, and neither does who carries nothing.
    assert_eq!(
        reason(&csrf, &old(alice, None, None).with(&[("sec-fetch-site", "same-origin")])),
        "same-origin"
    );
    let bare = old(None, None, None).where_ambient_is(Ambient::Carried);
    assert_eq!(reason(&csrf, &bare), "not-needed-no-credentials");
}

#[test]
fn two_of_a_kind_that_are_not_signed_are_worthless() {
    let csrf = with_tokens(&[KEY]);
    let mallorys = csrf.issue(Some(b"mallory"), RANDOM).unwrap();
    let other = with_tokens(&[OLD_KEY]).issue(Some(b"alice"), RANDOM).unwrap();
    for planted in ["x", &"A".repeat(64), &"A".repeat(10_000), &mallorys, &other] {
        assert_eq!(
            reason(&csrf, &old(Some("alice"), Some(planted), Some(planted))),
            "token-wrong",
            "{planted}"
        );
    }
    // A session that is not there yet is not the one whose cookie is empty.
    let anonymous = csrf.issue(None, RANDOM).unwrap();
    let twice = Some(anonymous.as_str());
    assert_eq!(reason(&csrf, &old(None, twice, twice)), "token");
    assert_eq!(reason(&csrf, &old(Some(""), twice, twice)), "token-wrong");
}

#[test]
fn every_bit_of_a_token_counts() {
    let csrf = with_tokens(&[KEY]);
    let token = csrf.issue(Some(b"alice"), RANDOM).unwrap();
    assert!(csrf.verify(token.as_bytes(), Some(b"alice")));
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        for letter in *b"AZaz09-_=" {
            if changed[at] != letter {
                changed[at] = letter;
                assert!(!csrf.verify(&changed, Some(b"alice")), "{at}");
                changed[at] = token.as_bytes()[at];
            }
        }
        assert!(!csrf.verify(&token.as_bytes()[..at], Some(b"alice")), "{at}");
    }
    assert!(!csrf.verify(format!("{token}AAAA").as_bytes(), Some(b"alice")));
    assert!(!csrf.verify(format!("{token}=").as_bytes(), Some(b"alice")));
    assert_ne!(csrf.issue(Some(b"alice"), [8; RANDOM_BYTES]).unwrap(), token);
    assert!(!Csrf::default().verify(token.as_bytes(), Some(b"alice")));
    assert_eq!(Csrf::default().issue(Some(b"alice"), RANDOM), None);
}

/// The same by hand: HMAC-SHA256 (RFC 2104) from its definition.
#[test]
fn a_token_is_an_hmac_over_session_and_random_bytes() {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    let key: Vec<u8> = (0..32).collect();
    let hash = digest(&SHA256, b"alice");
    let message = [&b"corsac-csrf-1"[..], &[1], hash.as_ref(), &RANDOM].concat();
    let pad = |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).unwrap_or(&0) ^ byte).collect() };
    let inner = digest(&SHA256, &[pad(0x36), message].concat());
    let tag = digest(&SHA256, &[pad(0x5c), inner.as_ref().to_vec()].concat());
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([tag.as_ref(), &RANDOM].concat());
    assert_eq!(with_tokens(&[KEY]).issue(Some(b"alice"), RANDOM), Some(token));
}

#[test]
fn keys_rotate() {
    let (old_guard, both, new) = (with_tokens(&[OLD_KEY]), with_tokens(&[KEY, OLD_KEY]), with_tokens(&[KEY]));
    let token = old_guard.issue(Some(b"alice"), RANDOM).unwrap();
    assert!(both.verify(token.as_bytes(), Some(b"alice")));
    assert!(!new.verify(token.as_bytes(), Some(b"alice")));
    assert_eq!(both.issue(Some(b"alice"), RANDOM), new.issue(Some(b"alice"), RANDOM));
}

const ENFORCED: RouteCsrf = RouteCsrf { mode: CsrfMode::Enforce, ambient: Ambient::Cookies };

fn set(csrf: &Csrf, asked: &Asked, route: RouteCsrf) -> Option<HeaderMap> {
    let token = csrf.new_token(&asked.head(), route, || Some(RANDOM))?;
    let mut headers = HeaderMap::new();
    headers.insert("cache-control", "max-age=60".parse().unwrap());
    headers.insert("set-cookie", "sid=alice".parse().unwrap());
    token.stamp(&mut headers);
    Some(headers)
}

#[test]
fn an_old_browser_gets_a_token_with_a_safe_response() {
    let csrf = with_tokens(&[KEY]);
    let get = |cookie: &str| Asked::new("GET").with(&[("cookie", cookie)]);
    let headers = set(&csrf, &get("sid=alice"), ENFORCED).unwrap();
    let token = csrf.issue(Some(b"alice"), RANDOM).unwrap();
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["sid=alice", &format!("__Host-csrf={token}; Path=/; Secure; SameSite=Strict")]);
    assert!(cookies[1].is_sensitive());
    // No shared cache gives it to somebody else.
    assert_eq!(headers.get_all("cache-control").iter().collect::<Vec<_>>(), ["max-age=60", "private"]);
    // Again only when it is missing or of another session.
    assert!(set(&csrf, &get(&format!("sid=alice; __Host-csrf={token}")), ENFORCED).is_none());
    assert!(set(&csrf, &get(&format!("sid=bob; __Host-csrf={token}")), ENFORCED).is_some());
    assert!(set(&csrf, &get("__Host-csrf=x"), ENFORCED).is_some());
    let twice = format!("sid=alice; __Host-csrf={token}; __Host-csrf=x");
    assert!(set(&csrf, &get(&twice), ENFORCED).is_some());
    // Which session it is, nobody knows.
    assert!(set(&csrf, &get("sid=alice; sid=bob"), ENFORCED).is_none());
}

#[test]
fn nobody_else_gets_a_token() {
    let csrf = with_tokens(&[KEY]);
    let get = || Asked::new("GET");
    assert!(set(&csrf, &get(), ENFORCED).is_some());
    assert!(set(&csrf, &Asked::new("HEAD"), ENFORCED).is_some());
    assert!(set(&csrf, &Asked::post(&[]), ENFORCED).is_none());
    assert!(set(&csrf, &Asked::new("OPTIONS"), ENFORCED).is_none());
    // Without TLS no browser would keep it.
    assert!(set(&csrf, &get().plain(), ENFORCED).is_none());
    assert!(set(&csrf, &get().with(&[("sec-fetch-site", "same-origin")]), ENFORCED).is_none());
    assert!(set(&csrf, &get(), RouteCsrf { mode: CsrfMode::Off, ..ENFORCED }).is_none());
    assert!(set(&csrf, &get(), RouteCsrf { ambient: Ambient::None, ..ENFORCED }).is_none());
    assert!(set(&csrf, &get(), RouteCsrf { mode: CsrfMode::Report, ..ENFORCED }).is_some());
    assert!(set(&Csrf::default(), &get(), ENFORCED).is_none());
    // Randomness that is not there sets nothing.
    assert!(csrf.new_token(&get().head(), ENFORCED, || None).is_none());
}

#[test]
fn every_mistake_is_reported_and_no_key_is_shown() {
    let weak = "ab".repeat(32);
    let short = KEY.get(1..).unwrap();
    let keys = [short, &weak, KEY, "", KEY, "zz", OLD_KEY].join("\r\n");
    let token = TokenConfig { keys: keys.into(), session_cookie: "s id".into() };
    let config = CsrfConfig { token: Some(token) };
    let Mistakes(mistakes) = Csrf::compile(&config).unwrap_err();
    let kinds: Vec<_> =
        mistakes.iter().map(|mistake| (mistake.field.to_string(), mistake.kind.clone())).collect();
    let keys = |kind| ("token.keys".to_owned(), kind);
    assert_eq!(
        kinds,
        [
            keys(MistakeKind::KeyMalformed { line: 1 }),
            keys(MistakeKind::KeyWeak { line: 2 }),
            keys(MistakeKind::KeyRepeated { line: 5 }),
            keys(MistakeKind::KeyMalformed { line: 6 }),
            ("token.session_cookie".to_owned(), MistakeKind::CookieName("s id".into())),
        ]
    );
    let shown = format!("{config:?} {} {:?}", Mistakes(mistakes), with_tokens(&[KEY]));
    for secret in [short, weak.as_str(), KEY, OLD_KEY, "0, 1, 2, 3", "zz"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let one = |keys: &str, session_cookie: &str| {
        let token = TokenConfig { keys: keys.into(), session_cookie: session_cookie.into() };
        let Mistakes(mistakes) = Csrf::compile(&CsrfConfig { token: Some(token) }).unwrap_err();
        assert_eq!(mistakes.len(), 1);
        mistakes[0].kind.clone()
    };
    assert_eq!(one(" \n", "sid"), MistakeKind::NoKey);
    assert_eq!(one(KEY, "__Host-csrf"), MistakeKind::SessionIsToken);
    assert_eq!(one(KEY, ""), MistakeKind::CookieName(String::new()));
    let many: Vec<_> = (0..5).map(|at| format!("{at:02}{}", KEY.get(2..).unwrap())).collect();
    assert_eq!(one(&many.join("\n"), "sid"), MistakeKind::TooManyKeys);
    with_tokens(&many[..4].iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_new_token_is_shown_to_nobody() {
    let csrf = with_tokens(&[KEY]);
    let token = csrf.new_token(&Asked::new("GET").head(), ENFORCED, || Some(RANDOM)).unwrap();
    let text = csrf.issue(None, RANDOM).unwrap();
    assert!(!format!("{token:?}").contains(&text));
}
