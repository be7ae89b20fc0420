//! A gateway with every guard on, an upstream that does what its path says, and an
//! issuer of tokens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_gateway::{Gateway, Observer, RequestEvent};
use serde_json::json;
use tempfile::TempDir;

use super::wire::{Caller, HOST, Lane};
use crate::support::{APP, PATIENCE};
use crate::tls::{Authority, reading, save};

const ISSUER: &str = "https://id.example.com";

/// Stands in every request where an answer could repeat it.
pub(super) const MARKER: &str = "zqmarker";

/// What an observer saw of a request.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) status: u16,
    pub(super) problem: Option<&'static str>,
    pub(super) cors: Option<&'static str>,
    /// `guard verdict reason`.
    pub(super) guards: Vec<String>,
    pub(super) is_secure: bool,
}

impl Seen {
    fn of(event: &RequestEvent<'_>) -> Self {
        let told = event.guards.iter();
        let told = told.map(|it| format!("{} {} {}", it.guard.name(), it.verdict.name(), it.reason));
        Self {
            id: event.id.to_owned(),
            status: event.status.as_u16(),
            problem: event.problem,
            cors: event.cors.map(|cors| cors.outcome()),
            guards: told.collect(),
            is_secure: event.is_secure,
        }
    }
}

/// The whole set-up.
pub(super) struct Site {
    pub(super) gateway: Gateway,
    pub(super) upstream: Upstream,
    pub(super) events: Receiver<Seen>,
    pub(super) caller: Caller,
    folder: TempDir,
    pair: EcdsaKeyPair,
}

impl Site {
    pub(super) fn start(lane: Lane) -> Self {
        let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::start());
        let authority = Authority::new("authority");
        save(folder.path(), "gateway", &authority.issue(&[HOST]));
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("keys.json", keys(&pair));
        write("item.schema.json", SCHEMA.to_owned());
        write("openapi.json", OPENAPI.to_owned());

        let log = folder.path().join("access.log");
        let text = policy(upstream.address, &log.display().to_string(), lane);
        let read = reading(folder.path(), &text);
        let config = read.config.unwrap_or_else(|| panic!("{:#?}", read.findings));
        let (sender, events) = channel();
        let observer: Observer = Arc::new(move |event| {
            assert!(!event.target.path().ends_with("/panic"), "a bug within a request, as asked");
            sender.send(Seen::of(event)).unwrap();
        });
        let gateway = Gateway::start(config, Some(observer)).unwrap();
        let caller = Caller::new(lane, gateway.listening().gateway, authority.roots());
        Self { gateway, upstream, events, caller, folder, pair }
    }

    /// A token that ends `ends_in` seconds from now.
    pub(super) fn token(&self, issuer: &str, ends_in: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let now = i64::try_from(now).unwrap();
        let claims = json!({
            "iss": issuer, "aud": "https://api.example.com", "sub": "ada", "roles": ["reader"],
            "iat": now - 3_600, "exp": now + ends_in,
        });
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"});
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("Bearer {signed}.{}", b64(signature))
    }

    /// The value of a field of a request: `GOOD`, `EXPIRED` and `AWAY` are tokens.
    pub(super) fn value(&self, written: &str) -> String {
        match written {
            "GOOD" => self.token(ISSUER, 3_600),
            "EXPIRED" => self.token(ISSUER, -1_800),
            "AWAY" => self.token("https://away.example.com", 3_600),
            "LARGE" => "x".repeat(9_000),
            other => other.to_owned(),
        }
    }

    /// Ends it. The lines of its access log.
    pub(super) fn stop(self) -> Vec<serde_json::Value> {
        self.gateway.stop();
        let text = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn keys(pair: &EcdsaKeyPair) -> String {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "x": b64(x), "y": b64(y)});
    json!({"keys": [key]}).to_string()
}

const SCHEMA: &str =
    r#"{"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 3}}}"#;

const OPENAPI: &str = r#"{"openapi": "3.1.0", "info": {"title": "shop", "version": "1"},
    "paths": {"/things": {"get": {"responses": {"200": {"description": "all"}}}}}}"#;

fn policy(upstream: SocketAddr, log: &str, lane: Lane) -> String {
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = if lane.is_tls() {
        "[gateway.tls]\ncertificates = [{ chain = \"gateway.pem\", key = \"gateway.key\" }]\n\
         strict_transport_security = { max_age = \"365d\" }\n\n[gateway.limits]"
    } else {
        "[gateway.limits]"
    };
    include_str!("policy.toml")
        .replace("[gateway.limits]", tls)
        .replace("UPSTREAM", &upstream.to_string())
        .replace("CLOSED", &closed.to_string())
        .replace("ISSUER", ISSUER)
        .replace("\"APP\"", &format!("\"{APP}\""))
        .replace("\"LOG\"", &format!("\"{log}\""))
}

/// An upstream that answers what the last segment of the path says, with fields of CORS
/// that nobody may see.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    /// Requests that came whole.
    requests: Arc<AtomicUsize>,
    /// `true` for each request to `/held`, `false` when its connection was closed.
    pub(super) held: Receiver<bool>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let (sender, held) = channel();
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (counter, sender) = (Arc::clone(&counter), sender.clone());
                std::thread::spawn(move || serve(stream, &counter, &sender));
            }
        });
        Self { address, requests, held }
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(super) fn next_held(&self) -> bool {
        self.held.recv_timeout(PATIENCE).expect("the upstream is told")
    }
}

fn serve(stream: TcpStream, requests: &AtomicUsize, held: &Sender<bool>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let (mut first, mut length) = (String::new(), 0_usize);
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            // A body without a length comes in the one test that cuts it off.
            length = line.strip_prefix("content-length:").map_or(length, |it| it.trim().parse().unwrap());
            if line.starts_with("transfer-encoding:") {
                let _ = reader.read_to_end(&mut Vec::new());
                return None;
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        requests.fetch_add(1, Ordering::SeqCst);
        let path = first.split([' ', '?']).nth(1)?;
        let answer = match path.rsplit('/').next()? {
            "301" => "301 Moved Permanently\r\nLocation: /elsewhere",
            "304" => "304 Not Modified\r\nETag: \"a\"",
            "400" => "400 Bad Request",
            "404" => "404 Not Found",
            "500" => "500 Internal Server Error",
            "502" => return writer.write_all(b"garbage\r\n\r\n").ok(),
            "504" => {
                let _ = reader.read_to_end(&mut Vec::new());
                return None;
            }
            "held" => {
                held.send(true).ok()?;
                let _ = reader.read_to_end(&mut Vec::new());
                return held.send(false).ok();
            }
            _ => "200 OK",
        };
        let body = if answer.starts_with("304") { "" } else { "Content-Length: 5\r\n\r\nhello" };
        let end = if body.is_empty() { "\r\n" } else { "" };
        let leaked = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Origin: null\r\n\
                      Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: x-leak\r\n\
                      Access-Control-Allow-Methods: DELETE\r\nVary: Accept\r\nVary: origin\r\nX-Version: 1\r\n";
        writer.write_all(format!("HTTP/1.1 {answer}\r\n{leaked}{body}{end}").as_bytes()).ok()?;
    }
}
