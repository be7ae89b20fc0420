//! A text with a name, and its lines.

use std::borrow::Cow;
use std::ops::Range;

/// Line and column, both from 1; columns count characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

/// A text with a name.
#[derive(Clone, Debug, Default)]
pub struct Source {
    name: String,
    text: String,
    /// Offset of each line's first byte.
    line_starts: Vec<usize>,
}

impl Source {
    /// `name` is shown to people: a path, `-` for standard input.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { name: name.into(), text, line_starts }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name as it is shown in a line of text: what would end the line, move a terminal's
    /// cursor or turn letters around is escaped, for whoever made the file chose its name.
    pub fn shown_name(&self) -> Cow<'_, str> {
        let turns = |letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_obeyed = |letter: char| letter.is_control() || turns(letter);
        if !self.name.contains(is_obeyed) {
            return Cow::Borrowed(&self.name);
        }
        let shown = |letter: char| -> String {
            if is_obeyed(letter) { letter.escape_default().collect() } else { letter.into() }
        };
        Cow::Owned(self.name.chars().map(shown).collect())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line (from 1) of a byte; past the end is the last one.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset)
    }

    /// Line and column of a byte; past the end is the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        let start = self.line_start(line);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        Position { line, column: column + 1 }
    }

    /// The bytes of lines `first` to `last` (from 1, both included).
    pub fn lines(&self, first: usize, last: usize) -> Range<usize> {
        self.line_start(first)..self.line_starts.get(last).copied().unwrap_or(self.text.len())
    }

    fn line_start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|index| self.line_starts.get(index)).copied().unwrap_or(0)
    }
}
