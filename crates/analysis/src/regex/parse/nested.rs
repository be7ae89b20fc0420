//! Classes within classes: Java and Ruby (union, `&&`), .NET (subtraction).

use super::charset::CharSet;
use super::classes::Part;
use super::options::Options;
use super::{Dialect, Done, MAX_DEPTH, Parser};

impl Parser<'_> {
    fn deeper(&mut self, begin: usize) -> Done<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.refuse(begin, "classes are nested too deep");
        }
        Ok(())
    }

    pub(super) fn java_class(&mut self, begin: usize) -> Done<CharSet> {
        self.deeper(begin)?;
        let negated = self.cursor.eat("^");
        let set = self.java_operands(begin)?;
        self.cursor.next();
        self.depth -= 1;
        Ok(if negated { set.complement() } else { set })
    }

    /// Up to the closing bracket, which stays.
    fn java_operands(&mut self, begin: usize) -> Done<CharSet> {
        self.deeper(begin)?;
        let mut set: Option<CharSet> = None;
        loop {
            let at = self.cursor.at();
            let part = if self.cursor.eat("[") {
                self.java_class(at)?
            } else if self.cursor.eat("&&") {
                let right = self.java_right(at)?;
                set = Some(set.map_or(right, |left| left.and(right)));
                continue;
            } else if self.cursor.starts("]") && set.is_some() {
                break;
            } else {
                self.java_range(begin)?
            };
            set = Some(set.map_or(part, |set| set.or(part)));
        }
        self.depth -= 1;
        Ok(set.unwrap_or(CharSet::EMPTY))
    }

    /// After `&&`: either nested classes only or anything else up to the end.
    fn java_right(&mut self, begin: usize) -> Done<CharSet> {
        if !self.cursor.starts("[") {
            if self.cursor.peek().is_none_or(|c| "]&".contains(c)) {
                return self.refuse(begin, "an empty side of `&&` is refused by the engine or not modelled");
            }
            return self.java_operands(begin);
        }
        let mut right = CharSet::EMPTY;
        while self.cursor.starts("[") {
            let at = self.cursor.at();
            self.cursor.next();
            right = right.or(self.java_class(at)?);
        }
        if self.cursor.peek().is_some_and(|c| !"]&".contains(c)) || self.lone_ampersand() {
            return self.refuse(begin, "what follows a class after `&&` is not modelled");
        }
        Ok(right)
    }

    fn lone_ampersand(&self) -> bool {
        self.cursor.starts("&") && !self.cursor.starts("&&")
    }

    fn java_range(&mut self, begin: usize) -> Done<CharSet> {
        let at = self.cursor.at();
        let part = self.nested_part(begin)?;
        let Part::Character(low) = part else {
            // Before a hyphen, `\v` is one character.
            if self.cursor.read_since(at) == r"\v" && self.cursor.starts("-") {
                return self.refuse(at, r"a range from `\v` is not modelled");
            }
            return self.part_set(at, part);
        };
        let ends = self.cursor.peek_second().is_none_or(|next| "[]".contains(next));
        if !self.cursor.starts("-") || ends {
            return self.part_set(at, part);
        }
        self.cursor.next();
        match self.nested_part(begin)? {
            Part::Character(high) => self.range(at, low, high),
            Part::Set(_) => self.rejected(at, "a class as the end of a range"),
        }
    }

    /// One character or escape.
    fn nested_part(&mut self, begin: usize) -> Done<Part> {
        let at = self.cursor.at();
        let Some(c) = self.cursor.next() else {
            return self.rejected(begin, "a class without an end");
        };
        let ignored = self.options.has(Options::EXTENDED) && self.dialect == Dialect::Java;
        match c {
            // .NET lets this begin and end no range.
            '\\' if self.dialect == Dialect::Dotnet && self.cursor.eat("-") => {
                Ok(Part::Set(CharSet::of_all("-")))
            }
            '\\' => self.class_part_escape(at),
            _ if ignored && (c.is_whitespace() || c == '#') => {
                self.refuse(at, "white space in a class of an extended expression is not modelled")
            }
            _ => Ok(Part::Character(u32::from(c))),
        }
    }

    pub(super) fn ruby_class(&mut self, begin: usize) -> Done<CharSet> {
        self.deeper(begin)?;
        let negated = self.cursor.eat("^");
        let mut left: Option<CharSet> = None;
        let mut set: Option<CharSet> = None;
        let mut first = true;
        let folds = self.ignores_case();
        while first || !self.cursor.eat("]") {
            let at = self.cursor.at();
            let nested = self.cursor.starts("[") && !self.cursor.starts("[:");
            if folds && (nested || self.cursor.starts("&&")) {
                // Case is ignored in the outermost only: `(?i)[[^b]]` matches `b`.
                return self.refuse(at, "classes within classes, ignoring case, are not modelled");
            }
            if self.cursor.eat("&&") {
                let Some(right) = set.take().filter(|_| !self.cursor.starts("&")) else {
                    return self.refuse(at, "an empty side of `&&` is not modelled");
                };
                left = Some(left.map_or(right, |left| left.and(right)));
                first = false;
                continue;
            }
            let part = self.ruby_part(begin)?;
            first = false;
            set = Some(set.map_or(part, |set| set.or(part)));
        }
        self.depth -= 1;
        let Some(set) = set else {
            return self.refuse(begin, "an empty side of `&&` is not modelled");
        };
        let set = left.map_or(set, |left| left.and(set));
        Ok(if negated { set.complement() } else { set })
    }

    fn ruby_part(&mut self, begin: usize) -> Done<CharSet> {
        let at = self.cursor.at();
        let inner = if self.cursor.eat("[:") {
            Some(self.posix_class(at)?)
        } else if self.cursor.eat("[") {
            Some(self.ruby_class(at)?)
        } else {
            None
        };
        if let Some(inner) = inner {
            if self.cursor.starts("-") && self.cursor.peek_second() != Some(']') {
                return self.refuse(at, "a class before a hyphen is not modelled");
            }
            return Ok(inner);
        }
        let part = self.nested_part(begin)?;
        let hyphen = self.cursor.starts("-") && self.cursor.peek_second().is_some_and(|next| next != ']');
        let low = match part {
            _ if !hyphen => return self.part_set(at, part),
            Part::Character(low) => low,
            Part::Set(_) => return self.refuse(at, "a class before a hyphen is not modelled"),
        };
        self.cursor.next();
        if self.cursor.starts("[") || self.cursor.starts("&&") {
            return self.refuse(at, "a hyphen before a class is not modelled");
        }
        match self.nested_part(begin)? {
            Part::Character(high) => self.range(at, low, high),
            Part::Set(_) => {
                self.refuse(at, "a class as the end of a range is refused by the engine or not modelled")
            }
        }
    }

    pub(super) fn dotnet_class(&mut self, begin: usize) -> Done<CharSet> {
        self.deeper(begin)?;
        let negated = self.cursor.eat("^");
        let mut set = CharSet::EMPTY;
        let mut without = None;
        let mut first = true;
        while first || !self.cursor.eat("]") {
            if without.is_some() {
                return self.rejected(begin, "a subtraction that does not stand last");
            }
            let at = self.cursor.at();
            if !first && self.cursor.eat("-[") {
                without = Some(self.dotnet_class(at)?);
                continue;
            }
            first = false;
            if self.cursor.starts("[:") {
                return self.refuse(at, "a name of POSIX in a class is not modelled");
            }
            let (part, rest) = self.dotnet_range(begin)?;
            set = set.or(part);
            without = rest;
        }
        self.depth -= 1;
        let set = if negated { set.complement() } else { set };
        Ok(set.and(without.unwrap_or(CharSet::EMPTY).complement()))
    }

    /// A part of the class, and what `a-[…]` takes away.
    fn dotnet_range(&mut self, begin: usize) -> Done<(CharSet, Option<CharSet>)> {
        let at = self.cursor.at();
        let part = self.nested_part(begin)?;
        let Part::Character(low) = part else { return Ok((self.part_set(at, part)?, None)) };
        let more = self.cursor.peek_second().is_some_and(|next| next != ']');
        if !self.cursor.starts("-") || !more {
            return Ok((self.part_set(at, part)?, None));
        }
        self.cursor.next();
        if self.cursor.eat("[") {
            let without = self.dotnet_class(at)?;
            return Ok((self.part_set(at, part)?, Some(without)));
        }
        match self.nested_part(begin)? {
            Part::Character(high) => Ok((self.range(at, low, high)?, None)),
            Part::Set(_) => {
                self.refuse(at, "a class as the end of a range is refused by the engine or not modelled")
            }
        }
    }
}
