//! Names of groups, and references back to what they matched.

use super::options::Options;
use super::{Dialect, Done, Node, Parser};
use crate::regex::Unset;

/// Characters of a name; PCRE has the lowest bound.
const MAX_NAME: usize = 32;

impl Parser<'_> {
    /// Reads a name up to `close`.
    pub(super) fn group_name(&mut self, begin: usize, close: char) -> Done<String> {
        let name = self.name(begin, close)?;
        if self.groups.names.contains_key(&name) {
            return self
                .refuse(begin, "a name that stands for two groups is refused by the engine or not modelled");
        }
        Ok(name)
    }

    fn name(&mut self, begin: usize, close: char) -> Done<String> {
        let dialect = self.dialect;
        let name = self.cursor.take_while(MAX_NAME, |c| match dialect {
            Dialect::Java => c.is_ascii_alphanumeric(),
            Dialect::Js => c.is_ascii_alphanumeric() || "_$".contains(c),
            _ => c.is_ascii_alphanumeric() || c == '_',
        });
        let digit = name.starts_with(|c: char| c.is_ascii_digit());
        let underscore = name.starts_with('_') && dialect == Dialect::Java;
        let ended = self.cursor.next() == Some(close);
        if name.is_empty() || (digit && dialect != Dialect::Re2) || underscore || !ended {
            return self.refuse(begin, "this name of a group is refused by the engine or not modelled");
        }
        Ok(name.to_owned())
    }

    /// `(?P=name)`, after `(?P=`.
    pub(super) fn python_reference(&mut self, begin: usize) -> Done<Node> {
        let name = self.name(begin, ')')?;
        self.by_name(begin, &name)
    }

    /// `\k<name>`, `\g{1}`; none if the letter is no reference.
    pub(super) fn named_reference(&mut self, begin: usize, letter: char) -> Done<Option<Node>> {
        let named = self.known.as_ref().is_some_and(|known| !known.names.is_empty());
        match (self.dialect, letter) {
            (Dialect::Js, 'k') if named || self.options.has(Options::UNICODE) => {}
            (Dialect::Js, 'k') if self.known.is_none() => {
                // The first reading does not know yet whether there are names.
                return Ok(None);
            }
            (Dialect::Dotnet | Dialect::Java | Dialect::Pcre | Dialect::Ruby, 'k') => {}
            (Dialect::Pcre, 'g') => return self.numbered_reference(begin).map(Some),
            (Dialect::Ruby, 'g') => return self.refuse(begin, "calls of groups are not modelled"),
            _ => return Ok(None),
        }
        let close = match self.cursor.next() {
            Some('<') => '>',
            Some('\'') if !matches!(self.dialect, Dialect::Java | Dialect::Js) => '\'',
            Some('{') if self.dialect == Dialect::Pcre => '}',
            _ => return self.refuse(begin, "this reference is refused by the engine or not modelled"),
        };
        let name = self.name(begin, close)?;
        self.by_name(begin, &name).map(Some)
    }

    /// `\g1`, `\g{1}`, `\g{-1}`, `\g{name}`.
    fn numbered_reference(&mut self, begin: usize) -> Done<Node> {
        if self.cursor.peek().is_some_and(|c| "<'".contains(c)) {
            return self.refuse(begin, "calls of groups are not modelled");
        }
        let braces = self.cursor.eat("{");
        let relative = self.cursor.eat("-");
        let ahead = !relative && self.cursor.eat("+");
        let Some(number) = self.cursor.number(10, 1, usize::MAX) else {
            if !braces || relative || ahead {
                return self.rejected(begin, "a reference without a number");
            }
            let name = self.name(begin, '}')?;
            return self.by_name(begin, &name);
        };
        if braces && !self.cursor.eat("}") {
            return self.rejected(begin, "a reference without an end");
        }
        let count = self.groups.count;
        let group = match (relative, ahead) {
            (true, _) => (count + 1).checked_sub(number),
            (_, true) => count.checked_add(number),
            _ => Some(number),
        };
        match group.filter(|&group| group > 0 && number > 0) {
            Some(group) => self.reference(begin, group),
            None => self.rejected(begin, "a reference to no group"),
        }
    }

    fn by_name(&mut self, begin: usize, name: &str) -> Done<Node> {
        let Some(known) = &self.known else { return Ok(Node::Empty) };
        // These read names in order.
        let seen = match self.dialect {
            Dialect::Java | Dialect::Python | Dialect::Ruby => &self.groups,
            _ => known,
        };
        match seen.names.get(name) {
            Some(&number) => self.reference(begin, number),
            None => self.rejected(begin, "a reference to no group"),
        }
    }

    /// A backslash and a digit other than zero.
    pub(super) fn numbered(&mut self, begin: usize, first: char) -> Done<Node> {
        let after_first = self.cursor.at();
        let one = first.to_digit(10).unwrap_or_default();
        if self.dialect == Dialect::Re2 {
            let code = self.escaped(begin, first, super::characters::Place::Outside)?;
            return self.literal(begin, code);
        }
        self.cursor.back_to(after_first - 1);
        let digits = self.cursor.rest().bytes().take_while(u8::is_ascii_digit).count();
        let all = self.cursor.number(10, 1, usize::MAX).unwrap_or(one);
        match self.dialect {
            Dialect::Python => self.python_number(begin, after_first, digits),
            Dialect::Java => self.java_number(begin, all),
            Dialect::Js => self.js_number(begin, after_first, all),
            _ if digits == 1 || self.is_group(all) => self.reference(begin, all),
            _ => self.refuse(begin, "an octal escape without a zero is not modelled"),
        }
    }

    fn is_group(&self, number: u32) -> bool {
        let groups = if self.dialect == Dialect::Pcre { Some(&self.groups) } else { self.known.as_ref() };
        groups.is_some_and(|groups| number <= groups.count)
    }

    /// Three octal digits are a character; else one or two digits are a group.
    fn python_number(&mut self, begin: usize, after_first: usize, digits: usize) -> Done<Node> {
        self.cursor.back_to(after_first - 1);
        if digits >= 3 {
            let octal = self.cursor.rest().chars().take(3).all(|c| c.is_digit(8));
            if octal {
                let code = self.cursor.number(8, 3, 3).unwrap_or_default();
                if code > 0o377 {
                    return self.rejected(begin, "an octal escape above 0o377");
                }
                return self.literal(begin, code);
            }
        }
        let number = self.cursor.number(10, 1, 2).unwrap_or_default();
        if number > self.groups.count || self.is_open(number) {
            return self.rejected(begin, "a reference to no group before it");
        }
        self.reference(begin, number)
    }

    fn java_number(&mut self, begin: usize, all: u32) -> Done<Node> {
        if all > 9 || all > self.groups.count {
            return self.refuse(begin, "a reference to a group not before it is not modelled");
        }
        self.reference(begin, all)
    }

    /// A group if there are so many, else octal, else the digit itself.
    fn js_number(&mut self, begin: usize, after_first: usize, all: u32) -> Done<Node> {
        let Some(known) = &self.known else { return Ok(Node::Empty) };
        if all <= known.count {
            return self.reference(begin, all);
        }
        if self.options.has(Options::UNICODE) {
            return self.rejected(begin, "a reference to no group");
        }
        self.cursor.back_to(after_first - 1);
        let first = self.cursor.next().unwrap_or_default();
        let code = self.escaped(begin, first, super::characters::Place::Outside)?;
        self.literal(begin, code)
    }

    fn reference(&mut self, begin: usize, group: u32) -> Done<Node> {
        if self.known.as_ref().is_some_and(|known| group > known.count) {
            return self.rejected(begin, "a reference to no group");
        }
        let numbered =
            self.dialect == Dialect::Ruby && self.known.as_ref().is_some_and(|k| !k.names.is_empty());
        if numbered && !self.cursor.read_since(begin).ends_with(['>', '\'']) {
            return self.rejected(begin, "a numbered reference beside names");
        }
        if self.behind > 0 {
            return self.refuse(begin, "back-references in look-behind are not modelled");
        }
        if self.dialect != Dialect::Js && self.is_open(group) {
            return self.refuse(begin, "a reference to the group around it is not modelled");
        }
        let unset = if self.dialect == Dialect::Js { Unset::MatchesEmpty } else { Unset::Fails };
        Ok(Node::Backreference { group, ignore_case: self.ignores_case(), unset })
    }
}
