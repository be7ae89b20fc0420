//! Which files are looked at: those that were named, and those found in folders that were.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use corsac_diagnostics::render::UnreadFile;
use corsac_diagnostics::unreadable;
use ignore::{DirEntry, Walk, WalkBuilder};

/// Most files that are looked at in all folders.
const MAX_FOUND: usize = 20_000;

/// Folders deeper than this under the one named are not looked into.
const MAX_FOLDERS: usize = 64;

/// Longest `.gitignore` that is obeyed, in bytes; a folder with a longer one is not looked into.
const MAX_IGNORE: u64 = 1 << 20;

/// Folders of what others wrote, and of what was built.
const PASSED_OVER: [&str; 3] = ["node_modules", "target", "vendor"];

/// A file to look at.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    /// Whether it was named, not found in a folder.
    pub(super) is_named: bool,
}

/// What the command line asks to look at.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// In the order of the command line, within a folder by name.
    pub(super) files: Vec<Target>,
    /// The folders that were named.
    pub(super) folders: Vec<PathBuf>,
    /// What could not be looked at.
    pub(super) unread: Vec<UnreadFile>,
}

impl Targets {
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let mut targets = Self::default();
        for path in paths {
            if path.is_dir() {
                targets.folders.push(path.clone());
                targets.look_into(path);
            } else {
                targets.files.push(Target { path: path.clone(), is_named: true });
            }
        }
        // A file may be named, and lie in a folder that is named.
        let mut known = HashSet::new();
        targets.files.retain(|target| known.insert(target.path.clone()));
        targets
    }

    /// Looks for files under `folder`. Links are not followed: what they lead to is looked at
    /// where it stands, or is somebody else's.
    fn look_into(&mut self, folder: &Path) {
        if !has_fair_ignore_file(folder) {
            self.leave_out(folder, ITS_IGNORE_FILE);
            return;
        }
        let unfair = Arc::new(Mutex::new(Vec::new()));
        for entry in walk(folder, &unfair) {
            match entry {
                Ok(entry) => {
                    if let Enough::Yes = self.take(folder, &entry) {
                        break;
                    }
                }
                Err(error) => self.leave_out_for(folder, &error),
            }
        }
        let unfair = unfair.lock().map(|mut paths| std::mem::take(&mut *paths)).unwrap_or_default();
        for path in unfair {
            self.leave_out(&path, ITS_IGNORE_FILE);
        }
    }

    fn take(&mut self, folder: &Path, entry: &DirEntry) -> Enough {
        let Some(kind) = entry.file_type() else { return Enough::No };
        if kind.is_dir() && entry.depth() >= MAX_FOLDERS {
            self.leave_out(entry.path(), &format!("it is {MAX_FOLDERS} folders deep, and not looked into"));
        }
        if !kind.is_file() {
            return Enough::No;
        }
        if self.files.len() >= MAX_FOUND {
            self.leave_out(folder, &format!("there are more than {MAX_FOUND} files"));
            return Enough::Yes;
        }
        self.files.push(Target { path: plain(entry.path()), is_named: false });
        Enough::No
    }

    fn leave_out_for(&mut self, folder: &Path, error: &ignore::Error) {
        let reason = error.io_error().map_or_else(|| error.to_string(), |error| unreadable(error.kind()));
        self.leave_out(path_of(error).unwrap_or(folder), &reason);
    }

    fn leave_out(&mut self, path: &Path, reason: &str) {
        self.unread.push(UnreadFile { name: plain(path).display().to_string(), reason: reason.to_owned() });
    }
}

enum Enough {
    No,
    Yes,
}

const ITS_IGNORE_FILE: &str = "its .gitignore is no file, or larger than 1 MiB";

/// The files and folders under `folder`; those whose ignore file is not to be read are left out
/// and put into `unfair`.
fn walk(folder: &Path, unfair: &Arc<Mutex<Vec<PathBuf>>>) -> Walk {
    let unfair = Arc::clone(unfair);
    let is_wanted = move |entry: &DirEntry| {
        if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        let name = entry.file_name().to_string_lossy();
        if name.starts_with('.') || PASSED_OVER.contains(&&*name) {
            return false;
        }
        let is_fair = has_fair_ignore_file(entry.path());
        if let (false, Ok(mut paths)) = (is_fair, unfair.lock()) {
            paths.push(entry.path().to_owned());
        }
        is_fair
    };
    let above = folder.canonicalize().unwrap_or_default();
    WalkBuilder::new(folder)
        .follow_links(false)
        // Hidden files may be configuration: `.htaccess`.
        .hidden(false)
        .git_exclude(false)
        .git_global(false)
        .ignore(false)
        .require_git(false)
        .parents(above.ancestors().all(has_fair_ignore_file))
        .max_depth(Some(MAX_FOLDERS))
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .filter_entry(is_wanted)
        .build()
}

fn has_fair_ignore_file(folder: &Path) -> bool {
    folder.join(".gitignore").metadata().map_or(true, |found| found.is_file() && found.len() <= MAX_IGNORE)
}

/// The file that an error is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// A path without `./` in front.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
