//! Verifying a ledger offline: the chain, and the consents in it.

use std::fmt;
use std::io::{BufRead, Read};

use corsac_credentials::{ConfirmationKey, JwkThumbprint, Timestamp};

use super::event::Event;
use super::{Head, MAX_LINE_BYTES, Record};
use crate::code::Code;
use crate::consent::{Consent, Decision};
use crate::ticket::denial::{Denial, Part, Reason};

/// Where a ledger breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1; the one behind the last where records are missing.
    pub line: u64,
    /// How many bytes before that line are in order: where to cut a ledger whose last line is torn.
    pub bytes: u64,
    /// The chain's end there.
    pub head: Head,
    /// Why.
    pub reason: BreakReason,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for Broken {}

/// Why a ledger breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakReason {
    /// The record's hash is not its own: it was changed.
    Hash,
    /// Records are missing at the end: somebody has a receipt of this number.
    Missing(u64),
    /// Another number than the next: records were removed, repeated, moved or put in.
    Number(u64),
    /// The record before is another: it was exchanged, or this is another chain.
    Previous,
    /// Reading failed.
    Read,
    /// Somebody has a receipt of this number with another hash: the chain was written anew.
    Receipt,
    /// Not a record, or not in the one spelling of a record.
    Syntax,
    /// Longer than any record.
    TooLong,
    /// The last line has no end: it was being written when the machine stopped. Nothing else is
    /// wrong, and nobody got a receipt for it.
    Torn,
}

impl fmt::Display for BreakReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash => f.write_str("the record was changed: its hash does not hold"),
            Self::Missing(n) => write!(f, "the ledger ends before record {n}, for which there is a receipt"),
            Self::Number(n) => write!(f, "record {n} is not the next"),
            Self::Previous => f.write_str("the record does not follow the one before"),
            Self::Read => f.write_str("could not be read"),
            Self::Receipt => f.write_str("there is a receipt with another hash for this record"),
            Self::Syntax => f.write_str("not a record in its canonical form"),
            Self::TooLong => write!(f, "longer than {MAX_LINE_BYTES} bytes"),
            Self::Torn => f.write_str("the last line was not written to its end"),
        }
    }
}

/// Verifies records one by one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verifier {
    head: Head,
}

impl Verifier {
    /// For records behind `head`.
    pub fn new(head: Head) -> Self {
        Self { head }
    }

    /// The last record that was in order.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Verifies a line, without the end of one.
    ///
    /// # Errors
    ///
    /// Why it is not the next record; the head stays.
    pub fn next(&mut self, line: &[u8]) -> Result<Record, BreakReason> {
        if line.len() > MAX_LINE_BYTES {
            return Err(BreakReason::TooLong);
        }
        let record = Record::parse(line).ok_or(BreakReason::Syntax)?;
        if record.computed_hash() != record.hash {
            return Err(BreakReason::Hash);
        }
        if record.n != self.head.n.saturating_add(1) {
            return Err(BreakReason::Number(record.n));
        }
        if record.prev != self.head.hash {
            return Err(BreakReason::Previous);
        }
        self.head = record.head();
        Ok(record)
    }
}

/// Verifies the lines behind `from` ([`Head::START`]: a whole ledger), and returns where the chain ends.
/// `receipts` are heads that somebody was told; none of them proves nothing about the end of the ledger.
///
/// # Errors
///
/// The first line that is not in order.
pub fn verify(mut lines: impl BufRead, from: Head, receipts: &[Head]) -> Result<Head, Broken> {
    let mut verifier = Verifier::new(from);
    let (mut number, mut bytes) = (1_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        let broken =
            |verifier: &Verifier, reason| Broken { line: number, bytes, head: verifier.head(), reason };
        line.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = lines.by_ref().take(limit).read_until(b'\n', &mut line);
        let read = read.map_err(|_| broken(&verifier, BreakReason::Read))? as u64;
        let Some(record) = line.strip_suffix(b"\n") else {
            let end = at_end(read, limit, verifier.head(), receipts);
            return end.map_or(Ok(verifier.head()), |reason| Err(broken(&verifier, reason)));
        };
        verifier.next(record).map_err(|reason| broken(&verifier, reason))?;
        let head = verifier.head();
        if receipts.iter().any(|receipt| receipt.n == head.n && receipt.hash != head.hash) {
            return Err(broken(&verifier, BreakReason::Receipt));
        }
        number += 1;
        bytes += read;
    }
}

/// What is wrong with a line without an end, of `read` bytes.
fn at_end(read: u64, limit: u64, head: Head, receipts: &[Head]) -> Option<BreakReason> {
    let missing = receipts.iter().map(|receipt| receipt.n).filter(|n| *n > head.n).max();
    match (read, missing) {
        (read, _) if read == limit => Some(BreakReason::TooLong),
        (_, Some(n)) => Some(BreakReason::Missing(n)),
        (0, None) => None,
        (_, None) => Some(BreakReason::Torn),
    }
}

/// Verifies the consent in a record of `consent` or `revoke`: that the key of the record signed it,
/// at the time of the record, for its subject and room, and that it says what the record says. Hold the
/// key's thumbprint against `cnf.jkt` of what the identity provider signed: a record cannot vouch
/// for the key itself. `None`: the record has no consent.
///
/// # Errors
///
/// [`Code::ConsentSignature`]: it is no evidence.
pub fn verify_consent_record(record: &Record) -> Option<Result<(Consent, JwkThumbprint), Denial>> {
    let (statement, decision) = match &record.event {
        Event::Consent { room, sub, jws, jwk, .. } => ((room, sub, jws, jwk), Decision::Grant),
        Event::Revoke { room, sub, jws, jwk, .. } => ((room, sub, jws, jwk), Decision::Revoke),
        _ => return None,
    };
    let evidence = evidence(statement, decision, Timestamp::from_secs(record.ts / 1_000));
    Some(evidence.map_err(|reason| reason.denies(Part::Consent, Code::ConsentSignature)))
}

fn evidence(
    (room, sub, jws, jwk): (&String, &String, &String, &String),
    decision: Decision,
    recorded_at: Timestamp,
) -> Result<(Consent, JwkThumbprint), Reason> {
    let key = ConfirmationKey::parse(jwk)?;
    let consent = Consent::read(jws, &key, recorded_at)?;
    let mismatch = if consent.room != *room {
        "room"
    } else if consent.sub != *sub {
        "sub"
    } else if consent.decision != decision {
        "decision"
    } else {
        return Ok((consent, key.thumbprint()));
    };
    Err(Reason::Mismatch(mismatch))
}
