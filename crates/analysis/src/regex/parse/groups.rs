//! Everything between parentheses.

use std::collections::BTreeMap;

use super::options::{Options, Reach};
use super::{Dialect, Done, Item, Kind, Node, Parser};
use crate::regex::{Assertion, Direction, Sign};

/// Groups that are remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// How many, of those without a name where they are counted first.
    pub(super) count: u32,
    /// Names, with their numbers.
    pub(super) names: BTreeMap<String, u32>,
    /// Groups without a name.
    pub(super) unnamed: u32,
    /// Those around the place.
    pub(super) open: Vec<u32>,
    /// Named groups seen, for .NET.
    named: u32,
}

/// What `(` opens.
enum Opener {
    Atomic,
    BranchReset,
    Capture(Option<String>),
    Look(Direction, Sign),
    Plain,
}

impl Parser<'_> {
    /// A group; none if it was flags.
    pub(super) fn group(&mut self, begin: usize) -> Done<Option<Item>> {
        let outer = self.options;
        if matches!(self.dialect, Dialect::Pcre | Dialect::Python) && self.cursor.eat("?P=") {
            let node = self.python_reference(begin)?;
            return Ok(Some(Item { node, kind: Kind::Atom }));
        }
        let Some(opener) = self.opener(begin)? else {
            return self.rest_of_group();
        };
        let node = match opener {
            Opener::Atomic => Node::Atomic(Box::new(self.body(begin)?)),
            Opener::BranchReset => self.branch_reset(begin)?,
            Opener::Capture(name) => self.capture(begin, name)?,
            Opener::Look(direction, sign) => {
                let item = self.look(begin, direction, sign)?;
                self.options = outer;
                return Ok(Some(item));
            }
            Opener::Plain => self.body(begin)?,
        };
        self.options = outer;
        Ok(Some(Item { node, kind: Kind::Atom }))
    }

    /// After `(?i)`: nothing; in Ruby, the rest of the group with all its branches.
    fn rest_of_group(&mut self) -> Done<Option<Item>> {
        if self.dialect != Dialect::Ruby {
            return Ok(None);
        }
        if self.behind > 0 {
            return self.refuse(self.cursor.at(), "flags within look-behind are not modelled");
        }
        let node = self.alternation()?;
        Ok(Some(Item { node, kind: Kind::Atom }))
    }

    /// Up to the closing parenthesis.
    fn body(&mut self, begin: usize) -> Done<Node> {
        let node = self.alternation()?;
        if !self.cursor.eat(")") {
            return self.rejected(begin, "a group without an end");
        }
        Ok(node)
    }

    /// Reads what follows `(`; none after flags that reach on.
    fn opener(&mut self, begin: usize) -> Done<Option<Opener>> {
        if self.dialect == Dialect::Posix {
            return Ok(Some(Opener::Capture(None)));
        }
        if self.cursor.starts("*") && self.dialect == Dialect::Pcre {
            return self.refuse(begin, "verbs are not modelled");
        }
        if !self.cursor.eat("?") {
            self.check_spaced_opener(begin)?;
            return Ok(Some(self.unnamed()));
        }
        let simple = [
            (":", Opener::Plain),
            ("=", Opener::Look(Direction::Ahead, Sign::Positive)),
            ("!", Opener::Look(Direction::Ahead, Sign::Negative)),
            ("<=", Opener::Look(Direction::Behind, Sign::Positive)),
            ("<!", Opener::Look(Direction::Behind, Sign::Negative)),
            (">", Opener::Atomic),
            ("|", Opener::BranchReset),
        ];
        for (spelling, opener) in simple {
            if self.cursor.starts(spelling) && self.knows(&opener) {
                self.cursor.eat(spelling);
                return Ok(Some(opener));
            }
        }
        if let Some(close) = self.name_opener() {
            let name = self.group_name(begin, close)?;
            return Ok(Some(Opener::Capture(Some(name))));
        }
        self.flag_opener(begin)
    }

    fn knows(&self, opener: &Opener) -> bool {
        match opener {
            Opener::Atomic => !matches!(self.dialect, Dialect::Js | Dialect::Re2),
            Opener::BranchReset => self.dialect == Dialect::Pcre,
            Opener::Look(..) => self.dialect != Dialect::Re2,
            Opener::Capture(_) | Opener::Plain => true,
        }
    }

    /// In Java, white space may come before `?`.
    fn check_spaced_opener(&self, begin: usize) -> Done<()> {
        let spaced = self.cursor.peek().is_some_and(|c| c.is_whitespace() || c == '#');
        if spaced && self.options.has(Options::EXTENDED) && self.dialect == Dialect::Java {
            return self.refuse(begin, "white space after a parenthesis is not modelled");
        }
        Ok(())
    }

    fn unnamed(&self) -> Opener {
        let named = self.known.as_ref().is_some_and(|known| !known.names.is_empty());
        let forgotten = self.options.has(Options::NAMED_ONLY) || (self.dialect == Dialect::Ruby && named);
        if forgotten { Opener::Plain } else { Opener::Capture(None) }
    }

    /// Reads `<`, `P<` or `'`, and says what ends the name.
    fn name_opener(&mut self) -> Option<char> {
        let spellings: &[(&str, char)] = match self.dialect {
            Dialect::Java | Dialect::Js => &[("<", '>')],
            Dialect::Dotnet | Dialect::Ruby => &[("<", '>'), ("'", '\'')],
            Dialect::Pcre => &[("<", '>'), ("P<", '>'), ("'", '\'')],
            Dialect::Python => &[("P<", '>')],
            Dialect::Re2 => &[("<", '>'), ("P<", '>')],
            Dialect::Posix => &[],
        };
        let (_, close) = spellings.iter().find(|(spelling, _)| self.cursor.eat(spelling))?;
        Some(*close)
    }

    fn flag_opener(&mut self, begin: usize) -> Done<Option<Opener>> {
        let at = self.cursor.at();
        let first = self.cursor.peek();
        if !first.is_some_and(|c| c.is_ascii_alphabetic() || "-^".contains(c)) {
            return self.refuse(begin, "this group is not modelled");
        }
        let (options, reach) = self.inline_flags(begin)?;
        if reach == Reach::Rest && self.dialect == Dialect::Python {
            let minus = self.cursor.read_since(at).contains('-');
            if begin > self.leading || minus {
                return self.refuse(
                    begin,
                    "flags that do not stand first are refused by the engine or not modelled",
                );
            }
            self.leading = self.cursor.at();
        }
        self.options = options;
        Ok((reach == Reach::Group).then_some(Opener::Plain))
    }

    fn capture(&mut self, begin: usize, name: Option<String>) -> Done<Node> {
        let index = self.number(name);
        self.groups.open.push(index);
        let node = self.body(begin)?;
        self.groups.open.pop();
        Ok(Node::Group { index, node: Box::new(node) })
    }

    /// The next number. .NET counts groups with names after the others.
    fn number(&mut self, name: Option<String>) -> u32 {
        self.groups.count += 1;
        let mut number = self.groups.count;
        if self.dialect == Dialect::Dotnet {
            let unnamed = self.known.as_ref().map_or(0, |known| known.unnamed);
            number = if name.is_some() { unnamed + self.groups.named + 1 } else { self.groups.unnamed + 1 };
        }
        match name {
            Some(name) => {
                self.groups.named += 1;
                self.groups.names.insert(name, number);
            }
            None => self.groups.unnamed += 1,
        }
        number
    }

    /// `(?|`: each branch counts from the same number.
    fn branch_reset(&mut self, begin: usize) -> Done<Node> {
        let names = self.groups.names.len();
        let first = self.groups.count;
        let mut last = first;
        let mut branches = Vec::new();
        loop {
            self.groups.count = first;
            self.depth += 1;
            if self.depth > super::MAX_DEPTH {
                return self.refuse(begin, "groups are nested too deep");
            }
            branches.push(self.branch()?);
            self.depth -= 1;
            last = last.max(self.groups.count);
            if !self.cursor.eat("|") {
                break;
            }
        }
        self.groups.count = last;
        if self.groups.names.len() > names {
            return self.refuse(begin, "names in a branch reset are not modelled");
        }
        if !self.cursor.eat(")") {
            return self.rejected(begin, "a group without an end");
        }
        Ok(super::one_or(branches, Node::Alternation))
    }

    fn look(&mut self, begin: usize, direction: Direction, sign: Sign) -> Done<Item> {
        let behind = direction == Direction::Behind;
        self.behind += u32::from(behind);
        if !behind && self.behind > 0 && self.dialect == Dialect::Ruby {
            return self.refuse(begin, "look-ahead within look-behind is not modelled");
        }
        let groups = self.groups.count;
        let node = self.body(begin)?;
        self.behind -= u32::from(behind);
        if behind {
            self.check_behind(begin, &node)?;
        }
        if sign == Sign::Negative && self.dialect == Dialect::Ruby && behind && self.groups.count > groups {
            return self.rejected(begin, "a group in a negative look-behind");
        }
        let node = Node::Look { direction, sign, node: Box::new(node) };
        let kind = if behind { Kind::LookBehind } else { Kind::LookAhead };
        Ok(Item { node, kind })
    }

    /// Each engine bounds the length of what is looked for behind in its own way.
    fn check_behind(&self, begin: usize, node: &Node) -> Done<()> {
        let fixed = |node: &Node| {
            let (least, most) = node.length();
            most == Some(least)
        };
        let allowed = match self.dialect {
            Dialect::Dotnet | Dialect::Js => true,
            Dialect::Java => node.length().1.is_some() && !has_repeated_group(node),
            Dialect::Pcre | Dialect::Ruby => match node {
                _ if has_varying(node) => false,
                _ if self.dialect == Dialect::Ruby && is_forbidden_behind(node) => false,
                Node::Alternation(branches) => branches.iter().all(fixed),
                other => fixed(other),
            },
            Dialect::Posix | Dialect::Python | Dialect::Re2 => fixed(node),
        };
        if allowed {
            return Ok(());
        }
        self.refuse(begin, "look-behind of more than one length is refused by the engine or not modelled")
    }

    /// Whether the group `number` is being read.
    pub(super) fn is_open(&self, number: u32) -> bool {
        self.groups.open.contains(&number)
    }
}

/// Whether something in it is repeated more or less often.
fn has_varying(node: &Node) -> bool {
    let own = matches!(node, Node::Repeat { min, max, .. } if *max != Some(*min));
    own || node.children().any(has_varying)
}

/// Whether something but one character is repeated in it.
fn has_repeated_group(node: &Node) -> bool {
    let own = matches!(node, Node::Repeat { node, .. } if !matches!(**node, Node::Set(_)));
    own || node.children().any(has_repeated_group)
}

/// Whether something is in it that Ruby takes in no look-behind.
fn is_forbidden_behind(node: &Node) -> bool {
    matches!(node, Node::Assert(Assertion::End) | Node::Atomic(_)) || node.children().any(is_forbidden_behind)
}
