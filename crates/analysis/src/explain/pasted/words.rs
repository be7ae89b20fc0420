//! A command line split into words, as a POSIX shell (with the `$'…'` of bash) or Windows'
//! `cmd` and C runtime do. No crate on the registry reads `$'…'` or carets.
//!
//! Nothing is put in: a variable is an error.

use super::error::{PasteError, PasteMistake, short};

/// A word, its quoting undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins.
    pub(super) at: usize,
    /// What it says; bytes, since `$'\xe9'` is one.
    pub(super) bytes: Vec<u8>,
}

impl Word {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The words of the first command, and where the rest begins: a pipe, a redirection, another
/// command.
pub(super) fn split(text: &str) -> Result<(Vec<Word>, Option<usize>), PasteError> {
    if is_cmd(text) { split_cmd(text) } else { Posix::new(text).split() }
}

/// Whether a caret stands outside of POSIX quotes: URLs and flags have none, and every
/// command that a browser copies for `cmd` has.
fn is_cmd(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut quote = None;
    let mut before = 0;
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'^') => return true,
            // All but single quotes have escapes; `$'…'` has them too.
            (None | Some(b'"' | b'$'), b'\\') => {
                bytes.next();
            }
            (None, b'\'') => quote = Some(if before == b'$' { b'$' } else { b'\'' }),
            (None, b'"') => quote = Some(b'"'),
            (Some(b'$' | b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
            _ => {}
        }
        before = byte;
    }
    false
}

struct Posix<'t> {
    text: &'t str,
    at: usize,
    words: Vec<Word>,
    /// The word being read.
    word: Option<Word>,
}

impl<'t> Posix<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0, words: Vec::new(), word: None }
    }

    fn peek(&self) -> Option<u8> {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + count).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn push(&mut self, at: usize, bytes: &[u8]) {
        self.word.get_or_insert_with(|| Word { at, bytes: Vec::new() }).bytes.extend_from_slice(bytes);
    }

    fn split(mut self) -> Result<(Vec<Word>, Option<usize>), PasteError> {
        while let Some(byte) = self.peek() {
            let at = self.at;
            match byte {
                // A redirection of a numbered stream: the number is no word.
                b'|' | b'>' | b'<' | b'&' | b';' | b'\n' if self.ends_command(byte) => {
                    self.words.extend(self.word.take());
                    return Ok((self.words, Some(at)));
                }
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.at += 1;
                    self.words.extend(self.word.take());
                }
                b'#' if self.word.is_none() => self.skip_line(),
                _ => self.piece(byte)?,
            }
        }
        self.words.extend(self.word.take());
        Ok((self.words, None))
    }

    /// A line break before the first word ends nothing.
    fn ends_command(&self, byte: u8) -> bool {
        byte != b'\n' || self.word.is_some() || !self.words.is_empty()
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// A quoted part, an escape, or a byte.
    fn piece(&mut self, byte: u8) -> Result<(), PasteError> {
        let at = self.at;
        match (byte, self.ahead(1)) {
            (b'\'', _) => self.single(),
            (b'"', _) => self.double(),
            (b'$', Some(b'\'')) => self.ansi(),
            (b'$', Some(b'"')) => {
                self.at += 1;
                self.double()
            }
            (b'$' | b'`', _) if self.is_variable() => Err(self.variable()),
            (b'\\', _) => {
                self.at += 1;
                match (self.next(), self.peek()) {
                    // A line goes on; pasted from Windows, after `\r\n`.
                    (Some(b'\r'), Some(b'\n')) => self.at += 1,
                    (Some(b'\n') | None, _) => {}
                    (Some(escaped), _) => self.push(at, &[escaped]),
                }
                Ok(())
            }
            _ => {
                self.at += 1;
                self.push(at, &[byte]);
                Ok(())
            }
        }
    }

    fn single(&mut self) -> Result<(), PasteError> {
        let at = self.at;
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.next() {
            if byte == b'\'' {
                let text = self.text;
                self.push(at, text.as_bytes().get(start..self.at - 1).unwrap_or_default());
                return Ok(());
            }
        }
        Err(PasteMistake::Unterminated("a single quote").at(at))
    }

    fn double(&mut self) -> Result<(), PasteError> {
        let at = self.at;
        self.at += 1;
        self.push(at, b"");
        while let Some(byte) = self.peek() {
            match (byte, self.ahead(1)) {
                (b'"', _) => {
                    self.at += 1;
                    return Ok(());
                }
                (b'\\', Some(b'\n')) => self.at += 2,
                (b'\\', Some(escaped @ (b'$' | b'`' | b'"' | b'\\'))) => {
                    self.at += 2;
                    self.push(at, &[escaped]);
                }
                (b'$' | b'`', _) if self.is_variable() => return Err(self.variable()),
                _ => {
                    self.at += 1;
                    self.push(at, &[byte]);
                }
            }
        }
        Err(PasteMistake::Unterminated("a double quote").at(at))
    }

    /// A `$` before anything else is itself.
    fn is_variable(&self) -> bool {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_{(@*#?!$-".contains(&byte);
        self.peek() == Some(b'`') || self.ahead(1).is_some_and(is_name)
    }

    fn variable(&self) -> PasteError {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let close = match self.ahead(1) {
            _ if rest.starts_with('`') => rest.char_indices().skip(1).find(|(_, char)| *char == '`'),
            Some(b'{') => rest.char_indices().find(|(_, char)| *char == '}'),
            Some(b'(') => rest.char_indices().find(|(_, char)| *char == ')'),
            _ => None,
        };
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let end = match close {
            Some((end, _)) => end + 1,
            None => rest
                .char_indices()
                .skip(1)
                .find(|(_, char)| !is_name(*char))
                .map_or(rest.len(), |(end, _)| end),
        };
        PasteMistake::Variable(short(rest.get(..end).unwrap_or(rest))).at(self.at)
    }

    /// `$'…'`.
    fn ansi(&mut self) -> Result<(), PasteError> {
        let at = self.at;
        self.at += 2;
        self.push(at, b"");
        while let Some(byte) = self.next() {
            match byte {
                b'\'' => return Ok(()),
                b'\\' => self.ansi_escape(at),
                _ => self.push(at, &[byte]),
            }
        }
        Err(PasteMistake::Unterminated("a single quote").at(at))
    }

    fn ansi_escape(&mut self, at: usize) {
        let Some(byte) = self.next() else { return };
        let plain = match byte {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => byte,
            b'0'..=b'7' => {
                self.at -= 1;
                // `\777` is a byte too: the shell drops what is above it.
                self.number(8, 3).to_le_bytes()[0]
            }
            b'x' => self.number(16, 2).to_le_bytes()[0],
            b'u' | b'U' => {
                let char = self.code_point(if byte == b'u' { 4 } else { 8 });
                return self.push(at, char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return self.push(at, &[b'\\', byte]),
        };
        self.push(at, &[plain]);
    }

    /// A code point; browsers write one beyond U+FFFF as two halves.
    fn code_point(&mut self, digits: usize) -> char {
        let first = self.number(16, digits);
        let is_high = (0xd800..0xdc00).contains(&first);
        if is_high && self.peek() == Some(b'\\') && self.ahead(1) == Some(b'u') {
            self.at += 2;
            let second = self.number(16, 4);
            return join_surrogates(first, second);
        }
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn number(&mut self, radix: u32, most: usize) -> u32 {
        let mut number = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            number = number.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        number
    }
}

/// The character that two halves of UTF-16 stand for.
pub(super) fn join_surrogates(high: u32, low: u32) -> char {
    let joined = if (0xdc00..0xe000).contains(&low) {
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    } else {
        None
    };
    joined.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Two passes: `cmd` takes the carets, the C runtime the quotes and backslashes.
fn split_cmd(text: &str) -> Result<(Vec<Word>, Option<usize>), PasteError> {
    let (letters, rest) = without_carets(text);
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote = None;
    let mut letters = letters.iter().copied().peekable();
    while let Some((at, byte, is_break)) = letters.next() {
        if quote.is_none() && (is_break || matches!(byte, b' ' | b'\t' | b'\r')) {
            words.extend(word.take());
            continue;
        }
        let bytes = &mut word.get_or_insert_with(|| Word { at, bytes: Vec::new() }).bytes;
        match byte {
            b'"' => quote = if quote.is_some() { None } else { Some(at) },
            b'\\' => {
                let mut count = 1;
                while letters.next_if(|(_, byte, _)| *byte == b'\\').is_some() {
                    count += 1;
                }
                // Backslashes are halved before a quote only; an odd one escapes it.
                let is_quote = letters.peek().is_some_and(|(_, byte, _)| *byte == b'"');
                bytes.resize(bytes.len() + if is_quote { count / 2 } else { count }, b'\\');
                if is_quote && count % 2 == 1 {
                    letters.next();
                    bytes.push(b'"');
                }
            }
            _ => bytes.push(byte),
        }
    }
    if let Some(at) = quote {
        return Err(PasteMistake::Unterminated("a double quote").at(at));
    }
    words.extend(word);
    Ok((words, rest))
}

/// What `cmd` hands on, each byte with its place and whether it is a plain line break, and
/// where the next command begins.
fn without_carets(text: &str) -> (Vec<(usize, u8, bool)>, Option<usize>) {
    let mut letters = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().enumerate().peekable();
    let mut is_quoted = false;
    let mut before = 0;
    while let Some((at, byte)) = bytes.next() {
        let escaping = before;
        before = byte;
        match byte {
            b'^' => {
                let next = bytes.peek().map(|(_, next)| *next);
                // Within quotes a caret is itself, but older browsers escaped there too.
                let is_itself =
                    is_quoted && escaping != b'%' && next.is_none_or(|next| next.is_ascii_alphanumeric());
                if is_itself {
                    letters.push((at, byte, false));
                } else if let Some(letter) = escaped(&mut bytes) {
                    before = letter.1;
                    letters.push(letter);
                }
            }
            b'"' => {
                // `\"` is the C runtime's business, and is no end for people.
                is_quoted ^= escaping != b'\\';
                letters.push((at, byte, false));
            }
            b'&' | b'|' | b'<' | b'>' if !is_quoted => return (letters, Some(at)),
            b'\n' if !is_quoted && !letters.iter().all(|(_, byte, _)| byte.is_ascii_whitespace()) => {
                return (letters, Some(at));
            }
            _ => letters.push((at, byte, byte == b'\n')),
        }
    }
    (letters, None)
}

/// What a caret escapes: the next byte, or the one after the line break that follows it.
fn escaped(bytes: &mut std::iter::Peekable<impl Iterator<Item = (usize, u8)>>) -> Option<(usize, u8, bool)> {
    let (mut at, mut byte) = bytes.next()?;
    if byte == b'\r' && bytes.peek().is_some_and(|(_, next)| *next == b'\n') {
        (at, byte) = bytes.next()?;
    }
    if byte != b'\n' {
        return Some((at, byte, false));
    }
    // A blank line is one line break of the value.
    bytes.next_if(|(_, next)| *next == b'\r');
    if let Some((at, byte)) = bytes.next_if(|(_, next)| *next == b'\n') {
        return Some((at, byte, false));
    }
    Some((at, b' ', true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        split(text).unwrap().0.iter().map(|word| isomorphic_or_text(&word.bytes)).collect()
    }

    fn isomorphic_or_text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| super::super::isomorphic(bytes))
    }

    fn mistake(text: &str) -> (usize, PasteMistake) {
        let error = split(text).unwrap_err();
        (error.at, error.mistake)
    }

    #[test]
    fn a_shell_s_quotes_are_undone() {
        for (text, expected) in [
            ("a  'b c'\"d\\\"\\e $\"f", &["a", "b cd\"\\e $f"][..]),
            ("'' \"\" $''", &["", "", ""]),
            ("a\\\n b\\\r\n  c\\ d", &["a", "b", "c d"]),
            ("$'it\\'s \\u0021 \\041 \\x0a\\n\\e'", &["it's ! ! \n\n\u{1b}"]),
            ("$'\\u00e9\\ud83d\\ude00' $'\\xe9'", &["é😀", "é"]),
            ("'é😀' \"ü\"", &["é😀", "ü"]),
            ("a # b\n", &["a"]),
            ("a#b", &["a#b"]),
            ("a $'it\\'s 2^3' '^' \"^\" b", &["a", "it's 2^3", "^", "^", "b"]),
            ("\n\n a", &["a"]),
            ("'$HOME' \\$HOME \"\\$HOME\" $", &["$HOME", "$HOME", "$HOME", "$"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_shell_puts_in_and_open_quotes_are_told_with_their_place() {
        let variable = |text: &str| PasteMistake::Variable(text.to_owned());
        assert_eq!(mistake("a \"b $TOKEN\""), (5, variable("$TOKEN")));
        assert_eq!(mistake("${TOKEN}x"), (0, variable("${TOKEN}")));
        assert_eq!(mistake("a $(cat token)"), (2, variable("$(cat token)")));
        assert_eq!(mistake("`date` a"), (0, variable("`date`")));
        assert_eq!(mistake("é 'b"), (3, PasteMistake::Unterminated("a single quote")));
        assert_eq!(mistake("a $'b\\'"), (2, PasteMistake::Unterminated("a single quote")));
        assert_eq!(mistake("a \"b"), (2, PasteMistake::Unterminated("a double quote")));
        assert_eq!(mistake("curl ^\"b"), (6, PasteMistake::Unterminated("a double quote")));
    }

    #[test]
    fn a_command_ends_where_the_next_begins() {
        for (text, rest) in
            [("a b | c", 4), ("a b>c", 3), ("a b\nc", 3), ("a 'b|' && c", 7), ("a^\n b & c", 6)]
        {
            assert_eq!(split(text).unwrap().1, Some(rest), "{text}");
        }
        assert_eq!(split("a 'b|c>d' \"&\" \\; x").unwrap().1, None);
        assert_eq!(split("a ^\"b^&c^|^\"").unwrap().1, None);
    }

    #[test]
    fn carets_and_backslashes_of_cmd_are_undone() {
        for (text, expected) in [
            (
                "curl ^\"https://a/?b^%^20^&c^\" ^\n  -X ^\"PUT^\"",
                &["curl", "https://a/?b%20&c", "-X", "PUT"][..],
            ),
            ("curl ^\r\n  -H ^\"a: ^\\^\"b^\\^\"^\"", &["curl", "-H", "a: \"b\""]),
            ("a ^\"{^\\^\"b^\\^\":1}^\"", &["a", "{\"b\":1}"]),
            ("a ^\"x^\n\ny^\"", &["a", "x\ny"]),
            ("a ^\"x\"^\r\n\r\n\"y^\"", &["a", "x\ny"]),
            ("^a C:\\\\b ^\"C:\\d\\\\^\" e", &["a", "C:\\\\b", "C:\\d\\", "e"]),
            ("^a \"b^c\"", &["a", "b^c"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        // Older Chromium: plain quotes with carets within.
        assert_eq!(
            words("curl \"a: ^\\^\"c^\\^\";v=^\\^\"1^\\^\"\" ^\n -s"),
            ["curl", "a: \"c\";v=\"1\"", "-s"]
        );
    }
}
