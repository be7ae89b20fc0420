//! A place in an expression.

/// Reads characters one after the other; places are bytes.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to a place where the cursor was.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What was read from `begin` on.
    pub(super) fn read_since(&self, begin: usize) -> &'a str {
        self.text.get(begin..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character after the next.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    /// Reads `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let there = self.starts(expected);
        if there {
            self.at += expected.len();
        }
        there
    }

    /// Reads up to `most` characters while `wanted` holds.
    pub(super) fn take_while(&mut self, most: usize, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.chars().take(most).take_while(|&c| wanted(c)).map(char::len_utf8).sum();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Reads between `least` and `most` digits of `radix`; nothing if there are fewer. A
    /// number too high is the highest.
    pub(super) fn number(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let begin = self.at;
        let digits = self.take_while(most, |c| c.is_digit(radix));
        if digits.len() < least {
            self.at = begin;
            return None;
        }
        Some(digits.chars().fold(0_u32, |value, digit| {
            value.saturating_mul(radix).saturating_add(digit.to_digit(radix).unwrap_or_default())
        }))
    }
}
