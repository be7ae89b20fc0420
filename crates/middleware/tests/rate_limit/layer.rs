//! The layer over services, and what clients read.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use corsac_cors::{Policy, PolicyConfig};
use corsac_middleware::cors::CorsLayer;
use corsac_middleware::rate_limit::{
    ClientAddress, Clock, ConcurrencyConfig, FIELDS, KeyPart, LimitConfig, LimitedBody, ManualClock,
    QUOTA_EXCEEDED, RateLimit, RateLimitConfig, RateLimitLayer, RouteConfig, Subject,
};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use sfv::{BareItem, List, ListEntry, Parser};
use tower::{Layer, Service, ServiceExt, service_fn};

fn limit(name: &str, limit: &str, burst: u64) -> LimitConfig {
    LimitConfig { name: name.into(), limit: limit.into(), burst: Some(burst), ..LimitConfig::default() }
}

fn config() -> RateLimitConfig {
    RateLimitConfig {
        limits: vec![limit("burst", "1/s", 2), limit("daily", "100/1d", 100), limit("preflight", "1/1h", 2)],
        routes: vec![RouteConfig { limits: vec!["burst".into(), "daily".into()], ..RouteConfig::default() }],
        preflights: vec!["preflight".into()],
        ..RateLimitConfig::default()
    }
}

fn layer(config: &RateLimitConfig) -> (RateLimitLayer, ManualClock) {
    let clock = ManualClock::default();
    let limit = RateLimit::compile(config).unwrap();
    (RateLimitLayer::new(&limit, "/").with_clock(Clock::Manual(clock.clone())), clock)
}

fn request(address: impl Into<IpAddr>) -> Request<Body> {
    Request::builder().extension(ClientAddress(address.into())).body(Body::empty()).unwrap()
}

fn application(layer: RateLimitLayer) -> Router {
    Router::new().route("/", get(|| async { "[]" })).layer(layer)
}

/// Items with their integer and string parameters, by another reader of structured
/// fields.
fn read(headers: &HeaderMap, name: &str) -> Vec<(String, Vec<(String, String)>)> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap());
    let list: List = Parser::new(&lines.collect::<Vec<_>>().join(", ")).parse().unwrap();
    let shown = |item: &BareItem| match item {
        BareItem::Integer(number) => i64::from(*number).to_string(),
        BareItem::String(text) => format!("\"{text}\""),
        other => panic!("{other:?}"),
    };
    let item = |entry: &ListEntry| {
        let ListEntry::Item(item) = entry else { panic!("{entry:?}") };
        let parameters = item.params.iter().map(|(name, value)| (name.to_string(), shown(value)));
        (shown(&item.bare_item), parameters.collect())
    };
    list.iter().map(item).collect()
}

fn item(name: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (format!("\"{name}\""), parameters.collect())
}

#[tokio::test]
async fn every_response_of_a_limited_route_says_what_is_left() {
    let (layer, _) = layer(&config());
    let mut app = application(layer);
    let response = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let policy = [
        item("burst", &[("q", "1"), ("w", "1"), ("corsac-burst", "2")]),
        item("daily", &[("q", "100"), ("w", "86400")]),
    ];
    assert_eq!(read(response.headers(), "ratelimit-policy"), policy);
    let left = [item("burst", &[("r", "1"), ("t", "1")]), item("daily", &[("r", "99"), ("t", "864")])];
    assert_eq!(read(response.headers(), "ratelimit"), left);
    assert_eq!(response.headers().get("retry-after"), None);
    // A 404 and a 405 are answers too.
    let mut request = request(Ipv4Addr::LOCALHOST);
    *request.method_mut() = http::Method::DELETE;
    let response = app.call(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(read(response.headers(), "ratelimit")[0], item("burst", &[("r", "0"), ("t", "1")]));
}

#[tokio::test]
async fn beyond_the_limit_is_a_429_that_says_when_and_which() {
    let (layer, clock) = layer(&config());
    let mut app = application(layer);
    for _ in 0..2 {
        assert_eq!(app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap().status(), 200);
    }
    clock.set(Duration::from_millis(200));
    let response = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    // `daily` has 98 and its next unit is far away: no `t` may be later than Retry-After.
    let left = [item("burst", &[("r", "0"), ("t", "1")]), item("daily", &[("r", "98")])];
    assert_eq!(read(response.headers(), "ratelimit"), left);
    assert_eq!(read(response.headers(), "ratelimit-policy").len(), 2);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let expected = json!({
        "type": QUOTA_EXCEEDED,
        "title": "Request cannot be satisfied as assigned quota has been exceeded",
        "status": 429,
        "code": "quota-exceeded",
        "detail": "too many requests",
        "violated-policies": ["burst"],
    });
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    // Another client, and the same one after the second it was told.
    assert_eq!(app.call(request(Ipv4Addr::BROADCAST)).await.unwrap().status(), 200);
    clock.set(Duration::from_millis(1_200));
    assert_eq!(app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_denied_request_never_reaches_the_service() {
    let (layer, _) = layer(&config());
    let mut reached = 0;
    let mut service = layer.layer(service_fn(|_: Request<Body>| {
        reached += 1;
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
    }));
    for _ in 0..10 {
        drop(service.call(request(Ipv4Addr::LOCALHOST)).await.unwrap());
    }
    drop(service);
    assert_eq!(reached, 2);
}

#[tokio::test]
async fn preflights_have_a_budget_of_their_own() {
    let (layer, _) = layer(&config());
    let mut app = application(layer);
    let preflight = || {
        let mut request = request(Ipv4Addr::LOCALHOST);
        *request.method_mut() = http::Method::OPTIONS;
        request.headers_mut().insert("origin", "https://app.example.com".parse().unwrap());
        request.headers_mut().insert("access-control-request-method", "PUT".parse().unwrap());
        request
    };
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let response = app.call(preflight()).await.unwrap();
        assert_eq!(read(response.headers(), "ratelimit")[0].0, "\"preflight\"");
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [405, 405, 429]);
    // Neither took anything from the other; an OPTIONS that is no preflight is a request.
    let mut options = preflight();
    options.headers_mut().remove("access-control-request-method");
    let response = app.call(options).await.unwrap();
    assert_eq!(read(response.headers(), "ratelimit")[0], item("burst", &[("r", "1"), ("t", "1")]));
}

#[tokio::test]
async fn a_page_may_read_the_429_through_cors() {
    let policy = Policy::compile(&PolicyConfig {
        origins: vec!["https://app.example.com".into()],
        exposed_headers: FIELDS.iter().map(ToString::to_string).collect(),
        ..PolicyConfig::default()
    });
    let (layer, _) = layer(&config());
    let mut app = application(layer).layer(CorsLayer::new(policy.unwrap()));
    for status in [200, 200, 429] {
        let mut request = request(Ipv4Addr::LOCALHOST);
        request.headers_mut().insert("origin", "https://app.example.com".parse().unwrap());
        let response = app.call(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example.com");
        let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("ratelimit") && exposed.contains("retry-after"), "{exposed}");
    }
}

#[derive(Clone)]
struct User(&'static str);

#[tokio::test]
async fn who_is_counted_is_what_the_extractor_says() {
    let limit = RateLimit::compile(&RateLimitConfig {
        limits: vec![LimitConfig { by: vec![KeyPart::Principal], ..limit("user", "1/1h", 1) }],
        routes: vec![RouteConfig { limits: vec!["user".into()], ..RouteConfig::default() }],
        ..RateLimitConfig::default()
    });
    let layer = RateLimitLayer::new(&limit.unwrap(), "/").identified_by(|extensions, _| Subject {
        principal: extensions.get::<User>().map(|user| user.0),
        ..Subject::default()
    });
    let mut app = Router::new().route("/", get(|| async { "[]" })).layer(layer);
    let mut ask = async |user| {
        let mut request = request(Ipv4Addr::LOCALHOST);
        request.extensions_mut().insert(User(user));
        app.call(request).await.unwrap()
    };
    for (user, status) in [("alice", 200), ("alice", 429), ("bob", 200), ("bob", 429)] {
        let response = ask(user).await;
        assert_eq!(response.status(), status, "{user}");
        for value in response.headers().values() {
            assert!(!value.to_str().unwrap().contains(user), "{value:?}");
        }
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains(user));
    }
}

#[tokio::test]
async fn requests_without_an_address_count_as_one() {
    let (layer, _) = layer(&config());
    let mut app = application(layer);
    let mut ask = async || app.call(Request::new(Body::empty())).await.unwrap().status();
    assert_eq!([ask().await, ask().await, ask().await], [200, 200, 429]);
}

#[tokio::test]
async fn a_permit_is_held_until_the_body_ends() {
    let (layer, _) = layer(&RateLimitConfig {
        concurrency: vec![ConcurrencyConfig { limit: 1, ..ConcurrencyConfig::default() }],
        routes: vec![RouteConfig {
            limits: vec![],
            concurrency: Some("concurrency".into()),
            ..RouteConfig::default()
        }],
        ..RateLimitConfig::default()
    });
    let service = layer.layer(service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("body")))
    }));
    let ask = || service.clone().oneshot(request(Ipv4Addr::LOCALHOST));
    let held = ask().await.unwrap();
    assert_eq!(held.status(), 200);
    let policy = item("concurrency", &[("q", "1"), ("qu", "\"concurrent-requests\"")]);
    assert_eq!(read(held.headers(), "ratelimit-policy"), [policy]);
    assert_eq!(read(held.headers(), "ratelimit"), [item("concurrency", &[("r", "0")])]);
    let denied = ask().await.unwrap();
    assert_eq!((denied.status().as_u16(), denied.headers().get("retry-after")), (429, None));
    let body = denied.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("\"violated-policies\":[\"concurrency\"]"));
    // Read to its end, the body gives the place back although the response is still there.
    let mut body: LimitedBody<Full<Bytes>> = held.into_body();
    while body.frame().await.is_some() {}
    let again = ask().await.unwrap();
    assert_eq!(again.status(), 200);
    // Dropped, it gives it back too.
    drop(again);
    assert_eq!(ask().await.unwrap().status(), 200);
    drop(body);
}

#[tokio::test]
async fn a_request_denied_by_its_rate_takes_no_place() {
    let (layer, _) = layer(&RateLimitConfig {
        limits: vec![limit("burst", "1/1h", 1)],
        concurrency: vec![ConcurrencyConfig { limit: 2, ..ConcurrencyConfig::default() }],
        routes: vec![RouteConfig {
            limits: vec!["burst".into()],
            concurrency: Some("concurrency".into()),
            ..RouteConfig::default()
        }],
        ..RateLimitConfig::default()
    });
    let mut app = application(layer);
    let held = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
    for _ in 0..5 {
        let denied = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
        assert_eq!(read(denied.headers(), "ratelimit")[1], item("concurrency", &[("r", "1")]));
        let body = denied.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("\"violated-policies\":[\"burst\"]"));
    }
    drop(held);
}

#[tokio::test]
async fn an_unnamed_route_has_no_limit_and_no_fields() {
    let limit = RateLimit::compile(&config()).unwrap();
    let mut app = application(RateLimitLayer::new(&limit, "/other"));
    for _ in 0..10 {
        let response = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(FIELDS.iter().all(|name| !response.headers().contains_key(name)));
    }
}

#[tokio::test]
async fn limits_of_the_service_inside_stay_beside_ours() {
    let (layer, _) = layer(&config());
    let inner = || async { [("ratelimit", "\"inner\";r=7"), ("ratelimit-policy", "\"inner\";q=9;w=60")] };
    let mut app = Router::new().route("/", get(inner)).layer(layer);
    let response = app.call(request(Ipv4Addr::LOCALHOST)).await.unwrap();
    for field in ["ratelimit", "ratelimit-policy"] {
        let names: Vec<String> = read(response.headers(), field).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["\"inner\"", "\"burst\"", "\"daily\""]);
    }
}
