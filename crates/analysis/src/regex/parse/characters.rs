//! Escapes that stand for one character.

use super::charset::CharSet;
use super::options::Options;
use super::{Dialect, Done, Parser};

/// Where an escape stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Class,
    Outside,
}

impl Parser<'_> {
    /// The set of one character as it is written, with its other cases if they count.
    pub(super) fn character_set(&self, begin: usize, code: u32) -> Done<CharSet> {
        if code > 127 && self.ignores_case() && self.dialect == Dialect::Ruby {
            return self.refuse(begin, "characters beyond ASCII that ignore case are not modelled");
        }
        self.fold(begin, CharSet::of(code))
    }

    /// The character that a backslash and `letter`, both read, stand for. Digits other than
    /// zero come here from classes only.
    pub(super) fn escaped(&mut self, begin: usize, letter: char, place: Place) -> Done<u32> {
        if self.dialect == Dialect::Posix {
            return self.identity(begin, letter, place);
        }
        if let Some(code) = self.control(letter) {
            return Ok(code);
        }
        match letter {
            '0'..='9' => self.octal(begin, letter, place),
            'x' => self.hexadecimal(begin),
            'u' | 'U' => self.unicode(begin, letter),
            'c' => self.controlled(begin, place),
            _ => self.identity(begin, letter, place),
        }
    }

    fn control(&self, letter: char) -> Option<u32> {
        let known = match self.dialect {
            Dialect::Dotnet | Dialect::Ruby => "aefnrtv",
            Dialect::Java | Dialect::Pcre => "aefnrt",
            Dialect::Js => "fnrtv",
            Dialect::Posix => "",
            Dialect::Python | Dialect::Re2 => "afnrtv",
        };
        let number = known.contains(letter).then_some(letter)?;
        Some(match number {
            'a' => 7,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            _ => 27,
        })
    }

    fn is_unicode_js(&self) -> bool {
        self.dialect == Dialect::Js && self.options.has(Options::UNICODE)
    }

    fn octal(&mut self, begin: usize, first: char, place: Place) -> Done<u32> {
        let zero = first == '0';
        if "89".contains(first) {
            if self.dialect == Dialect::Js && !self.is_unicode_js() {
                return Ok(u32::from(first));
            }
            return self.refuse(begin, "this escape is refused by the engine or not modelled");
        }
        if self.is_unicode_js() {
            if !zero || self.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
                return self.rejected(begin, "an octal escape");
            }
            return Ok(0);
        }
        if self.dialect == Dialect::Java {
            return self.java_octal(begin, zero);
        }
        let first = first.to_digit(8).unwrap_or_default();
        let digits = self.cursor.rest();
        let more = self.cursor.number(8, 1, 2);
        let count = digits.len() - self.cursor.rest().len();
        if self.dialect == Dialect::Re2 && !zero && (more.is_none() || place == Place::Class && count == 0) {
            return self.rejected(begin, "a back-reference");
        }
        let shift = if count == 2 { 64 } else { 8 };
        let code = more.map_or(first, |more| first * shift + more);
        self.checked_octal(begin, code, count)
    }

    fn checked_octal(&mut self, begin: usize, code: u32, count: usize) -> Done<u32> {
        match self.dialect {
            Dialect::Js if code > 0o377 => {
                // A fourth digit would not fit: the last one is a character of its own.
                self.cursor.back_to(self.cursor.at() - 1);
                Ok(code / 8)
            }
            Dialect::Python if code > 0o377 => self.rejected(begin, "an octal escape above 0o377"),
            Dialect::Dotnet | Dialect::Pcre | Dialect::Ruby if code > 0x7f && count > 0 => {
                self.refuse(begin, "a byte beyond ASCII is not modelled")
            }
            _ => Ok(code),
        }
    }

    /// `\0` and one to three digits.
    fn java_octal(&mut self, begin: usize, zero: bool) -> Done<u32> {
        let at = self.cursor.at();
        let three = self.cursor.number(8, 3, 3).filter(|&code| zero && code <= 0o377);
        if let Some(code) = three {
            return Ok(code);
        }
        self.cursor.back_to(at);
        match self.cursor.number(8, 1, 2) {
            Some(code) if zero => Ok(code),
            _ => self.rejected(begin, "an octal escape without a digit"),
        }
    }

    fn hexadecimal(&mut self, begin: usize) -> Done<u32> {
        let braces = matches!(self.dialect, Dialect::Java | Dialect::Pcre | Dialect::Re2);
        if braces && self.cursor.eat("{") {
            let code = self.cursor.number(16, 1, 8);
            let Some(code) = code.filter(|&code| code <= 0x10_ffff) else {
                return self
                    .refuse(begin, "a number of a character is refused by the engine or not modelled");
            };
            if !self.cursor.eat("}") {
                return self.rejected(begin, "a wrong number of a character");
            }
            if self.dialect == Dialect::Pcre && code > 0xff {
                return self.refuse(begin, "characters beyond a byte need the UTF mode of PCRE");
            }
            return self.checked_code(begin, code);
        }
        // PCRE2 took `\x` alone for NUL before 10.43.
        let least = if matches!(self.dialect, Dialect::Pcre | Dialect::Ruby) { 1 } else { 2 };
        match self.cursor.number(16, least, 2) {
            Some(code) if self.dialect == Dialect::Ruby && code > 0x7f => {
                self.refuse(begin, "a byte beyond ASCII is not modelled")
            }
            Some(code) => Ok(code),
            None if self.dialect == Dialect::Js && !self.is_unicode_js() => Ok(u32::from('x')),
            None => self.refuse(begin, "a number of a character is refused by the engine or not modelled"),
        }
    }

    fn unicode(&mut self, begin: usize, letter: char) -> Done<u32> {
        if letter == 'U' && self.dialect != Dialect::Python {
            return self.identity(begin, letter, Place::Outside);
        }
        let digits = if letter == 'U' { 8 } else { 4 };
        let braces = self.is_unicode_js() || self.dialect == Dialect::Ruby;
        let code = match self.dialect {
            Dialect::Pcre | Dialect::Posix | Dialect::Re2 => None,
            _ if braces && self.cursor.eat("{") => {
                let code = self.cursor.number(16, 1, 8);
                if !self.cursor.eat("}") {
                    return self.refuse(begin, "this escape is refused by the engine or not modelled");
                }
                code
            }
            _ => self.cursor.number(16, digits, digits),
        };
        match code {
            Some(code) if code <= 0x10_ffff => self.checked_code(begin, code),
            None if self.dialect == Dialect::Js && !self.is_unicode_js() => Ok(u32::from('u')),
            _ => self.rejected(begin, "a wrong number of a character"),
        }
    }

    /// Halves of a character count as one in some engines only.
    fn checked_code(&self, begin: usize, code: u32) -> Done<u32> {
        let halves = self.dialect != Dialect::Python && (self.dialect != Dialect::Js || self.is_unicode_js());
        if halves && (0xd800..0xe000).contains(&code) {
            return self.refuse(begin, "halves of a character are not modelled");
        }
        Ok(code)
    }

    /// `\c` and a letter.
    fn controlled(&mut self, begin: usize, place: Place) -> Done<u32> {
        let next = self.cursor.peek();
        let Some(c) = next.filter(char::is_ascii_graphic) else {
            if self.dialect == Dialect::Js && !self.is_unicode_js() {
                self.cursor.back_to(self.cursor.at() - 1);
                return Ok(u32::from('\\'));
            }
            return self.refuse(begin, "this escape is refused by the engine or not modelled");
        };
        let code = u32::from(c);
        let upper = u32::from(c.to_ascii_uppercase());
        let known = match self.dialect {
            Dialect::Java => Some(code ^ 64),
            Dialect::Pcre => Some(upper ^ 64),
            Dialect::Dotnet => (0x40..0x60).contains(&upper).then_some(upper & 31),
            Dialect::Js | Dialect::Ruby if c.is_ascii_alphabetic() => Some(code & 31),
            Dialect::Js if !self.is_unicode_js() => {
                if place == Place::Class && (c.is_ascii_digit() || c == '_') {
                    Some(code & 31)
                } else {
                    self.cursor.back_to(self.cursor.at() - 1);
                    return Ok(u32::from('\\'));
                }
            }
            _ => None,
        };
        self.cursor.next();
        match known {
            Some(code) => Ok(code),
            None => self.refuse(begin, "this escape is refused by the engine or not modelled"),
        }
    }

    /// A backslash before a character that it does not change.
    fn identity(&self, begin: usize, letter: char, place: Place) -> Done<u32> {
        let plain = match self.dialect {
            Dialect::Dotnet => letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_',
            Dialect::Java | Dialect::Pcre | Dialect::Python => !letter.is_ascii_alphanumeric(),
            Dialect::Js if self.is_unicode_js() => {
                r"^$\.*+?()[]{}|/".contains(letter) || (letter == '-' && place == Place::Class)
            }
            Dialect::Js => letter != 'k' || self.known.as_ref().is_none_or(|known| known.names.is_empty()),
            Dialect::Re2 => letter.is_ascii() && !letter.is_ascii_alphanumeric(),
            Dialect::Ruby => !"MCNO".contains(letter),
            Dialect::Posix => true,
        };
        if plain && !(self.dialect == Dialect::Posix && self.ignores_case() && letter.is_ascii_alphabetic()) {
            return Ok(u32::from(letter));
        }
        self.refuse(begin, &format!("the escape `\\{letter}` is refused by the engine or not modelled"))
    }
}
