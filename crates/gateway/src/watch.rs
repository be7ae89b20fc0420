//! When to reload: a change of the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write a file in several steps; the last one counts.
const SETTLE: Duration = Duration::from_millis(100);

/// Calls `changed` for every change of `path` or of something beside it, and once at the
/// beginning, for what changed before. The folder is watched, not the file: editors and
/// Kubernetes put a new file (or link) in the old one's place.
///
/// # Errors
/// The folder cannot be watched; reloading would silently not work.
pub async fn watch(path: &Path, mut changed: impl FnMut()) -> std::io::Result<()> {
    let (sender, mut changes) = mpsc::unbounded_channel();
    let _watcher = watch_folder(path, sender)?;
    changed();
    while let Some(()) = changes.recv().await {
        tokio::time::sleep(SETTLE).await;
        while changes.try_recv().is_ok() {}
        changed();
    }
    Ok(())
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
