//! Runs a program.
//!
//! What is undone on failure lies on the same stack as the ways still to try, so that giving
//! up ways (atomic groups) keeps the rest undoable.

use std::ops::Range;

use super::program::{Counted, Place, Program, Register, Step};
use crate::alphabet::ByteSet;
use crate::regex::{Assertion, Dialect, Direction, Mode, Unset};

/// Entries of the stack at most: 40 MiB.
const MAX_STACK: usize = 1 << 20;

/// What failure takes off the stack.
#[derive(Debug)]
enum Entry {
    /// A group matched something else before.
    Group(usize, Option<(usize, usize)>),
    /// A register held another number.
    Register(Register, usize),
    /// Another way: an instruction, and a place in the text.
    Way(Place, usize),
}

#[derive(Debug)]
pub(super) struct Machine<'a> {
    program: &'a Program,
    mode: Mode,
    text: &'a [u8],
    steps_left: u32,
    registers: Vec<usize>,
    groups: Vec<Option<(usize, usize)>>,
    stack: Vec<Entry>,
}

/// Groups, if there is a match.
type Groups = Option<Vec<Option<Range<usize>>>>;

impl<'a> Machine<'a> {
    pub(super) fn new(program: &'a Program, mode: Mode, text: &'a [u8], steps_left: u32) -> Self {
        Self {
            program,
            mode,
            text,
            steps_left,
            registers: vec![0; program.registers],
            groups: vec![None; program.groups],
            stack: Vec::new(),
        }
    }

    /// Tries from `start`; `None` if a bound is reached.
    pub(super) fn run(&mut self, start: usize) -> Option<Groups> {
        self.charge(self.groups.len());
        self.groups.fill(None);
        self.stack.clear();
        let mut now = Some((0, start));
        while let Some((place, at)) = now {
            self.steps_left = self.steps_left.checked_sub(1)?;
            if self.stack.len() > MAX_STACK {
                return None;
            }
            let step = *self.program.steps.get(place)?;
            if matches!(step, Step::Match) && (self.mode != Mode::Full || at == self.text.len()) {
                return Some(Some(self.result(start, at)));
            }
            now = self.step(step, place, at).or_else(|| self.back());
        }
        Some(None)
    }

    /// Of those it was given.
    pub(super) fn steps_left(&self) -> u32 {
        self.steps_left
    }

    fn result(&self, start: usize, end: usize) -> Vec<Option<Range<usize>>> {
        let groups = self.groups.iter().skip(1).map(|group| group.map(|(from, to)| from..to));
        std::iter::once(Some(start..end)).chain(groups).collect()
    }

    fn charge(&mut self, work: usize) {
        self.steps_left = self.steps_left.saturating_sub(u32::try_from(work).unwrap_or(u32::MAX));
    }

    /// The latest way left.
    fn back(&mut self) -> Option<(Place, usize)> {
        loop {
            match self.stack.pop()? {
                Entry::Way(place, at) => return Some((place, at)),
                other => self.undo(&other),
            }
        }
    }

    fn undo(&mut self, entry: &Entry) {
        match *entry {
            Entry::Group(group, before) => {
                if let Some(there) = self.groups.get_mut(group) {
                    *there = before;
                }
            }
            Entry::Register(register, before) => {
                if let Some(there) = self.registers.get_mut(register) {
                    *there = before;
                }
            }
            Entry::Way(..) => {}
        }
    }

    fn register(&self, register: Register) -> usize {
        self.registers.get(register).copied().unwrap_or_default()
    }

    fn set_register(&mut self, register: Register, value: usize) {
        if let Some(there) = self.registers.get_mut(register) {
            self.stack.push(Entry::Register(register, *there));
            *there = value;
        }
    }

    fn set_group(&mut self, group: usize, value: Option<(usize, usize)>) {
        if let Some(there) = self.groups.get_mut(group) {
            self.stack.push(Entry::Group(group, *there));
            *there = value;
        }
    }

    /// Where to go on; none on failure.
    fn step(&mut self, step: Step, place: Place, at: usize) -> Option<(Place, usize)> {
        let next = place + 1;
        match step {
            Step::Assert(assertion) => self.holds(assertion, at).then_some((next, at)),
            Step::Backreference { group, ignore_case, unset, direction } => {
                let Some(&Some((from, to))) = self.groups.get(group) else {
                    return (unset == Unset::MatchesEmpty).then_some((next, at));
                };
                self.charge(to.saturating_sub(from));
                self.again((from, to), ignore_case, at, direction).map(|at| (next, at))
            }
            Step::Behind { least, most } => self.behind((least, most), next, at),
            Step::Clear { from, to } => {
                self.charge(to.saturating_sub(from));
                (from..to).for_each(|group| self.set_group(group, None));
                Some((next, at))
            }
            Step::Close { group, begin, direction } => {
                let begin = self.register(begin);
                let ahead = direction == Direction::Ahead;
                self.set_group(group, Some(if ahead { (begin, at) } else { (at, begin) }));
                Some((next, at))
            }
            Step::Commit(height) => {
                self.commit(self.register(height));
                Some((next, at))
            }
            Step::Deny(height) => {
                self.deny(self.register(height));
                None
            }
            Step::Height(register) => {
                // As high as it is with the entry that undoes this.
                self.set_register(register, self.stack.len() + 1);
                Some((next, at))
            }
            Step::Jump(place) => Some((place, at)),
            Step::Loop(counted) => Some(self.at_top(&counted, place, at)),
            Step::Looped(counted) => self.looped(&counted, next, at),
            Step::Mark(register) => {
                self.set_register(register, at);
                Some((next, at))
            }
            Step::Marked(register) => (self.register(register) == at).then_some((next, at)),
            Step::Match => None,
            Step::Return(register) => Some((next, self.register(register))),
            Step::Set(set, direction) => self.one(set, direction, at).map(|at| (next, at)),
            Step::Split(first, second) => {
                self.stack.push(Entry::Way(second, at));
                Some((first, at))
            }
            Step::Zero(register) => {
                self.set_register(register, 0);
                Some((next, at))
            }
        }
    }

    fn one(&self, set: ByteSet, direction: Direction, at: usize) -> Option<usize> {
        let (byte, to) = match direction {
            Direction::Ahead => (at, at + 1),
            Direction::Behind => (at.checked_sub(1)?, at.checked_sub(1)?),
        };
        self.text.get(byte).is_some_and(|&byte| set.contains(byte)).then_some(to)
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let word = |at: usize| self.text.get(at).is_some_and(|&byte| ByteSet::word().contains(byte));
        let boundary = || at.checked_sub(1).is_some_and(word) != word(at);
        match assertion {
            Assertion::End => at == self.text.len(),
            Assertion::NotWordBoundary => !boundary(),
            Assertion::Start => at == 0,
            Assertion::WordBoundary => boundary(),
        }
    }

    /// After the same text as before.
    fn again(
        &self,
        (from, to): (usize, usize),
        ignore_case: bool,
        at: usize,
        direction: Direction,
    ) -> Option<usize> {
        let known = self.text.get(from..to)?;
        let range = match direction {
            Direction::Ahead => at..at.checked_add(known.len())?,
            Direction::Behind => at.checked_sub(known.len())?..at,
        };
        let here = self.text.get(range.clone())?;
        let same = here == known || (ignore_case && here.eq_ignore_ascii_case(known));
        same.then_some(if direction == Direction::Ahead { range.end } else { range.start })
    }

    fn behind(&mut self, (least, most): (usize, usize), next: Place, at: usize) -> Option<(Place, usize)> {
        let nearest = at.checked_sub(least)?;
        let farthest = at.saturating_sub(most);
        self.charge(nearest - farthest.min(nearest));
        for start in farthest..nearest {
            self.stack.push(Entry::Way(next, start));
        }
        Some((next, nearest))
    }

    fn commit(&mut self, height: usize) {
        self.charge(self.stack.len().saturating_sub(height));
        let kept = self.stack.split_off(height.min(self.stack.len()));
        self.stack.extend(kept.into_iter().filter(|entry| !matches!(entry, Entry::Way(..))));
    }

    fn deny(&mut self, height: usize) {
        while self.stack.len() > height {
            if let Some(entry) = self.stack.pop() {
                self.undo(&entry);
            }
        }
    }

    fn at_top(&mut self, counted: &Counted, place: Place, at: usize) -> (Place, usize) {
        let count = self.register(counted.count);
        let under = |bound: u32| usize::try_from(bound).is_ok_and(|bound| count < bound);
        let (body, exit) = ((place + 1, at), (counted.exit, at));
        if under(counted.min) {
            return body;
        }
        if counted.max.is_some_and(|max| !under(max)) {
            return exit;
        }
        let (first, second) = if counted.lazy { (exit, body) } else { (body, exit) };
        self.stack.push(Entry::Way(second.0, second.1));
        first
    }

    /// An iteration that matched nothing is the last once there are enough; in ECMAScript it
    /// is none if there were enough before. PCRE counts it among the enough.
    fn looped(&mut self, counted: &Counted, next: Place, at: usize) -> Option<(Place, usize)> {
        let count = self.register(counted.count);
        let enough = if self.program.dialect == Dialect::Pcre { count + 1 } else { count };
        let needed = usize::try_from(counted.min).is_ok_and(|min| enough < min);
        if !needed && self.register(counted.begin) == at {
            return (self.program.dialect != Dialect::Js).then_some((counted.exit, at));
        }
        self.set_register(counted.count, count + 1);
        Some((next, at))
    }
}
