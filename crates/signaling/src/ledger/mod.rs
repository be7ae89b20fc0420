//! The ledger: what happened, in records that are chained by their hashes. `corsac.ledger/1`, one
//! JSON object a line, documented in `docs/ledger.md`.
//!
//! A record's `hash` is SHA-256 over the record without it, in canonical JSON (RFC 8785: names
//! sorted, no white space, one spelling of every text; there are no numbers but whole ones). `prev`
//! is the hash of the record before, and 32 zero bytes in the first. A line has that same spelling, `hash`
//! included.
//!
//! The chain shows that a record was changed, removed or put in, as long as somebody remembers
//! a later hash. Who keeps the file can write all of it anew; therefore every peer is told the head
//! with its consents (`consent.ack`), and a consent carries the peer's own signature.

mod event;
mod verify;

pub use event::Event;
pub use verify::{BreakReason, Broken, Verifier, verify, verify_consent_record};

use std::collections::BTreeMap;
use std::fmt;

use corsac_credentials::Claims;
use serde_json::Value;

use crate::digest::Digest;

/// The name of the wire form.
pub const LEDGER_SCHEMA: &str = "corsac.ledger/1";

/// Bytes of a line without its end. The longest records are consents, of some 5 KiB.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// The end of a chain: the number and the hash of its last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Records from the beginning.
    pub n: u64,
    /// Of the last.
    pub hash: Digest,
}

impl Head {
    /// Of a chain without records.
    pub const START: Self = Self { n: 0, hash: Digest::ZERO };
}

impl Default for Head {
    fn default() -> Self {
        Self::START
    }
}

/// Numbers and chains records. It keeps nothing but the head: write each line out before its
/// receipt is sent.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    head: Head,
}

impl Ledger {
    /// Goes on behind a head that [`verify()`] found; [`Head::START`] begins.
    pub fn resume(head: Head) -> Self {
        Self { head }
    }

    /// The number and hash of the last record, for `consent.ack`.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Appends a record. `ts` is in milliseconds after the epoch, as the clock says; it may go back
    /// with it.
    ///
    /// # Errors
    ///
    /// The record would be longer than [`MAX_LINE_BYTES`]; then nothing is appended.
    pub fn append(&mut self, event: Event, ts: u64) -> Result<Record, TooLong> {
        let record = Record::new(self.head, event, ts);
        let bytes = record.line().len();
        if bytes > MAX_LINE_BYTES {
            return Err(TooLong { bytes });
        }
        self.head = record.head();
        Ok(record)
    }
}

/// A record that no line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Of its line.
    pub bytes: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record of {} bytes, {MAX_LINE_BYTES} are allowed", self.bytes)
    }
}

impl std::error::Error for TooLong {}

/// A record of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its number, from 1.
    pub n: u64,
    /// When it was appended, in milliseconds after the epoch.
    pub ts: u64,
    /// What happened.
    pub event: Event,
    /// The hash of the record before.
    pub prev: Digest,
    /// Its own.
    pub hash: Digest,
}

impl Record {
    fn new(after: Head, event: Event, ts: u64) -> Self {
        let n = after.n.saturating_add(1);
        let mut record = Self { n, ts, event, prev: after.hash, hash: Digest::ZERO };
        record.hash = record.computed_hash();
        record
    }

    /// The chain's end, if this is its last record.
    pub fn head(&self) -> Head {
        Head { n: self.n, hash: self.hash }
    }

    /// Its line, without the end of one.
    pub fn line(&self) -> String {
        let mut members = self.members();
        members.insert("hash", self.hash.to_string().into());
        canonical(&members)
    }

    fn computed_hash(&self) -> Digest {
        Digest::of(canonical(&self.members()).as_bytes())
    }

    fn members(&self) -> BTreeMap<&'static str, Value> {
        let mut members = BTreeMap::from([
            ("schema", LEDGER_SCHEMA.into()),
            ("n", self.n.into()),
            ("ts", self.ts.into()),
            ("prev", self.prev.to_string().into()),
        ]);
        self.event.write(&mut members);
        members
    }

    /// Reads a line in the one spelling that it has. Whether its hash holds is another question.
    fn parse(line: &[u8]) -> Option<Self> {
        let claims = Claims::read(line).ok()?;
        let whole = |name| u64::try_from(claims.required(name).ok()?.as_integer()?).ok();
        let digest = |name| Digest::parse(claims.text(name).ok()?);
        let record = Self {
            n: whole("n")?,
            ts: whole("ts")?,
            event: Event::read(&claims)?,
            prev: digest("prev")?,
            hash: digest("hash")?,
        };
        (record.line().as_bytes() == line).then_some(record)
    }
}

/// RFC 8785, of members whose names are ASCII and whose values are texts, whole numbers under 2^53,
/// and lists of texts: `serde_json` escapes texts as section 3.2.2.2 has it, and the map sorts.
fn canonical(members: &BTreeMap<&'static str, Value>) -> String {
    // Writing texts, numbers and lists to memory does not fail.
    serde_json::to_string(members).unwrap_or_default()
}
