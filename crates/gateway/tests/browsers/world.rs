//! A bank behind a gateway, and pages of its own, of a partner, of a sibling and of an
//! attacker, each on a site of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use corsac_diagnostics::Source;
use corsac_events::{Guard, Verdict};
use corsac_gateway::{Gateway, Observer, RequestEvent, read};
use corsac_oracle::{Answer, Browser, Request, Server};
use corsac_origin::PublicSuffixList;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

/// No test waits longer for a browser to send something.
const PATIENCE: Duration = Duration::from_secs(20);

const SCRIPT: &str = include_str!("page.js");

/// How the bank is reached, which decides what browsers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over http under names that lead to this machine: trustworthy, so that browsers send
    /// `Sec-Fetch-*` and keep `Secure` cookies.
    Loopback,
    /// Over http under any other name: only `Origin` tells.
    Plain,
    /// Over TLS.
    Tls,
}

impl Way {
    fn suffix(self) -> &'static str {
        match self {
            Self::Loopback => "localhost",
            Self::Plain => "test",
            Self::Tls => "example",
        }
    }

    fn scheme(self) -> &'static str {
        if self == Self::Tls { "https" } else { "http" }
    }

    /// Whether browsers send `Sec-Fetch-*`.
    pub(crate) fn is_trustworthy(self) -> bool {
        self != Self::Plain
    }
}

/// Where a page is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The bank itself, through the gateway.
    Bank,
    /// Another site, that the policy allows.
    Partner,
    /// The bank's site, another origin, that nobody allows.
    Sibling,
    /// Another site.
    Attacker,
}

/// What a page does.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The last segment of the path; it is unique in a world.
    pub(crate) id: String,
    kind: &'static str,
    url: String,
    argument: Value,
}

impl Call {
    pub(crate) fn new(id: &str, kind: &'static str, url: String, argument: Value) -> Self {
        Self { id: id.to_owned(), kind, url, argument }
    }
}

/// What the gateway made of a request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    id: String,
    pub(crate) method: String,
    pub(crate) status: u16,
    pub(crate) problem: Option<&'static str>,
    pub(crate) csrf: Option<(Verdict, &'static str)>,
}

/// What reached the bank.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    id: String,
    /// The names of its cookies.
    pub(crate) cookies: Vec<String>,
    pub(crate) is_moved: bool,
}

#[derive(Default)]
struct State {
    pages: Mutex<Vec<Answer>>,
    reached: Mutex<Vec<Reached>>,
    seen: watch::Sender<Vec<Seen>>,
    told: watch::Sender<BTreeMap<usize, Value>>,
}

pub(crate) struct World {
    pub(crate) way: Way,
    state: Arc<State>,
    bank: SocketAddr,
    pages: u16,
    _gateways: Vec<Gateway>,
    _servers: [Server; 2],
    _folder: TempDir,
}

fn origin(way: Way, host: &str, port: u16) -> String {
    format!("{}://{host}.{}:{port}", way.scheme(), way.suffix())
}

impl World {
    pub(crate) async fn start(way: Way) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::<State>::default();
        let token = issue(&folder);
        let shared = Arc::clone(&state);
        let bank = Server::start(move |request| answer_as_bank(&shared, way, &token, request)).await.unwrap();
        let shared = Arc::clone(&state);
        let pages = Server::start(move |request| answer_as_site(&shared, request)).await.unwrap();
        let mut gateways = Vec::new();
        let mut pages_port = pages.port();
        if way == Way::Tls {
            // Another gateway brings the pages over TLS.
            let text = format!(
                "[gateway]\nlisten = \"127.0.0.1:0\"\nworkers = 1\naccess_log = \"off\"\n{}\n\
                 [upstreams.pages]\nurl = \"http://127.0.0.1:{}\"\n\
                 [[routes]]\npath = \"/{{*rest}}\"\nupstream = \"pages\"\n",
                tls(way, &folder),
                pages.port()
            );
            gateways.push(start(&text, &Arc::default()));
            pages_port = gateways[0].listening().gateway.port();
        }
        // The policy has the bank's own origin for sockets, so its port must be known first.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let partner = origin(way, "partner", pages_port);
        let own = origin(way, "app.bank", free.port());
        let text = policy(free, bank.port(), &partner, &own, &folder);
        gateways.push(start(&format!("{text}{}", tls(way, &folder)), &state));
        Self {
            way,
            state,
            bank: free,
            pages: pages_port,
            _gateways: gateways,
            _servers: [bank, pages],
            _folder: folder,
        }
    }

    pub(crate) fn origin(&self, site: Site) -> String {
        match site {
            Site::Bank => origin(self.way, "app.bank", self.bank.port()),
            Site::Partner => origin(self.way, "partner", self.pages),
            Site::Sibling => origin(self.way, "blog.bank", self.pages),
            Site::Attacker => origin(self.way, "attacker", self.pages),
        }
    }

    /// The URL of `id` on a route of the bank.
    pub(crate) fn url(&self, route: &str, id: &str) -> String {
        format!("{}/{route}/{id}", self.origin(Site::Bank))
    }

    /// The same by way of a redirect that keeps method and body.
    pub(crate) fn by_way_of(&self, site: Site, route: &str, id: &str) -> String {
        format!("{}/hop?{}", self.origin(site), self.url(route, id))
    }

    /// Opens a page that makes `calls`, waits until the gateway has seen each, and returns
    /// what the page told: nothing if the last call left it.
    pub(crate) async fn run(&self, browser: &Browser, site: Site, referrer: &str, calls: &[Call]) -> Value {
        let (number, leaves) = {
            let mut pages = self.state.pages.lock().unwrap();
            let list: Vec<_> = calls.iter().map(|it| json!([it.id, it.kind, it.url, it.argument])).collect();
            let body = format!(
                "<!doctype html><meta charset=utf-8><title>page</title><body><script>\n\
                 window.calls = {};\nwindow.done = '/pages/done/{}';</script>\n\
                 <script src=/pages/page.js></script>",
                json!(list),
                pages.len()
            );
            let page = Answer::status(200).header("Content-Type", "text/html").body(body);
            pages.push(page.header("Referrer-Policy", referrer));
            (pages.len() - 1, calls.iter().any(|it| matches!(it.kind, "form" | "link")))
        };
        let window = browser.open(&format!("{}/pages/{number}", self.origin(site))).await.unwrap();
        let mut told = self.state.told.subscribe();
        let mut results = Value::Null;
        if !leaves {
            let waited = timeout(PATIENCE, told.wait_for(|told| told.contains_key(&number))).await;
            results =
                waited.unwrap_or_else(|_| panic!("{site:?} was silent: {calls:?}")).unwrap()[&number].clone();
        }
        for call in calls.iter().filter(|call| !call.url.contains("/pages/")) {
            self.wait_for(&call.id).await;
        }
        // Chromium closes no tab between two pages; it ends with its browser.
        let _ = window.close().await;
        results
    }

    async fn wait_for(&self, id: &str) {
        let mut seen = self.state.seen.subscribe();
        let waited = timeout(PATIENCE, seen.wait_for(|seen| seen.iter().any(|it| it.id == id))).await;
        waited.unwrap_or_else(|_| panic!("the gateway has not seen `{id}`")).unwrap();
    }

    /// Opens `url` as if a user had typed it, and waits for `id`.
    pub(crate) async fn visit(&self, browser: &Browser, url: &str, id: &str) {
        let window = browser.open(url).await.unwrap();
        self.wait_for(id).await;
        let _ = window.close().await;
    }

    /// What the gateway made of the last request of `id`.
    pub(crate) fn seen(&self, id: &str) -> Seen {
        let seen = self.state.seen.borrow();
        seen.iter().rfind(|it| it.id == id).unwrap_or_else(|| panic!("`{id}` was not seen")).clone()
    }

    /// What reached the bank of `id`.
    pub(crate) fn reached(&self, id: &str) -> Option<Reached> {
        self.state.reached.lock().unwrap().iter().rfind(|it| it.id == id).cloned()
    }
}

fn start(text: &str, state: &Arc<State>) -> Gateway {
    let reading = read(Source::new("test.toml", text), None, PublicSuffixList::embedded());
    let config = reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings));
    let state = Arc::clone(state);
    let observer: Observer = Arc::new(move |event: &RequestEvent<'_>| note(&state, event));
    Gateway::start(config, Some(observer)).unwrap()
}

fn note(state: &State, event: &RequestEvent<'_>) {
    let csrf = event.guards.iter().find(|it| it.guard == Guard::Csrf);
    let seen = Seen {
        id: event.target.path().rsplit('/').next().unwrap_or_default().to_owned(),
        method: event.method.to_string(),
        status: event.status.as_u16(),
        problem: event.problem,
        csrf: csrf.map(|it| (it.verdict, it.reason)),
    };
    state.seen.send_modify(|all| all.push(seen));
}

/// A token of an issuer whose keys are saved in `folder`.
fn issue(folder: &TempDir) -> String {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "a", "x": b64(x), "y": b64(y) });
    fs::write(folder.path().join("keys.json"), json!({ "keys": [key] }).to_string()).unwrap();
    let schema = json!({ "type": "object", "required": ["amount"] });
    fs::write(folder.path().join("transfer.json"), schema.to_string()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "a" });
    let claims = json!({ "iss": "https://id.bank.example", "aud": "bank", "sub": "customer", "iat": now - 5, "exp": now + 600 });
    let signed = format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", b64(signature.as_ref()))
}

/// A certificate for all sites, in the gateway's words; nothing without TLS.
fn tls(way: Way, folder: &TempDir) -> String {
    if way != Way::Tls {
        return String::new();
    }
    let names =
        ["app.bank", "blog.bank", "partner", "attacker"].map(|host| format!("{host}.{}", way.suffix()));
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let [chain, key] = ["all.pem", "all.key"].map(|name| folder.path().join(name));
    fs::write(&chain, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let [chain, key] = [chain, key].map(|path| json!(path).to_string());
    format!("\n[gateway.tls]\ncertificates = [{{ chain = {chain}, key = {key} }}]\n")
}

fn policy(listen: SocketAddr, bank: u16, partner: &str, own: &str, folder: &TempDir) -> String {
    let [keys, schema] =
        ["keys.json", "transfer.json"].map(|name| json!(folder.path().join(name)).to_string());
    format!(
        r#"
[gateway]
listen = "{listen}"
workers = 1
access_log = "off"

[upstreams.bank]
url = "http://127.0.0.1:{bank}"

[jwt.customers]
issuer = "https://id.bank.example"
audiences = ["bank"]
algorithms = ["ES256"]
keys = {keys}
cookie = "session"

[jwt.away]
issuer = "https://id.bank.example"
audiences = ["bank"]
algorithms = ["ES256"]
keys = "http://127.0.0.1:1/keys"
cookie = "session"

[authn.customers]
methods = ["customers"]
sign_in = "/sign-in/redirected"

[authn.away]
methods = ["away"]

[rate_limits.once]
limit = "1/1h"
by = ["route"]

[schemas.transfer]
file = {schema}

[cookies.hardened]
same_site = "lax"
secure = true
http_only = true

[cors.partners]
origins = ["{partner}"]
request_headers = ["content-type"]
credentials = true
[cors.partners.dangerous]
insecure_origins = true

[cors.sockets]
origins = ["{partner}", "{own}"]
credentials = true
[cors.sockets.dangerous]
insecure_origins = true

[cors.readers]
origins = ["{partner}"]
{ROUTES}"#
    )
}

const ROUTES: &str = r#"
[[routes]]
path = "/{*rest}"
upstream = "bank"

[[routes]]
path = "/sign-in/hardened"
upstream = "bank"
cookies = "hardened"

[[routes]]
path = "/enforce/{id}"
upstream = "bank"
cors = "partners"
authn = "customers"
csrf = "enforce"

[[routes]]
path = "/report/{id}"
upstream = "bank"
cors = "partners"
authn = "customers"
csrf = "report"

[[routes]]
path = "/off/{id}"
upstream = "bank"
cors = "partners"
authn = "customers"
csrf = "off"

[[routes]]
path = "/own-session/{id}"
upstream = "bank"
cors = "partners"
csrf = "enforce"

[[routes]]
path = "/open/{id}"
upstream = "bank"
cors_mode = "passthrough"

[[routes]]
path = "/socket/{id}"
upstream = "bank"
cors = "sockets"
authn = "customers"

[[routes]]
path = "/readers/{id}"
upstream = "bank"
cors = "readers"
authn = "customers"

[[routes]]
path = "/typed/{id}"
upstream = "bank"
cors = "partners"
content_types = ["application/json"]
body_schema = "transfer"

[[routes]]
path = "/limited/{id}"
upstream = "bank"
cors = "partners"
rate_limits = ["once"]

[[routes]]
path = "/away/{id}"
upstream = "bank"
cors = "partners"
authn = "away"
"#;

/// Pages, their script, what they tell, and an open redirect.
fn answer_as_site(state: &State, request: &Request) -> Answer {
    let path = request.target.split('?').next().unwrap_or_default();
    if path == "/hop" {
        let to = request.target.split_once('?').map_or("", |(_, to)| to);
        return Answer::status(307).header("Location", to);
    }
    if path == "/pages/page.js" {
        return Answer::status(200).header("Content-Type", "text/javascript").body(SCRIPT);
    }
    if let Some(number) = path.strip_prefix("/pages/done/") {
        let results = serde_json::from_slice(&request.body).unwrap();
        state.told.send_modify(|told| drop(told.insert(number.parse().unwrap(), results)));
        return Answer::status(204);
    }
    let number = path.strip_prefix("/pages/").and_then(|number| number.parse::<usize>().ok());
    let pages = state.pages.lock().unwrap();
    number
        .and_then(|number| pages.get(number).cloned())
        .unwrap_or_else(|| Answer::status(404).body("no such page"))
}

/// The bank moves money for whoever has a session, whatever asks for it.
fn answer_as_bank(state: &State, way: Way, token: &str, request: &Request) -> Answer {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let (route, id) =
        path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    match route {
        "sign-in" => return sign_in(way, token, id),
        "pages" | "hop" => return answer_as_site(state, request),
        "favicon.ico" => return Answer::status(404).body("none"),
        _ => {}
    }
    let cookies = request.header("cookie").unwrap_or_default().split("; ");
    let cookies: Vec<String> =
        cookies.filter_map(|it| it.split_once('=')).map(|(name, _)| name.to_owned()).collect();
    let is_known = request.header("x-corsac-subject").is_some() || cookies.iter().any(|it| it == "sid");
    let is_moved = is_known && (request.method != "GET" || query.contains("_method="));
    state.reached.lock().unwrap().push(Reached { id: id.to_owned(), cookies, is_moved });
    if let Some(key) = request.header("sec-websocket-key") {
        let hash = digest(
            &SHA1_FOR_LEGACY_USE_ONLY,
            format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
        );
        return Answer::status(101)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Accept", &STANDARD.encode(hash));
    }
    Answer::status(200).header("Content-Type", "application/json").body(format!("{{\"moved\":{is_moved}}}"))
}

/// Sets the cookies that are to travel as far as cookies can, and one of each kind.
fn sign_in(way: Way, token: &str, id: &str) -> Answer {
    let answer = Answer::status(200).header("Content-Type", "text/html").body("<!doctype html>signed in");
    if id == "hardened" {
        return answer.header("Set-Cookie", "hardened=1; Path=/");
    }
    let far = if way.is_trustworthy() { "; SameSite=None; Secure" } else { "" };
    answer
        .header("Set-Cookie", &format!("session={token}; Path=/; HttpOnly{far}"))
        .header("Set-Cookie", &format!("sid=1; Path=/; HttpOnly{far}"))
        .header("Set-Cookie", "unsaid=1; Path=/")
        .header("Set-Cookie", "lax=1; Path=/; SameSite=Lax")
        .header("Set-Cookie", "strict=1; Path=/; SameSite=Strict")
        .header("Set-Cookie", "none=1; Path=/; SameSite=None; Secure")
}
