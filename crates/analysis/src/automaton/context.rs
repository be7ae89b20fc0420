//! What stands to the left of a position, as far as a program asks: whether it is the
//! beginning, whether a word's byte is before it, and which look-behinds would match there.
//!
//! Look-behinds are run forward as one deterministic automaton; its states are the contexts.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::TooLarge;
use crate::alphabet::{BYTES, ByteSet};
use crate::model::Matcher;
use crate::regex::{Assertion, Direction, Node, Repetition};

/// Most contexts: one bit each in a word.
const MAX_CONTEXTS: usize = 64;

/// Most states of all look-behinds together, before they are made deterministic.
const MAX_BEHIND_STATES: usize = 10_000;

/// The contexts of a program.
#[derive(Debug)]
pub(super) struct Contexts {
    /// Of each context, the one behind each byte of [`BYTES`].
    next: Vec<[u8; BYTES.len()]>,
    /// Contexts with a word's byte before them.
    after_word: u64,
    /// Contexts in which each look-behind matches.
    behinds: Vec<u64>,
    /// What tells contexts apart.
    sets: Vec<ByteSet>,
}

/// The number of each look-behind by its place in memory; `None` if it is not modelled.
pub(super) type Behinds = HashMap<*const Node, Option<usize>>;

impl Contexts {
    /// The contexts that `matcher` asks for.
    pub(super) fn of(matcher: &Matcher) -> Result<(Self, Behinds), TooLarge> {
        let mut asked = Asked::default();
        asked.by(matcher);
        let tracker =
            Tracker { behinds: &asked.automata, sees_start: asked.sees_start, sees_words: asked.sees_words };
        let contexts = tracker.explore()?;
        Ok((contexts, asked.numbers))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.next.len()
    }

    /// The context behind `byte` (its number), coming from `context`.
    pub(super) fn after(&self, context: usize, byte: usize) -> usize {
        self.next.get(context).and_then(|row| row.get(byte)).copied().map_or(0, usize::from)
    }

    /// All of them.
    pub(super) fn all(&self) -> u64 {
        if self.len() >= MAX_CONTEXTS { u64::MAX } else { (1 << self.len()) - 1 }
    }

    /// The beginning of the text: always the first.
    #[expect(clippy::unused_self, reason = "it is a question about contexts, like the others")]
    pub(super) fn start(&self) -> u64 {
        1
    }

    pub(super) fn after_word(&self) -> u64 {
        self.after_word
    }

    pub(super) fn after_other(&self) -> u64 {
        self.all() & !self.after_word
    }

    /// Where look-behind `number` matches.
    pub(super) fn behind(&self, number: usize) -> u64 {
        self.behinds.get(number).copied().unwrap_or_default()
    }

    /// The sets of bytes that lead to different contexts.
    pub(super) fn sets(&self) -> impl Iterator<Item = ByteSet> {
        self.sets.iter().copied()
    }
}

/// What the expressions of a matcher ask about the left.
#[derive(Default)]
struct Asked {
    sees_start: bool,
    sees_words: bool,
    automata: Vec<Forward>,
    numbers: Behinds,
}

impl Asked {
    fn by(&mut self, matcher: &Matcher) {
        match matcher {
            Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().for_each(|one| self.by(one)),
            Matcher::Not(inner) => self.by(inner),
            Matcher::Regex(regex) | Matcher::Whole(regex, _) => {
                if let Ok(node) = regex.syntax() {
                    node.visit(&mut |part| self.by_node(part));
                }
            }
            _ => {}
        }
    }

    fn by_node(&mut self, node: &Node) {
        match node {
            Node::Assert(Assertion::Start) => self.sees_start = true,
            Node::Assert(Assertion::WordBoundary | Assertion::NotWordBoundary) => self.sees_words = true,
            Node::Look { direction: Direction::Behind, node: inner, .. } => {
                let number = Forward::of(inner).map(|automaton| {
                    self.automata.push(automaton);
                    self.automata.len() - 1
                });
                self.numbers.insert(std::ptr::from_ref(&**inner), number);
            }
            _ => {}
        }
    }
}

/// A look-behind, forward: a nondeterministic automaton without its silent steps.
#[derive(Debug, Default)]
struct Forward {
    steps: Vec<Step>,
    first: usize,
    last: usize,
}

#[derive(Debug)]
enum Step {
    Byte(ByteSet, usize),
    /// Any of them, without a byte.
    Silent(Vec<usize>),
    /// Only at the beginning of the text.
    Start(usize),
}

impl Forward {
    fn of(node: &Node) -> Option<Self> {
        let mut automaton = Self { steps: vec![Step::Silent(Vec::new())], first: 0, last: 0 };
        automaton.first = automaton.node(node, 0)?;
        Some(automaton)
    }

    fn push(&mut self, step: Step) -> Option<usize> {
        self.steps.push(step);
        (self.steps.len() <= MAX_BEHIND_STATES).then_some(self.steps.len() - 1)
    }

    fn node(&mut self, node: &Node, next: usize) -> Option<usize> {
        match node {
            Node::Alternation(any) => {
                let ways = any.iter().map(|one| self.node(one, next)).collect::<Option<_>>()?;
                self.push(Step::Silent(ways))
            }
            Node::Assert(Assertion::Start) => self.push(Step::Start(next)),
            Node::Concat(all) => all.iter().rev().try_fold(next, |next, one| self.node(one, next)),
            Node::Empty => Some(next),
            Node::Group { node, .. } => self.node(node, next),
            Node::Repeat { node: inner, min, max, kind } if *kind != Repetition::Possessive => {
                self.repeat(inner, *min, *max, next)
            }
            Node::Set(set) => self.push(Step::Byte(*set, next)),
            // Looking around within looking behind, back-references, atoms: not modelled.
            _ => None,
        }
    }

    fn repeat(&mut self, inner: &Node, min: u32, max: Option<u32>, next: usize) -> Option<usize> {
        let mut entry = match max {
            None => {
                let head = self.push(Step::Silent(Vec::new()))?;
                let again = self.node(inner, head)?;
                *self.steps.get_mut(head)? = Step::Silent(vec![again, next]);
                head
            }
            Some(max) => {
                let mut entry = next;
                for _ in min..max {
                    let once = self.node(inner, entry)?;
                    entry = self.push(Step::Silent(vec![once, next]))?;
                }
                entry
            }
        };
        for _ in 0..min {
            let before = self.steps.len();
            entry = self.node(inner, entry)?;
            if self.steps.len() == before {
                break;
            }
        }
        Some(entry)
    }

    /// Everything that is reached from `states` without a byte.
    fn closure(&self, states: impl IntoIterator<Item = usize>, is_start: bool) -> BTreeSet<usize> {
        let mut open: Vec<usize> = states.into_iter().collect();
        let mut closed = BTreeSet::new();
        while let Some(state) = open.pop() {
            if !closed.insert(state) {
                continue;
            }
            match self.steps.get(state) {
                Some(Step::Silent(ways)) => open.extend(ways),
                Some(Step::Start(next)) if is_start => open.push(*next),
                _ => {}
            }
        }
        closed
    }

    fn after(&self, states: &BTreeSet<usize>, byte: u8) -> BTreeSet<usize> {
        let stepped = states.iter().filter_map(|state| match self.steps.get(*state) {
            Some(Step::Byte(set, next)) if set.contains(byte) => Some(*next),
            _ => None,
        });
        // A match may begin at every position.
        self.closure(stepped.chain([self.first]), false)
    }

    fn sets(&self) -> impl Iterator<Item = ByteSet> {
        self.steps.iter().filter_map(|step| match step {
            Step::Byte(set, _) => Some(*set),
            _ => None,
        })
    }
}

/// Runs all look-behinds at once.
struct Tracker<'a> {
    behinds: &'a [Forward],
    sees_start: bool,
    sees_words: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Context {
    is_start: bool,
    after_word: bool,
    behinds: Vec<BTreeSet<usize>>,
}

impl Tracker<'_> {
    fn explore(&self) -> Result<Contexts, TooLarge> {
        let closures = self.behinds.iter().map(|behind| behind.closure([behind.first], true));
        let start = Context { is_start: self.sees_start, after_word: false, behinds: closures.collect() };
        let mut numbers = HashMap::from([(start.clone(), 0_u8)]);
        let mut open = VecDeque::from([start.clone()]);
        let mut contexts = vec![start];
        let mut next = Vec::new();
        while let Some(context) = open.pop_front() {
            let mut row = [0; BYTES.len()];
            for (slot, &byte) in row.iter_mut().zip(BYTES) {
                let after = self.after(&context, byte);
                *slot = match numbers.get(&after) {
                    Some(number) => *number,
                    None => {
                        let number = u8::try_from(contexts.len()).map_err(|_| TooLarge::Expression)?;
                        if contexts.len() >= MAX_CONTEXTS {
                            return Err(TooLarge::Expression);
                        }
                        numbers.insert(after.clone(), number);
                        contexts.push(after.clone());
                        open.push_back(after);
                        number
                    }
                };
            }
            next.push(row);
        }
        Ok(self.finish(&contexts, next))
    }

    fn after(&self, context: &Context, byte: u8) -> Context {
        let stepped = self.behinds.iter().zip(&context.behinds).map(|(b, states)| b.after(states, byte));
        Context {
            is_start: false,
            after_word: self.sees_words && ByteSet::word().contains(byte),
            behinds: stepped.collect(),
        }
    }

    fn finish(&self, contexts: &[Context], next: Vec<[u8; BYTES.len()]>) -> Contexts {
        let bits = |holds: &dyn Fn(&Context) -> bool| {
            let numbered = contexts.iter().enumerate().filter(|(_, context)| holds(context));
            numbered.fold(0, |bits, (number, _)| bits | 1_u64 << number)
        };
        let behinds = self.behinds.iter().enumerate().map(|(number, behind)| {
            bits(&|context| context.behinds.get(number).is_some_and(|states| states.contains(&behind.last)))
        });
        let word = self.sees_words.then(ByteSet::word);
        Contexts {
            after_word: bits(&|context| context.after_word),
            behinds: behinds.collect(),
            sets: word.into_iter().chain(self.behinds.iter().flat_map(Forward::sets)).collect(),
            next,
        }
    }
}
