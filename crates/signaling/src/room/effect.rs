//! What a room wants done.

use std::sync::Arc;

use crate::code::Refusal;
use crate::ledger::Event;

/// A connection of this process; its number is the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection(pub u64);

/// What a room wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A connection is told why, and closed.
    Close(Connection, Refusal),
    /// What a TURN server has for this user name is to be deleted.
    DeleteTurn(Arc<str>),
    /// A session is over; nobody can resume it any more.
    Forget(Arc<str>),
    /// A connection gets a message.
    Send(Connection, Arc<str>),
}

/// The place where records go: an append-only ledger.
pub trait Journal {
    /// Appends a record; returns its number and the head of the chain after it.
    fn record(&mut self, at_ms: u64, event: Event) -> (u64, String);
}

/// When something happens, and where it is recorded.
#[expect(missing_debug_implementations, reason = "a journal need not show itself")]
pub struct Moment<'j> {
    /// Milliseconds since the epoch.
    pub now_ms: u64,
    /// Takes records.
    pub journal: &'j mut dyn Journal,
}

impl Moment<'_> {
    pub(super) fn record(&mut self, event: Event) -> (u64, String) {
        self.journal.record(self.now_ms, event)
    }

    pub(super) fn now(&self) -> corsac_credentials::Timestamp {
        corsac_credentials::Timestamp::from_secs(self.now_ms / 1_000)
    }
}
