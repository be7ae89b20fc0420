//! Classes of characters by a letter or a name.

use super::charset::CharSet;
use super::options::Options;
use super::{Dialect, Done, Parser};

/// Characters of the name of a class or property, at most.
const MAX_NAME: usize = 40;

impl Parser<'_> {
    /// `\d`, `\w` and their like; none for another letter.
    pub(super) fn class_escape(&mut self, begin: usize, letter: char) -> Done<Option<CharSet>> {
        let horizontal = CharSet::of_all(" \t");
        let vertical = CharSet::range(10, 13);
        let set = match (self.dialect, letter.to_ascii_lowercase()) {
            (Dialect::Posix, 'd') | (Dialect::Posix | Dialect::Python, 'p') => return Ok(None),
            (_, 'd') => CharSet::digit(),
            (_, 'w') => CharSet::word(),
            (_, 's') => CharSet::space(),
            (Dialect::Java | Dialect::Pcre, 'h') => horizontal,
            (Dialect::Java | Dialect::Pcre, 'v') => vertical,
            (Dialect::Ruby, 'h') => CharSet::hex_digit(),
            (Dialect::Js, 'p') if !self.options.has(Options::UNICODE) => return Ok(None),
            (_, 'p') => self.property(begin)?,
            _ => return Ok(None),
        };
        Ok(Some(if letter.is_ascii_uppercase() { set.complement() } else { set }))
    }

    /// What follows `\p`.
    fn property(&mut self, begin: usize) -> Done<CharSet> {
        let braces = self.cursor.eat("{");
        let negated = braces && matches!(self.dialect, Dialect::Pcre | Dialect::Re2 | Dialect::Ruby);
        let negated = negated && self.cursor.eat("^");
        let bare = matches!(self.dialect, Dialect::Java | Dialect::Pcre | Dialect::Re2);
        let name = if braces {
            self.cursor.take_while(MAX_NAME, |c| c.is_ascii_alphanumeric() || "_=&".contains(c))
        } else if bare {
            self.cursor.take_while(1, |c| c.is_ascii_alphabetic())
        } else {
            ""
        };
        if braces && !self.cursor.eat("}") {
            return self.refuse(begin, "this property is not modelled");
        }
        let Some(set) = named(self.dialect, name) else {
            return self.refuse(begin, "this property is not modelled");
        };
        if self.ignores_case() && set.fold(super::charset::Folding::Ascii) != set {
            return self.refuse(begin, "a property with one case, ignoring case, is not modelled");
        }
        Ok(if negated { set.complement() } else { set })
    }

    /// After `[:`, within a class.
    pub(super) fn posix_class(&mut self, begin: usize) -> Done<CharSet> {
        let negated = self.dialect != Dialect::Posix && self.cursor.eat("^");
        let name = self.cursor.take_while(MAX_NAME, |c| c.is_ascii_lowercase());
        let extra = self.dialect != Dialect::Posix && matches!(name, "ascii" | "word");
        let set = match posix(name) {
            Some(set) if self.cursor.eat(":]") => set,
            None if extra && self.cursor.eat(":]") => {
                if name == "word" {
                    CharSet::word()
                } else {
                    CharSet::range(0, 127)
                }
            }
            _ => return self.refuse(begin, "this name of a class is refused by the engine or not modelled"),
        };
        let set = if self.ignores_case() { set.fold(super::charset::Folding::Ascii) } else { set };
        if negated
            && self.ignores_case()
            && self.dialect == Dialect::Ruby
            && matches!(name, "upper" | "lower")
        {
            return self.refuse(begin, "this name of a class, ignoring case, is not modelled");
        }
        Ok(if negated { set.complement() } else { set })
    }
}

/// Names of POSIX. All engines agree about them on ASCII.
fn posix(name: &str) -> Option<CharSet> {
    let punctuation = CharSet::range(0x21, 0x7e).and(alphanumeric().complement());
    Some(match name {
        "alnum" => alphanumeric(),
        "alpha" => CharSet::alpha(),
        "blank" => CharSet::of_all(" \t"),
        "cntrl" => CharSet::range(0, 31).or(CharSet::of(127)),
        "digit" => CharSet::digit(),
        "graph" => CharSet::range(0x21, 0x7e),
        "lower" => CharSet::lower(),
        "print" => CharSet::range(0x20, 0x7e),
        "punct" => punctuation,
        "space" => CharSet::space(),
        "upper" => CharSet::upper(),
        "xdigit" => CharSet::hex_digit(),
        _ => return None,
    })
}

fn alphanumeric() -> CharSet {
    CharSet::alpha().or(CharSet::digit())
}

/// The property `name`, with what it has of ASCII.
fn named(dialect: Dialect, name: &str) -> Option<CharSet> {
    let general = general_category(name);
    match dialect {
        Dialect::Java => general.or_else(|| java(name)),
        Dialect::Js => general.or_else(|| match name {
            "Any" => Some(CharSet::ALL),
            "ASCII" => Some(CharSet::range(0, 127)),
            "Script=Latin" | "sc=Latin" => Some(CharSet::alpha()),
            _ => None,
        }),
        Dialect::Pcre => general.or_else(|| match name {
            "Any" => Some(CharSet::ALL),
            "L&" | "Latin" => Some(CharSet::alpha()),
            "Xan" => Some(alphanumeric()),
            "Xsp" | "Xps" => Some(CharSet::space()),
            "Xwd" => Some(CharSet::word()),
            _ => None,
        }),
        Dialect::Re2 if name == "Latin" => Some(CharSet::alpha()),
        // Here, but not in brackets, it is the general category.
        Dialect::Ruby if name.eq_ignore_ascii_case("punct") => general_category("P"),
        Dialect::Ruby => general.or_else(|| posix(&name.to_ascii_lowercase())),
        _ => general,
    }
}

/// Java's own names.
fn java(name: &str) -> Option<CharSet> {
    Some(match name {
        "Alnum" => alphanumeric(),
        "Alpha" | "IsAlphabetic" | "IsLatin" => CharSet::alpha(),
        "ASCII" => CharSet::range(0, 127),
        "Blank" => CharSet::of_all(" \t"),
        "Digit" | "IsDigit" => CharSet::digit(),
        "Graph" => CharSet::range(0x21, 0x7e),
        "Lower" | "javaLowerCase" => CharSet::lower(),
        "Print" => CharSet::range(0x20, 0x7e),
        "Space" => CharSet::space(),
        "Upper" | "javaUpperCase" => CharSet::upper(),
        "XDigit" => CharSet::hex_digit(),
        _ => return None,
    })
}

/// The short names of Unicode's general categories.
fn general_category(name: &str) -> Option<CharSet> {
    Some(match name {
        "L" => CharSet::alpha(),
        "Lu" => CharSet::upper(),
        "Ll" => CharSet::lower(),
        "Lt" | "Lm" | "Lo" | "M" | "Mn" | "Mc" | "Me" | "Nl" | "No" | "Pi" | "Pf" | "So" | "Zl" | "Zp" => {
            CharSet::EMPTY
        }
        "N" | "Nd" => CharSet::digit(),
        "P" => CharSet::of_all("!\"#%&'()*,-./:;?@[\\]_{}"),
        "Pc" => CharSet::of_all("_"),
        "Pd" => CharSet::of_all("-"),
        "Ps" => CharSet::of_all("([{"),
        "Pe" => CharSet::of_all(")]}"),
        "Po" => CharSet::of_all("!\"#%&'*,./:;?@\\"),
        "S" => CharSet::of_all("$+<=>^`|~"),
        "Sm" => CharSet::of_all("+<=>|~"),
        "Sc" => CharSet::of_all("$"),
        "Sk" => CharSet::of_all("^`"),
        "Z" | "Zs" => CharSet::of_all(" "),
        "Cc" => CharSet::range(0, 31).or(CharSet::of(127)),
        _ => return None,
    })
}
