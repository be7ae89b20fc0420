//! Reading files within bounds, with a hint when it fails.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use corsac_diagnostics::{MAX_DOCUMENT_BYTES, Source};
use corsac_origin::{MAX_LIST_BYTES, PublicSuffixList};

use crate::args::Global;

/// More than the gateway reads of a file that its policy names.
const MAX_NAMED_FILE: u64 = 2 << 20;

/// Why a file cannot be read, and what to do.
#[derive(Debug)]
pub(crate) struct LoadError {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

/// Whether `path` names standard input, which can be read once.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a policy file; `-` is standard input.
pub(crate) fn policy_file(path: &Path) -> Result<Source, LoadError> {
    let name = path.display().to_string();
    let text = if is_standard_input(path) {
        bounded(io::stdin().lock(), "standard input", MAX_DOCUMENT_BYTES)
    } else {
        open(path).and_then(|file| bounded(file, &name, MAX_DOCUMENT_BYTES))
    }?;
    Ok(Source::new(name, text))
}

/// The bytes of a file that a policy file names, as far as they are read; `None` if it
/// cannot be.
pub(crate) fn named_file(path: &Path) -> Option<Vec<u8>> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_NAMED_FILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Puts `new` in the place of a file's text `old`, through a link if it is one, keeping its
/// owner and who may read it. It is written beside it first and moved: whoever reads the file
/// has the old or the new text. A file that has changed meanwhile is left alone.
pub(crate) fn replace_file(path: &Path, old: &str, new: &str) -> Result<(), LoadError> {
    let failed = |error: &io::Error| LoadError {
        reason: format!("failed to write `{}`: {error}", path.display()),
        hint: "may this user write in its folder, and is the file its own?".to_owned(),
    };
    let replace = || -> io::Result<()> {
        let real = fs::canonicalize(path)?;
        let mut name = real.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let beside = real.with_file_name(name);
        let mut file = File::options().write(true).create_new(true).open(&beside)?;
        let written = file.write_all(new.as_bytes()).and_then(|()| keep_access(&file, &real));
        let written = written.and_then(|()| file.sync_all());
        written.and_then(|()| if_unchanged(&real, old)).and_then(|()| fs::rename(&beside, &real)).inspect_err(
            |_| {
                let _ = fs::remove_file(&beside);
            },
        )
    };
    replace().map_err(|error| failed(&error))
}

/// Owner, group and mode of `model` for `file`.
fn keep_access(file: &File, model: &Path) -> io::Result<()> {
    let wanted = fs::metadata(model)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (wanted.uid(), wanted.gid()) {
            fchown(file, Some(wanted.uid()), Some(wanted.gid()))?;
        }
    }
    file.set_permissions(wanted.permissions())
}

fn if_unchanged(path: &Path, old: &str) -> io::Result<()> {
    if fs::read(path)? == old.as_bytes() {
        return Ok(());
    }
    Err(io::Error::other("it has changed meanwhile"))
}

/// The list that the command line names, or the embedded one.
pub(crate) fn suffix_list(global: &Global) -> Result<Option<PublicSuffixList>, LoadError> {
    let Some(path) = &global.public_suffix_list else { return Ok(None) };
    let name = path.display().to_string();
    let text = open(path).and_then(|file| bounded(file, &name, MAX_LIST_BYTES))?;
    let parsed = PublicSuffixList::parse(&text).map_err(|error| LoadError {
        reason: format!("failed to read `{name}`: {error}"),
        hint: "take public_suffix_list.dat from your system's publicsuffix package".into(),
    });
    parsed.map(Some)
}

/// Reads standard input: a text as people paste it.
pub(crate) fn pasted(limit: usize) -> Result<String, LoadError> {
    bounded(io::stdin().lock(), "standard input", limit)
}

fn open(path: &Path) -> Result<File, LoadError> {
    let failed = |reason: &str, hint: &str| LoadError {
        reason: format!("failed to read `{}`: {reason}", path.display()),
        hint: hint.to_owned(),
    };
    if path.is_dir() {
        return Err(failed("it is a directory", "name the policy file in it, such as corsac.toml"));
    }
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("no such file", "`corsac init` writes a starting policy"),
        io::ErrorKind::PermissionDenied => failed("permission denied", "may this user read it?"),
        _ => failed(&error.to_string(), "is it a regular file?"),
    })
}

/// Reads at most `limit` bytes of UTF-8.
fn bounded(reader: impl Read, name: &str, limit: usize) -> Result<String, LoadError> {
    let failed = |reason: String, hint: &str| LoadError {
        reason: format!("failed to read `{name}`: {reason}"),
        hint: hint.to_owned(),
    };
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(bound).read_to_end(&mut bytes).map_err(|error| failed(error.to_string(), ""))?;
    if bytes.len() > limit {
        let reason = format!("it is larger than {} MiB", limit >> 20);
        return Err(failed(reason, "is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        failed(format!("it is not UTF-8 (byte {at})"), "save it as UTF-8")
    })
}
