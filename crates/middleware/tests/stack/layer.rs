//! What the layer does around the guards.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use corsac_diagnostics::Source;
use corsac_middleware::authn::{Identity, Nowhere, read_file};
use corsac_middleware::authz::Permit;
use corsac_middleware::rate_limit::ClientAddress;
use corsac_middleware::stack::{RequestBody, Stack, StackConfig, StackLayer, World, file};
use corsac_origin::PublicSuffixList;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

const APP: &str = "https://app.example.com";
const POLICY: &str = r#"
[cors.app]
origins = ["https://app.example.com"]

[concurrency_limits.one]
limit = 1

[[routes]]
path = "/a/{*rest}"
cors = "app"

[[routes]]
path = "/one"
cors = "app"
concurrency_limit = "one"
"#;

fn config(text: &str) -> StackConfig {
    let reading = file::read(Source::new("policy.toml", text), None, PublicSuffixList::embedded());
    reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings))
}

fn stack(text: &str) -> Stack {
    Stack::compile(&config(text), &World { read: &read_file, outside: Arc::new(Nowhere) }).unwrap()
}

fn get(target: &str) -> Request<Full<Bytes>> {
    let request = Request::get(target).header("host", "a.example").header("origin", APP);
    request.body(Full::default()).unwrap()
}

type Answer = Result<Response<Full<Bytes>>, Infallible>;

async fn fine<B>(_: Request<RequestBody<B>>) -> Answer {
    Ok(Response::new(Full::from("fine")))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The status, the problem's code, and whether the page may read.
async fn told<S, R>(service: S, request: Request<Full<Bytes>>) -> (u16, String, bool)
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>, Error: std::fmt::Debug>,
    R: Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let response = service.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body: serde_json::Value =
        serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or_default();
    assert!(head.headers.contains_key("x-request-id"));
    let is_readable = head.headers.get("access-control-allow-origin").is_some_and(|it| it == APP);
    (head.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned(), is_readable)
}

#[test]
fn a_panic_is_an_answer_that_the_allowed_page_reads() {
    async fn later(_: Request<RequestBody<Full<Bytes>>>) -> Answer {
        panic!("a bug")
    }
    let layer = StackLayer::new(stack(POLICY));
    let answer = block_on(told(layer.layer(service_fn(later)), get("/a/b")));
    assert_eq!(answer, (500, "internal-error".into(), true));
    let at_once = service_fn(|request: Request<RequestBody<Full<Bytes>>>| -> std::future::Ready<Answer> {
        panic!("a bug with {}", request.uri())
    });
    assert_eq!(block_on(told(layer.layer(at_once), get("/a/b"))).0, 500);
    assert_eq!(block_on(told(layer.layer(service_fn(fine)), get("/a/b"))), (200, String::new(), true));
}

/// A body that never comes.
struct Never;

impl Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[test]
fn what_takes_too_long_is_an_answer_that_the_allowed_page_reads() {
    let layer = StackLayer::new(stack(POLICY)).timeout(Some(Duration::from_millis(1)));
    let slow = service_fn(|_: Request<RequestBody<Full<Bytes>>>| pending::<Answer>());
    let answer = block_on(told(layer.layer(slow), get("/a/b")));
    assert_eq!(answer, (503, "handler-timeout".into(), true));

    let folder = std::env::temp_dir().join(format!("corsac-slow-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("any.json"), "{}").unwrap();
    let text = "[schemas.any]\nfile = \"any.json\"\n[[routes]]\npath = \"/\"\nbody_schema = \"any\"\n";
    let source = Source::new(folder.join("policy.toml").to_str().unwrap(), text);
    let reading = file::read(source, None, PublicSuffixList::embedded());
    let world = World { read: &read_file, outside: Arc::new(Nowhere) };
    let collecting = Stack::compile(&reading.config.unwrap(), &world).unwrap();
    let layer = StackLayer::new(collecting).timeout(Some(Duration::from_millis(1)));
    let request = Request::post("/").header("host", "a.example").header("content-type", "application/json");
    let service = layer.layer(service_fn(fine));
    let answered = block_on(service.oneshot(request.body(Never).unwrap())).unwrap();
    assert_eq!(answered.status(), StatusCode::REQUEST_TIMEOUT);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn errors_are_passed_on_or_answered_and_stamped() {
    let failing =
        service_fn(|_: Request<RequestBody<Full<Bytes>>>| ready(Err::<Response<Full<Bytes>>, _>("down")));
    let layer = StackLayer::new(stack(POLICY));
    let passed = block_on(layer.clone().layer(failing).oneshot(get("/a/b")));
    assert_eq!(passed.err(), Some("down"));
    let answering = layer.answer_errors(|error: &'static str| {
        let mut response = Response::new(Full::from(error));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    });
    assert_eq!(block_on(told(answering.layer(failing), get("/a/b"))), (502, String::new(), true));
}

/// What the handler finds.
fn seen(layer: &StackLayer, request: Request<Full<Bytes>>) -> http::request::Parts {
    let recorder = Recorder::default();
    let response = block_on(layer.clone().layer(recorder.clone()).oneshot(request)).unwrap();
    assert_eq!(response.status(), 200);
    recorder.0.lock().unwrap().take().unwrap()
}

/// A handler that keeps the head of what it got.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Option<http::request::Parts>>>);

impl<B> Service<Request<B>> for Recorder {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        *self.0.lock().unwrap() = Some(request.into_parts().0);
        ready(Ok(Response::new(Full::default())))
    }
}

#[test]
fn the_handler_gets_the_permit_that_its_rules_gave() {
    let layer = StackLayer::new(stack(POLICY));
    let head = seen(&layer, get("/a/%62?c"));
    assert_eq!(head.extensions.get::<Arc<Permit>>().unwrap().route(), "/a/{*rest}");
    assert!(head.extensions.get::<Identity>().is_none());
    assert_eq!(head.uri, "/a/b?c");
    let passed = "[cors.app]\norigins = [\"https://app.example.com\"]\n[[routes]]\npath = \"/\"\ncors = \"app\"\n\
                  cors_mode = \"passthrough\"\n";
    let mut preflight = get("/");
    *preflight.method_mut() = http::Method::OPTIONS;
    preflight.headers_mut().insert("access-control-request-method", "PUT".parse().unwrap());
    // One that was for another request is not this one's.
    preflight.extensions_mut().extend(head.extensions);
    let head = seen(&StackLayer::new(stack(passed)), preflight);
    assert!(head.extensions.get::<Arc<Permit>>().is_none());
}

#[test]
fn proxies_are_believed_where_they_are_trusted_and_nowhere_else() {
    let from = |peer: &str| {
        let mut request = get("/a/b");
        for (name, value) in [("x-forwarded-for", "203.0.113.9"), ("x-request-id", "theirs")] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request.extensions_mut().insert(SocketAddr::new(peer.parse().unwrap(), 1));
        request
    };
    let told = |layer: &StackLayer, peer| {
        let head = seen(layer, from(peer));
        let is_theirs = head.headers.get("x-request-id").is_some_and(|id| id == "theirs");
        (head.extensions.get::<ClientAddress>().unwrap().0.to_string(), is_theirs)
    };
    let layer = StackLayer::new(stack(POLICY));
    assert_eq!(told(&layer, "127.0.0.1"), ("127.0.0.1".into(), false));
    let trusting = layer.trusting_proxies(["127.0.0.0/8".parse().unwrap()]);
    assert_eq!(told(&trusting, "127.0.0.1"), ("203.0.113.9".into(), false));
    assert_eq!(told(&trusting, "192.0.2.1"), ("192.0.2.1".into(), false));
    let asking = trusting.taking_request_ids();
    assert_eq!(told(&asking, "127.0.0.1"), ("203.0.113.9".into(), true));
    assert_eq!(told(&asking, "192.0.2.1"), ("192.0.2.1".into(), false));
    let by_own = asking.peer_by(|_| Some(IpAddr::from([198, 51, 100, 1])));
    assert_eq!(told(&by_own, "127.0.0.1"), ("198.51.100.1".into(), false));
}

#[test]
fn a_request_counts_until_its_response_has_ended() {
    let service = StackLayer::new(stack(POLICY)).layer(service_fn(fine));
    let ask = || service.clone().oneshot(get("/one"));
    block_on(async {
        let first = ask().await.unwrap();
        assert_eq!(ask().await.unwrap().status(), 429);
        first.into_body().collect().await.unwrap();
        let second = ask().await.unwrap();
        assert_eq!(second.status(), 200);
        drop(second);
        assert_eq!(ask().await.unwrap().status(), 200);
    });
}

#[test]
fn a_limit_that_nobody_counts_lets_nobody_pass() {
    let text = "[rate_limits.all]\nlimit = \"9/1h\"\n[[routes]]\npath = \"/a/b\"\nrate_limits = [\"all\"]\n";
    let shared = StackConfig { is_shared: true, ..config(text) };
    let world = World { read: &read_file, outside: Arc::new(Nowhere) };
    let layer = StackLayer::new(Stack::compile(&shared, &world).unwrap());
    assert_eq!(block_on(told(layer.clone().layer(service_fn(fine)), get("/a/b"))).0, 503);
    let counted = layer.counted_by(|counting| {
        let decision = counting.decide(corsac_middleware::rate_limit::Moment::now());
        Box::pin(ready(corsac_middleware::stack::Outcome::Decided(decision)))
    });
    assert_eq!(block_on(told(counted.layer(service_fn(fine)), get("/a/b"))).0, 200);
}

#[test]
fn another_stack_is_in_force_for_all_clones_at_once() {
    let layer = StackLayer::new(stack(POLICY));
    let service = layer.clone().layer(service_fn(fine));
    assert_eq!(block_on(told(service.clone(), get("/new"))).0, 404);
    let next = layer.stack().recompile(
        &config("[[routes]]\npath = \"/new\"\n"),
        &World { read: &read_file, outside: Arc::new(Nowhere) },
    );
    layer.replace(next.unwrap());
    assert_eq!(block_on(told(service, get("/new"))).0, 200);
}

#[test]
fn a_socket_has_credentials_only_where_a_page_may_have_them() {
    let socket = |layer: &StackLayer| {
        let mut request = get("/a/b");
        for (name, value) in [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("cookie", "sid=1"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        seen(layer, request).headers.contains_key("cookie")
    };
    assert!(!socket(&StackLayer::new(stack(POLICY))));
    let with = POLICY.replace("[concurrency_limits", "credentials = true\n[concurrency_limits");
    assert!(socket(&StackLayer::new(stack(&with))));
}

#[test]
fn the_observer_is_told_of_every_guard() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let layer = StackLayer::new(stack(POLICY)).observed_by(move |passage, status| {
        heard.lock().unwrap().push((passage.trail().last().map(|it| it.reason), status.as_u16()));
    });
    let service = layer.layer(service_fn(fine));
    for target in ["/nowhere", "/a/b", "/a/../b"] {
        drop(block_on(service.clone().oneshot(get(target))).unwrap());
    }
    assert_eq!(*told.lock().unwrap(), [(Some("no-route"), 404), (None, 200), (Some("bad-request"), 400)]);
}
