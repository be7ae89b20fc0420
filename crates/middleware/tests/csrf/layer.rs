//! The layer over services.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use corsac_middleware::cors::{CorsLayer, SharedPolicy};
use corsac_middleware::csrf::{
    Ambient, CookieConfig, CookieRules, Csrf, CsrfLayer, CsrfMode, Decision, Transport,
};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{KEY, policy, with_tokens};

fn layer() -> CsrfLayer {
    CsrfLayer::new(Csrf::default(), Transport::Tls).with_policy(policy())
}

fn application(layer: CsrfLayer) -> Router {
    let reached = |decision: axum::Extension<Decision>| async move {
        ([("set-cookie", "sid=abc")], format!("reached: {}", decision.reason()))
    };
    Router::new().route("/items", any(reached)).layer(layer)
}

fn request(method: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri("/items").header("host", "app.example.com");
    let request = request.header("cookie", "sid=abc");
    fields.iter().fold(request, |it, (name, value)| it.header(*name, *value)).body(Body::empty()).unwrap()
}

async fn ask(app: Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let (head, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

const FOREIGN: [(&str, &str); 2] = [("origin", "https://attacker.example"), ("sec-fetch-site", "cross-site")];
const TRUSTED: [(&str, &str); 2] = [("origin", "https://trusted.example"), ("sec-fetch-site", "cross-site")];

#[tokio::test]
async fn a_foreign_post_is_answered_and_an_own_one_arrives() {
    let (status, headers, body) = ask(application(layer()), request("POST", &FOREIGN)).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::FORBIDDEN, &"application/problem+json".parse().unwrap())
    );
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&"cross-site-request".into(), &403.into()));
    assert!(headers.get("set-cookie").is_none() && !body.contains("attacker"));
    for (fields, reason) in [
        (&[("sec-fetch-site", "same-origin")][..], "same-origin"),
        (&[("origin", "https://app.example.com")], "own-origin"),
        (&TRUSTED, "allowed-origin"),
    ] {
        let (status, _, body) = ask(application(layer()), request("POST", fields)).await;
        assert_eq!((status, body), (StatusCode::OK, format!("reached: {reason}")));
    }
    let plain = CsrfLayer::new(Csrf::default(), Transport::Plain);
    let (status, ..) =
        ask(application(plain), request("POST", &[("origin", "https://app.example.com")])).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_host_is_the_authority_and_named_once() {
    let own = [("origin", "https://app.example.com")];
    let asked = |uri: &str, hosts: &[&str]| {
        let request = Request::post(uri).header(own[0].0, own[0].1).header("cookie", "sid=abc");
        hosts.iter().fold(request, |it, host| it.header("host", *host)).body(Body::empty()).unwrap()
    };
    for (uri, hosts, status) in [
        ("/items", &["app.example.com"][..], 200),
        ("https://app.example.com/items", &[], 200),
        ("https://app.example.com/items", &["APP.example.com"], 200),
        ("https://app.example.com/items", &["other.example"], 403),
        ("https://other.example/items", &["app.example.com"], 403),
        ("/items", &["app.example.com", "app.example.com"], 403),
        ("/items", &[], 403),
    ] {
        assert_eq!(ask(application(layer()), asked(uri, hosts)).await.0, status, "{uri} {hosts:?}");
    }
}

#[tokio::test]
async fn the_refusal_can_be_read_by_a_page_that_may_read() {
    let app = application(layer()).layer(CorsLayer::new(policy()));
    let (status, headers, _) = ask(app.clone(), request("DELETE", &TRUSTED)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(headers["access-control-allow-origin"], "https://trusted.example");
    let (status, headers, _) = ask(app, request("DELETE", &FOREIGN)).await;
    assert_eq!((status, headers.get("access-control-allow-origin")), (StatusCode::FORBIDDEN, None));
}

#[tokio::test]
async fn a_policy_that_is_replaced_counts_at_once() {
    let shared = SharedPolicy::new(policy());
    let app = application(CsrfLayer::new(Csrf::default(), Transport::Tls).with_policy(shared.clone()));
    assert_eq!(ask(app.clone(), request("POST", &TRUSTED)).await.0, StatusCode::OK);
    let mut config = policy().to_config();
    config.origins = vec!["https://attacker.example".into()];
    shared.replace(&corsac_cors::Policy::compile(&config).unwrap());
    assert_eq!(ask(app.clone(), request("POST", &TRUSTED)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(app, request("POST", &FOREIGN)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn report_lets_pass_and_tells_whoever_logs() {
    for (mode, event) in [(CsrfMode::Report, "report-only"), (CsrfMode::Off, "allowed")] {
        let app = application(layer().with_mode(mode));
        let response: Response<Body> = app.oneshot(request("POST", &FOREIGN)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.extensions().get::<Decision>().unwrap().event().name(), event);
    }
    let refused = application(layer()).oneshot(request("POST", &FOREIGN)).await.unwrap();
    assert_eq!(refused.extensions().get::<Decision>().unwrap().event().name(), "denied");
    let bearer = application(layer().with_ambient(Ambient::None));
    assert_eq!(ask(bearer, request("POST", &FOREIGN)).await.2, "reached: not-needed-bearer");
}

#[tokio::test]
async fn cookies_are_hardened_and_tokens_are_not_hidden_from_scripts() {
    let rules = CookieRules::compile(&CookieConfig { http_only: true, ..CookieConfig::default() }).unwrap();
    let layer = CsrfLayer::new(with_tokens(&[KEY]), Transport::Tls).with_cookies(rules);
    let (_, headers, _) = ask(application(layer.clone()), request("GET", &[])).await;
    let lines: Vec<_> = headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert_eq!(lines[0], "sid=abc; HttpOnly");
    assert!(lines[1].starts_with("__Host-csrf=") && !lines[1].contains("HttpOnly") && lines.len() == 2);
    assert_eq!(headers["cache-control"], "private");
    // And with the token that was given the next request passes.
    let token = lines[1].split(['=', ';']).nth(1).unwrap();
    let cookies = format!("__Host-csrf={token}");
    let fields = [("cookie", cookies.as_str()), ("x-csrf-token", token)];
    assert_eq!(ask(application(layer.clone()), request("POST", &fields)).await.2, "reached: token");
    let (status, _, body) = ask(application(layer.clone()), request("POST", &fields[..1])).await;
    assert!(status == StatusCode::FORBIDDEN && body.contains("x-csrf-token"), "{body}");
    // Random bytes are drawn each time.
    let (_, again, _) = ask(application(layer), request("GET", &[])).await;
    assert_ne!(again.get_all("set-cookie").iter().nth(1).unwrap(), lines[1]);
}

/// A body that never comes.
struct Never;

impl http_body::Body for Never {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let never = Body::new(Never);
    let mut request = request("POST", &FOREIGN);
    *request.body_mut() = never;
    assert_eq!(application(layer()).oneshot(request).await.unwrap().status(), StatusCode::FORBIDDEN);
    let app = Router::new().route("/items", get(|| async { "" }).post(|| async { "early" })).layer(layer());
    let mut request = self::request("POST", &TRUSTED);
    *request.body_mut() = Body::new(Never);
    assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::OK);
}
