//! The gateway's own side: which certificate a client gets, and what it must show.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use rustls::pki_types::CertificateDer;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ServerSessionMemoryCache, VerifierBuilderError, WebPkiClientVerifier,
};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::certificate::{Identity, Names};
use super::{TlsFileError, pem, provider};

/// Sessions that are remembered for each certificate, so that clients that come back
/// need no whole handshake; about 10 MiB.
const SESSIONS: usize = 8_192;

/// Bytes of a client's certificate that upstreams are told; it is sent with each request.
const MAX_CLIENT_CERTIFICATE: usize = 8 << 10;

/// From TLS 1.2 on.
pub(crate) static BOTH_VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Who may connect.
#[derive(Clone, Debug)]
pub(crate) struct ClientCertificates {
    pub(crate) authorities: Arc<RootCertStore>,
    pub(crate) required: bool,
}

/// What `[gateway.tls]` says, ready to serve.
#[derive(Clone)]
pub struct Tls {
    /// In the order of the file, at least one.
    certificates: Vec<Served>,
    /// `Strict-Transport-Security`.
    pub(crate) strict: Option<HeaderValue>,
    /// The port that redirects lead to; the one that is listened on if there is none.
    pub(crate) redirect_port: Option<u16>,
    /// Whether clients are asked for certificates.
    pub(crate) asks_clients: bool,
}

/// One certificate. Sessions are kept for each apart: one that began under a certificate
/// goes on under no other.
#[derive(Clone)]
pub(crate) struct Served {
    identity: Identity,
    pub(crate) config: Arc<ServerConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.certificates.iter().map(|served| &served.identity.names).collect();
        f.debug_struct("Tls").field("certificates", &names).finish_non_exhaustive()
    }
}

/// What all certificates have in common.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) versions: &'static [&'static SupportedProtocolVersion],
    pub(crate) clients: Option<ClientCertificates>,
}

impl Tls {
    /// # Errors
    /// The authorities of clients are none.
    pub(crate) fn new(identities: Vec<Identity>, terms: &Terms) -> Result<Self, VerifierBuilderError> {
        let serve = |identity: Identity| -> Result<Served, VerifierBuilderError> {
            let config = Arc::new(server_config(&identity, terms)?);
            Ok(Served { identity, config })
        };
        let certificates = identities.into_iter().map(serve).collect::<Result<_, _>>()?;
        let asks_clients = terms.clients.is_some();
        Ok(Self { certificates, strict: None, redirect_port: None, asks_clients })
    }

    /// One certificate with its key, in PEM, as of `now`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn from_pem(chain: &[u8], key: &[u8], now: SystemTime) -> Result<Self, TlsFileError> {
        let identity = Identity::new(pem::certificates(chain)?, pem::private_key(key)?, now);
        let terms = Terms { versions: &BOTH_VERSIONS, clients: None };
        Self::new(vec![identity.map_err(|(_, error)| error)?], &terms)
            .map_err(|_| TlsFileError::UnsupportedKey)
    }

    /// The certificate for a client. One that names no server gets the first; for a name
    /// that no certificate covers there is none.
    pub(crate) fn choose(&self, hello: &ClientHello<'_>) -> Option<&Served> {
        let named = hello.server_name();
        let covers = |served: &&Served| named.is_none_or(|name| served.identity.names.cover(name));
        let mut fitting = self.certificates.iter().filter(covers);
        let first = fitting.next()?;
        if named.is_none() || can_sign(first, hello) {
            return Some(first);
        }
        // The same name with another kind of key.
        Some(fitting.find(|served| can_sign(served, hello)).unwrap_or(first))
    }

    /// Whether one of the certificates covers `host`.
    pub(crate) fn covers(&self, host: &str) -> bool {
        self.certificates.iter().any(|served| served.identity.names.cover(host))
    }
}

fn can_sign(served: &Served, hello: &ClientHello<'_>) -> bool {
    served.identity.key.key.choose_scheme(hello.signature_schemes()).is_some()
}

fn server_config(identity: &Identity, terms: &Terms) -> Result<ServerConfig, VerifierBuilderError> {
    let builder = ServerConfig::builder_with_provider(provider());
    // The provider has suites for both versions.
    let builder =
        builder.with_protocol_versions(terms.versions).map_err(|_| VerifierBuilderError::NoRootAnchors)?;
    let builder = match &terms.clients {
        None => builder.with_no_client_auth(),
        Some(ClientCertificates { authorities, required }) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(authorities), provider());
            let verifier = if *required { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let resolver = SingleCertAndKey::from(Arc::clone(&identity.key));
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if terms.clients.is_some() {
        // A session that goes on is not verified again: a certificate that expired, or whose
        // authority was removed, would be good for as long as it is remembered.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    } else {
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    }
    Ok(config)
}

/// What a connection over TLS tells about its requests.
#[derive(Debug)]
pub(crate) struct Secured {
    names: Arc<Names>,
    /// The client's certificate as a field of RFC 9440, if it showed one.
    pub(crate) client_certificate: Option<HeaderValue>,
}

impl Secured {
    /// What `connection` tells, which began with `served`. `None` if the client's certificate is too
    /// large to be told upstreams: they would take the client for nobody.
    pub(crate) fn of(served: &Served, connection: &ServerConnection) -> Option<Self> {
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let client_certificate = match shown {
            None => None,
            Some(certificate) => Some(client_certificate(certificate)?),
        };
        Some(Self { names: Arc::clone(&served.identity.names), client_certificate })
    }

    /// Whether the connection's certificate covers `host` (RFC 9110, section 7.4).
    pub(crate) fn covers(&self, host: &str) -> bool {
        self.names.cover(host)
    }
}

/// A byte sequence (RFC 9440, section 2.2).
fn client_certificate(der: &CertificateDer<'_>) -> Option<HeaderValue> {
    if der.len() > MAX_CLIENT_CERTIFICATE {
        return None;
    }
    HeaderValue::try_from(format!(":{}:", STANDARD.encode(der))).ok()
}
