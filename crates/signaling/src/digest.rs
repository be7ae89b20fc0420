//! SHA-256, written as the protocol writes binary values: base64url without padding.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Characters of 32 bytes.
const LENGTH: usize = 43;

/// A hash of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands where there is nothing to hash.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// Reads the one spelling: 43 characters, no padding, no bits left over.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = (text.len() == LENGTH).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn a_digest_has_one_spelling() {
        // FIPS 180-2, appendix B.1.
        let abc = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(Digest::of(b"abc").to_string(), abc);
        assert_eq!(Digest::parse(abc), Some(Digest::of(b"abc")));
        for text in
            ["", abc.split_at(1).1, &format!("{abc}="), &abc.replace("a0", "a1"), &abc.replace('_', "/")]
        {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
