//! A program run from right to left, one claim at a time: a nondeterministic machine that
//! never grows beyond claims times contexts. It serves where the deterministic one explodes
//! and nothing is negated.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::program::{Id, Instruction, Program};
use super::{Machine, TooLarge};
use crate::alphabet::index;

/// Steps followed before a machine gives up: some 50 ms.
const MAX_WORK: usize = 6_000_000;

/// A state: one claim that holds of the suffix read, in one context.
type State = (Id, u8);

/// A nondeterministic machine over a program.
#[derive(Debug)]
pub(super) struct Nondeterministic<'p> {
    program: &'p Program,
    /// Of each instruction, those that rest on it alone, at the same position.
    silent: Vec<Vec<Id>>,
    /// Of each instruction, those that read a byte before it.
    reading: Vec<Vec<Id>>,
    states: Vec<State>,
    numbers: HashMap<State, u32, FixedState>,
    starts: Vec<u32>,
    work: usize,
}

impl<'p> Nondeterministic<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let count = program.instructions.len();
        let mut silent = vec![Vec::new(); count];
        let mut reading = vec![Vec::new(); count];
        for (id, instruction) in (0..).zip(&program.instructions) {
            let add = |table: &mut Vec<Vec<Id>>, to: &Id| {
                if let Some(row) = usize::try_from(*to).ok().and_then(|at| table.get_mut(at)) {
                    row.push(id);
                }
            };
            match instruction {
                Instruction::Byte(_, next) => add(&mut reading, next),
                Instruction::Context(_, next) | Instruction::End(next) => add(&mut silent, next),
                Instruction::OneOf(claims) => claims.iter().for_each(|claim| add(&mut silent, claim)),
                Instruction::Both(..) | Instruction::Not(_) | Instruction::True => {}
            }
        }
        let mut machine = Self {
            program,
            silent,
            reading,
            states: Vec::new(),
            numbers: HashMap::default(),
            starts: Vec::new(),
            work: 0,
        };
        machine.starts = machine.begin();
        machine
    }

    /// What holds of the empty suffix in each context.
    fn begin(&mut self) -> Vec<u32> {
        let mut starts = Vec::new();
        for context in self.contexts() {
            for id in self.closure(self.truths(), context, true) {
                starts.push(self.number((id, context)));
            }
        }
        starts
    }

    fn contexts(&self) -> std::ops::Range<u8> {
        0..u8::try_from(self.program.contexts.len()).unwrap_or(u8::MAX)
    }

    /// The claims that hold everywhere.
    fn truths(&self) -> Vec<Id> {
        let numbered = (0..).zip(&self.program.instructions);
        numbered
            .filter(|(_, instruction)| matches!(instruction, Instruction::True))
            .map(|(id, _)| id)
            .collect()
    }

    /// Everything that holds because one of `held` does, in `context`.
    fn closure(&self, held: Vec<Id>, context: u8, is_end: bool) -> Vec<Id> {
        let mut open = held;
        let mut closed: Vec<Id> = Vec::new();
        let mut seen = std::collections::HashSet::<Id, FixedState>::default();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            closed.push(id);
            let above = usize::try_from(id).ok().and_then(|at| self.silent.get(at));
            open.extend(above.into_iter().flatten().copied().filter(|&id| {
                match usize::try_from(id).ok().and_then(|at| self.program.instructions.get(at)) {
                    Some(Instruction::Context(contexts, _)) => contexts >> context & 1 == 1,
                    Some(Instruction::End(_)) => is_end,
                    _ => true,
                }
            }));
        }
        closed.retain(|&id| id == self.program.root || self.is_read(id) || self.is_true(id));
        closed
    }

    /// Whether something reads a byte before this claim.
    fn is_read(&self, id: Id) -> bool {
        usize::try_from(id).ok().and_then(|at| self.reading.get(at)).is_some_and(|row| !row.is_empty())
    }

    fn number(&mut self, state: State) -> u32 {
        let fresh = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(state).or_insert(fresh);
        if number == fresh {
            self.states.push(state);
        }
        number
    }
}

impl Machine for Nondeterministic<'_> {
    fn start(&self) -> Vec<u32> {
        self.starts.clone()
    }

    fn step(&mut self, state: u32, byte: u8, into: &mut Vec<u32>) -> Result<(), TooLarge> {
        let found = usize::try_from(state).ok().and_then(|at| self.states.get(at)).copied();
        let (Some((id, context)), Some(number)) = (found, index(byte)) else { return Ok(()) };
        let readers = usize::try_from(id).ok().and_then(|at| self.reading.get(at)).into_iter().flatten();
        let reads = |id: &Id| match usize::try_from(*id).ok().and_then(|at| self.program.instructions.get(at))
        {
            Some(Instruction::Byte(set, _)) => set.contains(byte),
            _ => false,
        };
        let mut held: Vec<Id> = readers.copied().filter(reads).collect();
        // What holds of every suffix goes on holding.
        held.extend(Some(id).filter(|id| self.is_true(*id)));
        if held.is_empty() {
            return Ok(());
        }
        for before in self.contexts() {
            if self.program.contexts.after(before.into(), number) != usize::from(context) {
                continue;
            }
            let closed = self.closure(held.clone(), before, false);
            self.work += closed.len() + 1;
            for id in closed {
                let number = self.number((id, before));
                if !into.contains(&number) {
                    into.push(number);
                }
            }
        }
        if self.work > MAX_WORK { Err(TooLarge::Expression) } else { Ok(()) }
    }

    fn accepts(&self, state: u32) -> bool {
        let state = usize::try_from(state).ok().and_then(|at| self.states.get(at));
        state.is_some_and(|(id, context)| {
            *id == self.program.root && self.program.contexts.start() >> context & 1 == 1
        })
    }

    fn work(&self) -> usize {
        self.work
    }
}

impl Nondeterministic<'_> {
    fn is_true(&self, id: Id) -> bool {
        let instruction = usize::try_from(id).ok().and_then(|at| self.program.instructions.get(at));
        matches!(instruction, Some(Instruction::True))
    }
}
