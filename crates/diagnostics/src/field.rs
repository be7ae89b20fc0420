//! Where in a configuration: a path of keys and indices, or a span of bytes.

use std::fmt;
use std::ops::Range;

use crate::excerpt::excerpt;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A key of a table.
    Key(String),
    /// A position in an array, from 0.
    Index(usize),
}

/// The way from the root of a configuration to one value: `cors.app.origins[2]`. It is
/// shown with [`excerpt`]s of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The value under `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The value at `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// `self` and then `rest`.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    fn with(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path without its last step.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, parent)| Self(parent.to_vec()))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if number == 0 => f.write_str(&excerpt(key))?,
                Segment::Key(key) => write!(f, ".{}", excerpt(key))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What a label or an edit points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The value of a field; where the field is missing, the table it belongs to.
    Field(FieldPath),
    /// The key of a field.
    Key(FieldPath),
    /// Bytes of the text.
    Span(Range<usize>),
}

impl Place {
    /// The same place seen from an outer configuration: `origins[2]` of a policy is
    /// `cors.app.origins[2]` of its file.
    #[must_use]
    pub fn under(self, prefix: &FieldPath) -> Self {
        match self {
            Self::Field(path) => Self::Field(prefix.join(&path)),
            Self::Key(path) => Self::Key(prefix.join(&path)),
            Self::Span(span) => Self::Span(span),
        }
    }
}
