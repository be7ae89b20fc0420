//! Fixes: edits that would make a finding go away.

use crate::excerpt::excerpt;
use crate::field::{FieldPath, Place};

/// Whether a fix may be applied without a person reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It keeps what was meant and admits nobody new.
    Safe,
    /// It may change what was meant.
    Unsafe,
}

impl Safety {
    /// `safe` or `unsafe`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A replacement of one place by a text (TOML syntax included).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub replacement: String,
}

/// Edits that together mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative fragment.
    pub title: String,
    /// Whether it needs a reader.
    pub safety: Safety,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Replaces the value of `path` by the string `text`, quoted for TOML.
    pub fn string(safety: Safety, path: FieldPath, text: &str) -> Self {
        Self {
            title: format!("write `{}`", excerpt(text)),
            safety,
            edits: vec![Edit { place: Place::Field(path), replacement: quoted(text) }],
        }
    }
}

/// A basic string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
