//! The files that a policy file names.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use corsac_diagnostics::unreadable;
use corsac_middleware::authn::read_file;
use rustls::RootCertStore;

use crate::tls::upstream::system_roots;
use crate::tls::{TlsFileError, pem};

/// The largest file of a key.
const MAX_KEY_FILE: u64 = 256;

/// Where named files are, and which were named.
pub(super) struct Files {
    folder: PathBuf,
    named: RefCell<Vec<PathBuf>>,
    pub(super) now: SystemTime,
    system: OnceCell<Arc<RootCertStore>>,
}

impl Files {
    /// Files named in the policy file `name`: relative to its folder.
    pub(super) fn of(name: &str) -> Self {
        let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, named: RefCell::default(), now: SystemTime::now(), system: OnceCell::new() }
    }

    /// The folder of the policy file.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Notes files that somebody else has read.
    pub(super) fn note(&self, files: impl IntoIterator<Item = PathBuf>) {
        self.named.borrow_mut().extend(files);
    }

    /// The bytes of a file and whether every user of the machine may read it.
    pub(super) fn read(&self, name: &str) -> Result<(Vec<u8>, bool), TlsFileError> {
        let path = self.folder.join(name);
        let read = pem::read(&path);
        self.named.borrow_mut().push(path);
        read
    }

    /// The 16 bytes that a file has as 32 hexadecimal digits.
    ///
    /// # Errors
    /// Why it has none, as a reason to be shown.
    pub(super) fn read_key(&self, name: &str) -> Result<[u8; 16], String> {
        let path = self.folder.join(name);
        let read = read_file(&path, MAX_KEY_FILE);
        self.note([path]);
        let contents = read.map_err(|error| format!("it cannot be read: {}", unreadable(error.kind())))?;
        let digits = std::str::from_utf8(&contents.bytes).unwrap_or_default().trim();
        let is_key = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| is_key);
        number.map(u128::to_be_bytes).ok_or_else(|| "it has no 32 hexadecimal digits".to_owned())
    }

    /// The system's certificate authorities.
    pub(super) fn system_roots(&self) -> Arc<RootCertStore> {
        Arc::clone(self.system.get_or_init(|| Arc::new(system_roots())))
    }

    /// All files that were named, readable or not.
    pub(super) fn into_named(self) -> Vec<PathBuf> {
        self.named.into_inner()
    }
}
