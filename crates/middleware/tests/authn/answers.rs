//! What is answered: challenges, redirects, what upstreams are told, and never a credential.

use std::sync::Arc;

use corsac_credentials::PlacesConfig;
use corsac_middleware::authn::{Authn, AuthnConfig, Group, KeySource, strip};
use corsac_middleware::guard::Refused;
use http::{HeaderMap, Method, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use crate::api_keys::{KEY, write_keys};
use crate::world::{
    Issuer, NOW, Sent, World, bearer, check, check_again, cookie, group, jwt, known, one_server, over,
    refused, wait,
};

/// A session in a cookie or an API key, with a sign-in page; bearer tokens without one.
fn members(world: &Arc<World>, issuer: &Issuer) -> (Authn, Arc<Group>, Arc<Group>) {
    world.write("keys.json", issuer.keys().to_string());
    let keys = || KeySource::File("keys.json".into());
    let mut session = jwt("session", cookie());
    session.keys = keys();
    session.forward_credential = Some(false);
    let mut tokens = jwt("tokens", bearer());
    tokens.keys = keys();
    let mut pages = group("pages", &["session", "partners"]);
    pages.sign_in = Some("https://app.example.com/sign-in?from=api".into());
    pages.realm = Some("example".into());
    let config = AuthnConfig {
        jwt: vec![session, tokens],
        api_keys: vec![write_keys(world)],
        groups: vec![pages, group("api", &["tokens", "partners"])],
        ..AuthnConfig::default()
    };
    let authn = world.compile(&config);
    let (pages, api) = (authn.group("pages").unwrap(), authn.group("api").unwrap());
    (authn, pages, api)
}

fn fields(refused: &Refused, name: &str) -> Vec<String> {
    let fields = refused.problem.fields.iter().filter(|(own, _)| own == name);
    fields.map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn each_401_has_a_challenge_for_each_kind_and_an_error_for_the_one_that_failed() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, _, api) = members(&world, &issuer);
    let nobody = refused(check(&world, &api, &Sent::get("/")));
    assert_eq!(
        (nobody.problem.status, nobody.problem.code),
        (StatusCode::UNAUTHORIZED, "credential-missing")
    );
    assert_eq!(
        fields(&nobody, "www-authenticate"),
        ["Bearer realm=\"api\"", "ApiKey realm=\"api\", in=\"header\", name=\"x-api-key\""]
    );
    let old = issuer.token_of(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}), "ada", NOW);
    let expired = refused(check(&world, &api, &Sent::bearer(&old)));
    assert_eq!((expired.problem.code, expired.reason), ("credential-expired", "token-expired"));
    let said = ", error=\"invalid_token\", error_description=\"The credential has expired\"";
    assert_eq!(
        fields(&expired, "www-authenticate"),
        [&format!("Bearer realm=\"api\"{said}"), "ApiKey realm=\"api\", in=\"header\", name=\"x-api-key\""]
    );
    let wrong = refused(check(&world, &api, &Sent::get("/").with("x-api-key", "nonsense")));
    let challenges = fields(&wrong, "www-authenticate");
    assert_eq!(challenges[0], "Bearer realm=\"api\"");
    assert!(challenges[1].contains("error=\"invalid_token\""), "{challenges:?}");
    let malformed = refused(check(&world, &api, &Sent::get("/").with("authorization", "Bearer a b")));
    assert_eq!(
        (malformed.problem.status, malformed.reason),
        (StatusCode::BAD_REQUEST, "credential-malformed")
    );
    assert!(fields(&malformed, "www-authenticate")[0].contains("error=\"invalid_request\""));
    assert!(fields(&malformed, "vary").is_empty());
}

#[test]
fn methods_are_looked_for_in_order_and_two_credentials_are_refused() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, pages, api) = members(&world, &issuer);
    let token = issuer.token("ada");
    let by_key = known(check(&world, &api, &Sent::get("/").with("x-api-key", &*KEY)));
    assert_eq!(by_key.principal().provider(), "partners");
    // What another method does not take is not its credential: Basic is nobody's here.
    let basic = Sent::get("/").with("authorization", "Basic dTpw").with("x-api-key", &*KEY);
    known(check(&world, &api, &basic));
    // Any refusal but that nothing is there is final.
    let forged = Sent::bearer("a.b.c");
    assert_eq!(refused(check(&world, &api, &forged)).reason, "token-shape");
    let both = Sent::bearer(&token).with("x-api-key", &*KEY);
    let refusal = refused(check(&world, &api, &both));
    assert_eq!((refusal.problem.status, refusal.reason), (StatusCode::BAD_REQUEST, "credential-ambiguous"));
    let both = Sent::get("/").with("cookie", format!("__Host-session={token}")).with("x-api-key", &*KEY);
    assert_eq!(refused(check(&world, &pages, &both)).reason, "credential-ambiguous");
    // A cookie that no method of the route takes is none of its business.
    known(check(&world, &api, &Sent::bearer(&token).with("cookie", "__Host-session=x")));
    let session = Sent::get("/").with("cookie", format!("a=1; __Host-session={token}"));
    assert!(known(check(&world, &pages, &session)).is_ambient());
}

#[test]
fn only_navigations_are_sent_to_the_sign_in_page() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, pages, api) = members(&world, &issuer);
    let refusal = refused(check(&world, &pages, &Sent::page("/orders?page=2&q=a%20b")));
    assert_eq!((refusal.problem.status, refusal.problem.code), (StatusCode::SEE_OTHER, "sign-in-required"));
    assert_eq!(
        fields(&refusal, "location"),
        ["https://app.example.com/sign-in?from=api&return_to=/orders%3Fpage%3D2%26q%3Da%2520b"]
    );
    assert_eq!(fields(&refusal, "cache-control"), ["no-store"]);
    assert_eq!(fields(&refusal, "vary"), ["Sec-Fetch-Mode, Sec-Fetch-Dest"]);
    assert!(fields(&refusal, "www-authenticate").is_empty());
    // An expired session goes there too.
    let old = issuer.token_of(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}), "ada", NOW);
    let session = format!("__Host-session={old}");
    let expired = refused(check(&world, &pages, &Sent::page("/").with("cookie", &session)));
    assert_eq!((expired.problem.status, expired.reason), (StatusCode::SEE_OTHER, "token-expired"));
    // The same cookie from a script, an image, a frame, a form, or over plain HTTP: 401.
    let sent = |mode: &str, dest: &str| {
        Sent::get("/").with("sec-fetch-mode", mode).with("sec-fetch-dest", dest).with("cookie", &session)
    };
    let mut form = Sent::page("/");
    form.method = Method::POST;
    let others = [
        sent("cors", "empty"),
        sent("no-cors", "image"),
        sent("navigate", "iframe"),
        sent("same-origin", "document"),
        Sent::page("/").with("sec-fetch-mode", "navigate"),
        form,
        Sent::get("/"),
    ];
    for other in &others {
        let refusal = refused(check(&world, &pages, other));
        assert_eq!(refusal.problem.status, StatusCode::UNAUTHORIZED);
        assert_eq!(fields(&refusal, "vary"), ["Sec-Fetch-Mode, Sec-Fetch-Dest"]);
        assert!(fields(&refusal, "location").is_empty());
    }
    // And nowhere, where no page is configured.
    assert_eq!(refused(check(&world, &api, &Sent::page("/"))).problem.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn the_way_back_is_a_path_of_this_host() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, pages, _) = members(&world, &issuer);
    let location =
        |path: &str| fields(&refused(check(&world, &pages, &Sent::page(path))), "location").remove(0);
    let back = |target: &str| format!("https://app.example.com/sign-in?from=api&return_to={target}");
    for path in ["//attacker.example/", "/\\attacker.example/", "///x", "https://attacker.example/", ""] {
        assert_eq!(location(path), back("/"), "{path}");
    }
    assert_eq!(location("/a"), back("/a"));
    assert_eq!(location("/a?x=1#&return_to=//b"), back("/a%3Fx%3D1%23%26return_to%3D//b"));
    assert_eq!(location("/a?access_token=s3cr3t"), back("/a"));
    assert_eq!(location("/a?%61ccess_token=s3cr3t"), back("/a"));
    assert_eq!(location(&format!("/a?{}", "x".repeat(3_000))), back("/a"));
    assert_eq!(location(&format!("/{}", "x".repeat(3_000))), back("/"));
}

proptest! {
    #[test]
    fn no_request_chooses_where_the_redirect_goes(path in "[ -~]{0,40}", query in "[ -~]{0,40}") {
        let (world, issuer) = (World::new(), Issuer::new("k1"));
        let (_authn, pages, _) = members(&world, &issuer);
        let mut sent = Sent::page("/");
        (sent.path, sent.query) = (path, Some(query));
        let refusal = refused(check(&world, &pages, &sent));
        let location = fields(&refusal, "location").remove(0);
        let back = location.strip_prefix("https://app.example.com/sign-in?from=api&return_to=").unwrap();
        prop_assert!(back.starts_with('/') && !back.starts_with("//"), "{}", location);
        prop_assert!(back.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)));
    }
}

#[test]
fn upstreams_are_told_who_calls_and_believe_no_client() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, pages, api) = members(&world, &issuer);
    let forged = Sent::bearer(&issuer.token("ad\u{e4},a %\u{1f600}"))
        .with("X-Corsac-Subject", "root")
        .with("x_corsac_roles", "admin")
        .with("x-corsac_anything", "1")
        .with("x-corsica", "stays");
    let mut headers = forged.headers.clone();
    known(check(&world, &api, &forged)).stamp(&mut headers);
    assert_eq!(headers["x-corsac-subject"], "ad%C3%A4%2Ca%20%25%F0%9F%98%80");
    assert_eq!(headers["x-corsac-provider"], "tokens");
    assert_eq!(headers["x-corsac-method"], "jwt");
    assert_eq!(headers["x-corsac-roles"], "editor");
    assert_eq!(headers["x-corsac-scopes"], "read,write");
    assert_eq!(headers["x-corsica"], "stays");
    assert!(!headers.contains_key("x_corsac_roles") && !headers.contains_key("x-corsac_anything"));
    // A bearer token goes on, an API key does not, a cookie as it is said.
    assert!(headers.contains_key("authorization"));
    let key = Sent::get("/").with("x-api-key", &*KEY).with("accept", "a");
    let mut headers = key.headers.clone();
    known(check(&world, &api, &key)).stamp(&mut headers);
    assert!(!headers.contains_key("x-api-key") && headers.contains_key("accept"));
    let session = format!("a=1; __Host-session={}; b=2", issuer.token("ada"));
    let cookies = Sent::get("/").with("cookie", session).with("cookie", "__Host-sessions=3");
    let mut headers = cookies.headers.clone();
    known(check(&world, &pages, &cookies)).stamp(&mut headers);
    let kept: Vec<_> = headers.get_all("cookie").iter().collect();
    assert_eq!(kept, ["a=1; b=2", "__Host-sessions=3"]);
    // Who is nobody says nothing either.
    let mut headers = forged.headers.clone();
    strip(&mut headers);
    assert_eq!(headers.keys().filter(|name| name.as_str().starts_with('x')).count(), 1);
}

#[test]
fn a_group_may_tell_upstreams_nothing() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    world.write("keys.json", issuer.keys().to_string());
    let mut tokens = jwt("tokens", bearer());
    tokens.keys = KeySource::File("keys.json".into());
    tokens.forward_credential = Some(false);
    let mut silent = group("silent", &["tokens"]);
    silent.identity_fields = false;
    let config = AuthnConfig { jwt: vec![tokens], groups: vec![silent], ..AuthnConfig::default() };
    let authn = world.compile(&config);
    let sent = Sent::bearer(&issuer.token("ada")).with("x-corsac-subject", "root");
    let mut headers = sent.headers.clone();
    known(check(&world, &authn.group("silent").unwrap(), &sent)).stamp(&mut headers);
    assert_eq!(headers, HeaderMap::new());
}

/// Whatever is refused, however: neither the log nor the answer has the credential.
#[test]
fn no_refusal_has_the_credential_in_it() {
    const MARKER: &str = "MARKERmarker";
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, pages, api) = members(&world, &issuer);
    let (header, token) = (json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}), issuer.token("ada"));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let mut all = vec![
        Sent::bearer(MARKER),
        Sent::bearer(&format!("{MARKER}.{MARKER}.{MARKER}")),
        Sent::bearer(&format!("{signed}.{MARKER}")),
        Sent::bearer(&format!("{signed}.{}", MARKER.repeat(8))),
        Sent::bearer(&MARKER.repeat(1_000)),
        Sent::bearer(&format!("{MARKER} {MARKER}")),
        Sent::bearer(MARKER).with("authorization", format!("Bearer {MARKER}")),
        Sent::bearer(MARKER).with("x-api-key", MARKER),
        Sent::get(&format!("/?access_token={MARKER}")),
        Sent::page(&format!("/?access_token={MARKER}")),
        Sent::get("/").with("x-api-key", MARKER),
        Sent::get("/").with("x-api-key", format!("{}{MARKER}", *KEY)),
        Sent::get("/").with("cookie", format!("__Host-session={MARKER}")),
        Sent::page("/").with("cookie", format!("__Host-session={MARKER}")),
        Sent::page("/").with("cookie", format!("__Host-session={MARKER}; __Host-session={MARKER}")),
        Sent::bearer(&issuer.token_of(&header, "ada", NOW)),
    ];
    all.push(Sent::bearer(&issuer.token_of(&json!({"alg": "none", "x": MARKER}), "ada", NOW)));
    for sent in &all {
        for group in [&pages, &api] {
            if let corsac_middleware::authn::Check::Refused(refusal) = check(&world, group, sent) {
                let text = format!("{refusal:?} {}", refusal.problem.body());
                assert!(!text.contains(MARKER) && !text.contains(signed), "{text}");
            }
        }
    }
    let legacy = world.compile(&one_server(&world)).group("members").unwrap();
    let sent = Sent::bearer(MARKER);
    for status in [200, 401, 500] {
        let mut waiting = wait(check(&world, &legacy, &sent));
        world.answer_json(status, &json!({"active": "perhaps"}));
        let waited = over(&mut waiting).unwrap();
        let refusal = refused(check_again(&world, &legacy, &sent, &waited));
        let notices = world.notices.lock().unwrap();
        let text = format!("{refusal:?} {legacy:?} {waiting:?} {waited:?} {notices:?}");
        assert!(!text.contains(MARKER) && !text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn more_roles_than_a_field_holds_are_refused_rather_than_cut() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    world.write("keys.json", issuer.keys().to_string());
    let authn = world.compile(&one_server(&world));
    let members = authn.group("members").unwrap();
    for (count, fits) in [(30, true), (40, false)] {
        let sent = Sent::bearer(&format!("opaque-{count}"));
        let mut waiting = wait(check(&world, &members, &sent));
        let scopes: Vec<_> = (0..count).map(|number| format!("{number:0>250}")).collect();
        world.answer_json(200, &json!({"active": true, "sub": "ada", "scope": scopes.join(" ")}));
        let waited = over(&mut waiting).unwrap();
        let decided = check_again(&world, &members, &sent, &waited);
        if fits {
            known(decided);
        } else {
            assert_eq!(refused(decided).reason, "token-claim");
        }
    }
}

#[test]
fn a_credential_in_the_query_is_dangerous_and_known_not_to_be_removed() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    world.write("keys.json", issuer.keys().to_string());
    let places = PlacesConfig { dangerously_query: Some("t".into()), ..PlacesConfig::default() };
    let mut tokens = jwt("tokens", places);
    tokens.keys = KeySource::File("keys.json".into());
    let mut pages = group("pages", &["tokens"]);
    pages.sign_in = Some("/sign-in".into());
    let config = AuthnConfig { jwt: vec![tokens], groups: vec![pages], ..AuthnConfig::default() };
    let authn = world.compile(&config);
    let pages = authn.group("pages").unwrap();
    known(check(&world, &pages, &Sent::get(&format!("/?t={}", issuer.token("ada")))));
    let refusal = refused(check(&world, &pages, &Sent::page("/a?t=stale")));
    assert_eq!(fields(&refusal, "location"), ["/sign-in?return_to=/a"]);
}
