//! Starting, reloading and stopping.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use corsac_events::Recorder;
use corsac_middleware::stack::StackError;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::control::{self, Teller, World};
use crate::observe::access_log::{Buffer, Writer};
use crate::observe::admin;
use crate::observe::audit::Audit;
use crate::observe::metrics::Metrics;
use crate::serve::listener::{self, Door};
use crate::serve::worker::{Observer, Shared, Worker};
use crate::snapshot::{Origin, Snapshot};

/// Where a gateway listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// For requests.
    pub gateway: SocketAddr,
    /// For `/healthz` and `/metrics`.
    pub admin: SocketAddr,
    /// For plain HTTP that is sent on to https, if anything is.
    pub redirect: Option<SocketAddr>,
    /// Whether requests come over TLS.
    pub is_tls: bool,
}

/// Who is told what.
#[derive(Clone, Default)]
pub struct Watchers {
    /// Told of every request.
    pub observer: Option<Observer>,
    /// Told what no single request says: that keys cannot be fetched, and that they can
    /// again.
    pub teller: Option<Teller>,
}

impl From<Option<Observer>> for Watchers {
    fn from(observer: Option<Observer>) -> Self {
        Self { observer, teller: None }
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchers").finish_non_exhaustive()
    }
}

/// Why a gateway cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The access log cannot be opened.
    AccessLog(io::Error),
    /// An address cannot be bound: in use, or not one of this machine's.
    Bind(SocketAddr, io::Error),
    /// The events' file cannot be opened.
    Events(io::Error),
    /// Guards that cannot run; whoever read the configuration has been told.
    Guards(Vec<StackError>),
    /// A thread or its runtime cannot be made.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessLog(_) => f.write_str("open the access log"),
            Self::Bind(address, _) => write!(f, "listen on {address}"),
            Self::Events(_) => f.write_str("open the events' file"),
            Self::Guards(errors) => write!(f, "make the guards: {}", told(errors)),
            Self::Thread(_) => f.write_str("start a worker"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AccessLog(error) | Self::Events(error) | Self::Bind(_, error) | Self::Thread(error) => {
                Some(error)
            }
            Self::Guards(_) => None,
        }
    }
}

/// Why a configuration cannot replace the one in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadError {
    /// Guards that cannot run; whoever read the configuration has been told.
    Guards(Vec<StackError>),
    /// A setting that needs a restart differs: its key.
    NeedsRestart(&'static str),
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guards(errors) => write!(f, "the guards cannot run: {}", told(errors)),
            Self::NeedsRestart(key) => write!(f, "`gateway.{key}` takes effect after a restart only"),
        }
    }
}

impl std::error::Error for ReloadError {}

/// Whether events are written to the same place.
fn same_events(old: &Config, new: &Config) -> bool {
    let place = |config: &Config| config.events.as_ref().map(|events| events.file.clone());
    place(old) == place(new)
}

fn told(errors: &[StackError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A running gateway. Dropping it stops it without waiting for requests;
/// [`Self::stop`] waits.
pub struct Gateway {
    shared: Arc<Shared>,
    listening: Listening,
    workers: Vec<JoinHandle<()>>,
    log: Option<Writer>,
    audit: Option<Audit>,
    grace: Duration,
    world: Arc<World>,
    generations: AtomicU64,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("listening", &self.listening).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("snapshot", &*self.snapshot.load()).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Binds, starts the workers, and returns once requests are accepted.
    ///
    /// # Errors
    /// An address in use, a log that cannot be opened, no threads.
    pub fn start(config: Config, watchers: impl Into<Watchers>) -> Result<Self, StartError> {
        let Watchers { observer, teller } = watchers.into();
        let bound = |address| move |error| StartError::Bind(address, error);
        let (listeners, gateway) = bind(config.listen, config.workers)?;
        let (redirects, redirect) = match config.redirect_listen {
            Some(address) => bind(address, config.workers).map(|(all, own)| (all, Some(own)))?,
            None => (Vec::new(), None),
        };
        let admin = StdListener::bind(config.admin).map_err(bound(config.admin))?;
        admin.set_nonblocking(true).map_err(bound(config.admin))?;
        let admin_address = admin.local_addr().map_err(bound(config.admin))?;
        let is_tls = config.tls.is_some();
        let listening = Listening { gateway, admin: admin_address, redirect, is_tls };

        let log = Writer::open(&config.access_log).map_err(StartError::AccessLog)?;
        let audit = config.events.as_ref().map(|events| Audit::open(events, config.workers)).transpose();
        let (audit, recorders) = audit.map_err(StartError::Events)?.unzip();
        let mut recorders = recorders.into_iter().flatten();
        let metrics = Metrics::new(log.as_ref().map(Writer::dropped), audit.as_ref().map(|it| &it.sink));
        metrics.record_reload("loaded", 1);
        let permits = Arc::new(Semaphore::new(config.limits.connections));
        let grace = config.shutdown_grace;
        let (world, tasks) = World::new(teller);
        let start = Origin::Start(Arc::clone(&world) as _);
        let snapshot = Snapshot::new(config, 1, &metrics, start).map_err(StartError::Guards)?;
        let snapshot = ArcSwap::new(snapshot);
        let (port, stopping) = (gateway.port(), watch::Sender::new(false));
        let shared = Arc::new(Shared { snapshot, metrics, observer, port, stopping });
        let mut workers = Vec::new();
        let mut admin = Some(admin);
        let mut redirects = redirects.into_iter();
        for listener in listeners {
            let parts = WorkerParts {
                shared: Arc::clone(&shared),
                log: log.as_ref().map(Writer::buffer),
                recorder: recorders.next(),
                listener,
                door: if is_tls { Door::Tls } else { Door::Plain },
                redirect: redirects.next(),
                admin: admin.take(),
                permits: Arc::clone(&permits),
                grace,
            };
            workers.push(parts.spawn().map_err(StartError::Thread)?);
        }
        let control = control::start(Arc::clone(&shared), tasks).map_err(StartError::Thread)?;
        workers.push(control);
        Ok(Self { shared, listening, workers, log, audit, grace, world, generations: AtomicU64::new(1) })
    }

    /// Where it listens.
    pub fn listening(&self) -> Listening {
        self.listening
    }

    /// The generation of the configuration in force, from 1.
    pub fn generation(&self) -> u64 {
        self.shared.snapshot.load().generation
    }

    /// Puts `config` in force for requests from now on and returns its generation.
    /// Requests that are being served keep theirs. The access log's file is opened again
    /// by its name, so that it can be rotated.
    ///
    /// # Errors
    /// A setting that only a restart can change; everything stays as it was.
    pub fn reload(&self, config: Config) -> Result<u64, ReloadError> {
        let current = self.shared.snapshot.load();
        let old = &current.config;
        for (key, same) in [
            ("listen", old.listen == config.listen),
            ("tls", old.tls.is_some() == config.tls.is_some()),
            ("redirect_listen", old.redirect_listen == config.redirect_listen),
            ("admin", old.admin == config.admin),
            ("workers", old.workers == config.workers),
            ("access_log", old.access_log == config.access_log),
            ("events", same_events(old, &config)),
            ("limits.connections", old.limits.connections == config.limits.connections),
            ("shutdown_grace", old.shutdown_grace == config.shutdown_grace),
        ] {
            if !same {
                return Err(ReloadError::NeedsRestart(key));
            }
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let before = Origin::Before(&current, Arc::clone(&self.world) as _);
        let snapshot = Snapshot::new(config, generation, &self.shared.metrics, before);
        self.shared.snapshot.store(snapshot.map_err(ReloadError::Guards)?);
        self.shared.metrics.record_reload("loaded", generation);
        self.reopen_log();
        Ok(generation)
    }

    fn reopen_log(&self) {
        if let Some(log) = &self.log {
            log.reopen();
        }
        if let Some(audit) = &self.audit {
            audit.reopen();
        }
    }

    /// Records that a configuration was refused, for the metrics; the access log's file
    /// is opened again all the same.
    pub fn record_refused_reload(&self) {
        self.reopen_log();
        self.shared.metrics.record_reload("refused", self.generation());
    }

    /// Stops accepting, finishes what is in flight within the grace period, writes the
    /// access log to its end.
    pub fn stop(mut self) {
        self.shared.stopping.send_replace(true);
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to finish.
            let _ = worker.join();
        }
        if let Some(log) = self.log.take() {
            log.finish();
        }
        if let Some(audit) = self.audit.take() {
            // What a file did not take in time is counted as that, and the gateway stops.
            let _ = audit.sink.close(self.grace);
        }
    }

    /// How long [`Self::stop`] may take.
    pub fn grace(&self) -> Duration {
        self.grace
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.stopping.send_replace(true);
    }
}

/// One listener a worker for `address`, and where they are.
fn bind(address: SocketAddr, workers: usize) -> Result<(Vec<StdListener>, SocketAddr), StartError> {
    let bound = |error| StartError::Bind(address, error);
    if address.port() != 0 {
        listener::check_free(address).map_err(bound)?;
    }
    let listeners = listener::bind(address, workers).map_err(bound)?;
    let own = listeners.first().map_or(Ok(address), StdListener::local_addr).map_err(bound)?;
    Ok((listeners, own))
}

struct WorkerParts {
    shared: Arc<Shared>,
    log: Option<Buffer>,
    recorder: Option<Recorder>,
    listener: StdListener,
    door: Door,
    redirect: Option<StdListener>,
    admin: Option<StdListener>,
    permits: Arc<Semaphore>,
    grace: Duration,
}

impl WorkerParts {
    fn spawn(self) -> io::Result<JoinHandle<()>> {
        let (made, is_made) = sync_channel(1);
        let work = move || {
            // The runtime cannot leave the thread that made it.
            let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
            match runtime {
                Ok(runtime) => {
                    let _ = made.send(Ok(()));
                    self.run(runtime);
                }
                Err(error) => drop(made.send(Err(error))),
            }
        };
        let thread = std::thread::Builder::new().name("worker".into()).spawn(work)?;
        is_made.recv().map_err(io::Error::other)??;
        Ok(thread)
    }

    fn run(self, runtime: LocalRuntime) {
        let worker = Worker::new(Arc::clone(&self.shared), self.log, self.recorder);
        runtime.block_on(async {
            // Both fail only on a runtime without I/O, which `spawn` enabled.
            let Ok(listener) = TcpListener::from_std(self.listener) else { return };
            if let Some(Ok(admin)) = self.admin.map(TcpListener::from_std) {
                tokio::task::spawn_local(admin::serve(Arc::clone(&self.shared), admin));
            }
            tokio::task::spawn_local(Rc::clone(&worker).tick());
            let mut stopping = self.shared.stopping.subscribe();
            let permits = Arc::clone(&self.permits);
            let serving = listener::serve(Rc::clone(&worker), listener, permits, self.door);
            let redirecting = async {
                if let Some(Ok(listener)) = self.redirect.map(TcpListener::from_std) {
                    listener::serve(Rc::clone(&worker), listener, self.permits, Door::Redirect).await;
                }
            };
            let deadline = async {
                let _ = stopping.wait_for(|stopping| *stopping).await;
                tokio::time::sleep(self.grace).await;
            };
            tokio::select! {
                _ = futures_util::future::join(serving, redirecting) => {}
                () = deadline => {}
            }
        });
        // Requests that ran out of time are dropped with it, and log that.
        drop(runtime);
        if let Some(log) = &worker.log {
            log.flush();
        }
    }
}
