//! The file of keys: edited in place, with its comments and its order, by one at a time.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use corsac_credentials::{ApiKeyEntry, ApiKeys, ApiKeysConfig};
use corsac_diagnostics::{Document, FieldPath, MAX_DOCUMENT_BYTES, Source};
use corsac_middleware::authn::{StoredKey, format_time, read_api_keys, read_file};
use rustix::fs::{FlockOperation, flock};

use super::Failure;
use super::hash_key::HashKey;

/// Looks for the lock, and the pause between two: a writer needs some milliseconds.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

const HEAD: &str =
    "# API keys, as `corsac key` writes them. A hash is of no use to who lacks the hash key.\n";

/// The file while it is being changed. Others wait until this is dropped.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    text: String,
    keys: Vec<StoredKey>,
    _lock: File,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Self::with(path, false)
    }

    pub(super) fn open_or_new(path: &Path) -> Result<Self, Failure> {
        Self::with(path, true)
    }

    fn with(path: &Path, may_be_new: bool) -> Result<Self, Failure> {
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let lock = lock(&path)?;
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if may_be_new && error.kind() == ErrorKind::NotFound => HEAD.to_owned(),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let keys = parse(&path, &text)?;
        Ok(Self { path, text, keys, _lock: lock })
    }

    pub(super) fn keys(&self) -> &[StoredKey] {
        &self.keys
    }

    /// The key and its place.
    pub(super) fn find(&self, id: &str) -> Result<(usize, &StoredKey), Failure> {
        let found = self.keys.iter().enumerate().find(|(_, stored)| stored.entry.id == id);
        found.ok_or_else(|| {
            let name = self.path.display();
            let hint = format!("an id is a key's second part; `corsac key list --file {name}` lists them");
            // It may be a whole key: not repeated.
            Failure::new(format!("`{name}` has no key of this id"), hint)
        })
    }

    /// Sets a member of a key.
    pub(super) fn set(&mut self, index: usize, member: &str, value: &str) -> Result<(), Failure> {
        let (document, _) = Document::parse(Source::new("keys", self.text.as_str()));
        let sibling = FieldPath::root().key("keys").index(index).key("subject");
        let text = document.with_key(&sibling, member, value).ok_or_else(|| self.not_editable())?;
        self.take(text)
    }

    /// Adds a key at the end.
    pub(super) fn append(&mut self, key: &StoredKey) -> Result<(), Failure> {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&table(key));
        self.take(text)
    }

    /// Takes an edit, if it is what was meant.
    fn take(&mut self, text: String) -> Result<(), Failure> {
        self.keys = read_api_keys(&text).map_err(|_| self.not_editable())?;
        self.text = text;
        Ok(())
    }

    fn not_editable(&self) -> Failure {
        let name = self.path.display();
        Failure::new(
            format!("`{name}` cannot be edited in place"),
            "write each key as a table of its own: [[keys]]",
        )
    }

    /// Holds all keys against what the gateway takes.
    pub(super) fn check(&self, hash_key: HashKey, prefix: &str) -> Result<(), Failure> {
        let entries: Vec<ApiKeyEntry> = self.keys.iter().map(|stored| stored.entry.clone()).collect();
        let config = ApiKeysConfig {
            name: "keys".into(),
            prefix: prefix.into(),
            hash_key: hash_key.into_secret(),
            keys: entries,
        };
        let said = |error: corsac_credentials::ConfigError| {
            let mistakes: Vec<_> = error.mistakes().iter().map(ToString::to_string).collect();
            let hint =
                "a subject, a role and a scope are 1 to 512 bytes without control characters, each once";
            Failure::new(mistakes.join("; "), hint)
        };
        ApiKeys::compile(config).map(drop).map_err(said)
    }

    /// Replaces the file: whoever reads it sees the one before or the one after.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let name = self.path.display();
        let hint = "is there room, and may you write to the folder? The file is as it was";
        replace(&self.path, &self.text)
            .map_err(|error| Failure::new(format!("failed to write `{name}`: {error}"), hint))
    }
}

/// The keys of a file, without a lock: it is replaced as a whole.
pub(super) fn load(path: &Path) -> Result<Vec<StoredKey>, Failure> {
    parse(path, &read(path).map_err(|error| unreadable(path, &error))?)
}

fn read(path: &Path) -> io::Result<String> {
    let contents = read_file(path, MAX_DOCUMENT_BYTES as u64)?;
    String::from_utf8(contents.bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

fn parse(path: &Path, text: &str) -> Result<Vec<StoredKey>, Failure> {
    read_api_keys(text).map_err(|reasons| {
        let reason = format!("`{}` is not a file of API keys: {}", path.display(), reasons.join("; "));
        Failure::new(reason, "mend it by hand, or name another: --file api-keys.toml")
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let hint = "name the file: --file api-keys.toml; `corsac key new` makes one";
    Failure::new(format!("failed to read `{}`: {error}", path.display()), hint)
}

/// Locks the folder: the file itself is replaced, and a lock on it with it.
fn lock(path: &Path) -> Result<File, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = folder.display();
    let file = File::open(folder).map_err(|error| {
        Failure::new(format!("failed to open `{name}`: {error}"), "does the folder exist?")
    })?;
    for _ in 0..LOOKS {
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Ok(file);
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::new(format!("somebody else is changing keys in `{name}`"), "try again when they are done"))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = write_new(&temporary, path, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may not be there.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A new file that only its owner reads: the owner of the one before, and its group if that
/// could read it, for the gateway may be another user than who runs this.
fn write_new(temporary: &Path, before: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(before) {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(0o600 | (before.mode() & 0o040)))?;
    }
    file.sync_all()
}

fn table(key: &StoredKey) -> String {
    let StoredKey { entry, created_at } = key;
    let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "\n[[keys]]\nid         = {}\nhash       = {}\nsubject    = {}\nroles      = [{}]\nscopes     = [{}]\n",
        quoted(&entry.id),
        quoted(&entry.hash),
        quoted(&entry.subject),
        list(&entry.roles),
        list(&entry.scopes)
    );
    let times =
        [("created_at", *created_at), ("not_before", entry.not_before), ("expires_at", entry.expires_at)];
    for (member, time) in times.into_iter().filter_map(|(member, time)| Some((member, time?))) {
        text.extend([member, " = \"", &format_time(time), "\"\n"]);
    }
    text
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
