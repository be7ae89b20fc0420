//! Flags, outside of an expression and in it.

use super::charset::{CharSet, Folding};
use super::{Done, Parser};
use crate::regex::{Dialect, Flags};

/// What flags change, as bits. Those that are about lines are not here: origins have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Options(u8);

impl Options {
    pub(super) const IGNORE_CASE: Self = Self(1);
    /// White space and comments count for nothing.
    pub(super) const EXTENDED: Self = Self(2);
    /// `xx`: blanks count for nothing in classes either.
    pub(super) const EXTENDED_MORE: Self = Self(4);
    /// Groups without a name are not remembered.
    pub(super) const NAMED_ONLY: Self = Self(8);
    /// `*` is lazy and `*?` greedy.
    pub(super) const LAZY: Self = Self(16);
    /// ECMAScript's `u`, Java's `u` and `U`.
    pub(super) const UNICODE: Self = Self(32);
    /// Python's `a`.
    pub(super) const ASCII: Self = Self(64);
    /// ECMAScript's `v`.
    pub(super) const SETS: Self = Self(128);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Reads the letters outside.
pub(super) fn outside(dialect: Dialect, flags: &Flags) -> Result<Options, String> {
    let mut options = Options::default();
    for letter in flags.0.chars() {
        if !letters_outside(dialect).contains(letter) {
            return Err(format!("the flag `{letter}` is not modelled for {}", dialect.id()));
        }
        options = options.with(meaning(dialect, letter));
    }
    Ok(options)
}

fn letters_outside(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Dotnet => "imnsx",
        Dialect::Java => "Udimsux",
        Dialect::Js => "dgimsuvy",
        Dialect::Pcre => "DUijmnosux",
        Dialect::Posix => "in",
        Dialect::Python => "aimsux",
        Dialect::Re2 => "Uims",
        Dialect::Ruby => "imoux",
    }
}

fn letters_inside(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Dotnet => "imnsx",
        Dialect::Java => "Udimsux",
        Dialect::Js | Dialect::Posix => "",
        Dialect::Pcre => "Uimnsx",
        Dialect::Python => "aimsux",
        Dialect::Re2 => "Uims",
        Dialect::Ruby => "adimux",
    }
}

fn meaning(dialect: Dialect, letter: char) -> Options {
    match (dialect, letter) {
        (_, 'i') => Options::IGNORE_CASE,
        (_, 'x') => Options::EXTENDED,
        (Dialect::Dotnet | Dialect::Pcre, 'n') => Options::NAMED_ONLY,
        (Dialect::Pcre | Dialect::Re2, 'U') => Options::LAZY,
        (Dialect::Java, 'u' | 'U') | (Dialect::Js, 'u') => Options::UNICODE,
        (Dialect::Js, 'v') => Options::UNICODE.with(Options::SETS),
        (Dialect::Python, 'a') => Options::ASCII,
        _ => Options::default(),
    }
}

/// What flags in an expression reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// `(?i:`: the group that they open.
    Group,
    /// `(?i)`: what follows.
    Rest,
}

impl Parser<'_> {
    /// Reads the letters after `(?` up to `)` or `:`. The parenthesis is at `begin`.
    pub(super) fn inline_flags(&mut self, begin: usize) -> Done<(Options, Reach)> {
        let letters = self.cursor.at();
        let mut options = self.options;
        if self.dialect == Dialect::Pcre && self.cursor.eat("^") {
            let all = [Options::IGNORE_CASE, Options::EXTENDED, Options::EXTENDED_MORE, Options::NAMED_ONLY];
            options = all.into_iter().fold(options, Options::without);
        }
        let on = self.cursor.take_while(usize::MAX, |c| c.is_ascii_alphabetic());
        let off = if self.cursor.eat("-") {
            let off = self.cursor.take_while(usize::MAX, |c| c.is_ascii_alphabetic());
            self.check_off(begin, off)?;
            off
        } else {
            ""
        };
        self.check_letters(begin, on)?;
        self.check_letters(begin, off)?;
        for letter in on.chars() {
            options = options.with(meaning(self.dialect, letter));
        }
        if self.dialect == Dialect::Pcre && on.contains("xx") {
            options = options.with(Options::EXTENDED_MORE);
        }
        for letter in off.chars() {
            options = options.without(meaning(self.dialect, letter));
        }
        if off.contains('x') {
            options = options.without(Options::EXTENDED_MORE);
        }
        let reach = match self.cursor.next() {
            Some(')') if self.cursor.at() - letters > 1 => Reach::Rest,
            Some(':') => Reach::Group,
            _ => return self.refuse(begin, "this group is not modelled"),
        };
        Ok((options, reach))
    }

    fn check_letters(&self, begin: usize, letters: &str) -> Done<()> {
        let known = letters_inside(self.dialect);
        if letters.chars().all(|letter| known.contains(letter)) {
            return Ok(());
        }
        self.refuse(begin, "this group is not modelled")
    }

    fn check_off(&self, begin: usize, off: &str) -> Done<()> {
        let forbidden = match self.dialect {
            Dialect::Python => "au",
            Dialect::Ruby => "adu",
            _ => "",
        };
        if off.is_empty() || off.contains(|letter| forbidden.contains(letter)) {
            return self.refuse(begin, "these flags are not modelled");
        }
        Ok(())
    }

    pub(super) fn ignores_case(&self) -> bool {
        self.options.has(Options::IGNORE_CASE)
    }

    /// `set`, written character by character, with the other cases if case is ignored.
    pub(super) fn fold(&self, begin: usize, set: CharSet) -> Done<CharSet> {
        if !self.ignores_case() {
            return Ok(set);
        }
        let unicode = self.options.has(Options::UNICODE);
        let folding = match self.dialect {
            Dialect::Python if !self.options.has(Options::ASCII) => Folding::Four,
            Dialect::Java if unicode => Folding::Four,
            Dialect::Js if unicode => Folding::Two,
            Dialect::Re2 => Folding::Two,
            Dialect::Dotnet | Dialect::Pcre | Dialect::Posix | Dialect::Ruby if set.has_special() => {
                return self.refuse(begin, "whether this equals an ASCII letter depends on the deployment");
            }
            _ => Folding::Ascii,
        };
        Ok(set.fold(folding))
    }
}
