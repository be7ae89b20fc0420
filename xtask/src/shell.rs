//! Running programs, and saying what happens.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Why a command of ours failed.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Done = Result<(), Failure>;

/// Says something on standard output.
pub(crate) fn say(text: &str) {
    // Whoever closed the pipe does not want to know.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program in the workspace's folder.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    // A whole run builds each crate once: what incremental builds keep would only fill the disk.
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// Runs a step, saying what it is and how long it took.
pub(crate) fn step(title: &str, command: &mut Command) -> Done {
    say(&format!("\n== {title}"));
    let started = Instant::now();
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("{}: {error}", command.get_program().to_string_lossy())))?;
    if !status.success() {
        return Err(Failure::new(format!("\n{title}: failed")));
    }
    say(&format!("== {title}: {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Whether a program answers `--version`.
pub(crate) fn has(name: &str, arguments: &[&str]) -> bool {
    program(name, arguments).output().is_ok_and(|output| output.status.success())
}
