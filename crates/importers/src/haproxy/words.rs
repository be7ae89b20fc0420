//! Words of a line of `haproxy.cfg`.

use std::ops::Range;

/// A word, with its quotes and escapes read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// It has a variable of the environment, whose value is not known here.
    pub(super) environment: bool,
}

/// The words of each line that has any.
pub(super) fn lines(text: &str) -> Vec<Vec<Word>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = Line { bytes: line.trim_end_matches(['\n', '\r']), at: 0, start }.words();
        if !words.is_empty() {
            lines.push(words);
        }
        start += line.len();
    }
    lines
}

struct Line<'a> {
    bytes: &'a str,
    at: usize,
    start: usize,
}

/// Inside which quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Double,
    None,
    Single,
}

impl Line<'_> {
    fn peek(&self) -> Option<char> {
        self.bytes.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn words(mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            while self.peek().is_some_and(|letter| letter.is_ascii_whitespace()) {
                self.next();
            }
            match self.peek() {
                None | Some('#') => return words,
                Some(_) => words.push(self.word()),
            }
        }
    }

    fn word(&mut self) -> Word {
        let begin = self.at;
        let mut quote = Quote::None;
        let (mut text, mut environment) = (String::new(), false);
        while let Some(letter) = self.peek() {
            if quote == Quote::None && (letter.is_ascii_whitespace() || letter == '#') {
                break;
            }
            self.next();
            match (letter, quote) {
                ('"', Quote::None) => quote = Quote::Double,
                ('\'', Quote::None) => quote = Quote::Single,
                ('"', Quote::Double) | ('\'', Quote::Single) => quote = Quote::None,
                ('\\', Quote::None | Quote::Double) => self.escape(&mut text),
                ('$', Quote::Double) => {
                    environment = true;
                    text.push('$');
                }
                (other, _) => text.push(other),
            }
        }
        Word { text, span: self.start + begin..self.start + self.at, environment }
    }

    /// What follows a backslash; where that is no escape, the backslash stays.
    fn escape(&mut self, text: &mut String) {
        match self.peek() {
            Some(letter @ (' ' | '\\' | '#' | '"' | '\'' | '$')) => text.push(letter),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            _ => return text.push('\\'),
        }
        self.next();
    }
}
