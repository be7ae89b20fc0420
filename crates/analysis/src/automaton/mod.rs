//! Matchers as machines that read an origin from right to left.
//!
//! From right to left because names do: the public suffix comes first, and a policy ends in
//! the domain that it means, so that a search is led down a narrow path.
//!
//! - `program`: matchers of every kind as claims about suffixes, `context` what stands to the left;
//! - `boolean`: the deterministic machine; exact for look-around, `\b` and negation;
//! - `nondeterministic`: for programs that the former explodes on;
//! - `work`: how much is explored for one file; `loose`: tests of machines with fewer states.

mod boolean;
mod context;
mod loose;
mod nondeterministic;
mod order;
mod program;
mod work;

use std::fmt;

use crate::alphabet::{BYTES, ByteSet};
use crate::model::Matcher;

pub(crate) use work::Work;

/// A bound of work or memory is reached; nothing is known then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// That of one expression.
    Expression,
    /// That of everything that is asked of one file.
    File,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expression => "the expression needs more states than are explored",
            Self::File => "the file asks more than is explored for one file",
        })
    }
}

impl std::error::Error for TooLarge {}

/// From which side the accepted texts are approached where something is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// All that may be accepted, and what costs many states is left out: look-around, and how
    /// often something is repeated.
    Loose,
    /// None that is not surely accepted, and none of what costs many states.
    LooseLower,
    /// None that is not surely accepted.
    Lower,
    /// All that may be accepted.
    Upper,
}

impl Bound {
    fn opposite(self) -> Self {
        match self {
            Self::Loose => Self::LooseLower,
            Self::LooseLower => Self::Loose,
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }

    fn is_lower(self) -> bool {
        matches!(self, Self::Lower | Self::LooseLower)
    }
}

/// A machine that reads from right to left.
trait Machine {
    /// Where it begins; any of them.
    fn start(&self) -> Vec<u32>;
    /// Adds where `byte` leads from `state`.
    fn step(&mut self, state: u32, byte: u8, into: &mut Vec<u32>) -> Result<(), TooLarge>;
    /// Whether the whole text is accepted that has led here.
    fn accepts(&self, state: u32) -> bool;
    /// Claims that were settled so far.
    fn work(&self) -> usize;
}

/// A machine written out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Where it begins; any of them.
    pub(crate) starts: Vec<u32>,
    /// Of each state: for which bytes it leads where.
    pub(crate) edges: Vec<Vec<(ByteSet, u32)>>,
    /// Whether each state accepts.
    pub(crate) accepting: Vec<bool>,
    /// Whether the table accepts just what the matcher does, not more.
    pub(crate) is_exact: bool,
}

impl Table {
    /// The origins of `within` that `matcher` takes (or may take, see [`Table::is_exact`]), cut down to the states that
    /// can lead to acceptance.
    ///
    /// # Errors
    /// It is larger than what is explored.
    pub(crate) fn of(matcher: &Matcher, within: &Self, work: &Work) -> Result<Self, TooLarge> {
        Self::bounded(matcher, within, Bound::Upper, work)
    }

    /// The origins of `within` that `matcher` surely takes, whatever is not known of it.
    ///
    /// # Errors
    /// It is larger than what is explored.
    pub(crate) fn surely(matcher: &Matcher, within: &Self, work: &Work) -> Result<Self, TooLarge> {
        Self::bounded(matcher, within, Bound::Lower, work)
    }

    /// The origins of `within` that `matcher` may take, in fewer states and therefore more of
    /// them: enough for many a proof.
    ///
    /// # Errors
    /// It is larger than what is explored.
    pub(crate) fn loosely(matcher: &Matcher, within: &Self, work: &Work) -> Result<Self, TooLarge> {
        Self::bounded(matcher, within, Bound::Loose, work)
    }

    /// [`Self::of`], or [`Self::loosely`] where that needs too many states.
    ///
    /// # Errors
    /// It is larger than what is explored.
    pub(crate) fn at_least(matcher: &Matcher, within: &Self, work: &Work) -> Result<Self, TooLarge> {
        match Self::of(matcher, within, work) {
            Err(TooLarge::Expression) => Self::loosely(matcher, within, work),
            table => table,
        }
    }

    /// Whether [`Self::of`] costs so much that [`Self::loosely`] is worth a try before.
    ///
    /// # Errors
    /// All that is explored for the file was.
    pub(crate) fn is_heavy(matcher: &Matcher, work: &Work) -> Result<bool, TooLarge> {
        let Ok(program) = program::Program::compile(matcher, Bound::Upper) else { return Ok(true) };
        work.spend(program.instructions.len())?;
        Ok(program.instructions.len() > HEAVY)
    }

    fn bounded(matcher: &Matcher, within: &Self, bound: Bound, work: &Work) -> Result<Self, TooLarge> {
        let program = program::Program::compile(matcher, bound)?;
        work.spend(program.instructions.len())?;
        let classes = classes(program.sets().chain(within.sets()));
        let exact = program.is_exact;
        let table = match explore(&mut boolean::Boolean::new(&program), within, &classes, work) {
            Err(TooLarge::Expression) if program.is_nondeterministic() => {
                explore(&mut nondeterministic::Nondeterministic::new(&program), within, &classes, work)
            }
            explored => explored,
        }?;
        Ok(Self { is_exact: exact, ..table.trimmed() })
    }

    /// The texts that it accepts and that have no byte of `bytes`.
    pub(crate) fn without(&self, bytes: ByteSet) -> Self {
        let kept = bytes.complement();
        let edges = self.edges.iter().map(|edges| {
            let cut = edges.iter().map(|(set, to)| (set.and(kept), *to));
            cut.filter(|(set, _)| !set.is_empty()).collect()
        });
        let (starts, accepting) = (self.starts.clone(), self.accepting.clone());
        Self { starts, edges: edges.collect(), accepting, is_exact: self.is_exact }.trimmed()
    }

    /// Every text of the alphabet.
    pub(crate) fn everything() -> Self {
        Self { starts: vec![0], edges: vec![vec![(ByteSet::ALL, 0)]], accepting: vec![true], is_exact: true }
    }

    /// Whether nothing is accepted.
    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Of each state, how many bytes are missing at least.
    pub(crate) fn distances(&self) -> Vec<u32> {
        let mut incoming = vec![Vec::new(); self.edges.len()];
        for (from, edges) in (0_u32..).zip(&self.edges) {
            for (_, to) in edges {
                if let Some(row) = at_mut(&mut incoming, *to) {
                    row.push(from);
                }
            }
        }
        let mut distances = vec![u32::MAX; self.edges.len()];
        let mut layer: Vec<u32> =
            (0..).zip(&self.accepting).filter(|(_, accepts)| **accepts).map(|(state, _)| state).collect();
        let mut distance = 0;
        while !layer.is_empty() {
            let mut before = Vec::new();
            for state in layer {
                if let Some(slot) = at_mut(&mut distances, state).filter(|slot| **slot == u32::MAX) {
                    *slot = distance;
                    before.extend(at(&incoming, state).into_iter().flatten().copied());
                }
            }
            layer = before;
            distance += 1;
        }
        distances
    }

    fn sets(&self) -> impl Iterator<Item = ByteSet> {
        self.edges.iter().flatten().map(|(set, _)| *set)
    }

    /// Without the states that lead nowhere.
    fn trimmed(&self) -> Self {
        let distances = self.distances();
        let mut numbers = vec![u32::MAX; self.edges.len()];
        let mut kept = Vec::new();
        for (state, distance) in (0_u32..).zip(&distances) {
            if let (true, Some(slot)) = (*distance != u32::MAX, at_mut(&mut numbers, state)) {
                *slot = u32::try_from(kept.len()).unwrap_or(u32::MAX);
                kept.push(state);
            }
        }
        let renumbered = |state: &u32| at(&numbers, *state).copied().filter(|number| *number != u32::MAX);
        let edges = kept.iter().map(|state| {
            let edges = at(&self.edges, *state).into_iter().flatten();
            edges.filter_map(|(set, to)| Some((*set, renumbered(to)?))).collect()
        });
        Self {
            starts: self.starts.iter().filter_map(renumbered).collect(),
            edges: edges.collect(),
            accepting: kept
                .iter()
                .map(|state| at(&self.accepting, *state).copied().unwrap_or_default())
                .collect(),
            is_exact: self.is_exact,
        }
    }
}

/// The element at a number that came from the same table.
pub(crate) fn at<T>(table: &[T], number: u32) -> Option<&T> {
    usize::try_from(number).ok().and_then(|number| table.get(number))
}

fn at_mut<T>(table: &mut [T], number: u32) -> Option<&mut T> {
    usize::try_from(number).ok().and_then(|number| table.get_mut(number))
}

/// The coarsest partition of the alphabet that every set is made of.
fn classes(sets: impl Iterator<Item = ByteSet>) -> Vec<ByteSet> {
    let mut classes = vec![ByteSet::ALL];
    let mut seen = std::collections::HashSet::new();
    for set in sets {
        if seen.insert(set) && classes.len() < BYTES.len() {
            let parts = classes.iter().flat_map(|class| [class.and(set), class.and(set.complement())]);
            classes = parts.filter(|part| !part.is_empty()).collect();
        }
    }
    classes
}

/// Instructions of a program that is explored in some milliseconds.
const HEAVY: usize = 200;

/// Most states of a machine within the origins.
const MAX_STATES: usize = 60_000;

/// Writes out `machine` within `within`, from the start on.
fn explore(
    machine: &mut dyn Machine,
    within: &Table,
    classes: &[ByteSet],
    work: &Work,
) -> Result<Table, TooLarge> {
    let mut found = Found::default();
    for state in machine.start() {
        for start in &within.starts {
            let number = found.number((state, *start), machine, within)?;
            found.table.starts.push(number);
        }
    }
    let mut next = 0;
    let mut reached = Vec::new();
    while let Some(&(state, place)) = found.pairs.get(next) {
        let mut edges: Vec<(ByteSet, u32)> = Vec::new();
        let before = machine.work();
        for class in classes {
            let places = at(&within.edges, place).into_iter().flatten();
            let places: Vec<u32> =
                places.filter(|(set, _)| !set.and(*class).is_empty()).map(|(_, to)| *to).collect();
            let Some(byte) = class.iter().next().filter(|_| !places.is_empty()) else { continue };
            reached.clear();
            machine.step(state, byte, &mut reached)?;
            for to in &reached {
                for place in &places {
                    let target = found.number((*to, *place), machine, within)?;
                    match edges.iter_mut().find(|(_, known)| *known == target) {
                        Some((set, _)) => *set = set.or(*class),
                        None => edges.push((*class, target)),
                    }
                }
            }
        }
        work.spend(machine.work() - before + classes.len())?;
        found.table.edges.push(edges);
        next += 1;
    }
    Ok(found.table)
}

#[derive(Default)]
struct Found {
    pairs: Vec<(u32, u32)>,
    numbers: std::collections::HashMap<(u32, u32), u32, foldhash::fast::FixedState>,
    table: Table,
}

impl Found {
    fn number(&mut self, pair: (u32, u32), machine: &dyn Machine, within: &Table) -> Result<u32, TooLarge> {
        let fresh = u32::try_from(self.pairs.len()).map_err(|_| TooLarge::Expression)?;
        let number = *self.numbers.entry(pair).or_insert(fresh);
        if number == fresh {
            if self.pairs.len() >= MAX_STATES {
                return Err(TooLarge::Expression);
            }
            self.pairs.push(pair);
            let accepts = at(&within.accepting, pair.1).copied().unwrap_or_default();
            self.table.accepting.push(accepts && machine.accepts(pair.0));
        }
        Ok(number)
    }
}
