//! The layer around services of every temper, and the scenarios through it.

#![cfg(test)]

use std::convert::Infallible;
use std::time::Duration;

use allocation_counter::measure;
use axum::Router;
use axum::body::Body;
use axum::routing::{get, options};
use corsac_cors::{Policy, PolicyConfig, RequestHead, read_policy};
use corsac_diagnostics::{Document, FieldPath, Source, TableReader};
use corsac_middleware::cors::{CorsLayer, SharedPolicy};
use corsac_origin::PublicSuffixList;
use corsac_scenarios::{Case, Message, cases};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

const APP: &str = "https://app.example.com";

fn policy() -> Policy {
    Policy::compile(&PolicyConfig {
        origins: vec![APP.to_owned()],
        methods: vec!["PUT".to_owned()],
        credentials: true,
        ..PolicyConfig::default()
    })
    .unwrap()
}

fn request(method: &str, uri: &str, origin: &'static str) -> Request<Body> {
    Request::builder().method(method).uri(uri).header("origin", origin).body(Body::empty()).unwrap()
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

fn application() -> Router {
    Router::new()
        .route("/items", get(|| async { "[]" }))
        .route("/panic", get(panics))
        .route("/options", options(|| async { "mine" }))
        .route("/owner", get(|| async { [("access-control-allow-origin", "*"), ("vary", "accept")] }))
        .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(CatchPanicLayer::new())
        .layer(CorsLayer::new(policy()))
}

#[tokio::test]
async fn every_response_is_stamped_for_the_allowed_page_and_none_for_a_stranger() {
    for (method, path, status) in [
        ("GET", "/items", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/items", 405),
        ("GET", "/panic", 500),
        ("GET", "/broken", 500),
        ("OPTIONS", "/options", 200),
    ] {
        let ask = |origin| application().oneshot(request(method, path, origin));
        let response = ask(APP).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["access-control-allow-origin"], APP, "{path}");
        assert_eq!(response.headers()["access-control-allow-credentials"], "true", "{path}");
        let response = ask("https://evil.example").await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert!(
            !response.headers().keys().any(|name| name.as_str().starts_with("access-control-")),
            "{path}"
        );
        assert!(response.headers()["vary"].to_str().unwrap().starts_with("Origin"), "{path}");
    }
}

#[tokio::test]
async fn inner_cors_fields_are_removed_and_vary_is_kept() {
    let response = application().oneshot(request("GET", "/owner", "https://evil.example")).await.unwrap();
    assert_eq!(response.headers().get("access-control-allow-origin"), None);
    assert_eq!(response.headers()["vary"], "accept, Origin");
    let response = application().oneshot(request("GET", "/owner", APP)).await.unwrap();
    assert_eq!(response.headers().get_all("access-control-allow-origin").iter().collect::<Vec<_>>(), [APP]);
}

#[tokio::test]
async fn errors_of_the_inner_service_become_readable_responses_or_stay_errors() {
    let failing = || service_fn(|_: Request<()>| async { Err::<Response<String>, _>("down") });
    let ask = |origin| Request::builder().header("origin", origin).body(()).unwrap();
    let bare = CorsLayer::new(policy()).layer(failing());
    assert_eq!(bare.oneshot(ask(APP)).await.unwrap_err(), "down");

    let answer = |error: &'static str| {
        let mut response = Response::new(error.to_owned());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    };
    let layer = CorsLayer::new(policy()).answer_errors(answer);
    let response = layer.layer(failing()).oneshot(ask(APP)).await.unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_str()), (503, "down"));
    assert_eq!(response.headers()["access-control-allow-origin"], APP);
    let response = layer.layer(failing()).oneshot(ask("https://evil.example")).await.unwrap();
    assert_eq!(response.headers().get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn timeouts_inside_are_answered() {
    let slow = service_fn(|_: Request<()>| async {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let timed_out = |_: tower::BoxError| {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
        response
    };
    let stack = ServiceBuilder::new()
        .layer(CorsLayer::new(policy()).answer_errors(timed_out))
        .timeout(Duration::from_millis(1))
        .service(slow);
    let response = stack.oneshot(Request::builder().header("origin", APP).body(()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(response.headers()["access-control-allow-origin"], APP);
}

#[tokio::test]
async fn a_preflight_never_reaches_the_application() {
    let reached = service_fn(|_: Request<()>| async {
        panic!("the application was called");
        #[expect(unreachable_code, reason = "the response type is needed")]
        Ok::<_, Infallible>(Response::new(()))
    });
    let mut service = CorsLayer::new(policy()).layer(reached);
    for (origin, method, status) in
        [(APP, "PUT", 204), (APP, "DELETE", 403), ("https://evil.example", "PUT", 403)]
    {
        let request = Request::builder()
            .method("OPTIONS")
            .header("origin", origin)
            .header("access-control-request-method", method)
            .body(())
            .unwrap();
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.status(), status, "{origin} {method}");
    }
}

#[tokio::test]
async fn a_replaced_policy_decides_the_next_request_and_not_the_running_one() {
    let shared = SharedPolicy::new(policy());
    let (release, held) = tokio::sync::oneshot::channel::<()>();
    let held = std::sync::Mutex::new(Some(held));
    let holding = service_fn(move |_: Request<()>| {
        let held = held.lock().unwrap().take();
        async move {
            if let Some(held) = held {
                held.await.unwrap();
            }
            Ok::<_, Infallible>(Response::new(()))
        }
    });
    let mut service = CorsLayer::new(shared.clone()).layer(holding);
    let ask = || Request::builder().header("origin", APP).body(()).unwrap();
    let running = service.ready().await.unwrap().call(ask());

    let other = PolicyConfig { origins: vec!["https://other.example".to_owned()], ..policy().to_config() };
    assert_eq!(shared.replace(&Policy::compile(&other).unwrap()), 1);
    assert_eq!(shared.load().generation(), 1);
    release.send(()).unwrap();
    assert_eq!(running.await.unwrap().headers()["access-control-allow-origin"], APP);
    let next = service.ready().await.unwrap().call(ask()).await.unwrap();
    assert_eq!(next.headers().get("access-control-allow-origin"), None);
    assert_eq!(shared.replace(&policy()), 2);
}

#[test]
fn the_layer_allocates_nothing_of_its_own_but_the_header_map() {
    let plain = service_fn(|_: Request<()>| std::future::ready(Ok::<_, Infallible>(Response::new(()))));
    let mut service = CorsLayer::new(policy()).layer(plain);
    let request = || {
        let mut request = Request::new(());
        request.headers_mut().insert("origin", HeaderValue::from_static(APP));
        request
    };
    let mut run = |request| {
        let mut future = std::pin::pin!(service.call(request));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_ready());
    };
    run(request());
    let warm = request();
    let counted = measure(|| run(warm));
    assert!(counted.count_total <= 2, "{counted:?}");
}

fn compile(case: &Case) -> Policy {
    let text = case.policy.clone().unwrap_or_else(|| panic!("{case} has no policy"));
    let (document, mut findings) = Document::parse(Source::new(case.to_string(), text));
    let reader = TableReader::new(&document.root, FieldPath::root(), &mut findings);
    let policy = read_policy(reader, PublicSuffixList::embedded(), &mut findings);
    policy.unwrap_or_else(|| panic!("{case}: {findings:?}"))
}

fn http_request(message: &Message) -> Request<Body> {
    let builder = Request::builder().method(message.head()).uri(message.target());
    let mut request = builder.body(Body::empty()).unwrap();
    for (name, value) in &message.fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

fn cors_fields(headers: &HeaderMap) -> Vec<String> {
    let ours = |name: &HeaderName| name == "vary" || name.as_str().starts_with("access-control-");
    let fields = headers.iter().filter(|(name, _)| ours(name));
    let mut lines: Vec<_> =
        fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

/// What the scenario says, from the decision alone and through the layer.
async fn check(case: &Case, request: &Message, response: &Message) {
    let policy = compile(case);
    let request = http_request(request);
    let mut decided = HeaderMap::new();
    policy.decide(&RequestHead::of(&request)).apply(&mut decided);
    assert_eq!(cors_fields(&decided), response.sorted(), "{case}: the decision");

    let app = Router::new().fallback(|| async { "" }).layer(CorsLayer::new(policy));
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(answer.status().as_str(), response.head(), "{case}");
    assert_eq!(cors_fields(answer.headers()), response.sorted(), "{case}: the layer");
}

#[tokio::test]
async fn scenarios_hold_for_the_decision_and_the_layer() {
    let mut checked = 0;
    for case in cases().unwrap() {
        if let (Some(_), Some(request), Some(response)) = (&case.policy, &case.request, &case.response) {
            check(&case, request, response).await;
            checked += 1;
        }
    }
    assert!(checked >= 20, "only {checked} scenarios were found");
}
