//! Opening a connection to an upstream, in plain or over TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::lease::PATIENCE;
use super::pool::SendError;
use crate::config::Upstream;
use crate::serve::stream::Patient;

/// A connection to an upstream.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Patient<TcpStream>),
    Tls(Box<TlsStream<Patient<TcpStream>>>),
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

/// Opens a connection. Over TLS the upstream has shown that it is the right one.
pub(crate) async fn dial(upstream: &Upstream, spoken: Spoken) -> Result<Stream, SendError> {
    let failed = |error: io::Error| SendError::Connect(error.to_string());
    let stream = TcpStream::connect(upstream.authority.as_str()).await.map_err(failed)?;
    // Without it the last packet of a request may wait for an acknowledgement.
    stream.set_nodelay(true).map_err(failed)?;
    let stream = Patient::new(stream, PATIENCE);
    let Some(tls) = &upstream.tls else { return Ok(Stream::Plain(stream)) };
    let config = if spoken == Spoken::Http2 { &tls.http2 } else { &tls.http1 };
    let connecting = TlsConnector::from(Arc::clone(config)).connect(tls.name.clone(), stream);
    let stream = Box::pin(connecting).await.map_err(failed)?;
    // A server without ALPN speaks HTTP/1.1.
    if spoken == Spoken::Http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(SendError::Connect("it does not speak HTTP/2 over TLS".into()));
    }
    Ok(Stream::Tls(Box::new(stream)))
}

/// Whether an upstream accepts connections now: with its certificate, if it has one.
///
/// # Errors
/// Why it does not, in words for the operator.
pub async fn reach(upstream: &Upstream) -> Result<(), String> {
    let spoken = if upstream.http2 { Spoken::Http2 } else { Spoken::Http1 };
    match timeout(upstream.connect_timeout, dial(upstream, spoken)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(SendError::Connect(reason) | SendError::Broken(reason))) => Err(reason),
        Err(_) => Err(format!("no answer within {:?}", upstream.connect_timeout)),
    }
}

macro_rules! either {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream.get_mut() {
            Stream::Plain($inner) => $call,
            Stream::Tls($inner) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, inner => Pin::new(inner).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, inner => Pin::new(inner).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(inner) => inner.is_write_vectored(),
            Self::Tls(inner) => inner.is_write_vectored(),
        }
    }
}
