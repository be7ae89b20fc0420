//! Reading one file that may be anything.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use corsac_diagnostics::unreadable;

/// So much of a file tells whether it is text, and whose it may be if it cannot be read whole.
const HEAD: usize = 64 << 10;

/// Why a file has no text.
#[derive(Debug)]
pub(crate) struct NoText {
    /// As a fragment.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) hint: &'static str,
    /// What it begins with, as far as that can be told.
    pub(crate) head: String,
}

impl NoText {
    fn new(reason: impl Into<String>, hint: &'static str) -> Self {
        Self { reason: reason.into(), hint, head: String::new() }
    }

    fn with_head(self, bytes: &[u8]) -> Self {
        let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes)).into_owned();
        Self { head, ..self }
    }
}

impl From<io::Error> for NoText {
    fn from(error: io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "`corsac init` writes a starting policy",
            io::ErrorKind::PermissionDenied => "may this user read it?",
            _ => "is it a regular file?",
        };
        Self::new(unreadable(error.kind()), hint)
    }
}

/// The text of a file of at most `limit` bytes. It never waits: what is no file, such as a pipe
/// that nobody writes to, is refused; only what the system hands over as a descriptor (`<(…)` of
/// a shell) is read to its end.
pub(crate) fn read(path: &Path, limit: usize) -> Result<String, NoText> {
    let mut file = open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(NoText::new("it is a directory", "name a file"));
    }
    if !found.is_file() && !is_handed_over(path) {
        return Err(NoText::new("it is not a regular file", "name a file"));
    }
    if found.len() > size(limit) {
        let mut head = Vec::new();
        file.take(size(HEAD)).read_to_end(&mut head)?;
        return Err(too_large(limit).with_head(&head));
    }
    text(&mut file, limit)
}

/// The text of standard input.
pub(crate) fn read_standard_input(limit: usize) -> Result<String, NoText> {
    text(&mut io::stdin().lock(), limit)
}

/// Opens without waiting for the other end of a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = if is_handed_over(path) { rustix::fs::OFlags::empty() } else { rustix::fs::OFlags::NONBLOCK };
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn is_handed_over(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

fn text(reader: &mut impl Read, limit: usize) -> Result<String, NoText> {
    let mut bytes = Vec::new();
    reader.take(size(HEAD)).read_to_end(&mut bytes)?;
    if bytes.contains(&0) {
        return Err(
            NoText::new("it is no text: it has a zero byte", "is it the right file?").with_head(&bytes)
        );
    }
    reader.take(size(limit).saturating_add(1).saturating_sub(size(bytes.len()))).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(too_large(limit).with_head(&bytes));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        NoText::new(format!("it is not UTF-8 (byte {at})"), "save it as UTF-8").with_head(error.as_bytes())
    })
}

fn too_large(limit: usize) -> NoText {
    NoText::new(format!("it is larger than {} MiB", limit >> 20), "is it the right file?")
}

fn size(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
