//! TLS on both sides: what certificates, keys and authorities must be before they are
//! used, and what is made of them.
//!
//! Everything here is made when a configuration is read, so that a file with a mistake is
//! a finding of that configuration and never fails a handshake. Left out on purpose:
//! early data (its requests can be replayed), renegotiation, and versions before TLS 1.2.

pub(crate) mod certificate;
pub(crate) mod pem;
pub(crate) mod server;
pub(crate) mod upstream;

use std::fmt;
use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;

/// The cryptography of both sides.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// What is wrong with a file of certificates or with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFileError {
    /// The private key is encrypted.
    EncryptedKey,
    /// The certificate's last day is over.
    Expired(String),
    /// Another certificate's key.
    KeyMismatch,
    /// A certificate that cannot be read as one.
    NotACertificate,
    /// The certificate's first day is still to come.
    NotYetValid(String),
    /// There is no certificate in the file.
    NoCertificate,
    /// There is no private key in the file.
    NoKey,
    /// The certificate is for no DNS name and no IP address.
    NoNames,
    /// More than a file of certificates or keys takes, in bytes.
    TooLarge(u64),
    /// The file cannot be read.
    Unreadable(String),
    /// A private key of a kind that TLS does not use here.
    UnsupportedKey,
    /// An RSA key of too few bits.
    WeakKey(usize),
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EncryptedKey => f.write_str("the private key is encrypted"),
            Self::Expired(when) => write!(f, "the certificate expired on {when}"),
            Self::KeyMismatch => f.write_str("the private key is not the one of the certificate"),
            Self::NotACertificate => f.write_str("a certificate in the file cannot be read"),
            Self::NotYetValid(when) => write!(f, "the certificate is not valid before {when}"),
            Self::NoCertificate => f.write_str("the file has no certificate in PEM"),
            Self::NoKey => f.write_str("the file has no private key in PEM"),
            Self::NoNames => f.write_str("the certificate has no DNS name and no IP address"),
            Self::TooLarge(limit) => write!(f, "the file is larger than {} KiB", limit >> 10),
            Self::Unreadable(reason) => write!(f, "the file cannot be read: {reason}"),
            Self::UnsupportedKey => f.write_str("the private key is of a kind that is not supported"),
            Self::WeakKey(bits) => write!(f, "the certificate's key has {bits} bits only"),
        }
    }
}

impl std::error::Error for TlsFileError {}

impl TlsFileError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::EncryptedKey => {
                "decrypt it, and let nobody else read it: openssl pkey -in app.key -out plain.key"
            }
            Self::Expired(_) => "renew it; a certificate that browsers refuse serves nobody",
            Self::KeyMismatch => {
                "name the key that the certificate was requested with; the chain begins with the server's own certificate"
            }
            Self::NotACertificate | Self::NoCertificate => {
                "it must hold `-----BEGIN CERTIFICATE-----` blocks, the server's own first"
            }
            Self::NotYetValid(_) => "is the clock of this machine right?",
            Self::NoKey => "it must hold a `-----BEGIN PRIVATE KEY-----` block",
            Self::NoNames => {
                "request one with a subject alternative name; the common name is read by no browser"
            }
            Self::TooLarge(_) | Self::Unreadable(_) => {
                "does the path, relative to the policy file, name the right file, and may this user read it?"
            }
            Self::UnsupportedKey => "use an ECDSA key (P-256, P-384 or P-521), Ed25519, or RSA",
            Self::WeakKey(_) => "request one for an ECDSA key or for RSA with at least 2048 bits",
        }
    }
}
