//! The shortest origin that two machines accept, or the certainty that there is none.
//!
//! One machine is written out ([`Table`]: the matcher within the grammar of origins) and tells
//! how far its states are from acceptance; the other (a [`Side`]) is walked lazily. A* over
//! both: the first hit is a shortest one, and exhaustion is a proof.

mod listed;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

use corsac_origin::MAX_ORIGIN_LEN;
use foldhash::fast::FixedState;

use crate::automaton::{Table, Work, at};
use crate::model::Truth;
pub(crate) use listed::Listed;

/// Most states of the product.
const MAX_PRODUCT: usize = 400_000;

/// Most ways kept at once: some 200 MB.
const MAX_STEPS: usize = 4_000_000;

/// Most states followed, once the shortest ways were refused.
const MAX_RETRIES: usize = 10_000;

/// What following a state costs, in claims of a machine.
const STATE: usize = 300;

/// What putting a candidate to the real matcher costs, in claims of a machine.
const CANDIDATE: usize = 1_000;

/// Most candidates that are put to the real matcher.
const MAX_CANDIDATES: usize = 5_000;

/// Most candidates of which the real matcher may know nothing.
const MAX_UNKNOWN: usize = 20;

/// A deterministic machine that is walked as far as needed.
pub(crate) trait Side {
    /// Where it is.
    type State: Copy + Eq + Hash;
    /// Where it begins.
    fn start(&self) -> Self::State;
    /// Where `byte` leads; nowhere if nothing can be accepted behind it.
    fn step(&self, state: Self::State, byte: u8) -> Option<Self::State>;
    /// Whether the whole text is accepted that has led here.
    fn accepts(&self, state: Self::State) -> bool;
    /// How many bytes are missing at least; it shrinks by no more than one a byte.
    fn missing(&self, _: Self::State) -> u32 {
        0
    }
}

/// Accepts everything.
impl Side for () {
    type State = ();

    fn start(&self) {}

    fn step(&self, (): (), _: u8) -> Option<()> {
        Some(())
    }

    fn accepts(&self, (): ()) -> bool {
        true
    }
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T = String> {
    /// There is none; so many states were seen.
    Empty(usize),
    /// A shortest one that was confirmed.
    Found(T),
    /// There may be some, but none was confirmed, for this reason.
    Unknown(String),
}

/// Looks for an origin that both accept and that `confirm` confirms.
pub(crate) fn search<S: Side>(
    table: &Table,
    side: &S,
    confirm: &mut dyn FnMut(&str) -> Truth,
    work: &Work,
) -> Outcome {
    let distances = table.distances();
    let mut tried = Tried { work, candidates: 0, unknown: 0, confirm };
    // First the shortest way to each state; then more of them, and at last all.
    for visits in [1, 16, usize::MAX] {
        if let Err(error) = work.spend(table.edges.len()) {
            return Outcome::Unknown(error.to_string());
        }
        let mut walk = Walk { table, side, distances: &distances, work, visits, seen: 0, is_complete: true };
        let take: &mut dyn FnMut(&str) -> bool =
            if visits == 1 { &mut |_| true } else { &mut |word| tried.ends(word) };
        match walk.run(take) {
            Ok(None) if visits == 1 || walk.is_complete => return Outcome::Empty(walk.seen),
            Err(reason) if visits == 1 => return Outcome::Unknown(reason),
            Ok(Some(word)) if (tried.confirm)(&word) == Truth::True => return Outcome::Found(word),
            // Of the shortest one something is not known: of most others neither.
            Ok(Some(word)) if visits == 1 && (tried.confirm)(&word) == Truth::Unknown => break,
            _ if tried.unknown > MAX_UNKNOWN => break,
            _ => {}
        }
    }
    Outcome::Unknown("origins that may be admitted were tried, and none was confirmed".to_owned())
}

/// Candidates that were put to the real matcher.
struct Tried<'c> {
    work: &'c Work,
    candidates: usize,
    unknown: usize,
    confirm: &'c mut dyn FnMut(&str) -> Truth,
}

impl Tried<'_> {
    /// Whether trying ends with `word`: it is confirmed, or it is time to give up.
    fn ends(&mut self, word: &str) -> bool {
        self.candidates += 1;
        let found = (self.confirm)(word);
        self.unknown += usize::from(found == Truth::Unknown);
        let is_spent = self.work.spend(CANDIDATE).is_err();
        is_spent || found == Truth::True || self.candidates > MAX_CANDIDATES || self.unknown > MAX_UNKNOWN
    }
}

struct Walk<'a, S: Side> {
    table: &'a Table,
    side: &'a S,
    distances: &'a [u32],
    work: &'a Work,
    /// How often a state of the product is followed.
    visits: usize,
    /// States followed.
    seen: usize,
    /// Whether nothing was left out.
    is_complete: bool,
}

/// A way so far: the byte added last, where it came from, where it is.
struct Step<T> {
    byte: u8,
    parent: u32,
    length: u32,
    state: u32,
    side: T,
}

impl<S: Side> Walk<'_, S> {
    /// The first word, in the order of lengths, that `take` takes.
    fn run(&mut self, take: &mut dyn FnMut(&str) -> bool) -> Result<Option<String>, String> {
        let mut steps: Vec<Step<S::State>> = Vec::new();
        let mut open = BinaryHeap::new();
        let mut visited: HashMap<(u32, S::State), usize, FixedState> = HashMap::default();
        for start in &self.table.starts {
            let step = Step { byte: 0, parent: u32::MAX, length: 0, state: *start, side: self.side.start() };
            self.add(&mut steps, &mut open, step);
        }
        while let Some(Reverse((_, number))) = open.pop() {
            let Some((state, side, length)) =
                at(&steps, number).map(|step| (step.state, step.side, step.length))
            else {
                continue;
            };
            let visits = visited.entry((state, side)).or_default();
            *visits += 1;
            if *visits > self.visits {
                self.is_complete &= self.visits == 1;
                continue;
            }
            self.seen += 1;
            self.work.spend(STATE).map_err(|error| error.to_string())?;
            let most_seen = if self.visits == 1 { MAX_PRODUCT } else { MAX_RETRIES };
            if self.seen > most_seen || steps.len() > MAX_STEPS {
                return Err(format!("more than {most_seen} states"));
            }
            if at(&self.table.accepting, state).copied().unwrap_or_default() && self.side.accepts(side) {
                let word = word(&steps, number);
                if take(&word) {
                    return Ok(Some(word));
                }
            }
            for (set, to) in at(&self.table.edges, state).into_iter().flatten() {
                for byte in set.iter() {
                    let Some(side) = self.side.step(side, byte) else { continue };
                    let step = Step { byte, parent: number, length: length + 1, state: *to, side };
                    self.add(&mut steps, &mut open, step);
                }
            }
        }
        Ok(None)
    }

    fn add(
        &self,
        steps: &mut Vec<Step<S::State>>,
        open: &mut BinaryHeap<Reverse<(u32, u32)>>,
        step: Step<S::State>,
    ) {
        let distance = at(self.distances, step.state).copied().unwrap_or(u32::MAX);
        let length = step.length.saturating_add(distance.max(self.side.missing(step.side)));
        // Longer origins are never sent.
        let is_sent = usize::try_from(length).is_ok_and(|length| length <= MAX_ORIGIN_LEN);
        if let (true, Ok(number)) = (is_sent, u32::try_from(steps.len())) {
            open.push(Reverse((length, number)));
            steps.push(step);
        }
    }
}

/// The text that a way has read: its last byte is the first.
fn word<T>(steps: &[Step<T>], last: u32) -> String {
    let mut bytes = Vec::new();
    let mut number = last;
    while let Some(step) = at(steps, number).filter(|step| step.parent != u32::MAX) {
        bytes.push(step.byte);
        number = step.parent;
    }
    String::from_utf8(bytes).unwrap_or_default()
}
