//! What a session needs of its connection, whatever carries it.

use std::future::Future;
use std::task::{Context, Poll};

/// The close code of a message that is too long (RFC 6455, section 7.4.1).
pub(crate) const TOO_LONG: u16 = 1009;

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    /// The peer said that it goes.
    Closed,
    /// Nothing for a session, and still something that a peer can send too often.
    Control,
    /// The connection broke.
    Lost,
    /// Something else than a text.
    NotText,
    /// A text of at most [`crate::MAX_MESSAGE`] bytes.
    Text(String),
    /// More than that; what it is was not read.
    TooLong,
}

/// The connection broke.
#[derive(Debug)]
pub(crate) struct Lost;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending<'e> {
    /// The peer has gone: its goodbye is answered.
    Answer,
    /// We close, and say why. What comes in meanwhile is read and thrown away: closing with bytes
    /// unread would take from the peer what it was told last.
    Close(u16, &'e str),
}

/// A connection that carries messages in both directions.
pub(crate) trait Transport: Send {
    /// The next message. It loses nothing where it is not asked to the end.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received>;

    /// Whether another message may be written: what was written before does not wait here any more.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>>;

    /// Writes a message; ask [`Self::poll_ready`] before.
    fn write(&mut self, text: &str) -> Result<(), Lost>;

    /// Whether everything that was written has gone out.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>>;

    /// Called once in a while: whether the peer is still there. It may be asked, and has to have
    /// answered when this is called the second time after.
    fn beat(&mut self) -> bool;

    /// Ends the connection. Who calls it sets a time.
    fn end(self, ending: Ending<'_>) -> impl Future<Output = ()> + Send;
}
