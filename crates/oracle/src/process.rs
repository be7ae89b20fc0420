//! A browser as a process: where its program is, how long it may take, how it ends.

use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::process::Child;

use crate::Result;

/// For a browser to start, and for a page to load: each takes seconds on a busy machine.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(40);
/// For an orderly exit before the process is killed, and for its death after that.
pub(crate) const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// Between two looks at a condition that does not announce itself.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// The program that `variable` names, or else the first of `names` on the path.
pub(crate) fn find_binary(variable: &str, names: &[&str]) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut on_path =
        env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let named = env::var_os(variable).map(PathBuf::from);
    let found = named.or_else(|| on_path.find(|file| file.is_file()));
    let names = names.join("`, `");
    found.ok_or_else(|| {
        format!("found no `{names}` on the path: run `cargo xtask test`, or set {variable}").into()
    })
}

/// Kills a browser and waits for its death: one that is still dying would write into its
/// profile again, after that was removed.
pub(crate) fn kill(process: &mut Child) {
    let (start, is_killed) = (Instant::now(), process.start_kill().is_ok());
    while is_killed && matches!(process.try_wait(), Ok(None)) && start.elapsed() < CLOSE_LIMIT {
        std::thread::sleep(POLL_INTERVAL);
    }
}
