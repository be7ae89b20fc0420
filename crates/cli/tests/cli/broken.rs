//! The demo, broken in twelve ways: `corsac explain` names what is wrong and what to change,
//! and with that change, and no other, real Chromium lets the page read.
//!
//! The changes are made as the answer says them, by code that knows nothing of the cases.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use corsac_oracle::{Answer, Chromium, Request, Server};
use serde_json::Value;

use crate::process::{Running, corsac, run};

type Fields = Vec<(String, String)>;

/// What the API says of CORS, as its operator has set it up.
#[derive(Clone, Debug)]
struct Setup {
    preflight: (u16, Fields),
    response: (u16, Fields),
    /// Whether all below `/items/` has moved to `/v2/items/`.
    has_moved: bool,
}

/// Names the page's origin, and allows what the demo's page does: the right setup.
fn right(origin: &str) -> Setup {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let both = vec![
        field("Access-Control-Allow-Origin", origin),
        field("Access-Control-Allow-Credentials", "true"),
        field("Vary", "Origin"),
    ];
    let lists =
        [field("Access-Control-Allow-Methods", "PUT"), field("Access-Control-Allow-Headers", "content-type")];
    Setup { preflight: (204, [&both[..], &lists].concat()), response: (200, both), has_moved: false }
}

fn set(fields: &mut Fields, name: &str, value: Option<&str>) {
    fields.retain(|(own, _)| own != name);
    fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

impl Setup {
    fn both(mut self, name: &str, value: Option<&str>) -> Self {
        set(&mut self.preflight.1, name, value);
        set(&mut self.response.1, name, value);
        self
    }

    fn preflight(mut self, name: &str, value: Option<&str>) -> Self {
        set(&mut self.preflight.1, name, value);
        self
    }

    fn answer(&self, request: &Request) -> Answer {
        let is_moved = self.has_moved && !request.target.starts_with("/v2/");
        let (status, fields) = if request.is_preflight() { &self.preflight } else { &self.response };
        let status = if is_moved { 308 } else { *status };
        let answer = Answer::status(status).body("{\"items\":[]}");
        let answer = fields.iter().fold(answer, |answer, (name, value)| answer.header(name, value));
        if is_moved { answer.header("Location", &format!("/v2{}", request.target)) } else { answer }
    }

    /// Does what the fix says to the answer that it names.
    fn change(&mut self, change: &Value) {
        let (status, fields) = match change["place"].as_str().unwrap() {
            "preflight" => &mut self.preflight,
            "response" => &mut self.response,
            place => panic!("no answer of this server: {place}"),
        };
        if let Some(needed) = change["status"].as_u64() {
            *status = u16::try_from(needed).unwrap();
        }
        for field in change["fields"].as_array().unwrap() {
            set(fields, field[0].as_str().unwrap(), field[1].as_str());
        }
    }
}

/// The API with a setup that changes while it runs, and the pages that call it.
struct Demo {
    chromium: Chromium,
    pages: Server,
    api: Server,
    setup: Arc<Mutex<Setup>>,
    /// Cases so far: each asks for an item of its own, of which no preflight is remembered.
    cases: AtomicUsize,
}

/// What the page asks for.
const CALL: &str = "{ method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}', \
                    credentials: 'include' }";

const ARGUMENTS: [&str; 8] =
    ["-X", "PUT", "-H", "content-type: application/json", "-d", "{}", "--credentials", "include"];

impl Demo {
    /// `is_public` says whether the pages are of the public Internet, for the browser.
    async fn start(is_public: bool) -> Self {
        let pages = Server::start(|request| {
            let page = Answer::status(200).header("Content-Type", "text/html").body("<!doctype html>");
            match &*request.target {
                "/sandboxed" => page.header("Content-Security-Policy", "sandbox allow-scripts"),
                _ => page,
            }
        });
        let pages = pages.await.unwrap();
        let setup = Arc::new(Mutex::new(right(&pages.origin("app.corsac.localhost"))));
        let shared = Arc::clone(&setup);
        let api = Server::start(move |request| shared.lock().unwrap().answer(request)).await.unwrap();
        let port = pages.port();
        let flag = format!("--ip-address-space-overrides=127.0.0.1:{port}=public,[::1]:{port}=public");
        let flags = if is_public { vec![flag] } else { Vec::new() };
        let chromium = Chromium::launch_with(&flags).await.unwrap();
        Self { chromium, pages, api, setup, cases: AtomicUsize::new(0) }
    }

    fn origin(&self) -> String {
        self.pages.origin("app.corsac.localhost")
    }

    fn url(&self) -> String {
        let item = self.cases.load(Ordering::Relaxed);
        format!("{}/items/{item}", self.api.origin("api.corsac.localhost"))
    }

    /// What real Chromium does with the call: `read 200`, or the code with which it is blocked.
    async fn call(&self, page: &str, url: &str) -> String {
        let page = self.chromium.open(page).await.unwrap();
        let script =
            format!("fetch('{url}', {CALL}).then(answer => `read ${{answer.status}}`, () => 'blocked')");
        let found = page.evaluate(&script).await.unwrap();
        if found != "blocked" {
            return found.as_str().unwrap().to_owned();
        }
        let failures = page.failures().await;
        failures
            .iter()
            .find_map(|failure| failure.cors_error.clone())
            .unwrap_or_else(|| format!("{failures:?}"))
    }

    /// What `corsac explain` says: its JSON.
    fn explain(&self, arguments: &[&str]) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let url = self.url();
        let asked = [&["explain", &url, "--format", "json", "--send"], &ARGUMENTS[..], arguments].concat();
        let finished = run(folder.path(), &asked);
        assert_eq!(finished.status, 1, "{finished:?}");
        finished.json()
    }

    /// Breaks the API, has it explained, changes it as told, and watches Chromium at each step.
    async fn check(&self, rule: &str, setup: Setup) {
        let page = format!("{}/", self.origin());
        *self.setup.lock().unwrap() = setup;
        self.cases.fetch_add(1, Ordering::Relaxed);
        let said = self.explain(&["--from", &self.origin()]);
        let standard = &said["verdicts"][0];
        assert_eq!(standard["code"], rule, "{said:#}");
        let blocked = self.call(&page, &self.url()).await;
        assert_eq!(said["verdicts"][1]["code"], *blocked, "{said:#}");
        let mut url = self.url();
        let changes = said["fix"]["changes"].as_array().unwrap();
        for change in changes {
            match change["url"].as_str() {
                Some(other) => other.clone_into(&mut url),
                None => self.setup.lock().unwrap().change(change),
            }
        }
        let read = self.call(&page, &url).await;
        assert!(read.starts_with("read "), "{rule}: {read} after {changes:#?}");
        assert!(said["fix"]["proven"] == true, "{said:#}");
        // Nobody else was let in by it.
        let other = format!("{}/", self.pages.origin("foreign.localhost"));
        let foreign = self.call(&other, &url).await;
        assert!(!foreign.starts_with("read "), "{rule}: {foreign}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn what_is_broken_is_named_and_the_fix_lets_chromium_read() {
    let demo = Demo::start(false).await;
    let origin = demo.origin();
    let right = || right(&origin);
    let allow_origin = "Access-Control-Allow-Origin";
    let slash = format!("{origin}/");
    let guarded = |mut setup: Setup| {
        setup.preflight = (401, vec![("WWW-Authenticate".to_owned(), "Bearer".to_owned())]);
        setup
    };
    let twice = |mut setup: Setup| {
        setup.response.1.push((allow_origin.to_owned(), origin.clone()));
        setup
    };
    let failing = |mut setup: Setup| {
        setup.response = (500, Vec::new());
        setup
    };
    for (rule, setup) in [
        (
            "preflight-allow-origin-mismatch",
            right().both(allow_origin, Some("http://other.corsac.localhost")),
        ),
        ("preflight-allow-origin-mismatch", right().both(allow_origin, Some(&slash))),
        ("method-not-allowed", right().preflight("Access-Control-Allow-Methods", Some("GET, POST"))),
        ("header-not-allowed", right().preflight("Access-Control-Allow-Headers", None)),
        ("preflight-allow-origin-wildcard", right().both(allow_origin, Some("*"))),
        ("preflight-allow-credentials-not-true", right().both("Access-Control-Allow-Credentials", None)),
        ("allow-origin-multiple", twice(right())),
        ("preflight-allow-origin-missing", guarded(right())),
        ("preflight-status", Setup { has_moved: true, ..right() }),
        ("allow-origin-missing", failing(right())),
    ] {
        demo.check(rule, setup).await;
    }
    null_origin(&demo).await;
    demo.chromium.close().await;
}

/// A page whose origin is opaque is not let in by any header: it must have an origin.
async fn null_origin(demo: &Demo) {
    *demo.setup.lock().unwrap() = right(&demo.origin());
    demo.cases.fetch_add(1, Ordering::Relaxed);
    let said = demo.explain(&["--from", "null"]);
    let code = &said["verdicts"][1]["code"];
    assert_eq!(*code, *demo.call(&format!("{}/sandboxed", demo.origin()), &demo.url()).await);
    let change = &said["fix"]["changes"][0];
    assert!(change["place"] == "page" && change["fields"] == Value::Array(Vec::new()), "{said:#}");
    assert!(change["text"].as_str().unwrap().contains("origin of its own"), "{said:#}");
    assert_eq!(demo.call(&format!("{}/", demo.origin()), &demo.url()).await, "read 200");
}

/// A page of the public Internet needs the user's permission, whatever the server says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn the_local_network_opens_by_permission_and_not_by_headers() {
    let demo = Demo::start(true).await;
    let page = demo.pages.origin("visitor.corsac.localhost");
    *demo.setup.lock().unwrap() = right(&page);
    let said = demo.explain(&["--from", &page, "--address-space", "public"]);
    assert_eq!(said["verdicts"][0]["code"], "local-network-permission", "{said:#}");
    let code = demo.call(&format!("{page}/"), &demo.url()).await;
    assert_eq!(said["verdicts"][1]["code"], *code, "{said:#}");
    let change = &said["fix"]["changes"][0];
    assert!(change["place"] == "page" && change["text"].as_str().unwrap().contains("the user"), "{said:#}");
    demo.chromium.grant(&page, "loopback-network").await.unwrap();
    assert_eq!(demo.call(&format!("{page}/"), &demo.url()).await, "read 200");
    demo.chromium.close().await;
}

/// The policy of the demo's gateway, with parts of it broken.
fn policy(origins: &str, rest: &str, api: u16) -> String {
    format!(
        "[gateway]\nlisten = \"127.0.0.1:0\"\naccess_log = \"off\"\n[upstreams.api]\nurl = \"http://127.0.0.1:{api}\"\n\
         [cors.app]\norigins = [{origins}]\n{rest}\n\
         [[routes]]\npath = \"/items/{{id}}\"\nupstream = \"api\"\ncors = \"app\"\n"
    )
}

fn fix(folder: &Path, url: &str, origin: &str) -> i32 {
    let asked = ["explain", url, "--from", origin, "--policy", "corsac.toml", "--fix"];
    run(folder, &[&asked, &ARGUMENTS[..]].concat()).status
}

/// The same mistakes where Corsac itself answers: `--fix` writes what is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn what_fix_writes_into_a_policy_lets_chromium_read() {
    let demo = Demo::start(false).await;
    let origin = demo.origin();
    let page = format!("{origin}/");
    let own = format!("\"{origin}\"");
    let lists = "methods = [\"PUT\"]\nrequest_headers = [\"content-type\"]\ncredentials = true";
    let dangerous = "\n[cors.app.dangerous]\ninsecure_origins = true";
    for (origins, rest) in [
        ("\"https://other.example.com\"", lists.to_owned()),
        (&*own, lists.replace("\"PUT\"", "\"DELETE\"")),
        (&*own, lists.replace("\"content-type\"", "\"x-trace\"")),
        (&*own, lists.replace("true", "false")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let broken = policy(origins, &format!("{rest}{dangerous}"), demo.api.port());
        fs::write(folder.path().join("corsac.toml"), &broken).unwrap();
        let url =
            |gateway: &Running| format!("http://api.corsac.localhost:{}/items/7", gateway.gateway().port());
        let gateway = Running::start(corsac(folder.path()).arg("serve"));
        let blocked = demo.call(&page, &url(&gateway)).await;
        assert!(blocked.contains("AllowOrigin") || blocked.contains("AllowCredentials"), "{blocked}");
        assert_eq!(fix(folder.path(), &url(&gateway), &origin), 0, "{broken}");
        let fixed = fs::read_to_string(folder.path().join("corsac.toml")).unwrap();
        let gateway = Running::start(corsac(folder.path()).arg("serve"));
        assert_eq!(demo.call(&page, &url(&gateway)).await, "read 200", "{fixed}");
    }
    demo.chromium.close().await;
}
