//! Expressions as instructions.

use crate::alphabet::ByteSet;
use crate::regex::{Assertion, Dialect, Direction, Node, Repetition, Sign, Unset};

/// Instructions of a program at most; longer ones are not run.
const MAX_INSTRUCTIONS: usize = 1 << 22;

/// Where an instruction stands.
pub(super) type Place = usize;

/// A number that a machine keeps.
pub(super) type Register = usize;

/// One instruction. Unless it says otherwise, the next one follows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Assert(Assertion),
    /// Goes back by each number of bytes that is possible, the lowest first.
    Behind {
        least: usize,
        most: usize,
    },
    /// What a group matched, once more.
    Backreference {
        group: usize,
        ignore_case: bool,
        unset: Unset,
        direction: Direction,
    },
    /// Forgets what groups matched.
    Clear {
        from: usize,
        to: usize,
    },
    /// Remembers a group that began at the place in the register.
    Close {
        group: usize,
        begin: Register,
        direction: Direction,
    },
    /// Gives up the ways left since the stack was as high as the register says.
    Commit(Register),
    /// Undoes all since, and then fails.
    Deny(Register),
    /// Puts the height of the stack into the register.
    Height(Register),
    Jump(Place),
    /// At the top of a loop.
    Loop(Counted),
    /// At the end of a body.
    Looped(Counted),
    Match,
    /// Puts the place into the register.
    Mark(Register),
    /// Fails unless the place is in the register.
    Marked(Register),
    /// Goes to the place in the register.
    Return(Register),
    /// One byte.
    Set(ByteSet, Direction),
    /// Goes on at the first, and later at the second.
    Split(Place, Place),
    /// Puts zero into the register.
    Zero(Register),
}

/// A loop that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) lazy: bool,
    /// How many times so far.
    pub(super) count: Register,
    /// Where the body began.
    pub(super) begin: Register,
    /// After the loop.
    pub(super) exit: Place,
}

/// Instructions for a whole expression.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) registers: usize,
    /// Groups, the whole match included.
    pub(super) groups: usize,
    pub(super) dialect: Dialect,
}

impl Program {
    /// None if it would be too long.
    pub(super) fn of(node: &Node, dialect: Dialect) -> Option<Self> {
        let mut program = Self { steps: Vec::new(), registers: 0, groups: 1, dialect };
        program.node(node, Direction::Ahead)?;
        program.push(Step::Match)?;
        Some(program)
    }

    fn push(&mut self, step: Step) -> Option<Place> {
        if self.steps.len() >= MAX_INSTRUCTIONS {
            return None;
        }
        self.steps.push(step);
        Some(self.steps.len() - 1)
    }

    fn put(&mut self, place: Place, step: Step) {
        if let Some(there) = self.steps.get_mut(place) {
            *there = step;
        }
    }

    fn register(&mut self) -> Register {
        self.registers += 1;
        self.registers - 1
    }

    fn node(&mut self, node: &Node, direction: Direction) -> Option<()> {
        match node {
            Node::Alternation(branches) => self.alternation(branches, direction)?,
            Node::Assert(assertion) => {
                self.push(Step::Assert(*assertion))?;
            }
            Node::Atomic(node) => self.atomic(node, direction)?,
            Node::Backreference { group, ignore_case, unset } => {
                let group = usize::try_from(*group).ok()?;
                let (ignore_case, unset) = (*ignore_case, *unset);
                self.push(Step::Backreference { group, ignore_case, unset, direction })?;
            }
            Node::Concat(nodes) if direction == Direction::Ahead => {
                nodes.iter().try_for_each(|node| self.node(node, direction))?;
            }
            Node::Concat(nodes) => nodes.iter().rev().try_for_each(|node| self.node(node, direction))?,
            Node::Empty => {}
            Node::Group { index, node } => {
                let group = usize::try_from(*index).ok()?;
                self.groups = self.groups.max(group.checked_add(1)?);
                let begin = self.register();
                self.push(Step::Mark(begin))?;
                self.node(node, direction)?;
                self.push(Step::Close { group, begin, direction })?;
            }
            Node::Look { direction, sign, node } => self.look(*direction, *sign, node)?,
            Node::Repeat { node, min, max, kind: Repetition::Possessive } => {
                let height = self.register();
                self.push(Step::Height(height))?;
                self.repeat(node, (*min, *max), Repetition::Greedy, direction)?;
                self.push(Step::Commit(height))?;
            }
            Node::Repeat { node, min, max, kind } => self.repeat(node, (*min, *max), *kind, direction)?,
            Node::Set(set) => {
                self.push(Step::Set(*set, direction))?;
            }
        }
        Some(())
    }

    fn alternation(&mut self, branches: &[Node], direction: Direction) -> Option<()> {
        let mut ends = Vec::new();
        let Some((last, others)) = branches.split_last() else { return Some(()) };
        for branch in others {
            let split = self.push(Step::Match)?;
            self.node(branch, direction)?;
            ends.push(self.push(Step::Match)?);
            self.put(split, Step::Split(split + 1, self.steps.len()));
        }
        self.node(last, direction)?;
        for end in ends {
            self.put(end, Step::Jump(self.steps.len()));
        }
        Some(())
    }

    fn atomic(&mut self, node: &Node, direction: Direction) -> Option<()> {
        let height = self.register();
        self.push(Step::Height(height))?;
        self.node(node, direction)?;
        self.push(Step::Commit(height))?;
        Some(())
    }

    fn look(&mut self, direction: Direction, sign: Sign, node: &Node) -> Option<()> {
        let (height, place) = (self.register(), self.register());
        self.push(Step::Mark(place))?;
        self.push(Step::Height(height))?;
        // Where to go on once nothing was found.
        let split = self.push(Step::Match)?;
        let backwards = matches!(self.dialect, Dialect::Dotnet | Dialect::Js);
        if direction == Direction::Behind && !backwards {
            let (least, most) = node.length();
            let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
            self.push(Step::Behind { least: usize::try_from(least).ok()?, most })?;
            self.node(node, Direction::Ahead)?;
            self.push(Step::Marked(place))?;
        } else {
            self.node(node, direction)?;
        }
        if sign == Sign::Positive {
            self.put(split, Step::Jump(split + 1));
            self.push(Step::Commit(height))?;
            self.push(Step::Return(place))?;
        } else {
            self.push(Step::Deny(height))?;
            self.put(split, Step::Split(split + 1, self.steps.len()));
        }
        Some(())
    }

    fn repeat(
        &mut self,
        node: &Node,
        (min, max): (u32, Option<u32>),
        kind: Repetition,
        direction: Direction,
    ) -> Option<()> {
        let lazy = kind == Repetition::Lazy;
        let (count, begin) = (self.register(), self.register());
        self.push(Step::Zero(count))?;
        let top = self.push(Step::Match)?;
        self.push(Step::Mark(begin))?;
        let clear = self.push(Step::Mark(begin))?;
        self.node(node, direction)?;
        if let (Dialect::Js, Some((first, last))) = (self.dialect, groups_of(node)) {
            let (from, to) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
            self.put(clear, Step::Clear { from, to: to.checked_add(1)? });
        }
        let exit = self.steps.len() + 2;
        let counted = Counted { min, max, lazy, count, begin, exit };
        self.push(Step::Looped(counted))?;
        self.push(Step::Jump(top))?;
        self.put(top, Step::Loop(counted));
        Some(())
    }
}

/// The lowest and the highest group in `node`.
fn groups_of(node: &Node) -> Option<(u32, u32)> {
    let own = if let Node::Group { index, .. } = node { Some((*index, *index)) } else { None };
    let inner = node.children().filter_map(groups_of);
    own.into_iter().chain(inner).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
