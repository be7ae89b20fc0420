//! What becomes of a head that is too large: it is cut down to what an answer needs.
//!
//! hyper would answer by itself, without a word of CORS, and the page that sent too much
//! would see a network error. So the rest of the head is read to its end, only the lines
//! on which the answer depends are passed on, and the handler refuses the request.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::message::framing::Flaw;

/// Bytes of a head that are read and thrown away before the connection is closed.
const MAX_SWALLOWED: usize = 16 << 20;

/// Longest line that is passed on.
const MAX_KEPT: usize = 8 << 10;

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

/// Fields on which the answer depends.
const KEPT: [&[u8]; 4] =
    [b"host", b"origin", b"access-control-request-method", b"access-control-request-headers"];

/// The rest of a head on its way.
#[derive(Debug)]
pub(crate) struct Swallow {
    /// What hyper is to read.
    out: Vec<u8>,
    /// The line being read, as far as it may be kept; `None` if it is thrown away.
    line: Option<Vec<u8>>,
    swallowed: usize,
    is_done: bool,
}

impl Swallow {
    /// From within the request line, or from a line of a field, of which hyper has seen
    /// what begins with `seen`.
    pub(crate) fn new(flaw: Flaw, seen: &[u8]) -> Self {
        let (out, line): (&[u8], _) = match flaw {
            Flaw::TargetTooLong => (b" HTTP/1.1\r\n", None),
            _ if seen.is_empty() => (b"", Some(Vec::new())),
            _ if seen.contains(&b':') => (b"\r\n", None),
            _ => (b":\r\n", None),
        };
        Self { out: out.to_vec(), line, swallowed: 0, is_done: false }
    }

    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !self.is_done && !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let (piece, rest) =
                bytes.split_at_checked(end.map_or(bytes.len(), |end| end + 1)).unwrap_or_default();
            bytes = rest;
            self.swallowed += piece.len();
            self.line = self.line.take().filter(|line| line.len() + piece.len() <= MAX_KEPT);
            if let Some(line) = &mut self.line {
                line.extend_from_slice(piece);
            }
            if end.is_some() {
                self.end_of_line();
            }
        }
    }

    fn end_of_line(&mut self) {
        let Some(line) = self.line.replace(Vec::new()) else { return };
        self.is_done = matches!(&*line, b"\r\n" | b"\n");
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        if self.is_done || KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name)) {
            self.out.extend_from_slice(&line);
        }
    }

    /// Reads on from `stream` until there is something to pass on. After the head,
    /// whatever comes is thrown away: nothing of it is a request.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.out.is_empty() {
                let length = self.out.len().min(buf.remaining());
                buf.put_slice(&self.out.drain(..length).collect::<Vec<_>>());
                return Poll::Ready(Ok(()));
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() || self.swallowed > MAX_SWALLOWED {
                return Poll::Ready(Ok(()));
            }
            if self.is_done {
                self.swallowed += chunk.filled().len();
            } else {
                self.feed(chunk.filled());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(flaw: Flaw, seen: &str, text: &str) -> (String, bool) {
        let mut last = None;
        for size in [1, 3, 10_000] {
            let mut swallow = Swallow::new(flaw, seen.as_bytes());
            text.as_bytes().chunks(size).for_each(|piece| swallow.feed(piece));
            let now = (String::from_utf8(swallow.out).unwrap(), swallow.is_done);
            assert!(last.is_none_or(|last| last == now), "in pieces of {size}");
            last = Some(now);
        }
        last.unwrap()
    }

    #[test]
    fn what_an_answer_needs_is_kept_and_the_rest_is_not() {
        let rest = "aaa HTTP/1.1\r\nHost: h\r\nX: y\r\nORIGIN: https://a.example\r\n\r\nGET / ";
        let head = "Host: h\r\nORIGIN: https://a.example\r\n\r\n";
        assert_eq!(kept(Flaw::TargetTooLong, "GET /", rest), (format!(" HTTP/1.1\r\n{head}"), true));
        assert_eq!(kept(Flaw::HeadTooLarge, "x: y", rest), (format!("\r\n{head}"), true));
        assert_eq!(kept(Flaw::HeadTooLarge, "xyz", rest), (format!(":\r\n{head}"), true));
        // From the beginning of a line; the length of a body is of no use any more.
        let rest = "Content-Length: 5\r\nOriginal: x\r\nHost: h\r\nX: y\r\n";
        assert_eq!(kept(Flaw::HeadTooLarge, "", rest), ("Host: h\r\n".into(), false));
        let long = format!("Origin: https://{}\r\nHost: h\r\n\r\n", "a".repeat(MAX_KEPT));
        assert_eq!(kept(Flaw::HeadTooLarge, "", &long), ("Host: h\r\n\r\n".into(), true));
    }
}
