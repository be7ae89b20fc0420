//! tower-http and actix-cors: the same builder calls are compiled here and read as text.

use std::convert::Infallible;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Service as _;
use corsac_analysis::model::{Credentials, Preflight, Scope, Truth};
use tower::{Layer, Service, ServiceExt as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer};

use crate::peers::{Answers, Configuration, Exchange, compare, count};
use crate::random::{Random, origins, written};

type Request = http::Request<String>;

fn request(method: &str, origin: &str) -> Request {
    let builder = http::Request::builder().method(method).uri("/api").header("origin", origin);
    let builder = match method {
        "OPTIONS" => builder
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "x-one, content-type"),
        _ => builder,
    };
    builder.body(String::new()).unwrap()
}

fn exchange(status: u16, headers: impl Iterator<Item = (String, String)>) -> Exchange {
    Exchange { status, headers: headers.collect() }
}

/// What a service under `layer` answers.
async fn ask(layer: &CorsLayer, method: &str, origin: &str) -> Exchange {
    let inner = service_fn(|_: Request| async { Ok::<_, Infallible>(http::Response::new(String::new())) });
    let mut service = layer.layer(inner);
    let response = service.ready().await.unwrap().call(request(method, origin)).await.unwrap();
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let lines = response.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
    exchange(response.status().as_u16(), lines)
}

/// A step of a builder.
type Step = Box<dyn FnOnce(CorsLayer) -> CorsLayer>;

/// A layer, and the code that builds it.
fn layer(random: &mut Random, texts: &mut Vec<String>) -> (String, Box<dyn FnOnce() -> CorsLayer>) {
    let mut code = "CorsLayer::new()".to_owned();
    let mut steps: Vec<Step> = Vec::new();
    match random.below(8) {
        0 => {
            "CorsLayer::permissive()".clone_into(&mut code);
            steps.push(Box::new(|_| CorsLayer::permissive()));
        }
        1 => {
            "CorsLayer::very_permissive()".clone_into(&mut code);
            steps.push(Box::new(|_| CorsLayer::very_permissive()));
        }
        _ => {}
    }
    let mut list: Vec<String> = (0..random.below(4)).map(|_| written(random)).collect();
    if random.one_in(12) {
        list.push("*".to_owned());
    }
    texts.extend(list.iter().cloned());
    let (origin, step) = origin(random, &list);
    if !random.one_in(5) {
        code = format!("{code}\n    .allow_origin({origin})");
        steps.push(step);
    }
    if random.one_in(2) {
        let with = random.one_in(2);
        code = format!("{code}\n    .allow_credentials({with})");
        steps.push(Box::new(move |layer| layer.allow_credentials(with)));
    }
    for (more, step) in [methods(random), headers(random)].into_iter().flatten() {
        code += more;
        steps.push(step);
    }
    if random.one_in(3) {
        code += ".expose_headers([http::header::ETAG]).max_age(Duration::from_secs(600))";
        let aged =
            |layer: CorsLayer| layer.expose_headers([http::header::ETAG]).max_age(Duration::from_secs(600));
        steps.push(Box::new(aged));
    }
    let constant = list.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
    let code = format!(
        "const ORIGINS: &[&str] = &[{constant}];\nfn app() -> Router {{\n    router().layer({code})\n}}\n"
    );
    (code, Box::new(move || steps.into_iter().fold(CorsLayer::new(), |layer, step| step(layer))))
}

/// An argument of `allow_origin`.
fn origin(random: &mut Random, list: &[String]) -> (String, Step) {
    let values: Vec<http::HeaderValue> = list.iter().map(|text| text.parse().unwrap()).collect();
    let one_text = list.first().map_or("https://one.example", String::as_str);
    let one: http::HeaderValue = one_text.parse().unwrap();
    let parsed =
        list.iter().map(|text| format!("\"{text}\".parse().unwrap()")).collect::<Vec<_>>().join(", ");
    let fixed = |text: &str| format!("HeaderValue::from_static(r\"{text}\")");
    let statics = list.iter().map(|text| fixed(text)).collect::<Vec<_>>().join(", ");
    match random.below(8) {
        0 => ("Any".to_owned(), Box::new(|layer| layer.allow_origin(Any))),
        1 => ("AllowOrigin::any()".to_owned(), Box::new(|layer| layer.allow_origin(AllowOrigin::any()))),
        2 => (
            "AllowOrigin::mirror_request()".to_owned(),
            Box::new(|layer| layer.allow_origin(AllowOrigin::mirror_request())),
        ),
        3 => (
            format!("\"{one_text}\".parse::<HeaderValue>().unwrap()"),
            Box::new(|layer| layer.allow_origin(one)),
        ),
        4 => (
            format!("AllowOrigin::exact({})", fixed(one_text)),
            Box::new(|layer| layer.allow_origin(AllowOrigin::exact(one))),
        ),
        5 => (format!("vec![{parsed}]"), Box::new(|layer| layer.allow_origin(values))),
        6 => (
            "ORIGINS.iter().map(|o| o.parse().unwrap()).collect::<Vec<HeaderValue>>()".to_owned(),
            Box::new(|layer| layer.allow_origin(values)),
        ),
        _ => (
            format!("AllowOrigin::list([{statics}])"),
            Box::new(|layer| layer.allow_origin(AllowOrigin::list(values))),
        ),
    }
}

fn methods(random: &mut Random) -> Option<(&'static str, Step)> {
    match random.below(5) {
        0 => Some((
            ".allow_methods([Method::GET, Method::PUT])",
            Box::new(|layer| layer.allow_methods([http::Method::GET, http::Method::PUT])),
        )),
        1 => Some((".allow_methods(Any)", Box::new(|layer| layer.allow_methods(Any)))),
        2 => Some((
            ".allow_methods(AllowMethods::mirror_request())",
            Box::new(|layer| layer.allow_methods(AllowMethods::mirror_request())),
        )),
        _ => None,
    }
}

fn headers(random: &mut Random) -> Option<(&'static str, Step)> {
    let two = [http::header::CONTENT_TYPE, http::HeaderName::from_static("x-one")];
    match random.below(4) {
        0 => Some((
            ".allow_headers([header::CONTENT_TYPE, HeaderName::from_static(\"x-one\")])",
            Box::new(|layer| layer.allow_headers(two)),
        )),
        1 => Some((
            ".allow_headers(AllowHeaders::mirror_request())",
            Box::new(|layer| layer.allow_headers(AllowHeaders::mirror_request())),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn tower_http_answers_as_its_model() {
    let mut random = Random(23);
    let mut configurations = Vec::new();
    let mut answers = Vec::new();
    std::panic::set_hook(Box::new(|_| {}));
    for _ in 0..count(400) {
        let mut texts = Vec::new();
        let (code, build) = layer(&mut random, &mut texts);
        let origins = origins(&mut random, &texts);
        configurations.push(Configuration { code, origins: origins.clone() });
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let layer = build();
            let inner =
                service_fn(|_: Request| async { Ok::<_, Infallible>(http::Response::new(String::new())) });
            let _: tower_http::cors::Cors<_> = layer.layer(inner);
            layer
        }));
        let Ok(layer) = built else {
            answers.push(Answers { error: Some("it panics".to_owned()), exchanges: Vec::new() });
            continue;
        };
        let mut exchanges = Vec::new();
        for origin in &origins {
            exchanges.push((ask(&layer, "GET", origin).await, ask(&layer, "OPTIONS", origin).await));
        }
        answers.push(Answers { error: None, exchanges });
    }
    drop(std::panic::take_hook());
    compare("rust", "main.rs", &configurations, &answers);
}

/// A builder of actix-cors, and its code.
fn cors(random: &mut Random, texts: &mut Vec<String>) -> (String, Cors) {
    let (mut code, mut cors) = match random.below(5) {
        0 => ("Cors::permissive()".to_owned(), Cors::permissive()),
        _ => ("Cors::default()".to_owned(), Cors::default()),
    };
    for _ in 0..random.below(8) {
        match random.below(10) {
            0 => {
                code.push_str(".allow_any_origin()");
                cors = cors.allow_any_origin();
            }
            1 => {
                code.push_str(".supports_credentials()");
                cors = cors.supports_credentials();
            }
            2 => {
                code.push_str(".send_wildcard()");
                cors = cors.send_wildcard();
            }
            3 => {
                code.push_str(".allowed_methods(vec![\"GET\", \"PUT\"])");
                cors = cors.allowed_methods(vec!["GET", "PUT"]);
            }
            4 => {
                code.push_str(".allowed_headers(vec![header::CONTENT_TYPE]).allowed_header(\"x-one\")");
                cors =
                    cors.allowed_headers(vec![actix_web::http::header::CONTENT_TYPE]).allowed_header("x-one");
            }
            5 => {
                code.push_str(".max_age(3600)");
                cors = cors.max_age(3600);
            }
            6 => {
                code.push_str(".expose_headers([\"ETag\"])");
                cors = cors.expose_headers(["etag"]);
            }
            _ => {
                let text = if random.one_in(20) { "*".to_owned() } else { written(random) };
                texts.push(text.clone());
                code = format!("{code}\n        .allowed_origin(\"{text}\")");
                cors = cors.allowed_origin(&text);
            }
        }
    }
    let code = format!("fn main() {{\n    let cors = {code};\n    App::new().wrap(cors)\n}}\n");
    (format!("use actix_cors::Cors;\n{code}"), cors)
}

#[test]
fn actix_cors_answers_as_its_model() {
    let mut random = Random(24);
    let mut configurations = Vec::new();
    let mut answers = Vec::new();
    for _ in 0..count(400) {
        let mut texts = Vec::new();
        let (code, cors) = cors(&mut random, &mut texts);
        let origins = origins(&mut random, &texts);
        configurations.push(Configuration { code, origins: origins.clone() });
        answers.push(actix_web::rt::System::new().block_on(under(cors, &origins)));
    }
    compare("rust", "main.rs", &configurations, &answers);
}

/// What an application under `cors` answers.
async fn under(cors: Cors, origins: &[String]) -> Answers {
    use actix_web::dev::Transform as _;
    use actix_web::test::{TestRequest, ok_service};

    let Ok(service) = cors.new_transform(ok_service()).await else {
        return Answers { error: Some("it does not start".to_owned()), exchanges: Vec::new() };
    };
    let mut exchanges = Vec::new();
    for origin in origins {
        let mut both = Vec::new();
        for method in ["GET", "OPTIONS"] {
            let mut asked = TestRequest::default().uri("/api").insert_header(("origin", origin.as_str()));
            asked = asked.method(method.parse().unwrap());
            if method == "OPTIONS" {
                asked = asked
                    .insert_header(("access-control-request-method", "PUT"))
                    .insert_header(("access-control-request-headers", "x-one, content-type"));
            }
            let response = service.call(asked.to_srv_request()).await.unwrap();
            let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
            let lines = response.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
            both.push(exchange(response.status().as_u16(), lines));
        }
        let preflight = both.pop().unwrap();
        exchanges.push((both.pop().unwrap(), preflight));
    }
    Answers { error: None, exchanges }
}

#[test]
fn a_builder_that_goes_on_elsewhere_is_opaque() {
    let whole = "use tower_http::cors::CorsLayer;\nfn f() { let cors = CorsLayer::new(); }";
    let split = "use tower_http::cors::CorsLayer;\nfn f() { let cors = CorsLayer::new(); let cors = cors.allow_origin(x()); }";
    let reads = |code: &str| {
        let system = corsac_importers::System::by_id("rust").unwrap();
        let source = corsac_diagnostics::Source::new("main.rs", code);
        let model = corsac_importers::import(system, source, &()).unwrap();
        let answered = matches!(model.scopes[0].preflight, Preflight::Answered(_));
        let reads = model.scopes[0].actual.lets_read("https://a.com", Credentials::Omitted);
        (reads, answered, model.unread.len())
    };
    assert_eq!(reads(whole), (Truth::False, true, 0));
    assert_eq!(reads(split), (Truth::Unknown, false, 1));
}

const LAYER: &str = "CorsLayer::new().allow_origin([HeaderValue::from_static(\"https://a.com\")])";

/// Whether a stranger may read, in each scope of a program where `LAYER` and `LIST` are replaced.
fn strangers(code: &str) -> Vec<Truth> {
    let list = "\"https://a.com\".parse::<HeaderValue>().unwrap()";
    let code = code.replace("LAYER", LAYER).replace("LIST", list);
    let code = format!("use http::HeaderValue;\nuse tower_http::cors::{{Any, CorsLayer}};\n{code}");
    let system = corsac_importers::System::by_id("rust").unwrap();
    let source = corsac_diagnostics::Source::new("main.rs", code);
    let model = corsac_importers::import(system, source, &()).unwrap();
    let read = |scope: &Scope| scope.actual.lets_read("https://b.com", Credentials::Omitted);
    model.scopes.iter().map(read).collect()
}

#[test]
fn a_layer_is_known_where_it_goes_into_an_application() {
    for unknown in [
        "fn base() -> CorsLayer { LAYER }\nfn layer() -> CorsLayer { base().allow_origin(Any) }",
        "impl S { fn base(&self) -> CorsLayer { return LAYER; } fn layer(&self) -> CorsLayer { self.base().allow_origin(Any) } }",
        "fn base() -> CorsLayer { LAYER }\nfn layer() -> CorsLayer { let l = base(); l.allow_origin(Any) }",
        "fn base() -> CorsLayer { LAYER }\nuse base as b;",
        "fn base() -> CorsLayer { LAYER }\nfn f() { all(base) }",
        "fn f() { let mut l = LAYER; l = l.allow_origin(Any); app.layer(l) }",
        "fn f() { let mut l; l = LAYER; app.layer(l) }",
        "fn f() { let l = LAYER; app.layer((l).allow_origin(Any)) }",
        "fn f() { let l = LAYER; let l = l.allow_origin(Any); app.layer(l) }",
        "fn f() { let l = LAYER; app.layer(l.clone().allow_origin(Any)) }",
        "fn f() { let l = { LAYER }; app.layer(l.allow_origin(Any)) }",
        "fn f() { let l = Some(LAYER); app.layer(l.unwrap().allow_origin(Any)) }",
        "fn f() { let s = S { l: LAYER }; app.layer(s.l.allow_origin(Any)) }",
        "fn f() { app.layer(open(LAYER)) }",
        "fn f() { let l = LAYER; app.layer(open!(l)) }",
        "fn f() { app.layer(LAYER.open()) }",
        "trait Wide { fn layer(self, l: CorsLayer); }\nimpl Wide for App { fn layer(self, l: CorsLayer) { self.take(l.allow_origin(Any)) } }\nfn f() { app.layer(LAYER) }",
    ] {
        assert_eq!(strangers(unknown), [Truth::Unknown], "{unknown}");
    }
    for known in [
        "fn f() { app.layer(LAYER) }",
        "fn f() { app.layer(LAYER.max_age(age)) }",
        "fn f() { Router::new().route(\"/\", get(root)).layer(ServiceBuilder::new().layer(trace).layer(LAYER)) }",
        "fn f() { let cors = LAYER; let app = app.layer(cors); }",
        "fn f() { let cors = LAYER; app.layer(cors.clone()).nest(\"/api\", api.route_layer(cors)) }",
        "fn f() { let service = LAYER.layer(inner); }",
        "fn cors() -> CorsLayer { LAYER }\nfn f() { app.layer(cors()) }",
        "fn cors() -> CorsLayer {\n    let layer = LAYER;\n    layer\n}\nfn f() { app.layer(Self::cors()) }",
        "pub fn cors() -> CorsLayer { return LAYER; }",
    ] {
        assert_eq!(strangers(known), [Truth::False], "{known}");
    }
}

#[test]
fn a_list_is_known_where_nothing_can_change_it() {
    for unknown in [
        "fn f() { let a = vec![LIST]; let mut b = a.clone(); b.extend_from_slice(&more); app.layer(CorsLayer::new().allow_origin(b)) }",
        "fn f() { let mut b: Vec<HeaderValue> = [\"https://a.com\"].iter().map(|o| o.parse().unwrap()).collect(); *b.last_mut().unwrap() = more; app.layer(CorsLayer::new().allow_origin(b)) }",
        "fn f() { let mut b = vec![LIST]; { let ref mut r = b; r.push(more); } app.layer(CorsLayer::new().allow_origin(b)) }",
        "fn f() { let mut b = vec![LIST]; grow!(b); app.layer(CorsLayer::new().allow_origin(b)) }",
        "fn f() { let b = &mut vec![LIST]; b.first2(); app.layer(CorsLayer::new().allow_origin(b.clone())) }",
        "fn f() { let b; (b, x) = (more, 1); app.layer(CorsLayer::new().allow_origin(b)) }",
        "use config::ORIGINS;\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }\nmod tests { const ORIGINS: [HeaderValue; 1] = [LIST]; }",
        "use config::*;\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }\nmod tests { const ORIGINS: [HeaderValue; 1] = [LIST]; }",
        "const ORIGINS: [HeaderValue; 1] = [LIST];\nfn f() { use config::*; { app.layer(CorsLayer::new().allow_origin(ORIGINS)) } }",
        "impl S { const ORIGINS: [HeaderValue; 1] = [LIST]; }\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }",
        "fn g() { let origins = [LIST]; }\nuse config::*;\nfn f() { app.layer(CorsLayer::new().allow_origin(origins)) }",
        "const ORIGINS: [HeaderValue; 1] = [LIST];\nlazy_static! { static ref ORIGINS: Vec<HeaderValue> = more(); }\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }",
        "static mut ORIGINS: [HeaderValue; 1] = [LIST];\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }",
        "const ORIGINS: [HeaderValue; 1] = [LIST];\nfn f(c: C) { let C { ORIGINS } = c; app.layer(CorsLayer::new().allow_origin(ORIGINS)) }",
    ] {
        assert_eq!(strangers(unknown), [Truth::Unknown], "{unknown}");
    }
    for known in [
        "fn f() { let b = vec![LIST]; info!(\"{b:?}\"); look(&b); app.layer(CorsLayer::new().allow_origin(b.clone())) }",
        "fn f() { let b: Vec<HeaderValue> = [\"https://a.com\"].iter().map(|o| o.parse().unwrap()).collect(); app.layer(CorsLayer::new().allow_origin(b)) }",
        "const ORIGINS: [HeaderValue; 1] = [LIST];\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) }",
        "use config::*;\nstatic ORIGINS: &[&str] = &[\"https://a.com\"];\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS.iter().map(|o| HeaderValue::from_static(o)).collect::<Vec<_>>())) }",
        "mod cors { const ORIGINS: [HeaderValue; 1] = [LIST];\nfn f() { app.layer(CorsLayer::new().allow_origin(ORIGINS)) } }",
    ] {
        assert_eq!(strangers(known), [Truth::False], "{known}");
    }
}

#[test]
fn a_conversion_is_known_where_the_file_has_none_of_its_own() {
    let with = |own: &str, origins: &str| {
        strangers(&format!("{own}\nfn f() {{ app.layer(CorsLayer::new().allow_origin({origins})) }}"))
    };
    let mapped = |by: &str| format!("[\"https://a.com\"].iter().map({by}).collect::<Vec<_>>()");
    for (own, origins) in [
        ("fn origin(s: &str) -> HeaderValue { more }", mapped("|s| origin(s)")),
        ("", mapped("|s| more.parse().unwrap()")),
        ("", mapped("|s| { grow(); s.parse().unwrap() }")),
        ("", mapped("convert")),
        ("impl FromStr for My { fn from_str(s: &str) -> My { My } }", mapped("|s| s.parse().unwrap()")),
        ("", mapped("|s| s.parse::<My>().unwrap()")),
        ("struct My;", "[My::from_static(\"https://a.com\")]".to_owned()),
        ("", "Hosts::new(\"https://a.com\")".to_owned()),
        ("struct AllowOrigin;", "AllowOrigin::list([LIST])".to_owned()),
        ("use crate::cors::AllowOrigin;", "AllowOrigin::list([LIST])".to_owned()),
        ("mod http;", "[http::header::HeaderValue::from_static(\"https://a.com\")]".to_owned()),
        ("trait Turn { fn into(self) -> HeaderValue; }", "[\"https://a.com\".into()]".to_owned()),
    ] {
        assert_eq!(with(own, &origins), [Truth::Unknown], "{own} {origins}");
    }
    for (own, origins) in [
        ("", mapped("|s| HeaderValue::from_static(s)")),
        ("", mapped("HeaderValue::from_static")),
        ("", mapped("|origin| origin.parse::<HeaderValue>().expect(\"an origin\")")),
        (
            "",
            "[\"https://a.com\"].iter().filter_map(|o| o.parse().ok()).collect::<Vec<HeaderValue>>()"
                .to_owned(),
        ),
        ("impl FromStr for My { fn from_str(s: &str) -> My { My } }", "[LIST]".to_owned()),
        ("use tower_http::cors::AllowOrigin;", "AllowOrigin::list([LIST])".to_owned()),
        ("use axum::http::header;", "[header::HeaderValue::from_static(\"https://a.com\")]".to_owned()),
        ("use axum::http::{self, Method};", "[http::HeaderValue::from_static(\"https://a.com\")]".to_owned()),
        (
            "impl From<E> for AppError { fn from(e: E) -> Self { AppError } }",
            "[String::from(\"https://a.com\").parse().unwrap()]".to_owned(),
        ),
    ] {
        assert_eq!(with(own, &origins), [Truth::False], "{own} {origins}");
    }
}

#[test]
fn a_builder_that_is_imported_by_another_name_is_none_the_less() {
    let open = "use tower_http::cors::CorsLayer as Wide;\nfn f() { app.layer(LAYER).layer(Wide::new().allow_origin(Any)) }";
    assert_eq!(strangers(open).len(), 2);
    assert!(strangers(open).contains(&Truth::True));
    let other = "use tower::layer::Stack as Wide;\nfn f() { app.layer(LAYER).layer(Wide::new().push(Any)) }";
    assert_eq!(strangers(other), [Truth::False]);
}
