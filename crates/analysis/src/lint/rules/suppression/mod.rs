//! Suppressions that are mistakes themselves; [`crate::lint::suppress`] finds them.

pub(crate) mod suppression_without_reason;
pub(crate) mod unused_suppression;
