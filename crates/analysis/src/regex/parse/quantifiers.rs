//! `*`, `+`, `?` and braces.

use super::options::Options;
use super::{Dialect, Done, Item, Kind, Node, Parser};
use crate::regex::Repetition;

/// Repetitions of one thing, as in `a{2}{2}`: with the groups, they bound the depth of trees.
const MAX_STACKED: u32 = 3;

/// How often.
struct Counts {
    min: u32,
    max: Option<u32>,
    /// Whether it was written with braces.
    braces: bool,
}

/// What stands after an opening brace.
enum Braces {
    Counts(Counts),
    Literal,
}

impl Parser<'_> {
    /// `item` and what repeats it.
    pub(super) fn repeated(&mut self, item: Item) -> Done<Node> {
        let mut node = item.node;
        let mut times = 0;
        loop {
            self.skip_ignored()?;
            let begin = self.cursor.at();
            let Some(counts) = self.counts()? else { return Ok(node) };
            self.check_repeatable(begin, item.kind)?;
            self.check_stacked(begin, times)?;
            self.check_places(begin, &node)?;
            node = self.suffixed(begin, node, &counts)?;
            times += 1;
        }
    }

    /// The repetition and whether it is lazy or possessive.
    fn suffixed(&mut self, begin: usize, node: Node, counts: &Counts) -> Done<Node> {
        let after = self.cursor.at();
        self.skip_ignored()?;
        if self.cursor.at() > after && self.cursor.peek().is_some_and(|c| "?+*{".contains(c)) {
            return self.refuse(begin, "white space within a repetition is not modelled");
        }
        let kind = self.suffix(counts);
        let possessive = kind == Repetition::Possessive;
        // Java and Python give nothing back within an iteration either.
        let each = possessive && matches!(self.dialect, Dialect::Java | Dialect::Python);
        let node = if each { Node::Atomic(Box::new(node)) } else { node };
        Ok(Node::Repeat { node: Box::new(node), min: counts.min, max: counts.max, kind })
    }

    fn suffix(&mut self, counts: &Counts) -> Repetition {
        let (greedy, lazy) = if self.options.has(Options::LAZY) {
            (Repetition::Lazy, Repetition::Greedy)
        } else {
            (Repetition::Greedy, Repetition::Lazy)
        };
        // In Ruby `a{2}?` and `a{2,3}+` are two repetitions.
        let ruby = self.dialect == Dialect::Ruby && counts.braces;
        if self.dialect == Dialect::Posix || (ruby && counts.max == Some(counts.min)) {
            return greedy;
        }
        if self.cursor.eat("?") {
            return lazy;
        }
        let possessive =
            matches!(self.dialect, Dialect::Java | Dialect::Pcre | Dialect::Python | Dialect::Ruby);
        if possessive && !ruby && self.cursor.eat("+") { Repetition::Possessive } else { greedy }
    }

    /// A quantifier, without its suffix.
    fn counts(&mut self) -> Done<Option<Counts>> {
        let begin = self.cursor.at();
        let (min, max) = match self.cursor.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.cursor.next();
                return match self.braces(begin)? {
                    Braces::Counts(counts) => Ok(Some(counts)),
                    Braces::Literal => {
                        self.cursor.back_to(begin);
                        Ok(None)
                    }
                };
            }
            _ => return Ok(None),
        };
        self.cursor.next();
        Ok(Some(Counts { min, max, braces: false }))
    }

    /// What follows `{`.
    fn braces(&mut self, begin: usize) -> Done<Braces> {
        let low = self.cursor.number(10, 1, usize::MAX);
        let comma = self.cursor.eat(",");
        let high = if comma { self.cursor.number(10, 1, usize::MAX) } else { low };
        let closed = self.cursor.eat("}");
        let strange = self.cursor.peek().is_some_and(char::is_whitespace);
        if !closed || (low.is_none() && !(comma && self.may_begin_with_comma(high))) {
            let unclear = (closed && low.is_none() && high.is_some()) || strange;
            self.check_open_brace(begin, unclear)?;
            return Ok(Braces::Literal);
        }
        let low = low.unwrap_or(0);
        if low > self.most() || high.is_some_and(|high| high > self.most()) {
            return self.refuse(begin, "the count is too high");
        }
        if high.is_some_and(|high| high < low) {
            return self.rejected(begin, "counts out of order");
        }
        Ok(Braces::Counts(Counts { min: low, max: high, braces: true }))
    }

    /// Whether `{,n}` counts from zero.
    fn may_begin_with_comma(&self, high: Option<u32>) -> bool {
        match self.dialect {
            Dialect::Ruby => high.is_some(),
            Dialect::Posix | Dialect::Python => true,
            _ => false,
        }
    }

    /// Braces that do not count.
    fn check_open_brace(&self, begin: usize, unclear: bool) -> Done<()> {
        match self.dialect {
            Dialect::Java => {
                self.refuse(begin, "a brace without a count is refused by the engine or not modelled")
            }
            Dialect::Posix => self.rejected(begin, "a brace without a count"),
            Dialect::Js if self.options.has(Options::UNICODE) => self.rejected(begin, "a lone brace"),
            Dialect::Pcre if unclear => {
                self.refuse(begin, "whether this repeats depends on the version of PCRE")
            }
            _ => Ok(()),
        }
    }

    /// A `{` where nothing is to be repeated.
    pub(super) fn check_literal_brace(&mut self, begin: usize) -> Done<()> {
        let at = self.cursor.at();
        let braces = self.braces(begin);
        self.cursor.back_to(at);
        match braces? {
            Braces::Literal => Ok(()),
            Braces::Counts(..) => {
                self.refuse(begin, "nothing to repeat, which the engine refuses or ignores")
            }
        }
    }

    /// The highest count.
    fn most(&self) -> u32 {
        match self.dialect {
            Dialect::Dotnet | Dialect::Java => 0x7fff_ffff,
            Dialect::Js | Dialect::Python => u32::MAX - 1,
            Dialect::Pcre => 65_535,
            Dialect::Posix => 32_767,
            Dialect::Re2 => 1_000,
            Dialect::Ruby => 100_000,
        }
    }

    fn check_repeatable(&self, begin: usize, kind: Kind) -> Done<()> {
        if kind == Kind::Wide {
            return self.refuse(begin, "repeating a character beyond ASCII depends on the encoding");
        }
        let unicode = self.options.has(Options::UNICODE);
        let refused = match (self.dialect, kind) {
            (_, Kind::Atom) => false,
            (Dialect::Js, Kind::LookAhead) => unicode,
            (Dialect::Js, _) | (Dialect::Pcre | Dialect::Posix | Dialect::Python, Kind::Anchor) => true,
            _ => false,
        };
        if refused { self.rejected(begin, "this cannot be repeated") } else { Ok(()) }
    }

    /// glibc forgets the places of anchors in a loop within a loop: `(:^a)?+` matches `:a`.
    fn check_places(&self, begin: usize, node: &Node) -> Done<()> {
        if self.dialect == Dialect::Posix && loops_over_place(node, false) {
            return self.refuse(begin, "an anchor in a loop within a loop is not modelled");
        }
        Ok(())
    }

    fn check_stacked(&self, begin: usize, times: u32) -> Done<()> {
        if times == 0 {
            return Ok(());
        }
        if !matches!(self.dialect, Dialect::Posix | Dialect::Ruby) {
            return self
                .refuse(begin, "a repetition of a repetition is refused by the engine or not modelled");
        }
        if times >= MAX_STACKED {
            return self.refuse(begin, "repetitions are nested too deep");
        }
        Ok(())
    }
}

/// Whether an anchor is in a repetition in `node`.
fn loops_over_place(node: &Node, in_loop: bool) -> bool {
    match node {
        Node::Assert(_) => in_loop,
        Node::Repeat { node, .. } => loops_over_place(node, true),
        _ => node.children().any(|node| loops_over_place(node, in_loop)),
    }
}
