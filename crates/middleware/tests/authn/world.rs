//! A world that does what a test says, and requests in it.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use corsac_credentials::{PlacesConfig, ProviderConfig, Timestamp};
use corsac_middleware::authn::{
    Authn, AuthnConfig, BoxFuture, Check, ClientSecret, Contents, Group, GroupConfig, Identity, JwtConfig,
    KeySource, Notice, OpaqueConfig, Outside, Wait, Waited,
};
use corsac_middleware::guard::{Head, Refused};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const KEYS_URL: &str = "https://id.example.com/keys";

type Answer = Result<Response<Bytes>, String>;

/// A request that left, and whoever waits for its answer.
pub(crate) struct Fetch {
    pub(crate) request: Request<Bytes>,
    answer: Option<oneshot::Sender<Answer>>,
}

/// Time stands still, tasks run when they are told to, and nobody answers by itself.
#[derive(Default)]
pub(crate) struct World {
    now: AtomicU64,
    tasks: Mutex<Vec<BoxFuture<()>>>,
    pub(crate) fetches: Mutex<Vec<Fetch>>,
    pub(crate) notices: Mutex<Vec<Notice>>,
    files: Mutex<HashMap<String, String>>,
}

impl Outside for World {
    fn spawn(&self, task: BoxFuture<()>) {
        self.tasks.lock().unwrap().push(task);
    }

    fn fetch(&self, request: Request<Bytes>, _: usize) -> BoxFuture<Answer> {
        let (answer, waiting) = oneshot::channel();
        self.fetches.lock().unwrap().push(Fetch { request, answer: Some(answer) });
        Box::pin(async { waiting.await.unwrap_or_else(|_| Err("the connection broke".into())) })
    }

    fn now(&self) -> Timestamp {
        self.time()
    }

    fn notice(&self, notice: Notice) {
        self.notices.lock().unwrap().push(notice);
    }
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        let world = Self::default();
        world.now.store(NOW, Ordering::Relaxed);
        Arc::new(world)
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_secs(self.now.load(Ordering::Relaxed))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn write(&self, path: &str, text: impl Into<String>) {
        self.files.lock().unwrap().insert(path.to_owned(), text.into());
    }

    pub(crate) fn read(&self, path: &Path, limit: u64) -> io::Result<Contents> {
        let files = self.files.lock().unwrap();
        let text = files.get(path.to_str().unwrap()).ok_or(io::ErrorKind::NotFound)?;
        let is_public = path.extension().is_some_and(|it| it == "public");
        if text.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Contents { bytes: text.clone().into_bytes(), is_public })
    }

    pub(crate) fn compile(self: &Arc<Self>, config: &AuthnConfig) -> Authn {
        let outside: Arc<dyn Outside> = self.clone();
        Authn::compile(config, &|path, limit| self.read(path, limit), outside).unwrap()
    }

    /// Runs every task as far as it comes.
    pub(crate) fn run(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        let mut context = Context::from_waker(Waker::noop());
        for mut task in tasks {
            if task.as_mut().poll(&mut context).is_pending() {
                self.tasks.lock().unwrap().push(task);
            }
        }
    }

    /// Drops every task, as a runtime that shuts down.
    pub(crate) fn abandon(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        drop(tasks);
    }

    pub(crate) fn tasks(&self) -> usize {
        self.tasks.lock().unwrap().len()
    }

    /// How many requests have left.
    pub(crate) fn sent(&self) -> usize {
        self.run();
        self.fetches.lock().unwrap().len()
    }

    /// Answers the last request.
    pub(crate) fn answer(&self, answer: Answer) {
        self.run();
        let last = self.fetches.lock().unwrap().last_mut().unwrap().answer.take().unwrap();
        assert!(last.send(answer).is_ok(), "nobody waits for it any more");
        self.run();
    }

    pub(crate) fn answer_json(&self, status: u16, value: &Value) {
        let response = Response::builder().status(status).header("content-type", "application/json");
        self.answer(Ok(response.body(value.to_string().into()).unwrap()));
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        let notices = self.notices.lock().unwrap();
        notices.iter().filter(|it| it.is_failure).map(|it| it.text.as_str().to_owned()).collect()
    }
}

/// What a client sends.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
}

impl Sent {
    pub(crate) fn get(path: &str) -> Self {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let query = query.map(str::to_owned);
        Self { method: Method::GET, path: path.to_owned(), query, headers: HeaderMap::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.append(name, HeaderValue::try_from(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn bearer(token: &str) -> Self {
        Self::get("/").with("authorization", format!("Bearer {token}"))
    }

    /// A page that somebody goes to.
    pub(crate) fn page(path: &str) -> Self {
        Self::get(path).with("sec-fetch-mode", "navigate").with("sec-fetch-dest", "document")
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &self.headers,
            host: Some("api.example.com"),
            is_secure: true,
            client: None,
        }
    }
}

pub(crate) fn check(world: &World, group: &Group, sent: &Sent) -> Check {
    group.check(&sent.head(), world.time())
}

pub(crate) fn check_again(world: &World, group: &Group, sent: &Sent, waited: &Waited) -> Check {
    group.check_again(&sent.head(), world.time(), waited)
}

#[track_caller]
pub(crate) fn known(check: Check) -> Identity {
    match check {
        Check::Known(identity) => identity,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn refused(check: Check) -> Refused {
    match check {
        Check::Refused(refused) => refused,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn wait(check: Check) -> Wait {
    match check {
        Check::Wait(wait) => wait,
        other => panic!("{other:?}"),
    }
}

/// What came of a wait, if it is over.
pub(crate) fn over(wait: &mut Wait) -> Option<Waited> {
    match Pin::new(wait).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(waited) => Some(waited),
        Poll::Pending => None,
    }
}

/// An issuer with one key.
pub(crate) struct Issuer {
    pair: EcdsaKeyPair,
    id: String,
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    pub(crate) fn new(id: &str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), id: id.to_owned() }
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": b64(x), "y": b64(y)})
    }

    pub(crate) fn keys(&self) -> Value {
        json!({"keys": [self.jwk()]})
    }

    pub(crate) fn token(&self, subject: &str) -> String {
        self.token_of(&json!({"alg": "ES256", "typ": "at+jwt", "kid": self.id}), subject, NOW + 3_600)
    }

    pub(crate) fn token_of(&self, header: &Value, subject: &str, end: u64) -> String {
        let claims = json!({
            "iss": "https://id.example.com", "aud": "https://api.example.com", "sub": subject,
            "iat": NOW - 10, "exp": end, "scope": "read write", "roles": ["editor"],
        });
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", b64(signature))
    }
}

pub(crate) fn bearer() -> PlacesConfig {
    PlacesConfig { bearer: true, ..PlacesConfig::default() }
}

pub(crate) fn cookie() -> PlacesConfig {
    PlacesConfig { cookie: Some("__Host-session".into()), ..PlacesConfig::default() }
}

pub(crate) fn jwt(name: &str, places: PlacesConfig) -> JwtConfig {
    let provider = ProviderConfig {
        name: name.into(),
        issuer: "https://id.example.com".into(),
        audiences: vec!["https://api.example.com".into()],
        algorithms: vec!["ES256".into()],
        roles_claim: Some("roles".into()),
        ..ProviderConfig::default()
    };
    JwtConfig { provider, keys: KeySource::Url(KEYS_URL.into()), places, ..JwtConfig::default() }
}

pub(crate) fn opaque(name: &str, places: PlacesConfig) -> OpaqueConfig {
    let mut config = OpaqueConfig {
        endpoint: "https://id.example.com/introspect".into(),
        client_id: "gateway".into(),
        client_secret: ClientSecret::File("introspection.secret".into()),
        places,
        ..OpaqueConfig::default()
    };
    config.rules.name = name.into();
    config
}

pub(crate) fn group(name: &str, methods: &[&str]) -> GroupConfig {
    let methods = methods.iter().map(|name| (*name).to_owned()).collect();
    GroupConfig { name: name.into(), methods, ..GroupConfig::default() }
}

/// One issuer whose keys are remote, in `Authorization`.
pub(crate) fn one_issuer() -> AuthnConfig {
    AuthnConfig {
        jwt: vec![jwt("sign_in", bearer())],
        groups: vec![group("members", &["sign_in"])],
        ..AuthnConfig::default()
    }
}

/// One authorization server.
pub(crate) fn one_server(world: &World) -> AuthnConfig {
    world.write("introspection.secret", "s3cr3t-of-the-gateway\n");
    AuthnConfig {
        introspection: vec![opaque("legacy", bearer())],
        groups: vec![group("members", &["legacy"])],
        ..AuthnConfig::default()
    }
}

/// A group of one issuer whose keys are there.
pub(crate) fn fetched(world: &Arc<World>, issuer: &Issuer) -> (Authn, Arc<Group>) {
    let authn = world.compile(&one_issuer());
    authn.poll(world.time());
    world.answer_json(200, &issuer.keys());
    let members = authn.group("members").unwrap();
    (authn, members)
}
