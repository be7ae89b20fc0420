//! The thread beside the workers: what no request waits for, or many wait for together.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use corsac_credentials::Timestamp;
use corsac_middleware::authn::{BoxFuture, Notice, Outside};
use http::{Request, Response};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::fetch::{Client, fetch};
use crate::serve::worker::Shared;

/// How often keys are looked at that may be due.
const TICK: Duration = Duration::from_secs(1);

/// Told what operators should know and no single request says.
pub type Teller = Arc<dyn Fn(&Notice) + Send + Sync>;

/// The world as credentials see it: tasks run on the control thread.
pub(crate) struct World {
    tasks: UnboundedSender<BoxFuture<()>>,
    teller: Option<Teller>,
    client: Client,
}

/// The other end of a [`World`].
pub(crate) struct Tasks(UnboundedReceiver<BoxFuture<()>>);

impl World {
    pub(crate) fn new(teller: Option<Teller>) -> (Arc<Self>, Tasks) {
        let (tasks, received) = unbounded_channel();
        (Arc::new(Self { tasks, teller, client: Client::new() }), Tasks(received))
    }
}

impl Outside for World {
    fn spawn(&self, task: BoxFuture<()>) {
        // Closed: the gateway is stopping, and a task that is dropped has failed.
        let _ = self.tasks.send(task);
    }

    fn fetch(&self, request: Request<Bytes>, limit: usize) -> BoxFuture<Result<Response<Bytes>, String>> {
        let client = self.client.clone();
        Box::pin(async move { fetch(&client, request, limit).await.map_err(|error| error.to_string()) })
    }

    fn now(&self) -> Timestamp {
        wall_clock()
    }

    fn notice(&self, notice: Notice) {
        if let Some(teller) = &self.teller {
            teller(&notice);
        }
    }
}

/// The time of day.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs())
}

/// Runs tasks, and the timer of credentials, until the gateway stops.
pub(crate) fn start(shared: Arc<Shared>, tasks: Tasks) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        let stopping = shared.stopping.subscribe();
        runtime.block_on(run(&shared, tasks, stopping));
    };
    std::thread::Builder::new().name("control".into()).spawn(work)
}

async fn run(shared: &Shared, Tasks(mut tasks): Tasks, mut stopping: watch::Receiver<bool>) {
    let mut timer = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            task = tasks.recv() => match task {
                Some(task) => drop(tokio::spawn(task)),
                None => return,
            },
            _ = timer.tick() => shared.snapshot.load().stack.authn().poll(wall_clock()),
        }
    }
}
