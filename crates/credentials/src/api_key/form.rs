//! `<prefix>_<id>_<secret>_<checksum>`: how an API key is spelled and made.
//!
//! The prefix tells people, and scanners of source code, whose key it is; the id finds its
//! entry; the checksum tells a typing error from an attack, and needs no secret.

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use crate::error::refusal::ApiKeyRefusal;
use crate::text::{from_hex, to_hex};

/// Random bytes that a new key takes: 8 for its id, 32 for its secret.
pub const API_KEY_RANDOM_BYTES: usize = 40;

const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

/// Bytes of a prefix.
const PREFIX_LENGTHS: std::ops::RangeInclusive<usize> = 2..=16;

/// Bytes of a whole key.
const MAX_BYTES: usize = 16 + 2 * (ID_BYTES + SECRET_BYTES + CHECKSUM_BYTES) + 3;

/// An API key in its parts. The secret's digits are not copied.
pub(crate) struct Parts<'k> {
    pub(crate) prefix: &'k str,
    pub(crate) id: &'k str,
    /// All but the checksum: what is hashed.
    pub(crate) hashed: &'k str,
}

impl<'k> Parts<'k> {
    pub(crate) fn read(text: &'k str) -> Result<Self, ApiKeyRefusal> {
        if text.len() > MAX_BYTES {
            return Err(ApiKeyRefusal::Malformed);
        }
        let parts = || {
            let (hashed, checksum) = text.rsplit_once('_')?;
            let (rest, secret) = hashed.rsplit_once('_')?;
            let (prefix, id) = rest.split_once('_')?;
            let checksum = from_hex::<CHECKSUM_BYTES>(checksum)?;
            let well_formed = is_prefix(prefix)
                && is_id(id)
                && from_hex::<SECRET_BYTES>(secret).map(Zeroizing::new).is_some();
            well_formed.then_some((Self { prefix, id, hashed }, checksum))
        };
        let (parts, checksum) = parts().ok_or(ApiKeyRefusal::Malformed)?;
        if checksum == checksum_of(parts.hashed) { Ok(parts) } else { Err(ApiKeyRefusal::Checksum) }
    }
}

/// 2 to 16 lower-case letters and digits, a letter first.
pub(crate) fn is_prefix(text: &str) -> bool {
    PREFIX_LENGTHS.contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// 16 lower-case hexadecimal digits.
pub(crate) fn is_id(text: &str) -> bool {
    from_hex::<ID_BYTES>(text).is_some()
}

fn checksum_of(hashed: &str) -> [u8; CHECKSUM_BYTES] {
    let hash = blake3::derive_key("corsac 2026-11 checksum of an API key", hashed.as_bytes());
    let mut checksum = [0; CHECKSUM_BYTES];
    for (own, byte) in checksum.iter_mut().zip(hash) {
        *own = byte;
    }
    checksum
}

/// The hash that is stored.
pub(crate) fn hash(hashed: &str, key: &SecretBox<[u8; 32]>) -> [u8; 32] {
    *blake3::keyed_hash(key.expose_secret(), hashed.as_bytes()).as_bytes()
}

/// A key that was just made: the only moment in which its secret is known.
#[derive(Debug)]
pub struct NewApiKey {
    id: String,
    text: SecretString,
    hash: String,
}

impl NewApiKey {
    /// Makes a key of random bytes. `None`: the prefix does not have 2 to 16 lower-case
    /// letters and digits, a letter first.
    pub fn make(
        prefix: &str,
        random: &[u8; API_KEY_RANDOM_BYTES],
        hash_key: &SecretBox<[u8; 32]>,
    ) -> Option<Self> {
        if !is_prefix(prefix) {
            return None;
        }
        let (id, secret) = random.split_at(ID_BYTES);
        let id = to_hex(id);
        let hashed = Zeroizing::new(format!("{prefix}_{id}_{}", *Zeroizing::new(to_hex(secret))));
        let text = format!("{}_{}", *hashed, to_hex(&checksum_of(&hashed)));
        let hash = to_hex(&hash(&hashed, hash_key));
        Some(Self { id, text: text.into(), hash })
    }

    /// Finds its entry.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key itself, to be shown once.
    pub fn text(&self) -> &SecretString {
        &self.text
    }

    /// What is stored instead.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
