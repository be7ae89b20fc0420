//! JSON within bounds: what is too long or too deep does not reach the parser.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Bytes of a string's text that are kept: a browser takes about 256 KiB for all fields of a
/// response together, and bodies, of many MiB, are not looked at.
const MAX_STRING: usize = 64 << 10;

/// Arrays and objects within each other; exports of browsers need nine and their stack traces
/// two more for each asynchronous step.
const MAX_DEPTH: usize = 512;

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A reader that cuts long strings of the JSON that it reads, and fails where it is too deep.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    inner: R,
    lexer: Lexer,
    has_begun: bool,
    /// Line and column, from 1, of the last byte that was handed on.
    line: usize,
    column: usize,
    end: Rc<Cell<Option<(usize, usize)>>>,
}

#[derive(Debug)]
struct Lexer {
    place: Place,
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    /// In a string, after so many of its bytes.
    String(usize),
    /// After a backslash in a string, likewise.
    Escape(usize),
    /// In what is cut of a string.
    Cut,
    /// After a backslash there.
    CutEscape,
}

impl Lexer {
    /// Whether this byte is handed on.
    fn takes(&mut self, byte: u8) -> io::Result<bool> {
        self.place =
            match (self.place, byte) {
                (Place::Outside, b'"') => Place::String(0),
                (Place::Outside, _) => {
                    self.count_depth(byte)?;
                    Place::Outside
                }
                (Place::String(_) | Place::Cut, b'"') => Place::Outside,
                // Cut between characters only: not before a byte that continues one.
                (Place::String(length), _) if length >= MAX_STRING && byte & 0xc0 != 0x80 => {
                    if byte == b'\\' { Place::CutEscape } else { Place::Cut }
                }
                (Place::String(length), b'\\') => Place::Escape(length + 1),
                // Four digits follow, and they stay.
                (Place::Escape(length), b'u') => Place::String((length + 1).min(MAX_STRING - 4)),
                (Place::String(length) | Place::Escape(length), _) => Place::String(length + 1),
                (Place::Cut, b'\\') => Place::CutEscape,
                (Place::Cut | Place::CutEscape, _) => Place::Cut,
            };
        Ok(!matches!(self.place, Place::Cut | Place::CutEscape))
    }

    fn count_depth(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            let message = format!("it is nested deeper than {MAX_DEPTH} levels");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }

    /// How many of the next bytes are passed over at once.
    fn passes_over(&self, next: &[u8]) -> usize {
        match self.place {
            Place::Cut => next.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(next.len()),
            _ => 0,
        }
    }
}

impl<R: BufRead> Bounded<R> {
    /// `end` is set to where it ends, in line and column, once it has ended.
    pub(super) fn new(inner: R, end: Rc<Cell<Option<(usize, usize)>>>) -> Self {
        let lexer = Lexer { place: Place::Outside, depth: 0 };
        Self { inner, lexer, has_begun: false, line: 1, column: 0, end }
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        self.has_begun = true;
        if self.inner.fill_buf()?.starts_with(MARK) {
            self.inner.consume(MARK.len());
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.has_begun {
            self.skip_mark()?;
        }
        let (mut slots, mut written) = (out.iter_mut(), 0);
        while slots.len() > 0 && written == 0 {
            let available = self.inner.fill_buf()?;
            if available.is_empty() {
                self.end.set(Some((self.line, self.column)));
                break;
            }
            let over = self.lexer.passes_over(available);
            let mut used = over;
            for &byte in available.get(over..).unwrap_or_default().iter().take(slots.len()) {
                used += 1;
                if self.lexer.takes(byte)?
                    && let Some(slot) = slots.next()
                {
                    *slot = byte;
                    written += 1;
                    let is_break = byte == b'\n';
                    self.line += usize::from(is_break);
                    self.column = if is_break { 0 } else { self.column + 1 };
                }
            }
            self.inner.consume(used);
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(text: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Bounded::new(io::BufReader::with_capacity(7, text), Rc::default()).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn what_is_short_stays_as_it_is() {
        for text in ["", "{\"a\\\"\": [1, \"\\u00e4\\\\\", null]}", "\"\u{1f600}\"", "broken \"\\"] {
            assert_eq!(bounded(text.as_bytes()).unwrap(), text.as_bytes());
        }
        assert_eq!(bounded(b"\xef\xbb\xbf{}").unwrap(), b"{}");
    }

    #[test]
    fn long_strings_are_cut_between_characters() {
        for unit in ["a", "\u{e4}", "\u{1f600}", "\\n", "\\u00e4", "\\\"", "a\u{20ac}"] {
            let long = format!("[\"{}\", 1]", unit.repeat(200_000));
            let cut = bounded(long.as_bytes()).unwrap();
            assert!(cut.len() < MAX_STRING + 20, "{unit}: {}", cut.len());
            let value: serde_json::Value = serde_json::from_slice(&cut).unwrap();
            assert_eq!(value[1], 1, "{unit}");
            assert!(value[0].as_str().unwrap().len() > 10_000, "{unit}");
        }
    }

    #[test]
    fn depth_is_bounded_outside_of_strings() {
        let nested = |depth: usize| format!("{}\"[[[\"", "[".repeat(depth));
        assert!(bounded(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(bounded(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(bounded("[]".repeat(MAX_DEPTH + 1).as_bytes()).is_ok());
    }
}
