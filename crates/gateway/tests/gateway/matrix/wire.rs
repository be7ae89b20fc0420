//! A client over either version of HTTP, in plain and over TLS.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::HOST as HOST_FIELD;
use http::{Request, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{Answer, PATIENCE};
use crate::tls::client;

pub(super) const HOST: &str = "gateway.test";

/// How a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Http1,
    Http1Tls,
    /// With prior knowledge.
    Http2,
    /// By ALPN.
    Http2Tls,
}

impl Lane {
    pub(super) fn is_tls(self) -> bool {
        matches!(self, Self::Http1Tls | Self::Http2Tls)
    }

    fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2Tls)
    }
}

/// A request's body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Nothing,
    Text(&'static str),
    /// So many bytes, announced.
    Announced(usize),
    /// So many times 500 bytes, without a length.
    Streamed(usize),
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

impl Content {
    fn body(self) -> Body {
        match self {
            Self::Nothing => Full::<Bytes>::default().boxed_unsync(),
            Self::Text(text) => Full::<Bytes>::from(text).boxed_unsync(),
            Self::Announced(length) => Full::<Bytes>::from(vec![b'x'; length]).boxed_unsync(),
            Self::Streamed(frames) => {
                let frame = || Ok(Frame::data(Bytes::from(vec![b'x'; 500])));
                let frames = std::iter::repeat_with(frame).take(frames);
                StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
            }
        }
    }
}

/// One request to be sent.
#[derive(Debug)]
pub(super) struct Sent<'s> {
    pub(super) method: &'s str,
    pub(super) target: &'s str,
    pub(super) fields: Vec<(&'s str, String)>,
    pub(super) content: Content,
}

/// Where requests go, and how.
pub(super) struct Caller {
    lane: Lane,
    address: SocketAddr,
    connector: TlsConnector,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Caller {
    pub(super) fn new(lane: Lane, address: SocketAddr, roots: RootCertStore) -> Self {
        let protocol = if lane.is_http2() { "h2" } else { "http/1.1" };
        let config = client(roots, None, &[protocol]);
        Self { lane, address, connector: TlsConnector::from(config) }
    }

    async fn connect(&self) -> TokioIo<Box<dyn Stream>> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        if !self.lane.is_tls() {
            let stream: Box<dyn Stream> = Box::new(stream);
            return TokioIo::new(stream);
        }
        let name = ServerName::try_from(HOST).unwrap();
        let stream = self.connector.connect(name, stream).await.unwrap();
        let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        assert_eq!(agreed.as_deref() == Some(b"h2"), self.lane.is_http2());
        let stream: Box<dyn Stream> = Box::new(stream);
        TokioIo::new(stream)
    }

    fn request(&self, sent: &Sent<'_>) -> Request<Body> {
        let scheme = if self.lane.is_tls() { "https" } else { "http" };
        let mut request = Request::builder().method(sent.method);
        if self.lane.is_http2() {
            request = request.version(Version::HTTP_2).uri(format!("{scheme}://{HOST}{}", sent.target));
        } else {
            request = request.uri(sent.target).header(HOST_FIELD, HOST);
        }
        for (name, value) in &sent.fields {
            request = request.header(*name, value);
        }
        request.body(sent.content.body()).unwrap()
    }

    /// Sends one request on a connection of its own; the answer, or why there is none.
    pub(super) async fn send(&self, sent: &Sent<'_>) -> Result<Answer, String> {
        let answered = tokio::time::timeout(PATIENCE, self.exchange(sent)).await;
        answered.map_err(|_| "no answer in time".to_owned())?.map_err(|error| format!("{error:?}"))
    }

    async fn exchange(&self, sent: &Sent<'_>) -> hyper::Result<Answer> {
        let (stream, request) = (self.connect().await, self.request(sent));
        let response = if self.lane.is_http2() {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?
        } else {
            let (mut sender, connection) = http1::handshake(stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?
        };
        let (parts, body) = response.into_parts();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Answer {
            status: parts.status.as_u16(),
            fields: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: body.collect().await?.to_bytes().to_vec(),
        })
    }

    /// Sends a request, goes away once `gone` says so, and leaves nothing behind.
    pub(super) async fn abort(&self, sent: &Sent<'_>, gone: impl Future<Output = ()>) {
        let (stream, request) = (self.connect().await, self.request(sent));
        if self.lane.is_http2() {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            // The connection stays, only the stream is reset.
            let connection = tokio::spawn(connection);
            tokio::select! {
                biased;
                answer = sender.send_request(request) => panic!("{answer:?}"),
                () = gone => {}
            }
            drop(sender);
            let _ = connection.await;
        } else {
            let (mut sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::select! {
                biased;
                answer = sender.send_request(request) => panic!("{answer:?}"),
                _ = connection => panic!("the gateway closed it"),
                () = gone => {}
            }
        }
    }
}
