//! The upstream's side: whom the gateway believes to be the upstream.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::certificate::Identity;
use super::provider;

/// How an upstream is spoken to over TLS. Two are equal if they verify and show the same.
#[derive(Clone)]
pub struct UpstreamTls {
    pub(crate) name: ServerName<'static>,
    pub(crate) http1: Arc<ClientConfig>,
    pub(crate) http2: Arc<ClientConfig>,
    /// A hash of all that it was made of.
    made_of: u64,
}

impl PartialEq for UpstreamTls {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.made_of == other.made_of
    }
}

impl Eq for UpstreamTls {}

impl fmt::Debug for UpstreamTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamTls").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Which certificates of an upstream are believed.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Those for the right name below these authorities.
    Roots(Arc<RootCertStore>),
    /// Any: whoever is on the way can read and change everything.
    DangerouslyAny,
}

impl UpstreamTls {
    /// # Errors
    /// There are no authorities.
    pub(crate) fn new(
        name: ServerName<'static>,
        trust: &Trust,
        identity: Option<&Identity>,
    ) -> Result<Self, rustls::Error> {
        let config = client_config(trust, identity)?;
        let with = |protocol: &[u8]| {
            let mut config = config.clone();
            config.alpn_protocols = vec![protocol.to_vec()];
            Arc::new(config)
        };
        let made_of = hash(trust, identity);
        Ok(Self { name, http1: with(b"http/1.1"), http2: with(b"h2"), made_of })
    }
}

/// # Errors
/// There are no authorities.
pub(crate) fn client_config(
    trust: &Trust,
    identity: Option<&Identity>,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Roots(roots) => WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?,
        Trust::DangerouslyAny => Arc::new(DangerouslyAny(provider())),
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let resolver = SingleCertAndKey::from(Arc::clone(&identity.key));
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
    })
}

/// The authorities of the system; empty if it has none.
pub(crate) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn hash(trust: &Trust, identity: Option<&Identity>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match trust {
        Trust::Roots(roots) => {
            for root in &roots.roots {
                (root.subject.as_ref(), root.subject_public_key_info.as_ref()).hash(&mut hasher);
            }
        }
        Trust::DangerouslyAny => "any".hash(&mut hasher),
    }
    // A key belongs to its certificate.
    for certificate in identity.map(|identity| identity.key.cert.iter()).into_iter().flatten() {
        certificate.as_ref().hash(&mut hasher);
    }
    hasher.finish()
}

/// Believes any certificate, as `dangerous.skip_verification` asks for. The handshake's
/// signature is verified all the same.
#[derive(Debug)]
struct DangerouslyAny(Arc<CryptoProvider>);

impl ServerCertVerifier for DangerouslyAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
