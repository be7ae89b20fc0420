//! What a certificate says: for which names it is, and for how long.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::{TlsFileError, provider};

/// Bits of the weakest RSA key that is still taken (NIST SP 800-131A).
const MIN_RSA_BITS: usize = 2_048;

/// The names that a certificate is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// In lower case; `*.` stands for one label.
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Whether the certificate is valid for `host`, a name or an address without a port
    /// (RFC 9110, section 4.3.4; RFC 9525, section 6.3).
    pub(crate) fn cover(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        let parent = host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, parent)| parent);
        self.dns.iter().any(|name| match name.strip_prefix("*.") {
            Some(below) => parent.is_some_and(|parent| parent.eq_ignore_ascii_case(below)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.addresses.is_empty()
    }
}

/// A chain with its key, ready to sign handshakes.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) names: Arc<Names>,
}

/// Which of the two files of an identity a mistake is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Chain,
    Key,
}

impl Identity {
    /// Puts a chain and its key together, as of `now`.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        now: SystemTime,
    ) -> Result<Self, (Part, TlsFileError)> {
        let of_chain = |error| (Part::Chain, error);
        let of_key = |error| (Part::Key, error);
        let own = chain.first().ok_or((Part::Chain, TlsFileError::NoCertificate))?;
        let names = examine(own, now).map_err(of_chain)?;
        let signing = provider().key_provider.load_private_key(key);
        let signing = signing.map_err(|_| of_key(TlsFileError::UnsupportedKey))?;
        let key = CertifiedKey::new(chain, signing);
        match key.keys_match() {
            Ok(()) => Ok(Self { key: Arc::new(key), names: Arc::new(names) }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(of_key(TlsFileError::KeyMismatch)),
            Err(_) => Err(of_chain(TlsFileError::NotACertificate)),
        }
    }

    /// Whether it has a name at all: the certificate of a server must.
    pub(crate) fn has_names(&self) -> bool {
        !self.names.is_empty()
    }
}

/// The names of a certificate that is valid as of `now`.
fn examine(der: &CertificateDer<'_>, now: SystemTime) -> Result<Names, TlsFileError> {
    let Ok(([], certificate)) = X509Certificate::from_der(der) else {
        return Err(TlsFileError::NotACertificate);
    };
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if validity.not_after.timestamp() < seconds {
        return Err(TlsFileError::Expired(written(validity.not_after)));
    }
    if validity.not_before.timestamp() > seconds {
        return Err(TlsFileError::NotYetValid(written(validity.not_before)));
    }
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < MIN_RSA_BITS => {
            return Err(TlsFileError::WeakKey(key.key_size()));
        }
        Ok(_) => {}
        Err(_) => return Err(TlsFileError::NotACertificate),
    }
    let alternatives = certificate.subject_alternative_name().map_err(|_| TlsFileError::NotACertificate)?;
    let mut names = Names::default();
    for name in alternatives.map(|found| &found.value.general_names).into_iter().flatten() {
        match name {
            GeneralName::DNSName(name) => names.dns.push(name.to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
            _ => {}
        }
    }
    Ok(names)
}

fn written(time: ASN1Time) -> String {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dns: &[&str], addresses: &[&str]) -> Names {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Names { dns: dns.iter().map(|&name| name.to_owned()).collect(), addresses }
    }

    #[test]
    fn a_wildcard_covers_one_label_and_no_other_name() {
        let names = names(&["app.example", "*.b.example"], &["127.0.0.1", "::1"]);
        for host in ["app.example", "APP.example", "app.example.", "x.b.example", "127.0.0.1", "[::1]"] {
            assert!(names.cover(host), "{host}");
        }
        for host in [
            "b.example",
            "x.y.b.example",
            ".b.example",
            "x.app.example",
            "127.0.0.2",
            "[::2]",
            "",
            ".",
            "evilb.example",
            "app.example..",
        ] {
            assert!(!names.cover(host), "{host}");
        }
    }
}
