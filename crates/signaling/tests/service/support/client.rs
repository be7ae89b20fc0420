//! Clients of both transports that say what they are told to say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use web_transport_quinn::proto::ConnectRequest;
use web_transport_quinn::quinn::crypto::rustls::QuicClientConfig;
use web_transport_quinn::quinn::{self, Endpoint};
use web_transport_quinn::{ClientError, RecvStream, SendStream, Session, SessionError, WebTransportError};

use crate::world::{ORIGIN, World};

/// Nothing on loopback takes so long; a test that waits for what does not come fails.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    WebSocket,
    WebTransport,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::WebSocket, Kind::WebTransport];

pub(crate) type Tls = TlsStream<TcpStream>;

pub(crate) enum Client {
    WebSocket(Box<WebSocketStream<Tls>>),
    WebTransport(Box<Framed>),
}

pub(crate) struct Framed {
    session: Session,
    send: SendStream,
    receive: RecvStream,
    _endpoint: Endpoint,
}

/// What a client got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Json(Value),
    Closed(u32),
    Lost,
}

fn tls(world: &World, alpn: &[u8]) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(Arc::clone(&world.roots)).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    config
}

pub(crate) async fn connect_tls(world: &World) -> Tls {
    let stream = TcpStream::connect(world.address).await.unwrap();
    // As browsers do.
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(tls(world, b"http/1.1"))).connect(name, stream).await.unwrap()
}

/// A WebTransport session at a path, of a page; nothing is opened in it.
pub(crate) async fn connect_quic(
    world: &World,
    path: &str,
    origin: Option<&str>,
) -> Result<(Session, Endpoint), ClientError> {
    let crypto = QuicClientConfig::try_from(tls(world, b"h3")).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(crypto));
    let endpoint = Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
    let client = web_transport_quinn::Client::new(endpoint.clone(), config);
    let url: url::Url = format!("https://127.0.0.1:{}{path}", world.address.port()).parse().unwrap();
    let mut request = ConnectRequest::new(url);
    if let Some(origin) = origin {
        request = request.with_header(http::header::ORIGIN, origin.parse().unwrap());
    }
    let session = timeout(PATIENCE, client.connect(request)).await.expect("no answer")?;
    Ok((session, endpoint))
}

impl Client {
    pub(crate) async fn connect(world: &World, kind: Kind) -> Self {
        match kind {
            Kind::WebSocket => {
                let url = format!("wss://localhost:{}/v1/ws", world.address.port());
                let mut request = url.into_client_request().unwrap();
                let fields = request.headers_mut();
                fields.insert("origin", ORIGIN.parse().unwrap());
                fields.insert("sec-websocket-protocol", "corsac.signal.v1".parse().unwrap());
                let stream = connect_tls(world).await;
                let (socket, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
                assert_eq!(response.headers()["sec-websocket-protocol"], "corsac.signal.v1");
                assert!(!response.headers().contains_key("sec-websocket-extensions"));
                Self::WebSocket(Box::new(socket))
            }
            Kind::WebTransport => {
                let (session, endpoint) = connect_quic(world, "/v1/wt", Some(ORIGIN)).await.unwrap();
                let (send, receive) = session.open_bi().await.unwrap();
                Self::WebTransport(Box::new(Framed { session, send, receive, _endpoint: endpoint }))
            }
        }
    }

    /// Fails silently where the server has gone: what it said is still to be read.
    pub(crate) async fn send(&mut self, text: &str) {
        match self {
            Self::WebSocket(socket) => drop(socket.send(Message::text(text)).await),
            Self::WebTransport(framed) => framed.write(text.as_bytes()).await,
        }
    }

    /// Bytes that are no text.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        match self {
            Self::WebSocket(socket) => drop(socket.send(Message::binary(bytes.to_vec())).await),
            Self::WebTransport(framed) => framed.write(bytes).await,
        }
    }

    pub(crate) async fn receive(&mut self) -> Got {
        timeout(PATIENCE, self.next()).await.expect("nothing came")
    }

    async fn next(&mut self) -> Got {
        match self {
            Self::WebSocket(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => return Got::Json(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Got::Closed(u16::from(frame.code).into());
                    }
                    Some(Ok(Message::Close(None)) | Err(Error::Io(_) | Error::Protocol(_))) | None => {
                        return Got::Lost;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => panic!("{error}"),
                }
            },
            Self::WebTransport(framed) => framed.next().await,
        }
    }

    /// Says that it goes.
    pub(crate) async fn close(self) {
        match self {
            Self::WebSocket(mut socket) => {
                drop(socket.close().await);
                while let Some(Ok(_)) = socket.next().await {}
            }
            Self::WebTransport(framed) => {
                framed.session.close(0, b"");
                framed.session.closed().await;
            }
        }
    }

    /// Goes without a word. A server learns that of QUIC only by its silence: see `Kind`.
    pub(crate) fn vanish(self) {
        match self {
            Self::WebSocket(socket) => drop(socket),
            Self::WebTransport(_) => panic!("QUIC has no broken connections that a server would hear of"),
        }
    }
}

impl Framed {
    async fn write(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        drop(self.send.write_all(&length).await);
        drop(self.send.write_all(bytes).await);
    }

    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        self.send.write_all(bytes).await.unwrap();
    }

    async fn next(&mut self) -> Got {
        let mut length = [0; 4];
        if self.receive.read_exact(&mut length).await.is_err() {
            return self.end().await;
        }
        let mut text = vec![0; u32::from_be_bytes(length) as usize];
        if self.receive.read_exact(&mut text).await.is_err() {
            return self.end().await;
        }
        Got::Json(serde_json::from_slice(&text).unwrap())
    }

    async fn end(&self) -> Got {
        match self.session.closed().await {
            SessionError::WebTransportError(WebTransportError::Closed(code, _)) => Got::Closed(code),
            _ => Got::Lost,
        }
    }
}
