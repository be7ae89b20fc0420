//! Rules: what can be found, and how sure and how grave it is.

use std::fmt;

/// How bad a finding is, were it true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing runs with it.
    Error,
    /// It runs, and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How certain it is that a finding is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Decided, not guessed.
    High,
    /// Likely.
    Medium,
    /// A hint.
    Low,
}

impl Confidence {
    /// `high`, `medium` or `low`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something that can be found. One rule has one id everywhere: in output, in
/// `corsac rule ID`, and as the name of its page.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Kebab case.
    pub id: &'static str,
    /// The severity its findings have unless they say otherwise.
    pub severity: Severity,
    /// One line, what it finds.
    pub summary: &'static str,
}
