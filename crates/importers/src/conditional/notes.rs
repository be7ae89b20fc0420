//! The files of a configuration, and what in them was not understood.

use corsac_analysis::model::{Place, Unread};
use corsac_diagnostics::Source;

/// Most reports of what was not read; a hostile file has millions.
const MAX_UNREAD: usize = 1_000;

/// The files of a configuration, and what in them was not understood.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) files: Vec<Source>,
    pub(crate) unread: Vec<Unread>,
}

impl Notes {
    /// Adds what was not read, once.
    pub(crate) fn unread(&mut self, place: Option<Place>, reason: impl Into<String>) {
        let reason = reason.into();
        if self.unread.len() < MAX_UNREAD && !self.unread.iter().any(|u| u.reason == reason) {
            self.unread.push(Unread { place, reason });
        }
    }

    /// Keeps a file; its number.
    pub(crate) fn keep(&mut self, source: Source) -> usize {
        self.files.push(source);
        self.files.len() - 1
    }
}
