//! The key under which API keys are hashed: made on first use, and never shown.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use corsac_credentials::HASH_KEY_BYTES;
use corsac_middleware::authn::{parse_hash_key, read_file};
use secrecy::SecretBox;
use secrecy::zeroize::Zeroizing;

use crate::args::KeyFiles;
use crate::output::Output;

use super::Failure;

/// Bytes of its file: 64 digits and a line's end.
const MAX_BYTES: u64 = 66;

pub(super) struct HashKey(SecretBox<[u8; HASH_KEY_BYTES]>);

impl HashKey {
    pub(super) fn secret(&self) -> &SecretBox<[u8; HASH_KEY_BYTES]> {
        &self.0
    }

    pub(super) fn into_secret(self) -> SecretBox<[u8; HASH_KEY_BYTES]> {
        self.0
    }

    pub(super) fn open(files: &KeyFiles, output: &Output) -> Result<Self, Failure> {
        let path = path(files);
        let name = path.display();
        let contents = read_file(&path, MAX_BYTES).map_err(|error| {
            let hint = "name the file that the keys were hashed under: --hash-key FILE";
            Failure::new(format!("failed to read `{name}`: {error}"), hint)
        })?;
        if contents.is_public {
            output.warn(&format!("every user of this machine may read `{name}`: chmod 600 {name}"));
        }
        let bytes = Zeroizing::new(contents.bytes);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let key = parse_hash_key(text.trim_end_matches(['\r', '\n'])).ok_or_else(|| {
            let hint = "name the right file: --hash-key FILE; a new one is made where there is none";
            Failure::new(format!("`{name}` does not hold a key of 64 hexadecimal digits"), hint)
        })?;
        Ok(Self(key))
    }

    /// Makes one where there is none, unless keys are stored already, which it would lock out.
    pub(super) fn open_or_make(files: &KeyFiles, has_keys: bool, output: &Output) -> Result<Self, Failure> {
        let path = path(files);
        let mut options = OpenOptions::new();
        if has_keys || path.exists() {
            return Self::open(files, output);
        }
        let name = path.display();
        let failed = |what: &str| {
            Failure::new(
                format!("failed to write `{name}`: {what}"),
                "does the folder exist, and may you write to it?",
            )
        };
        let mut bytes = Zeroizing::new([0_u8; HASH_KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| failed(&error.to_string()))?;
        let mut text = Zeroizing::new(String::with_capacity(2 * HASH_KEY_BYTES + 1));
        for byte in bytes.iter() {
            text.extend(
                [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
            );
        }
        text.push('\n');
        // Never over another one, not even one that appears meanwhile.
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                written.map_err(|error| failed(&error.to_string()))?;
                output.talk(&format!("made {name}, under which keys are hashed; the gateway needs it too"));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&error.to_string())),
        }
        Self::open(files, output)
    }
}

/// Beside the keys, unless it is named.
fn path(files: &KeyFiles) -> PathBuf {
    files.hash_key.clone().unwrap_or_else(|| files.file.with_extension("hashkey"))
}
