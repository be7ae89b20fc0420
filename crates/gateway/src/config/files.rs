//! The files that a policy file names.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;

use crate::tls::upstream::system_roots;
use crate::tls::{TlsFileError, pem};

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

    /// The system's certificate authorities.
    pub(super) fn system_roots(&self) -> Arc<RootCertStore> {
        Arc::clone(self.system.get_or_init(|| Arc::new(system_roots())))
    }

    /// All files that were named, readable or not.
    pub(super) fn into_named(self) -> Vec<PathBuf> {
        self.named.into_inner()
    }
}
