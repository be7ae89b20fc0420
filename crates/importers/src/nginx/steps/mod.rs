//! The steps of the rewrite module, and what becomes of a request that takes them.

mod condition;
mod program;
mod run;

pub(super) use program::{Flag, Returned, Step, Test, program, test};
pub(super) use run::{Assumptions, End, Runner, State};
