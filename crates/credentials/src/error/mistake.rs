//! The mistakes of a configuration.

use std::fmt;
use std::time::Duration;

use crate::text::excerpt;

/// Every mistake of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub(crate) Vec<Mistake>);

impl ConfigError {
    /// In the order of the fields; never empty.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `audiences[1]`.
    pub field: String,
    /// What.
    pub kind: MistakeKind,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.kind)
    }
}

/// What is wrong with a field. None of them repeats a secret or a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// Not an algorithm that we know, `none` included.
    AlgorithmUnknown(String),
    /// Nothing there.
    Empty,
    /// An API key's end is not after its beginning.
    EndBeforeBeginning,
    /// Not what is expected.
    Malformed {
        /// As written.
        value: String,
        /// What is expected.
        expected: &'static str,
    },
    /// Not the hash of an API key.
    MalformedHash,
    /// HMAC beside algorithms with public keys: the mixture that algorithm confusion needs.
    MixedAlgorithms,
    /// The same as an entry before.
    Repeated(String),
    /// HMAC, and its guard is on.
    SharedSecret(String),
    /// Outside of the bounds.
    OutOfBounds {
        /// As written.
        value: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// More entries than there may be.
    TooMany(usize),
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlgorithmUnknown(name) => write!(f, "`{}` is not a signature algorithm", excerpt(name)),
            Self::Empty => f.write_str("nothing there"),
            Self::EndBeforeBeginning => f.write_str("it ends before it begins"),
            Self::Malformed { value, expected } => write!(f, "`{}` is not {expected}", excerpt(value)),
            Self::MalformedHash => f.write_str("a hash has 64 lower-case hexadecimal digits"),
            Self::MixedAlgorithms => f.write_str("HMAC cannot stand beside algorithms with public keys"),
            Self::Repeated(value) => write!(f, "`{}` stands here twice", excerpt(value)),
            Self::SharedSecret(name) => {
                write!(f, "with `{}` whoever verifies can sign; it needs its switch", excerpt(name))
            }
            Self::OutOfBounds { value, least, most } => write!(f, "{value} is not from {least} to {most}"),
            Self::TooMany(most) => write!(f, "over {most} entries"),
        }
    }
}

/// Mistakes reported of one configuration: a generated list of a million wrong entries is
/// one mistake of its generator.
const MAX_MISTAKES: usize = 1_000;

/// Characters of a name, an address or a claim that somebody configures.
const MAX_TEXT: usize = 512;

/// Entries of a configured list.
const MAX_LIST: usize = 64;

/// Collects mistakes.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn report(&mut self, field: impl Into<String>, kind: MistakeKind) {
        if self.0.len() < MAX_MISTAKES {
            self.0.push(Mistake { field: field.into(), kind });
        }
    }

    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError(self.0)) }
    }

    /// A text that is there, without control characters, of a bearable length.
    pub(crate) fn text(&mut self, field: &str, value: &str) {
        if value.is_empty() {
            self.report(field, MistakeKind::Empty);
        } else if value.len() > MAX_TEXT || value.contains(char::is_control) {
            let expected = "a text of up to 512 bytes without control characters";
            self.report(field, MistakeKind::Malformed { value: value.to_owned(), expected });
        }
    }

    /// Texts, each once.
    pub(crate) fn texts(&mut self, field: &str, values: &[String]) {
        if values.len() > MAX_LIST {
            self.report(field, MistakeKind::TooMany(MAX_LIST));
            return;
        }
        for (index, value) in values.iter().enumerate() {
            let place = format!("{field}[{index}]");
            self.text(&place, value);
            if values.iter().take(index).any(|before| before == value) {
                self.report(place, MistakeKind::Repeated(value.clone()));
            }
        }
    }

    pub(crate) fn bounds(&mut self, field: &str, value: u64, (least, most): (u64, u64)) {
        if !(least..=most).contains(&value) {
            self.report(field, MistakeKind::OutOfBounds { value, least, most });
        }
    }

    pub(crate) fn seconds(&mut self, field: &str, value: Duration, bounds: (u64, u64)) {
        self.bounds(field, value.as_secs(), bounds);
        if value.subsec_nanos() != 0 {
            let expected = "a whole number of seconds";
            self.report(field, MistakeKind::Malformed { value: format!("{value:?}"), expected });
        }
    }
}
