//! Guards' decisions on their way to the events' file.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use corsac_events::{IdentityKey, JsonLines, Limits, Recorder, Sink};
use corsac_middleware::audit_log::{AuditLog, Named};

use crate::config::Events;

/// The writing side: one for all workers.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) sink: Sink,
    reopen: Arc<AtomicBool>,
}

impl Audit {
    /// Opens the file and gives a recorder for each worker.
    ///
    /// # Errors
    /// The file cannot be opened, or there is no thread.
    pub(crate) fn open(events: &Events, workers: usize) -> io::Result<(Self, Vec<Recorder>)> {
        let limits = Limits { recorders: workers, ..Limits::default() };
        let reopen = Arc::new(AtomicBool::new(false));
        let (sink, recorders) = match &events.file {
            None => Sink::start(JsonLines::new(io::stderr()), limits)?,
            Some(path) => {
                let file = Reopened { file: append(path)?, path: path.clone(), reopen: Arc::clone(&reopen) };
                Sink::start(JsonLines::new(file), limits)?
            }
        };
        Ok((Self { sink, reopen }, recorders))
    }

    /// Opens the file by its name again, for those who rotate it.
    pub(crate) fn reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }
}

/// What of a decision is written.
pub(crate) fn audit_log(events: &Events) -> AuditLog {
    let key = || events.identity_key.map_or_else(random_key, IdentityKey::new);
    let principals = if events.name_subjects { Named::Subject } else { Named::Hashed(key()) };
    AuditLog { recorded: events.recorded, addresses: events.addresses, principals }
}

/// The same for the whole life of the process, so that a reload renames nobody.
fn random_key() -> IdentityKey {
    static KEY: std::sync::OnceLock<[u8; 16]> = std::sync::OnceLock::new();
    let key = KEY.get_or_init(|| {
        let random = RandomState::new();
        let halves = [random.hash_one(0_u8), random.hash_one(1_u8)];
        let number = halves.iter().fold(0_u128, |number, half| number << 64 | u128::from(*half));
        number.to_be_bytes()
    });
    IdentityKey::new(*key)
}

/// A file that is opened again when it is told to.
struct Reopened {
    file: File,
    path: PathBuf,
    reopen: Arc<AtomicBool>,
}

impl Write for Reopened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Between two batches: a line never stands in two files.
        if self.reopen.swap(false, Ordering::Relaxed)
            && let Ok(file) = append(&self.path)
        {
            self.file = file;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
