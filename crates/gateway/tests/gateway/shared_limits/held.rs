//! One limit, whoever is asked.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_gateway::Gateway;
use serde_json::json;

use super::server::Server;
use super::{granted, in_turn, limited, shared};
use crate::support::{APP, Upstream, config, start};

const CLOSED: &str = "when_away = \"closed\"\ntimeout = \"1s\"";

/// Two gateways that run on the same file.
fn two(text: &str) -> ([Gateway; 2], [SocketAddr; 2]) {
    let gateways = [(); 2].map(|()| start(text));
    let addresses = [0, 1].map(|index: usize| gateways[index].listening().gateway);
    (gateways, addresses)
}

/// What a limit grants, 50 and 200 a second, in `time`.
fn ideal(time: Duration) -> f64 {
    50.0 + 200.0 * time.as_secs_f64()
}

#[test]
#[ignore = "starts a redis-server"]
fn two_gateways_hold_one_limit() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let folder = tempfile::tempdir().unwrap();
    let (_gateways, addresses) = two(&shared(upstream.address, folder.path(), &server.url(), CLOSED));
    let before = server.time();
    let each = granted(&addresses);
    let ideal = ideal(server.time().saturating_sub(before));
    let all = f64::from(each.iter().sum::<u32>());
    println!("{each:?} of {ideal:.1}: {:+.2} %", (all / ideal - 1.0) * 100.0);
    assert!(all <= ideal + 1.0 && all >= ideal * 0.98, "{all} of {ideal}");
    assert!(each.iter().all(|own| *own > 0), "{each:?}");
}

#[test]
#[ignore = "starts a redis-server"]
fn without_a_store_two_gateways_grant_it_twice() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let (_gateways, addresses) = two(&limited(upstream.address, "200/1s", 50));
    let before = server.time();
    let each = granted(&addresses);
    let ideal = 2.0 * ideal(server.time().saturating_sub(before));
    let all = f64::from(each.iter().sum::<u32>());
    println!("{each:?} of {ideal:.1}: {:+.2} %", (all / ideal - 1.0) * 100.0);
    assert!(all <= ideal + 2.0 && all >= ideal * 0.98, "{all} of {ideal}");
}

#[test]
#[ignore = "starts a redis-server"]
fn preflights_share_their_own_budget() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let folder = tempfile::tempdir().unwrap();
    let (_gateways, addresses) = two(&shared(upstream.address, folder.path(), &server.url(), CLOSED));
    let preflight = format!("OPTIONS /limited HTTP/1.1\nOrigin: {APP}\nAccess-Control-Request-Method: PUT");
    assert_eq!(in_turn(&addresses, &preflight, 4), [204, 204, 429, 429]);
    assert_eq!(in_turn(&addresses, "GET /limited HTTP/1.1", 2), [200, 200]);
}

/// A slow limit of four, so that time gives nothing back.
fn four(upstream: &Upstream, folder: &Path, server: &Server, more: &str) -> String {
    let text = shared(upstream.address, folder, &server.url(), &format!("{CLOSED}\n{more}"));
    text.replace("limit = \"200/1s\"\nburst = 50", "limit = \"1/1h\"\nburst = 4")
}

const GET: &str = "GET /limited HTTP/1.1";

#[test]
#[ignore = "starts a redis-server"]
fn a_reload_keeps_what_is_owed_and_another_prefix_or_seed_is_another_limit() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let folder = tempfile::tempdir().unwrap();
    let text = four(&upstream, folder.path(), &server, "");
    let ([one, _two], addresses) = two(&text);
    assert_eq!(in_turn(&addresses, GET, 6), [200, 200, 200, 200, 429, 429]);
    one.reload(config(&text)).unwrap();
    assert_eq!(in_turn(&addresses, GET, 2), [429, 429]);
    one.reload(config(&text.replace("timeout = \"1s\"", "timeout = \"900ms\""))).unwrap();
    assert_eq!(in_turn(&addresses, GET, 2), [429, 429]);
    let prefixed = four(&upstream, folder.path(), &server, "prefix = \"other\"");
    one.reload(config(&prefixed)).unwrap();
    assert_eq!(in_turn(&addresses[..1], GET, 5), [200, 200, 200, 200, 429]);
    assert_eq!(in_turn(&addresses[1..], GET, 1), [429]);
    fs::write(folder.path().join("limits.seed"), "ff".repeat(16)).unwrap();
    one.reload(config(&prefixed)).unwrap();
    assert_eq!(in_turn(&addresses[..1], GET, 5), [200, 200, 200, 200, 429]);
    // And back: what was owed is owed.
    fs::write(folder.path().join("limits.seed"), super::SEED).unwrap();
    one.reload(config(&text)).unwrap();
    assert_eq!(in_turn(&addresses, GET, 2), [429, 429]);
}

#[test]
#[ignore = "starts a redis-server"]
fn a_store_that_a_reload_brings_is_shared_with_those_who_had_it() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let folder = tempfile::tempdir().unwrap();
    let text = four(&upstream, folder.path(), &server, "");
    let alone = limited(upstream.address, "1/1h", 4);
    let (old, new) = (start(&alone), start(&text));
    old.reload(config(&text)).unwrap();
    let addresses = [old.listening().gateway, new.listening().gateway];
    assert_eq!(in_turn(&addresses, GET, 6), [200, 200, 200, 200, 429, 429]);
}

/// Who signs, and the tables that believe it.
struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn tables(&self, folder: &Path) -> String {
        let (_, point) = self.0.public_key().as_ref().split_first().unwrap();
        let [x, y] = [&point[..32], &point[32..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": "one", "x": x, "y": y});
        let path = folder.join("keys.json");
        fs::write(&path, json!({"keys": [key]}).to_string()).unwrap();
        format!(
            r#"
[jwt.users]
issuer = "https://id.example.com"
audiences = ["api"]
algorithms = ["ES256"]
keys = "{}"

[authn.members]
methods = ["users"]

[rate_limits.per-user]
limit = "1/1h"
burst = 3
by = ["principal"]

[[routes]]
path = "/mine"
upstream = "api"
cors = "app"
authn = "members"
rate_limits = ["per-client", "per-user"]
"#,
            path.display()
        )
    }

    /// A request of `subject`.
    fn request(&self, subject: &str) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encoded(json!({"alg": "ES256", "typ": "at+jwt", "kid": "one"}));
        let claims = encoded(json!({
            "iss": "https://id.example.com", "aud": "api", "sub": subject,
            "iat": now, "exp": now + 600, "client_id": "app", "jti": "1",
        }));
        let signature = self.0.sign(&SystemRandom::new(), format!("{header}.{claims}").as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        format!("GET /mine HTTP/1.1\nAuthorization: Bearer {header}.{claims}.{signature}")
    }
}

#[test]
#[ignore = "starts a redis-server"]
fn callers_are_counted_together_and_each_stage_asks_once() {
    let (upstream, server) = (Upstream::start(), Server::start());
    let (folder, issuer) = (tempfile::tempdir().unwrap(), Issuer::new());
    let text = four(&upstream, folder.path(), &server, "").replace("burst = 4", "burst = 7");
    let (_gateways, addresses) = two(&format!("{text}{}", issuer.tables(folder.path())));
    let (ann, bob) = (issuer.request("ann"), issuer.request("bob"));
    // What is not authenticated is counted for its address, and asks for no caller.
    assert_eq!(in_turn(&addresses, "GET /mine HTTP/1.1", 2), [401, 401]);
    let before = server.asks();
    assert_eq!(in_turn(&addresses, &ann, 1), [200]);
    assert_eq!(server.asks() - before, 2);
    // The server does not have the script before it is asked once.
    assert_eq!(in_turn(&addresses, &ann, 3), [200, 200, 429]);
    // The address paid for what the caller's limit refused: one of seven is left.
    assert_eq!(in_turn(&addresses, &bob, 2), [200, 429]);
    let before = server.asks();
    assert_eq!(in_turn(&addresses, &bob, 1), [429]);
    // Refused at the first place, it is not counted at the second.
    assert_eq!(server.asks() - before, 1);
}
