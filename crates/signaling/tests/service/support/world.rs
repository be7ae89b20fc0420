//! A service on loopback, and an issuer that it knows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use corsac_signaling::AccessConfig;
use corsac_signaling::service::{Clock, Identity, ListenConfig, Listener, Service, ServiceConfig};
use rustls::RootCertStore;
use serde_json::{Value, json};

use crate::minting::Signer;

pub(crate) const AUDIENCE: &str = "https://calls.example.com";
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// The fingerprint in `chromium-audio-offer.sdp` need not be named: tokens without `mky` take any.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) address: SocketAddr,
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) issuer: Signer,
    pub(crate) clock: Clock,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ServiceConfig)) -> Self {
        let issuer = Signer::new();
        let clock = Clock::default();
        let mut config = ServiceConfig {
            origins: vec![ORIGIN.to_owned(), "http://localhost:8080".to_owned()],
            access: AccessConfig { audience: AUDIENCE.to_owned(), ..AccessConfig::default() },
            jwks: json!({"keys": [issuer.jwk()]}).to_string().into_bytes(),
            clock: clock.clone(),
            ..ServiceConfig::default()
        };
        change(&mut config);
        let own =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let (chain, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let mut roots = RootCertStore::empty();
        roots.add(own.cert.der().clone()).unwrap();
        let identity = Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listen = ListenConfig { address, identity, webtransport: true, metrics: None };
        let listener = Listener::bind(&listen).unwrap();
        let address = listener.address();
        let service = Service::start(config).unwrap();
        listener.serve(&service);
        Self { service, address, roots: Arc::new(roots), issuer, clock }
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now_ms() / 1_000
    }

    /// Claims of a good access token; each has another `jti`.
    pub(crate) fn access_claims(&self, signer: &Signer, sub: &str) -> Value {
        let now = self.now();
        let jti = COUNT.fetch_add(1, Ordering::Relaxed);
        json!({
            "aud": AUDIENCE, "sub": sub, "jti": format!("t{jti}"), "iat": now, "exp": now + 600, "room": "r1",
            "grants": {"pub": ["audio", "video", "screen", "data"], "sub": true, "mod": false, "rec": false},
            "cnf": {"jkt": signer.jkt()},
        })
    }

    pub(crate) fn assertion(&self, signer: &Signer, sub: &str) -> String {
        let claims =
            json!({"aud": "peers", "sub": sub, "exp": self.now() + 3_600, "cnf": {"jwk": signer.jwk()}});
        self.issuer.sign("corsac-peer+jwt", &claims)
    }

    /// The value of a counter.
    pub(crate) fn counter(&self, line: &str) -> u64 {
        let text = self.service.metrics();
        let (name, label) = line.split_once('{').unwrap_or((line, ""));
        let label = label.trim_end_matches('}');
        let found = text.lines().find(|one| one.starts_with(&format!("{name}{{")) && one.contains(label));
        found
            .and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{line}\n{text}"))
    }
}
