//! A program run from right to left: which claims hold of the suffix read so far is its
//! state, so that it is deterministic, look-around and negation included. States are found
//! as they are needed.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::program::{Id, Instruction, Program};
use super::{Machine, TooLarge};
use crate::alphabet::{BYTES, ByteSet, index};

/// Claims settled before a machine gives up: some 70 ms.
const MAX_WORK: usize = 4_000_000;

/// The same where the nondeterministic machine can take over: some 10 ms.
const MAX_TRIAL: usize = 600_000;

/// A deterministic machine over a program.
#[derive(Debug)]
pub(super) struct Boolean<'p> {
    program: &'p Program,
    /// Claims that stand behind a byte, and the root: a state is their truth.
    kept: Vec<Id>,
    /// Of each instruction, the contexts in which its claim holds of the current suffix.
    truth: Vec<u64>,
    /// Claims about a byte: where they stand, the bytes, and which of `kept` holds behind them.
    readers: Vec<(usize, ByteSet, usize)>,
    states: Vec<Box<[u64]>>,
    numbers: HashMap<Box<[u64]>, u32, FixedState>,
    work: usize,
    is_trial: bool,
}

impl<'p> Boolean<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let mut kept: Vec<Id> = program
            .instructions
            .iter()
            .filter_map(|instruction| match instruction {
                Instruction::Byte(_, next) => Some(*next),
                _ => None,
            })
            .chain([program.root])
            .collect();
        kept.sort_unstable();
        kept.dedup();
        let numbered = program.instructions.iter().enumerate();
        let readers = numbered.filter_map(|(at, instruction)| match instruction {
            Instruction::Byte(set, next) => Some((at, *set, kept.binary_search(next).ok()?)),
            _ => None,
        });
        let mut machine = Self {
            program,
            readers: readers.collect(),
            kept,
            truth: vec![0; program.instructions.len()],
            states: Vec::new(),
            numbers: HashMap::default(),
            work: 0,
            is_trial: program.is_nondeterministic(),
        };
        machine.settle(true);
        machine.state();
        machine
    }

    /// Settles every claim but those about the next byte, which stand already.
    fn settle(&mut self, is_end: bool) {
        let all = self.program.contexts.all();
        for (slot, instruction) in self.truth.iter_mut().zip(&self.program.instructions) {
            match instruction {
                Instruction::Byte(..) if is_end => *slot = 0,
                Instruction::Byte(..) => {}
                Instruction::True => *slot = all,
                _ => *slot = 0,
            }
        }
        for group in &self.program.order {
            loop {
                let mut has_changed = false;
                for &id in group {
                    let truth = self.claim(id, is_end, all);
                    if let Some(slot) = usize::try_from(id).ok().and_then(|at| self.truth.get_mut(at)) {
                        has_changed |= *slot != truth;
                        *slot = truth;
                    }
                }
                if !has_changed || group.len() == 1 {
                    break;
                }
            }
        }
        self.work += self.truth.len();
    }

    fn claim(&self, id: Id, is_end: bool, all: u64) -> u64 {
        let of = |id: &Id| usize::try_from(*id).ok().and_then(|at| self.truth.get(at)).copied().unwrap_or(0);
        let instruction = usize::try_from(id).ok().and_then(|at| self.program.instructions.get(at));
        match instruction {
            Some(Instruction::Both(first, second)) => of(first) & of(second),
            Some(Instruction::Context(contexts, next)) => contexts & of(next),
            Some(Instruction::End(next)) if is_end => of(next),
            Some(Instruction::Not(inner)) => all & !of(inner),
            Some(Instruction::OneOf(claims)) => claims.iter().fold(0, |truth, claim| truth | of(claim)),
            Some(Instruction::True) => all,
            Some(Instruction::Byte(..) | Instruction::End(_)) | None => 0,
        }
    }

    /// The number of the state that the claims make.
    fn state(&mut self) -> u32 {
        let truth = |id: &Id| usize::try_from(*id).ok().and_then(|at| self.truth.get(at)).copied();
        let state: Box<[u64]> = self.kept.iter().map(|id| truth(id).unwrap_or_default()).collect();
        if let Some(number) = self.numbers.get(&state) {
            return *number;
        }
        let number = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.states.push(state.clone());
        self.numbers.insert(state, number);
        number
    }

    fn kept_truth(&self, state: u32, id: Id) -> u64 {
        let claims = usize::try_from(state).ok().and_then(|at| self.states.get(at));
        let at = self.kept.binary_search(&id).unwrap_or(usize::MAX);
        claims.and_then(|claims| claims.get(at)).copied().unwrap_or_default()
    }
}

impl Machine for Boolean<'_> {
    fn start(&self) -> Vec<u32> {
        vec![0]
    }

    fn step(&mut self, state: u32, byte: u8, into: &mut Vec<u32>) -> Result<(), TooLarge> {
        let Some(number) = index(byte) else { return Ok(()) };
        let most = if self.is_trial { MAX_TRIAL } else { MAX_WORK };
        if self.work > most {
            return Err(TooLarge::Expression);
        }
        let contexts = &self.program.contexts;
        let claims = usize::try_from(state).ok().and_then(|state| self.states.get(state));
        for &(at, set, behind) in &self.readers {
            let held = claims.filter(|_| set.contains(byte)).and_then(|claims| claims.get(behind)).copied();
            let held = held.unwrap_or_default();
            let truth = match contexts.len() {
                1 => held,
                _ if held == 0 => 0,
                len => (0..len)
                    .fold(0, |truth, before| truth | (held >> contexts.after(before, number) & 1) << before),
            };
            if let Some(slot) = self.truth.get_mut(at) {
                *slot = truth;
            }
        }
        self.settle(false);
        into.push(self.state());
        Ok(())
    }

    fn accepts(&self, state: u32) -> bool {
        self.kept_truth(state, self.program.root) & self.program.contexts.start() != 0
    }

    fn work(&self) -> usize {
        self.work
    }
}

const _: () = assert!(BYTES.len() < 64, "a set of bytes is one word");
