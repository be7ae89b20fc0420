//! Classes in brackets that hold no others: ECMAScript, PCRE, POSIX, Python, RE2.

use super::characters::Place;
use super::charset::{CharSet, Folding};
use super::options::Options;
use super::{Dialect, Done, Parser};

/// A part of a class.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Character(u32),
    Set(CharSet),
}

impl Parser<'_> {
    /// The class whose opening bracket was read.
    pub(super) fn class(&mut self, begin: usize) -> Done<CharSet> {
        match self.dialect {
            Dialect::Dotnet => self.dotnet_class(begin),
            Dialect::Java => self.java_class(begin),
            Dialect::Posix => self.bracket(begin),
            Dialect::Ruby => self.ruby_class(begin),
            Dialect::Js | Dialect::Pcre | Dialect::Python | Dialect::Re2 => self.flat_class(begin),
        }
    }

    fn flat_class(&mut self, begin: usize) -> Done<CharSet> {
        if self.dialect == Dialect::Pcre && self.is_posix_syntax() {
            return self.rejected(begin, "a named class outside of a class");
        }
        let negated = self.cursor.eat("^");
        let mut set = CharSet::EMPTY;
        let mut first = self.dialect != Dialect::Js;
        if negated && self.options.has(Options::SETS) && self.cursor.starts("]") {
            return self.refuse(begin, "V8 misreads `[^]` with the flag `v`");
        }
        while first || !self.cursor.eat("]") {
            first = false;
            let part = self.part(begin)?;
            set = set.or(self.range_from(part)?);
        }
        Ok(if negated { set.complement() } else { set })
    }

    /// `part` alone, or the range that it begins.
    fn range_from(&mut self, part: Part) -> Done<CharSet> {
        let begin = self.cursor.at();
        let more = self.cursor.peek_second().is_some_and(|next| next != ']');
        if !self.cursor.starts("-") || !more {
            return self.part_set(begin, part);
        }
        let loose = self.dialect == Dialect::Js && !self.options.has(Options::UNICODE);
        let low = match part {
            Part::Character(low) => Some(low),
            Part::Set(set) if self.dialect == Dialect::Re2 => return Ok(set),
            Part::Set(_) if loose => None,
            Part::Set(_) => {
                return self
                    .refuse(begin, "a class before a hyphen is refused by the engine or not modelled");
            }
        };
        self.cursor.next();
        let high = self.part(begin)?;
        match (low, high) {
            (Some(low), Part::Character(high)) => self.range(begin, low, high),
            _ if loose => {
                let ends = self.part_set(begin, part)?.or(self.part_set(begin, high)?);
                Ok(ends.or(CharSet::of_all("-")))
            }
            _ => self.refuse(begin, "a class as the end of a range is refused by the engine or not modelled"),
        }
    }

    /// All from `low` to `high`.
    pub(super) fn range(&self, begin: usize, low: u32, high: u32) -> Done<CharSet> {
        if high < low {
            return self.rejected(begin, "a range out of order");
        }
        if high > 127 && self.dialect == Dialect::Pcre {
            return self.refuse(begin, "a range beyond ASCII depends on the encoding");
        }
        // Java folds the text's character, not the range.
        if self.dialect == Dialect::Java && self.ignores_case() {
            return Ok(CharSet::range(low, high).fold(Folding::Ascii));
        }
        if high > 127 && self.dialect == Dialect::Ruby && self.ignores_case() {
            return self.refuse(begin, "characters beyond ASCII that ignore case are not modelled");
        }
        self.fold(begin, CharSet::range(low, high))
    }

    pub(super) fn part_set(&self, begin: usize, part: Part) -> Done<CharSet> {
        match part {
            Part::Character(code) => self.character_set(begin, code),
            Part::Set(set) => Ok(set),
        }
    }

    /// One character, escape or named class.
    fn part(&mut self, begin: usize) -> Done<Part> {
        let at = self.cursor.at();
        let Some(c) = self.cursor.next() else {
            return self.rejected(begin, "a class without an end");
        };
        match c {
            '\\' => self.class_part_escape(at),
            '[' if self.dialect == Dialect::Re2 && self.cursor.eat(":") => {
                self.posix_class(at).map(Part::Set)
            }
            '[' if self.dialect == Dialect::Pcre && self.is_posix_syntax() => {
                if !self.cursor.eat(":") {
                    return self.rejected(at, "a collating element");
                }
                self.posix_class(at).map(Part::Set)
            }
            ' ' | '\t' if self.options.has(Options::EXTENDED_MORE) => {
                self.refuse(at, "blanks in this class are not modelled")
            }
            _ if self.options.has(Options::SETS) && self.is_set_syntax(c) => {
                self.refuse(at, "set notation is not modelled")
            }
            _ => Ok(Part::Character(u32::from(c))),
        }
    }

    /// Whether PCRE takes what follows `[` for `[:…:]`, `[.….]` or `[=…=]`.
    fn is_posix_syntax(&self) -> bool {
        let mut rest = self.cursor.rest().chars();
        let Some(mark) = rest.next().filter(|c| ":.=".contains(*c)) else { return false };
        while let Some(c) = rest.next() {
            let next = rest.clone().next();
            match c {
                '\\' if matches!(next, Some(']' | '\\')) => drop(rest.next()),
                ']' => return false,
                '[' if next == Some(mark) => return false,
                _ if c == mark && next == Some(']') => return true,
                _ => {}
            }
        }
        false
    }

    fn is_set_syntax(&self, c: char) -> bool {
        "()[]{}/|-".contains(c) || (c.is_ascii_punctuation() && self.cursor.peek() == Some(c))
    }

    /// A backslash in a class, of any dialect but POSIX.
    pub(super) fn class_part_escape(&mut self, begin: usize) -> Done<Part> {
        let Some(letter) = self.cursor.next() else {
            return self.rejected(begin, "a class without an end");
        };
        if letter == 'b' && !matches!(self.dialect, Dialect::Java | Dialect::Re2) {
            return Ok(Part::Character(8));
        }
        if let Some(set) = self.class_escape(begin, letter)? {
            return Ok(Part::Set(set));
        }
        self.escaped(begin, letter, Place::Class).map(Part::Character)
    }

    /// POSIX knows no escapes in brackets.
    fn bracket(&mut self, begin: usize) -> Done<CharSet> {
        let negated = self.cursor.eat("^");
        let mut set = CharSet::EMPTY;
        let mut first = true;
        while first || !self.cursor.eat("]") {
            let at = self.cursor.at();
            if !first && self.cursor.starts("-") && self.cursor.peek_second() != Some(']') {
                return self.rejected(at, "a hyphen amid a class");
            }
            first = false;
            let low = self.bracket_part(begin)?;
            let more = self.cursor.peek_second().is_some_and(|next| next != ']');
            if !self.cursor.starts("-") || !more {
                set = set.or(self.part_set(at, low)?);
                continue;
            }
            self.cursor.next();
            let high = self.bracket_part(begin)?;
            let (Part::Character(low), Part::Character(high)) = (low, high) else {
                return self.rejected(at, "a class as the end of a range");
            };
            set = set.or(self.bracket_range(at, low, high)?);
        }
        Ok(if negated { set.complement() } else { set })
    }

    /// Ignoring case, glibc reads expression and text in upper case.
    fn bracket_range(&self, begin: usize, low: u32, high: u32) -> Done<CharSet> {
        if low > 127 || high > 127 {
            return self.refuse(begin, "a range beyond ASCII depends on the locale");
        }
        if !self.ignores_case() {
            return self.range(begin, low, high);
        }
        let upper = |code: u32| if (0x61..=0x7a).contains(&code) { code - 32 } else { code };
        if upper(high) < upper(low) {
            return self.rejected(begin, "a range out of order");
        }
        let range = CharSet::range(upper(low), upper(high)).and(CharSet::lower().complement());
        self.fold(begin, range)
    }

    fn bracket_part(&mut self, begin: usize) -> Done<Part> {
        let at = self.cursor.at();
        let Some(c) = self.cursor.next() else {
            return self.rejected(begin, "a class without an end");
        };
        if c != '[' {
            return Ok(Part::Character(u32::from(c)));
        }
        if self.cursor.eat(":") {
            return self.posix_class(at).map(Part::Set);
        }
        let close = match self.cursor.peek() {
            Some('=') => "=]",
            Some('.') => ".]",
            _ => return Ok(Part::Character(u32::from(c))),
        };
        self.cursor.next();
        let symbol = self.cursor.next();
        match symbol.filter(char::is_ascii) {
            Some(symbol) if self.cursor.eat(close) => {
                let code = u32::from(symbol);
                if close == ".]" {
                    Ok(Part::Character(code))
                } else {
                    self.character_set(at, code).map(Part::Set)
                }
            }
            _ => self.refuse(at, "this class is refused by the engine or not modelled"),
        }
    }
}
