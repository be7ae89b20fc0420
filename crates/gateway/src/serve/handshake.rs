//! The gateway's side of a TLS handshake.

use std::io;
use std::sync::Arc;

use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::serve::stream::Patient;
use crate::tls::server::{Secured, Tls};

/// The first byte of a TLS handshake (RFC 8446, section 5.1).
pub(crate) const HANDSHAKE: u8 = 22;

/// A fatal alert `unrecognized_name` (RFC 6066, section 3), as a record of its own.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// What plain HTTP is told on a port that speaks TLS.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: application/problem+json\r\ncontent-length: 119\r\nconnection: close\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"code\":\"tls-required\",\
    \"detail\":\"this port speaks https only\"}\n";

/// Bytes of a plain request that are read so that its answer arrives.
const MAX_PLAIN: u64 = 64 << 10;

/// Shakes hands with a client. `None` if it could not be done; the client was told why,
/// as far as TLS says such things.
pub(crate) async fn accept(
    stream: Patient<TcpStream>,
    tls: &Tls,
) -> Option<(TlsStream<Patient<TcpStream>>, Secured)> {
    let mut start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
    let Some(served) = tls.choose(&start.client_hello()) else {
        // The library has no word for this: it would say that access is denied.
        let _ = start.io.write_all(&UNRECOGNIZED_NAME).await;
        let _ = start.io.shutdown().await;
        return None;
    };
    let stream = start.into_stream(Arc::clone(&served.config)).await.ok()?;
    let secured = Secured::of(served, stream.get_ref().1)?;
    Some((stream, secured))
}

/// Tells a client that speaks plain HTTP to speak TLS.
pub(crate) async fn refuse_plain(stream: &mut Patient<TcpStream>) -> io::Result<()> {
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    // Closing with bytes unread would reset the connection and take the answer away.
    tokio::io::copy(&mut stream.take(MAX_PLAIN), &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_has_the_length_it_says() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
