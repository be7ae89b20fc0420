//! Matchers as one boolean program.
//!
//! Each instruction is a claim about the rest of the text: "from here on it matches". Read
//! from right to left, the truth of every claim about a suffix follows from that about the
//! suffix without its first byte, so that an alternating automaton with look-ahead and
//! negation is deterministic for free ([`super::boolean`]). What stands to the *left* of a
//! position is a context: see [`super::context`].

use std::collections::HashMap;

use super::context::Contexts;
use super::{Bound, TooLarge};
use crate::alphabet::ByteSet;
use crate::model::{LetterCase, Matcher, Piece};
use crate::regex::{Assertion, Direction, Mode, Node, Regex, Sign, Unset};

/// Most instructions of a program: above, counted repetitions of counted repetitions.
const MAX_INSTRUCTIONS: usize = 400_000;

/// One more than any origin has bytes.
#[expect(clippy::cast_possible_truncation, reason = "an origin has some 300 bytes")]
const LONGEST: u32 = corsac_origin::MAX_ORIGIN_LEN as u32 + 1;

/// The number of an instruction.
pub(super) type Id = u32;

/// A claim about a suffix of the text, in a context.
#[derive(Clone, Debug)]
pub(super) enum Instruction {
    /// Both claims hold.
    Both(Id, Id),
    /// The suffix begins with a byte of the set, and the claim holds behind it.
    Byte(ByteSet, Id),
    /// What is to the left is one of these contexts (a bit each), and the claim holds.
    Context(u64, Id),
    /// The suffix is empty, and the claim holds.
    End(Id),
    /// The claim does not hold.
    Not(Id),
    /// One of the claims holds.
    OneOf(Vec<Id>),
    /// It holds.
    True,
}

/// A program; its root is a claim about the whole text.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
    pub(super) root: Id,
    pub(super) contexts: Contexts,
    /// Instructions other than `Byte` and `True`, in groups: each group stands behind those
    /// that it depends on, and a group of several is a loop, which negates nothing in it.
    pub(super) order: Vec<Vec<Id>>,
    /// Whether the program accepts just what the matcher does, not more.
    pub(super) is_exact: bool,
}

impl Program {
    /// A program that accepts at least what `matcher` takes, or at most; just that where all of
    /// it can be modelled.
    pub(super) fn compile(matcher: &Matcher, bound: Bound) -> Result<Self, TooLarge> {
        let (contexts, behinds) = Contexts::of(matcher)?;
        let mut compiler = Compiler {
            instructions: vec![Instruction::True, Instruction::OneOf(Vec::new())],
            contexts,
            behinds,
            is_exact: true,
            is_loose: false,
        };
        let root = compiler.matcher(matcher, bound)?;
        let Compiler { instructions, contexts, is_exact, .. } = compiler;
        let order = super::order::of(&instructions);
        Ok(Self { instructions, root, contexts, order, is_exact })
    }

    /// The sets that the program tells apart, its contexts included.
    pub(super) fn sets(&self) -> impl Iterator<Item = ByteSet> {
        let own = self.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Byte(set, _) => Some(*set),
            _ => None,
        });
        own.chain(self.contexts.sets())
    }

    /// Whether every claim rests on one other claim at a time.
    pub(super) fn is_nondeterministic(&self) -> bool {
        !self.instructions.iter().any(|i| matches!(i, Instruction::Both(..) | Instruction::Not(_)))
    }
}

/// What always holds.
const TRUE: Id = 0;

/// What never does.
const FALSE: Id = 1;

/// Whether a piece costs a state for each of many bytes.
fn counts(piece: &Piece) -> bool {
    matches!(piece, Piece::Run(_, min, max) if *min > FEW || max.is_some_and(|max| max > FEW))
}

/// The claim that is meant, if it is a simpler one.
fn folded(instruction: &Instruction) -> Option<Id> {
    match instruction {
        Instruction::Both(FALSE, _)
        | Instruction::Both(_, FALSE)
        | Instruction::Byte(_, FALSE)
        | Instruction::Context(_, FALSE)
        | Instruction::End(FALSE)
        | Instruction::Not(TRUE) => Some(FALSE),
        Instruction::Both(TRUE, other) | Instruction::Both(other, TRUE) => Some(*other),
        Instruction::Not(FALSE) => Some(TRUE),
        Instruction::OneOf(claims) if claims.contains(&TRUE) => Some(TRUE),
        Instruction::OneOf(claims) if claims.iter().all(|claim| *claim == FALSE) => Some(FALSE),
        _ => None,
    }
}

struct Compiler {
    instructions: Vec<Instruction>,
    contexts: Contexts,
    /// The number of each look-behind, by its place in memory; `None` where it is not modelled.
    behinds: HashMap<*const Node, Option<usize>>,
    is_exact: bool,
    /// Whether what costs many states is left out: see [`Bound::Loose`].
    is_loose: bool,
}

/// Repetitions that are still counted where the machine is loose.
const FEW: u32 = 8;

type Compiled = Result<Id, TooLarge>;

impl Compiler {
    fn push(&mut self, instruction: Instruction) -> Compiled {
        match folded(&instruction) {
            Some(id) => Ok(id),
            None => self.put(instruction),
        }
    }

    fn put(&mut self, instruction: Instruction) -> Compiled {
        let id = Id::try_from(self.instructions.len()).map_err(|_| TooLarge::Expression)?;
        if self.instructions.len() >= MAX_INSTRUCTIONS {
            return Err(TooLarge::Expression);
        }
        self.instructions.push(instruction);
        Ok(id)
    }

    /// A place for a loop's claim.
    fn head(&mut self) -> Compiled {
        self.put(Instruction::OneOf(Vec::new()))
    }

    fn one_of(&mut self, claims: Vec<Id>) -> Compiled {
        match claims.as_slice() {
            [only] => Ok(*only),
            _ => self.push(Instruction::OneOf(claims)),
        }
    }

    /// What was not modelled is taken for this.
    fn unknown(&mut self, bound: Bound) -> Id {
        self.is_exact = false;
        if bound.is_lower() { FALSE } else { TRUE }
    }

    fn matcher(&mut self, matcher: &Matcher, bound: Bound) -> Compiled {
        match matcher {
            Matcher::AllOf(_) if matches!(matcher.length(), (least, Some(most)) if least > most) => Ok(FALSE),
            Matcher::AllOf(all) => {
                let mut claim = TRUE;
                for one in all {
                    let other = self.matcher(one, bound)?;
                    claim = self.push(Instruction::Both(claim, other))?;
                    if claim == FALSE {
                        break;
                    }
                }
                Ok(claim)
            }
            Matcher::Any => Ok(TRUE),
            Matcher::AnyOf(any) => {
                let claims = any.iter().map(|one| self.matcher(one, bound)).collect::<Result<_, _>>()?;
                self.one_of(claims)
            }
            Matcher::Contains(text, case) => {
                let found = self.literal(text, *case, TRUE)?;
                self.anywhere(found)
            }
            Matcher::Exact(text, case) => {
                let end = self.push(Instruction::End(TRUE))?;
                self.literal(text, *case, end)
            }
            Matcher::Glob(pieces) if bound == Bound::LooseLower && pieces.iter().any(counts) => {
                Ok(self.unknown(bound))
            }
            Matcher::Glob(pieces) => self.glob(pieces),
            Matcher::Not(inner) => {
                let inner = self.matcher(inner, bound.opposite())?;
                self.push(Instruction::Not(inner))
            }
            Matcher::Opaque(_) => Ok(self.unknown(bound)),
            Matcher::Prefix(text, case) => self.literal(text, *case, TRUE),
            Matcher::Regex(regex) => self.regex(regex, regex.mode(), bound),
            Matcher::Suffix(text, case) => {
                let end = self.push(Instruction::End(TRUE))?;
                let found = self.literal(text, *case, end)?;
                self.anywhere(found)
            }
            Matcher::Whole(regex, _) => {
                // What the engine settles on may be shorter: the whole is only possible.
                self.is_exact = false;
                if bound.is_lower() { Ok(FALSE) } else { self.regex(regex, Mode::Full, bound) }
            }
        }
    }

    fn anywhere(&mut self, found: Id) -> Compiled {
        let head = self.head()?;
        let skipped = self.push(Instruction::Byte(ByteSet::ALL, head))?;
        self.replace(head, Instruction::OneOf(vec![found, skipped]));
        Ok(head)
    }

    fn replace(&mut self, id: Id, instruction: Instruction) {
        if let Some(slot) = usize::try_from(id).ok().and_then(|index| self.instructions.get_mut(index)) {
            *slot = instruction;
        }
    }

    fn literal(&mut self, text: &str, case: LetterCase, next: Id) -> Compiled {
        let mut claim = next;
        for byte in text.bytes().rev() {
            let byte = match case {
                LetterCase::Ignored => byte.to_ascii_lowercase(),
                LetterCase::Matters => byte,
            };
            claim = self.push(Instruction::Byte(ByteSet::of(byte), claim))?;
        }
        Ok(claim)
    }

    fn glob(&mut self, pieces: &[Piece]) -> Compiled {
        let mut claim = self.push(Instruction::End(TRUE))?;
        for piece in pieces.iter().rev() {
            claim = match piece {
                Piece::Literal(text, case) => self.literal(text, *case, claim)?,
                Piece::Run(set, min, max) => self.repeat((*min, *max), claim, &mut |compiler, next| {
                    compiler.push(Instruction::Byte(*set, next))
                })?,
            };
        }
        Ok(claim)
    }

    fn regex(&mut self, regex: &Regex, mode: Mode, bound: Bound) -> Compiled {
        let Ok(node) = regex.syntax() else { return Ok(self.unknown(bound)) };
        if bound == Bound::LooseLower && (node.has_look_around() || node.counts_beyond(FEW)) {
            return Ok(self.unknown(bound));
        }
        if !node.is_exact() {
            self.is_exact = false;
            if bound.is_lower() {
                return Ok(FALSE);
            }
        }
        let next = if mode == Mode::Full { self.push(Instruction::End(TRUE))? } else { TRUE };
        let groups = Groups::of(node);
        let before = self.is_exact;
        self.is_exact = true;
        self.is_loose = bound == Bound::Loose;
        let found = self.node(node, next, &groups)?;
        self.is_loose = false;
        // A look-around that is not modelled was taken for true.
        let is_upper_only = !self.is_exact;
        self.is_exact &= before;
        if is_upper_only && bound.is_lower() {
            return Ok(FALSE);
        }
        if mode == Mode::Search { self.anywhere(found) } else { Ok(found) }
    }

    fn node(&mut self, node: &Node, next: Id, groups: &Groups<'_>) -> Compiled {
        match node {
            _ if let Some((set, min, max)) = node.run() => self.run(set, (min, max), next),
            Node::Alternation(any) => {
                let claims = any.iter().map(|one| self.node(one, next, groups)).collect::<Result<_, _>>()?;
                self.one_of(claims)
            }
            Node::Assert(assertion) => self.assertion(*assertion, next),
            Node::Atomic(inner) | Node::Group { node: inner, .. } => self.node(inner, next, groups),
            Node::Backreference { group, unset, .. } => self.backreference(*group, *unset, next, groups),
            Node::Concat(all) => all.iter().rev().try_fold(next, |claim, one| self.node(one, claim, groups)),
            Node::Empty => Ok(next),
            Node::Look { direction, sign, node: inner } => match direction {
                Direction::Ahead => self.ahead(inner, *sign, next, groups),
                Direction::Behind => self.behind(inner, *sign, next),
            },
            Node::Repeat { node: inner, min, max, .. } => {
                self.repeat((*min, *max), next, &mut |compiler, next| compiler.node(inner, next, groups))
            }
            Node::Set(set) => self.push(Instruction::Byte(*set, next)),
        }
    }

    fn repeat(
        &mut self,
        (min, max): (u32, Option<u32>),
        next: Id,
        body: &mut dyn FnMut(&mut Self, Id) -> Compiled,
    ) -> Compiled {
        // No text is longer: what repeats more often does so for ever, or not at all.
        let min = min.min(LONGEST);
        let max = max.filter(|max| *max < LONGEST);
        let (min, max) = self.counted(min, max);
        let mut claim = match max {
            None => {
                let head = self.head()?;
                let again = body(self, head)?;
                self.replace(head, Instruction::OneOf(vec![again, next]));
                head
            }
            Some(max) => {
                let mut claim = next;
                for _ in min..max {
                    let once = body(self, claim)?;
                    claim = self.push(Instruction::OneOf(vec![once, next]))?;
                }
                claim
            }
        };
        for _ in 0..min {
            let before = self.instructions.len();
            claim = body(self, claim)?;
            if self.instructions.len() == before {
                // The body says nothing; once more will not either.
                break;
            }
        }
        Ok(claim)
    }

    /// A run that gives no byte back: none of the set follows, unless it is full.
    fn run(&mut self, set: ByteSet, (min, max): (u32, Option<u32>), next: Id) -> Compiled {
        let mut byte = |compiler: &mut Self, next| compiler.push(Instruction::Byte(set, next));
        if self.is_loose {
            return self.repeat((min, max), next, &mut byte);
        }
        let goes_on = self.push(Instruction::Byte(set, TRUE))?;
        let stops = self.push(Instruction::Not(goes_on))?;
        let stopped = self.push(Instruction::Both(stops, next))?;
        let Some(max) = max else { return self.repeat((min, None), stopped, &mut byte) };
        let full = self.repeat((max, Some(max)), next, &mut byte)?;
        match max.checked_sub(1).filter(|fewer| *fewer >= min) {
            Some(fewer) => {
                let fewer = self.repeat((min, Some(fewer)), stopped, &mut byte)?;
                self.push(Instruction::OneOf(vec![full, fewer]))
            }
            None => Ok(full),
        }
    }

    /// How often is still counted.
    fn counted(&mut self, min: u32, max: Option<u32>) -> (u32, Option<u32>) {
        let loose = (min.min(FEW), max.filter(|max| *max <= FEW));
        if self.is_loose && loose != (min, max) {
            self.is_exact = false;
            return loose;
        }
        (min, max)
    }

    fn assertion(&mut self, assertion: Assertion, next: Id) -> Compiled {
        let (word_before, other_before) = (self.contexts.after_word(), self.contexts.after_other());
        match assertion {
            Assertion::End => self.push(Instruction::End(next)),
            Assertion::Start => {
                let start = self.contexts.start();
                self.push(Instruction::Context(start, next))
            }
            Assertion::WordBoundary => self.boundary(other_before, word_before, next),
            Assertion::NotWordBoundary => self.boundary(word_before, other_before, next),
        }
    }

    /// `before_word` stands to the left of a word's byte, or `before_other` of anything else.
    fn boundary(&mut self, before_word: u64, before_other: u64, next: Id) -> Compiled {
        let word = self.push(Instruction::Byte(ByteSet::word(), TRUE))?;
        let end = self.push(Instruction::End(TRUE))?;
        let other = self.push(Instruction::Byte(ByteSet::word().complement(), TRUE))?;
        let other = self.push(Instruction::OneOf(vec![end, other]))?;
        let opens = self.push(Instruction::Context(before_word, word))?;
        let closes = self.push(Instruction::Context(before_other, other))?;
        let either = self.push(Instruction::OneOf(vec![opens, closes]))?;
        self.push(Instruction::Both(either, next))
    }

    fn ahead(&mut self, inner: &Node, sign: Sign, next: Id, groups: &Groups<'_>) -> Compiled {
        if self.is_loose || !inner.is_exact() {
            self.is_exact = false;
            return Ok(next);
        }
        match sign {
            Sign::Positive => {
                let seen = self.node(inner, TRUE, groups)?;
                self.push(Instruction::Both(seen, next))
            }
            Sign::Negative => {
                let seen = self.node(inner, TRUE, groups)?;
                let unseen = self.push(Instruction::Not(seen))?;
                self.push(Instruction::Both(unseen, next))
            }
        }
    }

    fn behind(&mut self, inner: &Node, sign: Sign, next: Id) -> Compiled {
        let number = self.behinds.get(&std::ptr::from_ref(inner)).copied().flatten();
        let Some(number) = number.filter(|_| !self.is_loose) else {
            self.is_exact = false;
            return Ok(next);
        };
        let seen = self.contexts.behind(number);
        let contexts = match sign {
            Sign::Positive => seen,
            Sign::Negative => self.contexts.all() & !seen,
        };
        self.push(Instruction::Context(contexts, next))
    }

    fn backreference(&mut self, group: u32, unset: Unset, next: Id, groups: &Groups<'_>) -> Compiled {
        let again = match groups.by_index.get(&group) {
            Some(Some(node)) if !node.has_backreference() => self.node(node, next, groups)?,
            Some(_) => self.repeat((0, None), next, &mut |compiler, next| {
                compiler.push(Instruction::Byte(ByteSet::ALL, next))
            })?,
            None => FALSE,
        };
        match unset {
            Unset::Fails => Ok(again),
            Unset::MatchesEmpty => self.push(Instruction::OneOf(vec![again, next])),
        }
    }
}

/// The groups of an expression, for back-references to them.
struct Groups<'n> {
    /// `None` where several groups have the number.
    by_index: HashMap<u32, Option<&'n Node>>,
}

impl<'n> Groups<'n> {
    fn of(node: &'n Node) -> Self {
        let mut by_index = HashMap::new();
        node.visit(&mut |part| {
            if let Node::Group { index, node } = part {
                by_index.entry(*index).and_modify(|known| *known = None).or_insert(Some(&**node));
            }
        });
        Self { by_index }
    }
}
