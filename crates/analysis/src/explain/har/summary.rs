//! What became of a HAR as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use corsac_browser::Engine;

use super::kind::Skipped;

/// What a HAR held.
#[derive(Debug, Default)]
pub struct HarSummary {
    /// Who wrote it, as it says: `Firefox 153.7.0`.
    pub creator: String,
    /// The engine that this names.
    pub engine: Option<Engine>,
    /// Entries read.
    pub entries: u64,
    /// Calls judged; one may be several entries.
    pub judged: u64,
    /// Calls that are blocked.
    pub blocked: u64,
    /// Calls of which too little is recorded.
    pub unknown: u64,
    /// Entries of calls that were judged.
    pub judged_entries: u64,
    /// Entries that were not judged, and why.
    pub skipped: BTreeMap<Skipped, u64>,
    /// Why reading ended before the end.
    pub error: Option<HarError>,
}

/// Why a HAR is not read, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum HarError {
    /// It is no JSON from this entry on; what is wrong.
    Broken {
        /// The entry it is in, from 1; 0 is before the first.
        entry: u64,
        /// What is wrong.
        reason: String,
    },
    /// It cannot be read.
    Io(io::Error),
    /// It is JSON without `log.entries`.
    NotHar,
    /// It ends too early.
    Truncated {
        /// In which entry, from 1; 0 is before the first.
        entry: u64,
        /// Whether that entry had ended.
        between: bool,
    },
}

impl fmt::Display for HarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { entry: 0, reason } => write!(f, "it is not JSON: {reason}"),
            Self::Broken { entry, reason } => write!(f, "it breaks at entry {entry}: {reason}"),
            Self::Io(error) => error.fmt(f),
            Self::NotHar => f.write_str("it is not a HAR: it has no `log.entries`"),
            Self::Truncated { entry: 0, .. } => f.write_str("it ends before the first entry"),
            Self::Truncated { entry, between: true } => write!(f, "it ends after entry {entry}"),
            Self::Truncated { entry, .. } => write!(f, "it ends in the middle of entry {entry}"),
        }
    }
}

impl std::error::Error for HarError {}
