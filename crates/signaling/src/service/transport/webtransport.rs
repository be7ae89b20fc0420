//! WebTransport: messages as frames on the first stream that the client opens. A frame is its length, 32 bits
//! in network order, and a text.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use web_transport_quinn::{RecvStream, SendStream, Session, SessionError, WebTransportError, quinn};

use crate::message::MAX_MESSAGE;
use crate::service::session::transport::{Ending, Lost, Received, Transport};

/// Bytes that are read at once.
const READ_BUFFER: usize = 4 * 1024;

/// Bytes that are gathered before they are written; what more is waits in the queue.
const WRITE_BUFFER: usize = 16 * 1024;

/// Bytes of an empty buffer that are kept.
const KEPT: usize = 1024;

const PREFIX: usize = 4;

/// A WebTransport session with its stream.
pub(crate) struct Framed {
    session: Session,
    send: SendStream,
    receive: RecvStream,
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
}

impl Framed {
    pub(crate) fn new(session: Session, (send, receive): (SendStream, RecvStream)) -> Self {
        Self { session, send, receive, input: Vec::new(), output: Vec::new(), written: 0 }
    }

    /// Bytes of the frame that is being read, once its length is known.
    fn length(&self) -> Option<usize> {
        let prefix = self.input.first_chunk::<PREFIX>()?;
        Some(usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX))
    }

    /// The frame that is complete.
    fn frame(&mut self) -> Option<Received> {
        let length = self.length()?;
        if length > MAX_MESSAGE {
            return Some(Received::TooLong);
        }
        if self.input.len() < PREFIX + length {
            return None;
        }
        let text = self.input.get(PREFIX..PREFIX + length).map(<[u8]>::to_vec).unwrap_or_default();
        self.input.drain(..PREFIX + length);
        if self.input.is_empty() && self.input.capacity() > KEPT {
            self.input = Vec::new();
        }
        Some(String::from_utf8(text).map_or(Received::NotText, Received::Text))
    }

    /// How the connection ended.
    fn ended(&self) -> Received {
        let is_closed = match self.session.close_reason() {
            Some(SessionError::WebTransportError(WebTransportError::Closed(..))) => true,
            Some(SessionError::ConnectionError(error)) => {
                matches!(error, quinn::ConnectionError::ApplicationClosed(_))
            }
            _ => false,
        };
        if is_closed { Received::Closed } else { Received::Lost }
    }
}

/// Streams and tasks of the library hold the connection too: it ends only if it is told to.
impl Drop for Framed {
    fn drop(&mut self) {
        self.session.close(0, b"");
    }
}

impl Transport for Framed {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            if let Some(received) = self.frame() {
                return Poll::Ready(received);
            }
            // What is allocated is what has come, whatever length was announced.
            let mut buffer = [0; READ_BUFFER];
            let mut read = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut self.receive).poll_read(cx, &mut read)) {
                Err(_) => return Poll::Ready(self.ended()),
                // The stream is finished.
                Ok(()) if read.filled().is_empty() => return Poll::Ready(Received::Closed),
                Ok(()) => self.input.extend_from_slice(read.filled()),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        if self.output.len() < WRITE_BUFFER { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    fn write(&mut self, text: &str) -> Result<(), Lost> {
        let length = u32::try_from(text.len()).map_err(|_| Lost)?;
        self.output.extend_from_slice(&length.to_be_bytes());
        self.output.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.send).poll_write(cx, rest)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Lost)),
                Ok(count) => self.written += count,
            }
        }
        self.written = 0;
        self.output.clear();
        if self.output.capacity() > KEPT {
            self.output = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    /// QUIC asks by itself, and ends what is idle.
    fn beat(&mut self) -> bool {
        true
    }

    async fn end(mut self, ending: Ending<'_>) {
        let Ending::Close(code, reason) = ending else { return };
        // What more comes is not wanted, and the peer is told so.
        let _ = self.receive.stop(u32::from(code));
        if self.send.finish().is_ok() {
            // Closing takes away what has not arrived, first of all the error: wait until the peer has it, or
            // does not want it.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.send.stopped()).await;
        }
        self.session.close(u32::from(code), reason.as_bytes());
        self.session.closed().await;
    }
}
