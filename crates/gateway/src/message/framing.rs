//! Watches the bytes of an HTTP/1.1 connection on their way to hyper, line by line within
//! heads, skipping bodies by their announced length, for what hyper keeps from us:
//!
//! - Requests with both `Content-Length` and `Transfer-Encoding`. hyper reads them by
//!   their transfer coding and forgets the length, as RFC 9112 (section 6.3) allows. A
//!   gateway should not: the pair is how requests are smuggled past a proxy. After a
//!   request with a transfer coding, whose end only the real parser knows, the connection
//!   is closed and no longer watched.
//! - Heads too large for hyper, which it would refuse by itself with an answer that no
//!   page can read. What is too much is left out (see `swallow.rs`), so that the request
//!   reaches its handler, which refuses it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::config::Limits;
use crate::message::swallow::Swallow;

/// Bytes of a line that are kept when it comes in two reads: the names and lengths
/// that matter fit easily.
const MAX_PARTIAL: usize = 128;

/// Bytes of a line too long that are passed on.
const MAX_TARGET_KEPT: usize = 1 << 10;

/// Fields that hyper reads before it answers by itself: more than any configured bound.
pub(crate) const HYPER_MAX_FIELDS: usize = 520;

/// Bytes that hyper buffers of a head, likewise.
pub(crate) const HYPER_MAX_HEAD: usize = 512 << 10;

/// Where a head is too large to be passed on whole; a little beyond the configured
/// bounds, which are about what is left of a line once it is parsed.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Bytes of the first line.
    first_line: usize,
    lines: usize,
    bytes: usize,
}

impl Bounds {
    fn of(limits: &Limits) -> Self {
        let lines = limits.header_fields + 2;
        let first_line = limits.target_size + (1 << 10);
        // Names and values stand between a colon, spaces and a line break.
        Self { first_line, lines, bytes: first_line + limits.header_size + 16 * lines }
    }
}

/// What is wrong with a request as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It has both a length and a transfer coding.
    Ambiguous,
    /// Its first line was too long and is cut off.
    TargetTooLong,
    /// Its head was too large, and not all of it is there.
    HeadTooLarge,
    /// Its length cannot be read here.
    Unreadable,
}

/// What the guard found, for the connection's service. hyper wants streams that could
/// move between threads; this one never does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framing(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    /// The first request with a flaw, from 1; 0 if there is none. Nothing follows it.
    flawed: AtomicU64,
    flaw: OnceLock<Flaw>,
    /// Requests that the service was called with.
    served: AtomicU64,
    unwatched: AtomicBool,
}

impl Framing {
    /// To be called once for each request, in their order: what is wrong with this one,
    /// or one before it. Pipelined requests are read before they are served.
    pub(crate) fn next(&self) -> Option<Flaw> {
        let number = self.0.served.fetch_add(1, Ordering::Relaxed) + 1;
        let flawed = self.0.flawed.load(Ordering::Relaxed);
        if flawed != 0 && number >= flawed { self.0.flaw.get().copied() } else { None }
    }

    /// Stops watching: the connection is a tunnel from now on.
    pub(crate) fn stop(&self) {
        self.0.unwatched.store(true, Ordering::Relaxed);
    }

    fn found(&self, number: u64, flaw: Flaw) {
        self.0.flaw.get_or_init(|| flaw);
        self.0.flawed.store(number, Ordering::Relaxed);
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
    /// What is left of a head that was too large.
    swallow: Option<Box<Swallow>>,
}

impl<S> FramingGuard<S> {
    pub(crate) fn new(stream: S, limits: &Limits) -> (Self, Framing) {
        let framing = Framing::default();
        let scanner = Scanner::new(Bounds::of(limits));
        (Self { stream, framing: framing.clone(), scanner, swallow: None }, framing)
    }
}

/// Where in the sequence of requests a connection is.
#[derive(Debug)]
struct Scanner {
    bounds: Bounds,
    /// Bytes of a body still to come.
    body_left: u64,
    /// The beginning of a line that is not complete yet.
    partial: Vec<u8>,
    /// Bytes of that line.
    line_length: usize,
    /// Lines of the head.
    lines: usize,
    head_length: usize,
    length: Option<u64>,
    coded: bool,
    /// Heads that are complete.
    heads: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Ambiguous,
    Unreadable,
    /// What follows cannot be told apart from here.
    Lost,
    /// From this many bytes before the end, a head is too large.
    TooLarge(usize),
}

impl Scanner {
    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            body_left: 0,
            partial: Vec::new(),
            line_length: 0,
            lines: 0,
            head_length: 0,
            length: None,
            coded: false,
            heads: 0,
        }
    }

    fn scan(&mut self, mut bytes: &[u8]) -> Seen {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.body_left).unwrap_or(usize::MAX).min(bytes.len());
            self.body_left -= skipped as u64;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let end = memchr::memchr(b'\n', bytes);
            self.line_length += end.unwrap_or(bytes.len());
            if self.is_too_large() {
                return Seen::TooLarge(bytes.len());
            }
            let Some(end) = end else {
                let room = MAX_PARTIAL.saturating_sub(self.partial.len()).min(bytes.len());
                self.partial.extend_from_slice(bytes.get(..room).unwrap_or_default());
                return Seen::Nothing;
            };
            let (line, rest) = bytes.split_at_checked(end).unwrap_or_default();
            bytes = rest.get(1..).unwrap_or_default();
            self.head_length += std::mem::take(&mut self.line_length);
            let seen = if self.partial.is_empty() {
                self.line(line)
            } else {
                let mut joined = std::mem::take(&mut self.partial);
                joined.extend_from_slice(line.get(..MAX_PARTIAL.min(line.len())).unwrap_or_default());
                self.line(&joined)
            };
            if seen != Seen::Nothing {
                return seen;
            }
        }
        Seen::Nothing
    }

    fn is_too_large(&self) -> bool {
        let Bounds { first_line, lines, bytes } = self.bounds;
        (self.lines == 0 && self.line_length > first_line)
            || self.lines > lines
            || self.head_length + self.line_length > bytes
    }

    /// What is wrong with a head that is too large.
    fn flaw(&self) -> Flaw {
        if self.lines == 0 { Flaw::TargetTooLong } else { Flaw::HeadTooLarge }
    }

    /// Bytes of a first line that is too long which hyper has to see still, so that it
    /// has a method and a target.
    fn target_left(&self) -> usize {
        let is_short = self.lines == 0 && self.partial.len() < MAX_PARTIAL;
        if is_short { MAX_TARGET_KEPT } else { 0 }
    }

    fn line(&mut self, line: &[u8]) -> Seen {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return self.end_of_head();
        }
        self.lines += 1;
        // Only two names matter; most lines end here.
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(value) = field_value(line, b"content-length") {
                    let text = std::str::from_utf8(value).unwrap_or_default();
                    let Ok(length) = text.trim().parse() else { return Seen::Unreadable };
                    self.length = Some(length);
                }
            }
            Some(b't' | b'T') => self.coded |= field_value(line, b"transfer-encoding").is_some(),
            _ => {}
        }
        Seen::Nothing
    }

    fn end_of_head(&mut self) -> Seen {
        // Empty lines before a request are ignored (RFC 9112, section 2.2).
        self.head_length = 0;
        if std::mem::take(&mut self.lines) == 0 {
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

impl<S> FramingGuard<S> {
    /// Looks at what was read from `before` on.
    fn look(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let bytes = buf.filled().get(before..).unwrap_or_default();
        let seen = self.scanner.scan(bytes);
        let number = self.scanner.heads;
        match seen {
            Seen::Nothing => {}
            Seen::Ambiguous => {
                self.framing.found(number, Flaw::Ambiguous);
                self.framing.stop();
            }
            Seen::Unreadable => {
                self.framing.found(number + 1, Flaw::Unreadable);
                self.framing.stop();
            }
            Seen::Lost => self.framing.stop(),
            Seen::TooLarge(rest) => {
                let flaw = self.scanner.flaw();
                self.framing.found(number + 1, flaw);
                let mut swallow = Box::new(Swallow::new(flaw, &self.scanner.partial));
                let kept = bytes.len() - rest + self.scanner.target_left();
                swallow.feed(bytes.get(kept..).unwrap_or_default());
                buf.set_filled(before + kept);
                self.swallow = Some(swallow);
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FramingGuard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if this.swallow.is_none() {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
            if !this.framing.is_watched() {
                return Poll::Ready(Ok(()));
            }
            this.look(buf, before);
        }
        match &mut this.swallow {
            Some(swallow) if buf.filled().len() == before => swallow.poll_read(&mut this.stream, cx, buf),
            _ => Poll::Ready(Ok(())),
        }
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
        let mut scanner = Scanner::new(Bounds::of(&Limits::default()));
        for piece in text.as_bytes().chunks(size) {
            match scanner.scan(piece) {
                Seen::Nothing => {}
                Seen::Ambiguous => return "ambiguous",
                Seen::Lost => return "lost",
                Seen::TooLarge(_) => return "too large",
                Seen::Unreadable => return "unreadable",
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
            ("POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", "unreadable"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "lost"),
            ("\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", "ambiguous"),
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
