//! A matcher that tries one way after the other, as the engines of most dialects do.
//!
//! It shares nothing with the automata but the syntax, so that a witness which an automaton
//! found is confirmed by another road, and it knows what automata cannot: back-references,
//! atomic groups, and which part of the text the engine settles on. An expression becomes a
//! [`program`]; a [`machine`] runs it with a stack of its own.

use std::ops::Range;

use super::{Dialect, Mode, Node};

mod machine;
mod program;

/// Steps of one search, over all the places where a match might begin; one that handles many
/// groups, bytes or ways counts as so many.
const MAX_STEPS: u32 = 2_000_000;

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The match: the whole of it first, then each group's, where it took part.
    Match(Vec<Option<Range<usize>>>),
    /// None.
    Nothing,
}

/// An expression, ready to be run.
#[derive(Debug)]
pub(super) struct Runner {
    /// None where it is too long.
    program: Option<program::Program>,
    mode: Mode,
}

impl Runner {
    pub(super) fn new(node: &Node, dialect: Dialect, mode: Mode) -> Self {
        Self { program: program::Program::of(node, dialect), mode }
    }

    /// Looks for the match that the engine would settle on; `None` past the bound of steps.
    /// Adds the steps that were taken to `steps`.
    pub(super) fn find(&self, text: &str, steps: &mut usize) -> Option<Found> {
        let program = self.program.as_ref()?;
        let mut machine = machine::Machine::new(program, self.mode, text.as_bytes(), MAX_STEPS);
        let last = if self.mode == Mode::Search { text.len() } else { 0 };
        let found = first(&mut machine, last);
        *steps += usize::try_from(MAX_STEPS - machine.steps_left()).unwrap_or(usize::MAX);
        found
    }
}

/// The first match that begins at `last` or before.
fn first(machine: &mut machine::Machine<'_>, last: usize) -> Option<Found> {
    for start in 0..=last {
        if let Some(groups) = machine.run(start)? {
            return Some(Found::Match(groups));
        }
    }
    Some(Found::Nothing)
}
