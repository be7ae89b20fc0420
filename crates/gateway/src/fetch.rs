//! The gateway's own requests: keys and answers about tokens, which it fetches itself.
//!
//! One connection a request, HTTP/1.1, no redirect followed, no proxy taken from the
//! environment, no cookie kept: what is asked for comes from where the policy file says,
//! or not at all.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{HOST, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::tls::upstream::{Trust, client_config, system_roots};

/// Time for a request as a whole, from the look-up of the name to the last byte.
const TOTAL: Duration = Duration::from_secs(10);

/// What fetches have in common.
#[derive(Clone)]
pub(crate) struct Client {
    /// `None` if nobody's certificate can be verified here.
    tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Believes the certificate authorities of the system.
    pub(crate) fn new() -> Self {
        Self::trusting(system_roots())
    }

    fn trusting(roots: rustls::RootCertStore) -> Self {
        let config = client_config(&Trust::Roots(Arc::new(roots)), None);
        let with_protocol = |mut config: ClientConfig| {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Arc::new(config)
        };
        Self { tls: config.map(with_protocol).ok() }
    }
}

/// Why nothing was fetched. No text holds anything of the request.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum FetchError {
    /// The response breaks off, or is no HTTP.
    Broken(hyper::Error),
    /// No connection.
    Connect(io::Error),
    /// No certificate authorities to verify with.
    NoAuthorities,
    /// No TLS: mostly, a certificate that is not to be believed.
    Tls(io::Error),
    /// The body is larger than this many bytes.
    TooLarge(usize),
    /// It took longer than all of it may take.
    TooSlow,
    /// The address is none of `http` or `https` with a host.
    Url,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the response broke off: {error}"),
            Self::Connect(error) => write!(f, "no connection: {error}"),
            Self::NoAuthorities => f.write_str("the system has no certificate authorities"),
            Self::Tls(error) => write!(f, "no TLS: {error}"),
            Self::TooLarge(limit) => write!(f, "the response is larger than {limit} bytes"),
            Self::TooSlow => write!(f, "no whole response within {TOTAL:?}"),
            Self::Url => f.write_str("the address is no `http` or `https` address with a host"),
        }
    }
}

impl std::error::Error for FetchError {}

/// Sends `request`, whose target is a whole URL, and reads a body of at most `limit`
/// bytes. A redirect is a response like any other.
///
/// # Errors
/// Why there is no response.
pub(crate) async fn fetch(
    client: &Client,
    request: Request<Bytes>,
    limit: usize,
) -> Result<Response<Bytes>, FetchError> {
    timeout(TOTAL, Box::pin(fetch_untimed(client, request, limit))).await.map_err(|_| FetchError::TooSlow)?
}

async fn fetch_untimed(
    client: &Client,
    mut request: Request<Bytes>,
    limit: usize,
) -> Result<Response<Bytes>, FetchError> {
    let is_https = match request.uri().scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(FetchError::Url),
    };
    let authority = request.uri().authority().cloned().ok_or(FetchError::Url)?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(FetchError::Url);
    }
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| FetchError::Url)?;
    request.headers_mut().insert(HOST, host);
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    let bare = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let stream = TcpStream::connect((bare.as_str(), port)).await.map_err(FetchError::Connect)?;
    let request = request.map(Full::new);
    if !is_https {
        return exchange(stream, request, limit).await;
    }
    let config = client.tls.clone().ok_or(FetchError::NoAuthorities)?;
    let name = ServerName::try_from(bare).map_err(|_| FetchError::Url)?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(FetchError::Tls)?;
    exchange(stream, request, limit).await
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Response<Bytes>, FetchError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(FetchError::Broken)?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(FetchError::Broken)?;
        let (parts, mut body) = response.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(FetchError::Broken)?.into_data() else { continue };
            if data.len() > limit.saturating_sub(bytes.len()) {
                return Err(FetchError::TooLarge(limit));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Response::from_parts(parts, bytes.freeze()))
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = answered.as_mut() => answer,
        // Whatever it has read is with the other one; so is its failure.
        _ = connection => answered.await,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

    use super::*;
    use crate::tls::provider;

    const LIMIT: usize = 64;

    /// Reads a head and answers `answer`, on one connection after the other.
    fn converse(mut stream: impl Read + Write, answer: &str) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.flush();
    }

    /// A server that closes each connection after `answer`.
    fn serve(answer: &'static str, tls: Option<Arc<ServerConfig>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match &tls {
                    None => converse(stream, answer),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        converse(StreamOwned::new(connection, stream), answer);
                    }
                }
            }
        });
        address
    }

    fn get(client: &Client, url: &str) -> Result<(u16, String), String> {
        let request = Request::get(url).header("authorization", "Bearer secret").body(Bytes::new()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fetched = runtime.block_on(is_send(fetch(client, request, LIMIT)));
        fetched
            .map(|response| {
                (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
            })
            .map_err(|error| error.to_string())
    }

    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }

    #[test]
    fn an_answer_within_the_limit_is_read_and_a_larger_one_is_not() {
        let client = Client::new();
        let fine = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", None);
        assert_eq!(get(&client, &format!("http://{fine}/keys?a=b")), Ok((200, "ok".into())));
        let to_the_end = serve("HTTP/1.0 200 OK\r\n\r\nok", None);
        assert_eq!(get(&client, &format!("http://{to_the_end}/")), Ok((200, "ok".into())));
        let large = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            41\r\n00000000000000000000000000000000000000000000000000000000000000000\r\n0\r\n\r\n";
        let refused = get(&client, &format!("http://{}/", serve(large, None)));
        assert_eq!(refused, Err("the response is larger than 64 bytes".into()));
        let broken = serve("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", None);
        let refused = get(&client, &format!("http://{broken}/")).unwrap_err();
        assert!(refused.starts_with("the response broke off") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn a_redirect_is_an_answer_and_not_followed() {
        let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let answer = get(&Client::new(), &format!("http://{}/", serve(moved, None)));
        assert_eq!(answer, Ok((302, String::new())));
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for url in ["ftp://127.0.0.1/", "/keys", "http://user:secret@127.0.0.1/"] {
            let refused = get(&Client::new(), url).unwrap_err();
            assert_eq!(refused, "the address is no `http` or `https` address with a host", "{url}");
        }
    }

    #[test]
    fn over_https_the_server_is_verified() {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider());
        let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate.clone()], key).unwrap());
        let address = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some(config));
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = Client::trusting(roots);
        assert_eq!(get(&client, &format!("https://{address}/")), Ok((200, "ok".into())));
        let by_name = format!("https://localhost:{}/", address.port());
        for (client, url) in [(&client, by_name), (&Client::new(), format!("https://{address}/"))] {
            let refused = get(client, &url).unwrap_err();
            assert!(
                refused.starts_with("no TLS: ") || refused.contains("no certificate authorities"),
                "{refused}"
            );
        }
    }
}
