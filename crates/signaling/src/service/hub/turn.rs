//! TURN: credentials for who comes in, and deletion for who was removed.
//!
//! A TURN server lets an allocation go on after its credential has ended, so somebody has to delete it.
//! How differs by server (coturn has a telnet console, others an HTTP interface): a command of
//! the operator's does it, once for each user name, and not in a shell.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use corsac_credentials::Timestamp;
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::service::observe::metrics::Metrics;
use crate::ticket::Access;
use crate::turn::{Credentials, TurnServer};

/// Deletions that wait for those before; more are counted as failed.
const MAX_WAITING: usize = 1_024;

/// How long the command may take.
const HOOK_TIME: Duration = Duration::from_secs(10);

/// Pauses before it is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// A TURN server and who deletes there.
#[derive(Debug)]
pub(crate) struct Turn {
    server: TurnServer,
    deletions: Option<Sender<Arc<str>>>,
    metrics: Arc<Metrics>,
}

impl Turn {
    /// `hook` is run with a user name as its argument.
    pub(crate) fn new(server: TurnServer, hook: Option<PathBuf>, metrics: Arc<Metrics>) -> Self {
        let deletions = hook.map(|hook| {
            let (sender, receiver) = channel(MAX_WAITING);
            tokio::spawn(delete_all(hook, receiver, Arc::clone(&metrics)));
            sender
        });
        Self { server, deletions, metrics }
    }

    pub(crate) fn credentials(&self, access: &Access, now: Timestamp) -> Option<Credentials> {
        self.server.credentials(access, now)
    }

    /// Has the allocations of a user name deleted, soon.
    pub(crate) fn delete(&self, username: Arc<str>) {
        if let Some(deletions) = &self.deletions
            && deletions.try_send(username).is_err()
        {
            self.metrics.turn_failures.increment();
        }
    }
}

/// One after the other, so that a slow TURN server does not get all at once.
async fn delete_all(hook: PathBuf, mut deletions: Receiver<Arc<str>>, metrics: Arc<Metrics>) {
    while let Some(username) = deletions.recv().await {
        let mut is_done = run(&hook, &username).await;
        for pause in PAUSES {
            if is_done {
                break;
            }
            sleep(pause).await;
            is_done = run(&hook, &username).await;
        }
        if is_done {
            metrics.turn_deleted.increment();
        } else {
            metrics.turn_failures.increment();
        }
    }
}

async fn run(hook: &PathBuf, username: &str) -> bool {
    let mut command = Command::new(hook);
    // A user name begins with digits: it cannot be taken for an option.
    command.arg(username).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.kill_on_drop(true);
    matches!(timeout(HOOK_TIME, command.status()).await, Ok(Ok(status)) if status.success())
}
