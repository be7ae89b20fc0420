//! What a message must be to get in, and what changes in it on its way through.

pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod forward;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod patience;
pub(crate) mod problem;
mod swallow;
