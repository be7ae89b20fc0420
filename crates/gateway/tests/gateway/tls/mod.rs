//! TLS on both sides, over real sockets, with clients and upstreams of their own.

mod downstream;
mod files;
mod upstream;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use corsac_diagnostics::Source;
use corsac_gateway::{Gateway, Reading, read};
use corsac_origin::PublicSuffixList;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// No test waits longer for a byte.
const PATIENCE: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A chain and its key, in PEM.
    pub(crate) fn issue(&self, names: &[&str]) -> (String, String) {
        self.issue_for(names, SystemTime::now() - DAY, SystemTime::now() + DAY)
    }

    pub(crate) fn issue_for(&self, names: &[&str], from: SystemTime, to: SystemTime) -> (String, String) {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (from.into(), to.into());
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// Writes a chain and its key as `NAME.pem` and `NAME.key`.
pub(crate) fn save(folder: &Path, name: &str, (chain, key): &(String, String)) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(folder.join(format!("{name}.pem")), chain).unwrap();
    let path = folder.join(format!("{name}.key"));
    fs::write(&path, key).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Reads a policy as if it were in `folder`.
pub(crate) fn reading(folder: &Path, text: &str) -> Reading {
    let name = folder.join("corsac.toml").display().to_string();
    read(Source::new(name, text), None, PublicSuffixList::embedded())
}

pub(crate) fn start(folder: &Path, text: &str) -> Gateway {
    let reading = reading(folder, text);
    Gateway::start(reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings)), None).unwrap()
}

/// A client's side: what it believes, and what it can show.
pub(crate) fn client(
    roots: RootCertStore,
    identity: Option<&(String, String)>,
    alpn: &[&str],
) -> Arc<ClientConfig> {
    client_of(rustls::ALL_VERSIONS, roots, identity, alpn)
}

pub(crate) fn client_of(
    versions: &[&'static rustls::SupportedProtocolVersion],
    roots: RootCertStore,
    identity: Option<&(String, String)>,
    alpn: &[&str],
) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            builder.with_client_auth_cert(vec![certificate(chain)], private_key(key)).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

pub(crate) fn certificate(pem: &str) -> CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

pub(crate) fn private_key(pem: &str) -> PrivateKeyDer<'static> {
    use rustls::pki_types::pem::PemObject;
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()
}

pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// Shakes hands, and reads on until the server has had its say about the client.
pub(crate) fn connect(config: &Arc<ClientConfig>, address: SocketAddr, name: &str) -> Result<Secure, String> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| error.to_string())?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// The whole answer, to the end of the connection.
pub(crate) fn ask(stream: &mut Secure, head: &str) -> Result<String, String> {
    let head = format!("{}\r\nConnection: close\r\n\r\n", head.trim().replace('\n', "\r\n"));
    stream.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    // An end without close_notify is an error here.
    stream.read_to_end(&mut text).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(text).unwrap())
}

/// The certificate that a server showed.
pub(crate) fn shown(stream: &Secure) -> CertificateDer<'static> {
    stream.conn.peer_certificates().unwrap().first().unwrap().clone().into_owned()
}
