//! Files in PEM, read within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsFileError;

/// Bytes of one file: the authorities of a whole system have a quarter of it.
const MAX_FILE: u64 = 1 << 20;

/// The bytes of a file and whether every user of the machine may read it.
pub(crate) fn read(path: &Path) -> Result<(Vec<u8>, bool), TlsFileError> {
    let unreadable = |error: io::Error| TlsFileError::Unreadable(reason(&error));
    let about = std::fs::metadata(path).map_err(unreadable)?;
    // Opening a pipe would wait for somebody who writes.
    if !about.is_file() {
        return Err(TlsFileError::Unreadable("it is not a file".into()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(TlsFileError::TooLarge(MAX_FILE));
    }
    Ok((bytes, is_open_to_others(&about)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

fn is_open_to_others(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o007 != 0
}

/// All certificates of a file, at least one.
pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|_| TlsFileError::NotACertificate)?;
    if found.is_empty() { Err(TlsFileError::NoCertificate) } else { Ok(found) }
}

/// The first private key of a file.
pub(crate) fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    if has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsFileError::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsFileError::NoKey,
        _ => TlsFileError::UnsupportedKey,
    })
}
