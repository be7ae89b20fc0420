//! The files of a configuration, and what in them was not understood.

use corsac_analysis::model::{Coverage, Place, Preflight, Scope, Unread};
use corsac_diagnostics::Source;

/// Most reports of what was not read; a hostile file has millions.
const MAX_UNREAD: usize = 1_000;

/// The files of a configuration, and what in them was not understood.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) files: Vec<Source>,
    pub(crate) unread: Vec<Unread>,
    /// An included file that was not read, which may hold anything.
    pub(crate) missing: Option<String>,
}

impl Notes {
    /// Adds what was not read, once.
    pub(crate) fn unread(&mut self, place: Option<Place>, reason: impl Into<String>) {
        let reason = reason.into();
        if self.unread.len() < MAX_UNREAD && !self.unread.iter().any(|u| u.reason == reason) {
            self.unread.push(Unread { place, reason });
        }
    }

    /// What all scopes are, where a file is missing that may say more of each.
    pub(crate) fn qualify(&self, scopes: &mut [Scope]) {
        let Some(reason) = &self.missing else { return };
        for scope in scopes {
            scope.actual.unread = Some(reason.clone());
            scope.actual.coverage = Coverage::Unknown;
            match &mut scope.preflight {
                Preflight::Answered(answer) => answer.unread = Some(reason.clone()),
                other => *other = Preflight::Unknown,
            }
        }
    }

    /// Keeps a file; its number.
    pub(crate) fn keep(&mut self, source: Source) -> usize {
        self.files.push(source);
        self.files.len() - 1
    }
}
