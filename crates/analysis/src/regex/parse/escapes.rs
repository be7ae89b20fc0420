//! A backslash outside of classes.

use super::characters::Place;
use super::charset::CharSet;
use super::{Dialect, Done, Item, Kind, Node, Parser};
use crate::alphabet::ByteSet;
use crate::regex::{Assertion, Direction, Sign};

impl Parser<'_> {
    /// What the backslash before the place begins; none if nothing to match.
    pub(super) fn escape(&mut self, begin: usize) -> Done<Option<Item>> {
        let Some(letter) = self.cursor.next() else {
            return self.rejected(begin, "a backslash at the end");
        };
        if letter == 'Q' && matches!(self.dialect, Dialect::Java | Dialect::Pcre | Dialect::Re2) {
            self.quoting = true;
            return Ok(None);
        }
        if let Some(place) = self.anchor(letter) {
            return Ok(Some(Item { node: Node::Assert(place), kind: Kind::Anchor }));
        }
        if self.dialect == Dialect::Posix {
            return self.posix_escape(begin, letter).map(Some);
        }
        let node = self.escaped_node(begin, letter)?;
        Ok(Some(Item { node, kind: self.width(letter) }))
    }

    fn anchor(&self, letter: char) -> Option<Assertion> {
        match (self.dialect, letter) {
            (_, 'b') => Some(Assertion::WordBoundary),
            (_, 'B') => Some(Assertion::NotWordBoundary),
            (Dialect::Posix, '`') => Some(Assertion::Start),
            (Dialect::Posix, '\'') => Some(Assertion::End),
            (Dialect::Js | Dialect::Posix, _) | (Dialect::Re2, 'Z') | (Dialect::Python, 'z') => None,
            (_, 'A') => Some(Assertion::Start),
            (_, 'Z' | 'z') => Some(Assertion::End),
            _ => None,
        }
    }

    fn posix_escape(&mut self, begin: usize, letter: char) -> Done<Item> {
        let at_edge = |sign| {
            let word =
                Node::Look { direction: Direction::Ahead, sign, node: Box::new(Node::Set(ByteSet::word())) };
            Node::Concat(vec![Node::Assert(Assertion::WordBoundary), word])
        };
        let (node, kind) = match letter {
            '<' => (at_edge(Sign::Positive), Kind::Anchor),
            '>' => (at_edge(Sign::Negative), Kind::Anchor),
            '1'..='9' => return self.refuse(begin, "back-references in POSIX expressions are not modelled"),
            _ => {
                let set = self.class_escape(begin, letter)?;
                let node = match set {
                    Some(set) => Node::Set(set.bytes()),
                    None => {
                        let code = self.escaped(begin, letter, Place::Outside)?;
                        self.literal(begin, code)?
                    }
                };
                (node, self.width(letter))
            }
        };
        Ok(Item { node, kind })
    }

    fn escaped_node(&mut self, begin: usize, letter: char) -> Done<Node> {
        let perl = matches!(self.dialect, Dialect::Java | Dialect::Pcre | Dialect::Ruby);
        match letter {
            'R' | 'X' if perl => {
                if self.behind > 0 {
                    return self.refuse(begin, "this escape in look-behind is not modelled");
                }
                // A line break, which no origin has; a character with its marks: one byte.
                let set = if letter == 'R' { CharSet::EMPTY } else { CharSet::ALL };
                return Ok(Node::Set(set.bytes()));
            }
            'N' if self.dialect == Dialect::Pcre && !self.cursor.starts("{") => {
                return Ok(Node::Set(CharSet::ALL.bytes()));
            }
            'E' | 'G' | 'K' | 'C' | 'N' | 'o' if self.dialect != Dialect::Js && !self.is_plain(letter) => {
                return self.refuse(begin, &format!("`\\{letter}` is refused by the engine or not modelled"));
            }
            'g' | 'k' => {
                if let Some(node) = self.named_reference(begin, letter)? {
                    return Ok(node);
                }
            }
            '1'..='9' => return self.numbered(begin, letter),
            _ => {}
        }
        if let Some(set) = self.class_escape(begin, letter)? {
            return Ok(Node::Set(set.bytes()));
        }
        let code = self.escaped(begin, letter, Place::Outside)?;
        self.literal(begin, code)
    }

    /// Whether Ruby takes the letter for itself.
    fn is_plain(&self, letter: char) -> bool {
        self.dialect == Dialect::Ruby && "Eo".contains(letter)
    }
}
