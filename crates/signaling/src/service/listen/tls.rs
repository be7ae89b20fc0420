//! The server's certificate, and TLS 1.3 with it: no older version, no early data, no tickets. A
//! connection of hours gains nothing from a handshake that is shorter once.

use std::fmt;
use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{Error, ServerConfig};

/// What is wrong with a certificate or its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// The key is encrypted.
    EncryptedKey,
    /// The key is another certificate's.
    KeyMismatch,
    /// There is no certificate.
    NoCertificate,
    /// There is no key.
    NoKey,
    /// The certificate cannot be read.
    NotACertificate,
    /// A key of a kind that TLS 1.3 does not use here.
    UnsupportedKey,
}

impl IdentityError {
    /// Whether it is about the key rather than the certificate.
    pub fn is_of_key(self) -> bool {
        !matches!(self, Self::NoCertificate | Self::NotACertificate)
    }

    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::EncryptedKey => {
                "decrypt it, and let nobody else read it: openssl pkey -in app.key -out plain.key"
            }
            Self::KeyMismatch => {
                "name the key that the certificate was requested with; the server's own comes first"
            }
            Self::NoCertificate | Self::NotACertificate => {
                "it must hold `-----BEGIN CERTIFICATE-----` blocks, the server's own first"
            }
            Self::NoKey => "it must hold a `-----BEGIN PRIVATE KEY-----` block",
            Self::UnsupportedKey => "use an ECDSA key (P-256 or P-384), Ed25519, or RSA",
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EncryptedKey => "the private key is encrypted",
            Self::KeyMismatch => "the private key is not the one of the certificate",
            Self::NoCertificate => "there is no certificate in PEM",
            Self::NoKey => "there is no private key in PEM",
            Self::NotACertificate => "a certificate cannot be read",
            Self::UnsupportedKey => "the private key is of a kind that is not supported",
        })
    }
}

impl std::error::Error for IdentityError {}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads a chain, the server's own certificate first, and its key.
    ///
    /// # Errors
    ///
    /// They are none, or do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|_| IdentityError::NotACertificate)?;
        if chain.is_empty() {
            return Err(IdentityError::NoCertificate);
        }
        let key = provider().key_provider.load_private_key(private_key(key)?);
        let certified = CertifiedKey::new(chain, key.map_err(|_| IdentityError::UnsupportedKey)?);
        match certified.keys_match() {
            Ok(()) => Ok(Self(Arc::new(certified))),
            Err(Error::InconsistentKeys(_)) => Err(IdentityError::KeyMismatch),
            Err(_) => Err(IdentityError::NotACertificate),
        }
    }

    /// TLS for one protocol.
    pub(super) fn server_config(&self, alpn: &[u8]) -> Result<ServerConfig, Error> {
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
        let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)));
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![alpn.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

fn private_key(key: &[u8]) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let has = |text: &[u8]| key.windows(text.len()).any(|window| window == text);
    if has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(IdentityError::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => IdentityError::NoKey,
        _ => IdentityError::UnsupportedKey,
    })
}

#[cfg(test)]
mod tests {
    use super::{Identity, IdentityError};

    #[test]
    fn a_certificate_and_its_key_belong_together() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let read = |chain: &str, key: &str| Identity::from_pem(chain.as_bytes(), key.as_bytes()).err();
        assert_eq!(read(&chain, &key), None);
        assert_eq!(read(&chain, &other.signing_key.serialize_pem()), Some(IdentityError::KeyMismatch));
        assert_eq!(read(&key, &key), Some(IdentityError::NoCertificate));
        assert_eq!(read(&chain, &chain), Some(IdentityError::NoKey));
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(read(&chain, &encrypted), Some(IdentityError::EncryptedKey));
        assert_eq!(read("", ""), Some(IdentityError::NoCertificate));
    }
}
