//! The ledger's file: opened once, verified, appended to.
//!
//! A record is written before anybody is told of it, so that one whose receipt was sent survives the
//! end of this process. A thread of its own has the disk keep what was written (`fdatasync`) as soon as it
//! is done with what was written before; a power failure may take what it has not come to.
#![expect(clippy::disallowed_types, reason = "a ledger is kept in a file")]

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{FlockOperation, flock};
use tokio::sync::Notify;

use crate::code::{Code, Refusal};
use crate::ledger::{self, BreakReason, Broken, Event, Head, Ledger};
use crate::room::Journal;
use crate::service::observe::metrics::Metrics;

/// Bytes of records that wait for a disk that takes none. Nobody comes in while any wait; when they are
/// more, the service has to stop.
const MAX_UNWRITTEN: usize = 1 << 20;

/// Why a ledger cannot be kept in a file.
#[derive(Debug)]
pub enum LedgerFileError {
    /// It is not as it was written.
    Broken(PathBuf, Broken),
    /// Another process keeps it.
    InUse(PathBuf),
    /// It cannot be opened, read or cut.
    Io(PathBuf, io::Error),
}

impl std::fmt::Display for LedgerFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(path, broken) => write!(f, "the ledger `{}` is broken in {broken}", path.display()),
            Self::InUse(path) => write!(f, "another process keeps the ledger `{}`", path.display()),
            Self::Io(path, error) => write!(f, "failed to open the ledger `{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for LedgerFileError {}

/// The ledger of a process.
#[derive(Debug)]
pub(crate) struct LedgerFile {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
    /// Records were lost: the service must not go on.
    pub(crate) lost: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    file: Option<Kept>,
    unwritten: Vec<u8>,
    is_lost: bool,
}

#[derive(Debug)]
struct Kept {
    file: File,
    /// Wakes the thread that has the disk keep it.
    written: SyncSender<()>,
}

impl LedgerFile {
    /// A ledger whose records are numbered and chained, and kept nowhere.
    pub(crate) fn in_memory(metrics: Arc<Metrics>) -> Self {
        Self { state: Mutex::default(), metrics, lost: Arc::default() }
    }

    /// Opens a file, or makes one, verifies what it has and goes on after it. A last line that was
    /// not written to its end is cut: nobody was told of it.
    ///
    /// # Errors
    ///
    /// It is broken, in use, or cannot be opened.
    pub(crate) fn open(path: &Path, metrics: Arc<Metrics>) -> Result<Self, LedgerFileError> {
        let failed = |error: io::Error| LedgerFileError::Io(path.to_owned(), error);
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| LedgerFileError::InUse(path.to_owned()))?;
        let head = match ledger::verify(BufReader::new(&file), Head::START, &[]) {
            Ok(head) => head,
            Err(Broken { reason: BreakReason::Torn, bytes, head, .. }) => {
                file.set_len(bytes).map_err(failed)?;
                head
            }
            Err(broken) => return Err(LedgerFileError::Broken(path.to_owned(), broken)),
        };
        let (written, wakes) = sync_channel(1);
        let synced = file.try_clone().map_err(failed)?;
        thread::Builder::new()
            .name("ledger".into())
            .spawn(move || {
                while wakes.recv().is_ok() {
                    // A disk that fails here fails in `write` too, where it is counted.
                    let _ = synced.sync_data();
                }
            })
            .map_err(failed)?;
        let state =
            State { ledger: Ledger::resume(head), file: Some(Kept { file, written }), ..State::default() };
        Ok(Self { state: Mutex::new(state), metrics, lost: Arc::default() })
    }

    /// Whether a file could be opened and gone on with; nothing is written.
    ///
    /// # Errors
    ///
    /// As in [`Self::open`], but for a file in use.
    pub(crate) fn inspect(path: &Path) -> Result<(), LedgerFileError> {
        let failed = |error: io::Error| LedgerFileError::Io(path.to_owned(), error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let is_there = folder.is_none_or(Path::is_dir);
                return if is_there { Ok(()) } else { Err(failed(error)) };
            }
            Err(error) => return Err(failed(error)),
        };
        match ledger::verify(BufReader::new(&file), Head::START, &[]) {
            Ok(_) | Err(Broken { reason: BreakReason::Torn, .. }) => Ok(()),
            Err(broken) => Err(LedgerFileError::Broken(path.to_owned(), broken)),
        }
    }

    /// Whether a record would be kept.
    ///
    /// # Errors
    ///
    /// `E_DRAIN`: who comes in could not be recorded.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.unwritten.is_empty() || (!state.is_lost && state.write().is_ok()) {
            return Ok(());
        }
        Err(Refusal::new(Code::Drain, "the server cannot keep its ledger: connect elsewhere"))
    }

    /// Waits until the disk has everything.
    pub(crate) fn sync(&self) {
        if let Some(kept) = &self.lock().file {
            // There is nobody left to tell.
            let _ = kept.file.sync_data();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for &LedgerFile {
    fn record(&mut self, at_ms: u64, event: Event) -> (u64, String) {
        let mut state = self.lock();
        if !state.is_lost {
            // A record that is too long for a line has nothing that a receipt is given for.
            if let Ok(record) = state.ledger.append(event, at_ms)
                && state.file.is_some()
            {
                state.unwritten.extend_from_slice(record.line().as_bytes());
                state.unwritten.push(b'\n');
                if state.write().is_err() {
                    self.metrics.ledger_failures.increment();
                    state.is_lost = state.unwritten.len() > MAX_UNWRITTEN;
                }
            }
            if state.is_lost {
                self.lost.notify_one();
            }
        }
        let head = state.ledger.head();
        (head.n, head.hash.to_string())
    }
}

impl State {
    fn write(&mut self) -> io::Result<()> {
        let Some(kept) = &mut self.file else { return Ok(()) };
        let mut done = 0;
        let written = loop {
            match self.unwritten.get(done..) {
                None | Some([]) => break Ok(()),
                Some(rest) => match kept.file.write(rest) {
                    Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => done += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => break Err(error),
                },
            }
        };
        // What is half written goes on where it was cut.
        self.unwritten.drain(..done);
        // Full: the thread has not come to what was written before, and will do both.
        let _ = kept.written.try_send(());
        written
    }
}
