//! Fingerprints of certificates (RFC 8122, section 5).

use std::fmt;

use crate::code::{Code, Refusal};

/// The hash that a fingerprint was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FingerprintHash {
    /// SHA-256, which browsers use.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl FingerprintHash {
    /// All of them. MD5, SHA-1 and SHA-224 are left out on purpose: RFC 8122 forbids the first and
    /// the others are weaker than the certificates.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The hash of this name, in lower case as everybody writes it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.as_str() == name)
    }

    /// Its name in descriptions and in `mky`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Bytes of a digest.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The fingerprint of a certificate, as in `a=fingerprint`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    hash: FingerprintHash,
    /// As long as the hash says.
    digest: Vec<u8>,
}

impl Fingerprint {
    /// Reads the value of `a=fingerprint`: `sha-256 0A:1B:…`.
    ///
    /// # Errors
    /// `E_SDP_FP_HASH`, or `E_SDP_FP_VALUE` unless the digest has its exact length, in pairs of
    /// upper-case digits with a colon between.
    pub fn parse(value: &str) -> Result<Self, Refusal> {
        let (name, digits) = value.split_once(' ').unwrap_or((value, ""));
        let hash = FingerprintHash::parse(name).ok_or_else(|| {
            Refusal::new(Code::SdpFingerprintHash, "a fingerprint of another hash than sha-256, -384, -512")
        })?;
        let digest = digest(digits, hash.bytes()).ok_or_else(|| {
            Refusal::new(
                Code::SdpFingerprintValue,
                "a fingerprint that is not its length in upper-case pairs",
            )
        })?;
        Ok(Self { hash, digest })
    }

    /// The hash.
    pub fn hash(&self) -> FingerprintHash {
        self.hash
    }

    /// The bytes of the digest.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

impl fmt::Display for Fingerprint {
    /// As in `a=fingerprint`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash.as_str())?;
        for (index, byte) in self.digest.iter().enumerate() {
            write!(f, "{}{byte:02X}", if index == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

fn digest(digits: &str, bytes: usize) -> Option<Vec<u8>> {
    if digits.len() != bytes * 3 - 1 {
        return None;
    }
    let pairs = digits.as_bytes().chunks(3);
    pairs
        .map(|pair| match pair {
            [high, low] | [high, low, b':'] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
