//! From text to [`Node`].

use std::fmt;
use std::ops::Range;

use super::{Dialect, Flags, Node};

/// Why an expression is not modelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes of the expression.
    pub span: Range<usize>,
    /// Why, as a fragment.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.reason, self.span.start)
    }
}

impl std::error::Error for Refusal {}

/// Reads `text` as `dialect` does.
pub(super) fn parse(text: &str, _dialect: Dialect, _flags: &Flags) -> Result<Node, Refusal> {
    Err(Refusal { span: 0..text.len(), reason: "expressions are not read yet".to_owned() })
}
