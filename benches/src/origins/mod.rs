//! Sets of origins, and questions about them.

pub(crate) mod prover;
pub(crate) mod set;
