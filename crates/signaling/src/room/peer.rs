//! One peer of a room.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::call::CallKey;
use super::effect::Connection;
use crate::consent::Consents;
use crate::grants::{Kind, Kinds};
use crate::message::Seen;
use crate::message::server::RESUME_WITHIN;
use crate::ticket::Caller;

/// Messages that are kept for a peer whose connection may break, or is broken.
const MAX_KEPT: usize = 128;

/// Bytes of them.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// Refusals of one session that are recorded; of more, the number is.
pub(super) const MAX_REFUSALS: u32 = 100;

/// Whether a peer can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Its connection broke then.
    Away {
        since_ms: u64,
    },
    Here(Connection),
}

/// A message that was relayed to a peer.
#[derive(Debug)]
struct Kept {
    from: Arc<str>,
    seq: u64,
    text: Arc<str>,
    at_ms: u64,
    /// Whether it was given to a connection.
    written: bool,
}

/// What a peer has to stop, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) kinds: Kinds,
    pub(super) until_ms: u64,
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: Arc<str>,
    pub(super) sid: Arc<str>,
    pub(super) caller: Caller,
    pub(super) presence: Presence,
    /// The hash of the ticket that resumes the session.
    pub(super) ticket: [u8; 32],
    pub(super) turn_user: Option<Arc<str>>,
    pub(super) consents: Consents,
    pub(super) stop: Option<Stop>,
    pub(super) refusals: u32,
    /// What its last description of each call sends.
    sending: BTreeMap<CallKey, Kinds>,
    /// The last number for each destination.
    numbers: HashMap<Arc<str>, Option<u64>>,
    number: Option<u64>,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
}

impl Peer {
    pub(super) fn new(names: [Arc<str>; 2], caller: Caller, connection: Connection) -> Self {
        let [id, sid] = names;
        Self {
            id,
            sid,
            caller,
            presence: Presence::Here(connection),
            ticket: [0; 32],
            turn_user: None,
            consents: Consents::default(),
            stop: None,
            refusals: 0,
            sending: BTreeMap::new(),
            numbers: HashMap::new(),
            number: None,
            kept: VecDeque::new(),
            kept_bytes: 0,
        }
    }

    pub(super) fn connection(&self) -> Option<Connection> {
        match self.presence {
            Presence::Here(connection) => Some(connection),
            Presence::Away { .. } => None,
        }
    }

    /// When the session is over if nobody resumes it.
    pub(super) fn until_ms(&self) -> Option<u64> {
        match self.presence {
            Presence::Away { since_ms } => Some(since_ms.saturating_add(RESUME_WITHIN * 1_000)),
            Presence::Here(_) => None,
        }
    }

    /// Takes a message's number; whether it is above the last for its destination.
    pub(super) fn take_number(&mut self, to: Option<&Arc<str>>, seq: u64) -> bool {
        let last = match to {
            None => &mut self.number,
            Some(to) => self.numbers.entry(Arc::clone(to)).or_default(),
        };
        let is_above = last.is_none_or(|last| seq > last);
        if is_above {
            *last = Some(seq);
        }
        is_above
    }

    /// A peer is gone: its name does not come again.
    pub(super) fn forget(&mut self, other: &str) {
        self.numbers.remove(other);
        self.sending.retain(|key, _| !key.has(other));
    }

    /// What it may send now: granted and consented.
    pub(super) fn may_send(&self) -> Kinds {
        self.caller.access.grants.publish.and(self.consents.kinds())
    }

    /// What its last description in a call sends.
    pub(super) fn sends(&mut self, call: CallKey, kinds: Kinds) {
        if kinds.is_empty() {
            self.sending.remove(&call);
        } else {
            self.sending.insert(call, kinds);
        }
    }

    /// What it sends although it may not any more. A camera and a screen are both video.
    pub(super) fn sends_without_leave(&self) -> Kinds {
        let may = self.may_send();
        let may_see = may.contains(Kind::Video) || may.contains(Kind::Screen);
        let sent = self.sending.values().flat_map(|kinds| kinds.iter());
        let unwanted = sent.filter(|kind| match kind {
            Kind::Audio => !may.contains(Kind::Audio),
            Kind::Screen | Kind::Video => !may_see,
            // Data needs no consent.
            Kind::Data => !self.caller.access.grants.publish.contains(Kind::Data),
        });
        unwanted.collect()
    }

    /// Keeps a message in case the connection breaks; whether all that was never written is kept.
    pub(super) fn keep(&mut self, from: &Arc<str>, seq: u64, text: &Arc<str>, now_ms: u64) -> bool {
        let written = self.connection().is_some();
        self.kept_bytes += text.len();
        self.kept.push_back(Kept {
            from: Arc::clone(from),
            seq,
            text: Arc::clone(text),
            at_ms: now_ms,
            written,
        });
        let mut nothing_lost = true;
        while let Some(first) = self.kept.front() {
            let is_old = first.at_ms.saturating_add(RESUME_WITHIN * 1_000) < now_ms && first.written;
            if !is_old && self.kept.len() <= MAX_KEPT && self.kept_bytes <= MAX_KEPT_BYTES {
                break;
            }
            nothing_lost &= first.written;
            self.kept_bytes -= first.text.len();
            self.kept.pop_front();
        }
        nothing_lost
    }

    /// What has not arrived yet, after what the peer says.
    pub(super) fn missed(&mut self, seen: &Seen<'_>) -> Vec<Arc<str>> {
        let missed = |kept: &Kept| match seen {
            // What the server itself says has no number.
            _ if kept.from.is_empty() => !kept.written,
            Seen::Highest(highest) => !kept.written || kept.seq > *highest,
            Seen::BySender(senders) => {
                let last = senders.iter().find(|(from, _)| *from == kept.from.as_ref());
                last.is_none_or(|(_, last)| kept.seq > *last)
            }
        };
        let texts = self.kept.iter().filter(|kept| missed(kept)).map(|kept| Arc::clone(&kept.text)).collect();
        self.kept.iter_mut().for_each(|kept| kept.written = true);
        texts
    }
}
