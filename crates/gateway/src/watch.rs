//! When to reload: a change of the file, or of another that it names.
//!
//! They are looked at once a second, through all links on the way to them. Being told of
//! changes instead (inotify) needs a watch on every folder that a link leads through, set
//! anew whenever one of them is swapped, and does not work on network file systems.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Sender};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Editors and copies write a file in several steps; the last one counts. A file that changed
/// within this time is still being written: half of it may be well-formed, without the guards
/// that stand in the other half.
const SETTLE: Duration = Duration::from_millis(500);

/// Looks at files that keep changing; then they are read as they are.
const MAX_UNSETTLED: u32 = 60;

/// Looks after a change that count as one too: a file system that counts time in two
/// seconds (FAT) does not show a second change of the same length.
const AFTERWARDS: u32 = 3;

/// The files to look at. They may change while they are watched: a policy file that is
/// read again may name others.
#[derive(Clone, Debug)]
pub struct WatchedFiles(Arc<Mutex<Vec<PathBuf>>>);

impl WatchedFiles {
    /// One file, to begin with.
    pub fn new(path: &Path) -> Self {
        Self(Arc::new(Mutex::new(vec![path.to_owned()])))
    }

    /// Puts `others` in the place of all files but the first.
    pub fn set_others(&self, others: impl IntoIterator<Item = PathBuf>) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.truncate(1);
        files.extend(others);
    }

    /// The files but the first.
    pub fn others(&self) -> Vec<PathBuf> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().skip(1).cloned().collect()
    }

    /// What they look like now.
    fn look(&self) -> Vec<(PathBuf, Option<Look>)> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        files.into_iter().map(|path| (path.clone(), Look::at(&path))).collect()
    }
}

/// Calls `changed` once at the beginning, for what changed before, and then for every
/// change of one of `files`: of its content, or of which file that is. It may be called
/// although the content is the same.
///
/// # Errors
/// No thread can be started; reloading would silently not work.
pub async fn watch(files: &WatchedFiles, mut changed: impl FnMut()) -> std::io::Result<()> {
    let (sender, mut changes) = mpsc::channel(1);
    let files = files.clone();
    let before = files.look();
    // A thread of its own: a file system that does not answer must not hold up signals.
    thread::Builder::new().name("watch".into()).spawn(move || look_again(&files, before, &sender))?;
    changed();
    while let Some(()) = changes.recv().await {
        changed();
    }
    Ok(())
}

/// The files once two looks in a row found the same.
fn settled(files: &WatchedFiles) -> Vec<(PathBuf, Option<Look>)> {
    let mut found = files.look();
    for _ in 0..MAX_UNSETTLED {
        thread::sleep(SETTLE);
        let next = files.look();
        if next == found {
            break;
        }
        found = next;
    }
    found
}

fn look_again(files: &WatchedFiles, mut before: Vec<(PathBuf, Option<Look>)>, changes: &Sender<()>) {
    let mut afterwards = 0;
    loop {
        thread::sleep(INTERVAL);
        if files.look() != before {
            before = settled(files);
            afterwards = AFTERWARDS + 1;
        }
        if afterwards > 0 {
            afterwards -= 1;
            // Full: a change that nobody has looked at yet includes this one.
            if let Err(TrySendError::Closed(())) = changes.try_send(()) {
                return;
            }
        } else if changes.is_closed() {
            return;
        }
    }
}

/// What tells a file from the one before, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    /// Of content, name or rights; unlike `modified` nobody sets it back.
    changed: (i64, i64),
}

impl Look {
    /// `None` where there is no file, or none that may be seen.
    fn at(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            file: (file.dev(), file.ino()),
            bytes: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}
