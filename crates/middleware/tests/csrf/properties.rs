//! What holds for every request.

use corsac_cors::RequestHead;
use corsac_middleware::csrf::{Ambient, Csrf, Grounds, Verdict};
use http::{HeaderMap, Request};
use proptest::prelude::*;

use crate::{Asked, policy, with_tokens};

fn origins() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("https://app.example.com".to_owned()),
        Just("http://app.example.com".to_owned()),
        Just("https://trusted.example".to_owned()),
        Just("https://trusted.example.".to_owned()),
        Just("https://a.tenants.example".to_owned()),
        Just("https://atenants.example".to_owned()),
        Just("null".to_owned()),
        "(https?|ftp)://[a-z]{1,3}(\\.(trusted|tenants|app))?\\.example(\\.com)?(:[0-9]{1,5})?",
        "[ -~]{0,24}",
    ]
}

fn sites() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("same-origin".to_owned()),
        Just("none".to_owned()),
        Just("same-site".to_owned()),
        Just("cross-site".to_owned()),
        "[a-z-]{0,12}",
    ]
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("POST"),
        Just("PUT"),
        Just("DELETE"),
        Just("PATCH"),
        Just("get"),
        Just("GET"),
        Just("OPTIONS"),
    ]
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let field = prop_oneof![
        origins().prop_map(|origin| ("origin".to_owned(), origin)),
        sites().prop_map(|site| ("sec-fetch-site".to_owned(), site)),
        Just(("cookie".to_owned(), "sid=abc".to_owned())),
        Just(("authorization".to_owned(), "Bearer abc".to_owned())),
        Just(("authorization".to_owned(), "Basic abc".to_owned())),
        Just(("referer".to_owned(), "https://app.example.com/".to_owned())),
        Just(("content-type".to_owned(), "application/json".to_owned())),
        Just(("x-http-method-override".to_owned(), "DELETE".to_owned())),
        Just(("x-requested-with".to_owned(), "XMLHttpRequest".to_owned())),
        Just(("x-forwarded-proto".to_owned(), "https".to_owned())),
        Just(("x-forwarded-host".to_owned(), "attacker.example".to_owned())),
        Just(("host".to_owned(), "attacker.example".to_owned())),
        "[ -~]{0,70}".prop_map(|token| ("x-csrf-token".to_owned(), token)),
    ];
    proptest::collection::vec(field, 0..6)
}

fn ambients() -> impl Strategy<Value = Ambient> {
    prop_oneof![Just(Ambient::Carried), Just(Ambient::Cookies), Just(Ambient::ClientCertificate)]
}

fn asked(method: &str, fields: &[(String, String)], ambient: Ambient, is_secure: bool) -> Asked {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Asked { is_secure, ..Asked::new(method).with(&fields).where_ambient_is(ambient) }
}

/// What a browser would find by asking for this method, by the other road.
fn preflight_allows(headers: &HeaderMap, method: &str) -> bool {
    let mut preflight =
        Request::options("/").header("access-control-request-method", method).body(()).unwrap();
    for origin in headers.get_all("origin") {
        preflight.headers_mut().append("origin", origin.clone());
    }
    let decision = policy().decide(&RequestHead::of(&preflight));
    decision.is_allowed() && policy().allows_credentials()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn no_foreign_page_writes_with_credentials_unless_the_policy_names_it(
        method in prop_oneof![Just("POST"), Just("PUT"), Just("DELETE"), Just("PATCH")],
        origin in proptest::option::of(origins()),
        site in prop_oneof![Just("cross-site"), Just("same-site")],
        is_secure: bool,
    ) {
        let mut asked = Asked::new(method).with(&[("sec-fetch-site", site), ("cookie", "sid=abc")]);
        asked.is_secure = is_secure;
        if let Some(origin) = &origin {
            asked = asked.with(&[("origin", origin)]);
        }
        let allowed = preflight_allows(&asked.headers, method) && origin.as_deref() != Some("null");
        for csrf in [Csrf::default(), with_tokens(&[crate::KEY])] {
            for ambient in [Ambient::Carried, Ambient::Cookies] {
                asked.ambient = ambient;
                let decision = asked.decide(&csrf, Some(&policy()));
                prop_assert_eq!(decision.passes(), allowed, "{:?} {}", &origin, decision.reason());
                prop_assert!(!asked.decide(&csrf, None).passes());
            }
        }
    }

    /// Taking fields away is what an attacker's browser cannot do; adding any is not a key,
    /// unless it is the evidence that is named.
    #[test]
    fn nothing_but_the_named_evidence_turns_a_refusal_into_a_pass(
        method in methods(),
        before in fields(),
        more in fields(),
        ambient in ambients(),
        is_secure: bool,
    ) {
        let csrf = with_tokens(&[crate::KEY]);
        let first = asked(method, &before, ambient, is_secure).decide(&csrf, Some(&policy()));
        let all = [&before[..], &more[..]].concat();
        let then = asked(method, &all, ambient, is_secure).decide(&csrf, Some(&policy()));
        if let (Verdict::Denied(_), Verdict::Allowed(grounds)) = (first.verdict(), then.verdict()) {
            let added = |name: &str, values: &[&str]| more.iter().any(|(added, value)| {
                added == name && (values.is_empty() || values.contains(&value.as_str()))
            });
            let named = match grounds {
                Grounds::SameOrigin => added("sec-fetch-site", &["same-origin"]),
                Grounds::UserInitiated => added("sec-fetch-site", &["none"]),
                Grounds::AllowedOrigin => added("origin", &[]),
                Grounds::OwnOrigin => {
                    let own = if is_secure { "https://app.example.com" } else { "http://app.example.com" };
                    added("origin", &[own]) || added("sec-fetch-site", &["none"])
                }
                // No token here is signed, and the rest depends on what is not there.
                Grounds::Bearer
                | Grounds::NoCredentials
                | Grounds::NoEvidence
                | Grounds::Off
                | Grounds::SafeMethod
                | Grounds::Token => false,
            };
            prop_assert!(named, "{first:?} {then:?}");
        }
    }

    #[test]
    fn the_same_is_decided_whatever_is_asked_and_nothing_panics(
        method in methods(),
        uri in "/[a-z]{0,4}(\\?[!-;=?-~]{0,20})?",
        fields in fields(),
        host in proptest::option::of("[ -~]{0,20}"),
        ambient in ambients(),
    ) {
        let Ok(uri) = uri.parse() else { return Ok(()) };
        let asked = Asked { uri, host, ..asked(method, &fields, ambient, true) };
        let decision = asked.decide(&Csrf::default(), Some(&policy()));
        let refused = asked.decide(&Csrf::default(), Some(&policy())).refused(&asked.head());
        prop_assert_eq!(refused.is_none(), decision.passes());
        prop_assert_eq!(refused.map(|it| it.reason), (!decision.passes()).then(|| decision.reason()));
    }
}
