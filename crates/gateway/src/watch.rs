//! When to reload: SIGHUP, or a change of the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write a file in several steps; the last one counts.
const SETTLE: Duration = Duration::from_millis(100);

/// Why to look at the file again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file or something beside it changed.
    File,
    /// SIGHUP.
    Signal,
}

/// Calls `changed` for every change of `path` and every SIGHUP, until it says stop by
/// returning `false`. The folder is watched, not the file: editors and Kubernetes put a
/// new file (or link) in the old one's place.
///
/// # Errors
/// The folder cannot be watched, or signals cannot be had; reloading would silently
/// not work.
pub async fn watch(path: &Path, mut changed: impl FnMut(Change) -> bool) -> std::io::Result<()> {
    let (sender, mut changes) = mpsc::unbounded_channel();
    let _watcher = watch_folder(path, sender)?;
    // What changed before the watch began, while everything else was started.
    if !changed(Change::File) {
        return Ok(());
    }
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    loop {
        let change = tokio::select! {
            _ = hangup.recv() => Change::Signal,
            Some(()) = changes.recv() => {
                tokio::time::sleep(SETTLE).await;
                while changes.try_recv().is_ok() {}
                Change::File
            }
        };
        if !changed(change) {
            return Ok(());
        }
    }
}

fn watch_folder(path: &Path, changes: mpsc::UnboundedSender<()>) -> std::io::Result<RecommendedWatcher> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let changed = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // Nobody listens any more when the gateway is stopping.
            let _ = changes.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(changed).map_err(std::io::Error::other)?;
    watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(std::io::Error::other)?;
    Ok(watcher)
}
