//! Finds HTTP/1.1 requests with both `Content-Length` and `Transfer-Encoding`.
//!
//! hyper reads such a request by its transfer coding and forgets the length, as RFC
//! 9112 (section 6.3) allows. A gateway should not: the pair is how requests are
//! smuggled past a proxy. So the bytes are looked at on their way to hyper, line by line
//! within heads, skipping bodies by their announced length. Nothing is changed, and
//! nothing depends on it but the refusal: after a request with a transfer coding, whose
//! end only the real parser knows, the connection is closed and no longer watched.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a line that are kept when it comes in two reads: the names and lengths
/// that matter fit easily.
const MAX_PARTIAL: usize = 128;

/// What the guard found, for the connection's service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framing(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    /// The number of the first ambiguous request, from 1; 0 if there is none.
    ambiguous: AtomicU64,
    /// Requests that the service was called with.
    served: AtomicU64,
    unwatched: AtomicBool,
}

impl Framing {
    /// To be called once for each request, in their order: whether this one, or one
    /// before it, has both fields. Pipelined requests are read before they are served.
    pub(crate) fn is_next_ambiguous(&self) -> bool {
        let number = self.0.served.fetch_add(1, Ordering::Relaxed) + 1;
        let ambiguous = self.0.ambiguous.load(Ordering::Relaxed);
        ambiguous != 0 && number >= ambiguous
    }

    /// Stops watching: the connection is a tunnel from now on.
    pub(crate) fn stop(&self) {
        self.0.unwatched.store(true, Ordering::Relaxed);
    }

    fn found_ambiguous(&self, number: u64) {
        self.0.ambiguous.store(number, Ordering::Relaxed);
        self.stop();
    }

    fn is_watched(&self) -> bool {
        !self.0.unwatched.load(Ordering::Relaxed)
    }
}

/// A stream whose incoming bytes are watched.
#[derive(Debug)]
pub(crate) struct FramingGuard<S> {
    stream: S,
    framing: Framing,
    scanner: Scanner,
}

impl<S> FramingGuard<S> {
    pub(crate) fn new(stream: S) -> (Self, Framing) {
        let framing = Framing::default();
        (Self { stream, framing: framing.clone(), scanner: Scanner::default() }, framing)
    }
}

/// Where in the sequence of requests a connection is.
#[derive(Debug, Default)]
struct Scanner {
    /// Bytes of a body still to come.
    body_left: u64,
    /// The beginning of a line that is not complete yet.
    partial: Vec<u8>,
    has_line: bool,
    length: Option<u64>,
    coded: bool,
    /// Heads that are complete.
    heads: u64,
}

enum Seen {
    Nothing,
    Ambiguous,
    /// What follows cannot be told apart from here.
    Lost,
}

impl Scanner {
    fn scan(&mut self, mut bytes: &[u8]) -> Seen {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.body_left).unwrap_or(usize::MAX).min(bytes.len());
            self.body_left -= skipped as u64;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                let room = MAX_PARTIAL.saturating_sub(self.partial.len()).min(bytes.len());
                self.partial.extend_from_slice(bytes.get(..room).unwrap_or_default());
                return Seen::Nothing;
            };
            let (line, rest) = bytes.split_at_checked(end).unwrap_or_default();
            bytes = rest.get(1..).unwrap_or_default();
            let seen = if self.partial.is_empty() {
                self.line(line)
            } else {
                let mut joined = std::mem::take(&mut self.partial);
                joined.extend_from_slice(line.get(..MAX_PARTIAL.min(line.len())).unwrap_or_default());
                self.line(&joined)
            };
            match seen {
                Seen::Nothing => {}
                found => return found,
            }
        }
        Seen::Nothing
    }

    fn line(&mut self, line: &[u8]) -> Seen {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return self.end_of_head();
        }
        if !self.has_line && line.starts_with(b"PRI * HTTP/2") {
            return Seen::Lost;
        }
        self.has_line = true;
        // Only two names matter; most lines end here.
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(value) = field_value(line, b"content-length") {
                    let text = std::str::from_utf8(value).unwrap_or_default();
                    self.length = Some(text.trim().parse().unwrap_or(0));
                }
            }
            Some(b't' | b'T') => self.coded |= field_value(line, b"transfer-encoding").is_some(),
            _ => {}
        }
        Seen::Nothing
    }

    fn end_of_head(&mut self) -> Seen {
        // Empty lines before a request are ignored (RFC 9112, section 2.2).
        if !std::mem::take(&mut self.has_line) {
            return Seen::Nothing;
        }
        self.heads += 1;
        let coded = std::mem::take(&mut self.coded);
        match (self.length.take(), coded) {
            (Some(_), true) => Seen::Ambiguous,
            (None, true) => Seen::Lost,
            (length, false) => {
                self.body_left = length.unwrap_or(0);
                Seen::Nothing
            }
        }
    }
}

fn field_value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    head.eq_ignore_ascii_case(name).then_some(value)
}

impl<S: AsyncRead + Unpin> AsyncRead for FramingGuard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if this.framing.is_watched() {
            match this.scanner.scan(buf.filled().get(before..).unwrap_or_default()) {
                Seen::Nothing => {}
                Seen::Ambiguous => this.framing.found_ambiguous(this.scanner.heads),
                Seen::Lost => this.framing.stop(),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FramingGuard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen of `text` when it comes in pieces of `size` bytes.
    fn seen(text: &str, size: usize) -> &'static str {
        let mut scanner = Scanner::default();
        for piece in text.as_bytes().chunks(size) {
            match scanner.scan(piece) {
                Seen::Nothing => {}
                Seen::Ambiguous => return "ambiguous",
                Seen::Lost => return "lost",
            }
        }
        "nothing"
    }

    #[test]
    fn both_fields_are_found_however_they_arrive() {
        for (text, expected) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "nothing"),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", "nothing"),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "ambiguous"),
            ("POST / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\ncontent-length:5\r\n\r\n", "ambiguous"),
            ("POST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 5\n\n", "ambiguous"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "lost"),
            ("\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", "ambiguous"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "lost"),
            // A body that looks like a head is a body.
            (
                "POST / HTTP/1.1\r\nContent-Length: 53\r\n\r\nX: y\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "nothing",
            ),
            (
                "GET / HTTP/1.1\r\nX-Content-Length: 1\r\nTransfer-Encodings: a\r\nContent-Length-X: 1\r\n\r\n",
                "nothing",
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPOST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: a\r\n\r\n",
                "ambiguous",
            ),
        ] {
            for size in [1, 2, 7, 1_000] {
                assert_eq!(seen(text, size), expected, "{text:?} in pieces of {size}");
            }
        }
    }
}
