//! The service: `corsac.signal.v1` over WebSocket and WebTransport. Feature `service`.
//!
//! [`Service::start`] makes one of a [`ServiceConfig`]; [`Listener`] serves it on a port of its own, over TLS 1.3 and
//! QUIC; [`Service::upgrade`] serves it on somebody else's route. What a peer may do is not decided
//! here: this module carries messages to a [`crate::Room`] and does what the room says.
//!
//! What a peer can cost is bounded: a queue ([`MAX_QUEUED`]), a write buffer, a message, the time before it
//! has said who it is, and how many like it there are ([`Limits`]).

mod admission;
mod clock;
mod config;
mod hub;
mod listen;
mod observe;
mod origins;
mod random;
mod session;
mod shared;
mod transport;

pub use clock::Clock;
pub use config::{DEFAULT_NOTICE, Limits, Mistake, ServiceConfig};
pub use hub::ledger_file::LedgerFileError;
pub use hub::outlet::MAX_QUEUED;
pub use listen::tls::{Identity, IdentityError};
pub use listen::{ListenConfig, Listener};
pub use origins::OriginMistake;
pub use transport::websocket::Answer;

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use config::Compiled;
use corsac_credentials::{KeySet, KeySetError};
use corsac_events::IdentityKey;
use http::{Request, Response};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::room::Notice;
use crate::ticket::AccessRules;
use admission::Budget;
use hub::ledger_file::LedgerFile;
use hub::turn::Turn;
use hub::{Hub, Parts};
use observe::audit::Audit;
use observe::metrics::Metrics;
use shared::Shared;

/// Where WebSocket connections go.
pub const WEBSOCKET_PATH: &str = "/v1/ws";

/// Where WebTransport sessions go.
pub const WEBTRANSPORT_PATH: &str = "/v1/wt";

/// The shortest pause between two looks at what is due.
const LEAST_PAUSE: Duration = Duration::from_millis(5);

/// A signaling service; clones are the same one.
#[derive(Clone, Debug)]
pub struct Service(Arc<Shared>);

impl Service {
    /// Makes a service, and opens its ledger. It has to be called in a runtime.
    ///
    /// # Errors
    ///
    /// Every mistake at once.
    pub fn start(config: ServiceConfig) -> Result<Self, Vec<Mistake>> {
        let Compiled { origins, rules, keys, turn } = Compiled::of(&config)?;
        let metrics = Arc::new(Metrics::new(&config.node));
        let ledger = match &config.ledger {
            Some(path) => {
                LedgerFile::open(path, Arc::clone(&metrics)).map_err(|error| vec![Mistake::Ledger(error)])?
            }
            None => LedgerFile::in_memory(Arc::clone(&metrics)),
        };
        let ServiceConfig { notice, turn_delete_hook, limits, recorder, clock, .. } = config;
        let turn = turn.map(|server| Turn::new(server, turn_delete_hook, Arc::clone(&metrics)));
        let hash = crate::digest::Digest::of(notice.as_bytes()).to_string().into();
        let notice = Notice { text: notice.into(), hash };
        let key = random::bytes::<16>().unwrap_or_default();
        let audit = Audit { recorder, key: IdentityKey::new(key), clock: clock.clone() };
        let parts = Parts { notice, ledger, turn, clock: clock.clone(), metrics: Arc::clone(&metrics) };
        let shared = Shared {
            origins,
            rules,
            keys: ArcSwap::from_pointee(keys),
            hub: Hub::new(parts),
            budget: Arc::new(Budget::new(limits, Arc::clone(&metrics))),
            limits,
            clock,
            metrics,
            audit,
            stopping: watch::Sender::new(false),
        };
        let service = Self(Arc::new(shared));
        tokio::spawn(keep_time(Arc::downgrade(&service.0), service.0.hub.hurry()));
        Ok(service)
    }

    /// Answers a request for a WebSocket connection, and serves the connection once its server has
    /// switched to it: `request` comes from hyper, from a client at `client`. Any path is taken; whose
    /// route it is decides whoever mounts it.
    pub fn upgrade<B>(&self, request: &mut Request<B>, client: IpAddr) -> Response<Answer> {
        transport::websocket::upgrade_mounted(&self.0, request, client)
    }

    /// Puts other keys of the issuer in the place of those before. Sessions go on.
    ///
    /// # Errors
    ///
    /// No key of the set can be used: those before stay.
    pub fn set_keys(&self, jwks: &[u8]) -> Result<(), KeySetError> {
        self.0.keys.store(Arc::new(KeySet::parse(jwks, &AccessRules::key_rules())?));
        Ok(())
    }

    /// Does what is due by the service's clock; needed only after [`Clock::forward`].
    pub fn tick(&self) {
        self.0.hub.tick();
    }

    /// All counters, as Prometheus reads them (text format 0.0.4).
    pub fn metrics(&self) -> String {
        self.0.metrics.text()
    }

    /// Waits until records of the ledger were lost: the service must not go on.
    pub async fn failed(&self) {
        let lost = self.0.hub.lost();
        lost.notified().await;
    }

    /// Tells all peers to connect elsewhere (`E_DRAIN`), lets nobody in any more, and waits until they have gone, at most
    /// `within`. Returns whether all have.
    pub async fn drain(&self, within: Duration) -> bool {
        self.0.stopping.send_replace(true);
        self.0.hub.drain();
        let gone = async {
            while self.0.metrics.websockets.value() + self.0.metrics.webtransports.value() > 0 {
                sleep(LEAST_PAUSE).await;
            }
        };
        let is_empty = timeout(within, gone).await.is_ok();
        self.0.hub.close();
        is_empty
    }
}

/// Does what is due, and sleeps otherwise.
async fn keep_time(shared: Weak<Shared>, hurry: Arc<tokio::sync::Notify>) {
    loop {
        let Some(wait) = shared.upgrade().map(|shared| shared.hub.wait_ms()) else { return };
        let due = async {
            match wait {
                Some(ms) => sleep(Duration::from_millis(ms).max(LEAST_PAUSE)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = hurry.notified() => {}
            () = due => {
                if let Some(shared) = shared.upgrade() {
                    shared.hub.tick();
                }
            }
        }
    }
}
