//! The words of a configuration file, as nginx cuts them.
//!
//! A word ends at white space, `;` or `{`; `{` after `$` belongs to a variable. A comment
//! begins where a word could. Quotes count only at a word's beginning. In words, `\"`, `\'`
//! and `\\` stand for their second character, `\t`, `\r` and `\n` for controls, and any other
//! backslash stays, so that regular expressions need no second escaping.

use std::ops::Range;

use super::lua;

/// What stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `}`
    Close,
    /// `;`
    End,
    /// `{`
    Open,
    /// Anything else, without its quotes and escapes.
    Word(String),
}

/// Why the text cannot be cut, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) offset: usize,
    pub(super) reason: String,
}

/// Cuts a text from its beginning.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next token is looked for.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The next token and its bytes; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, Mistake> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let sign = match first {
            b';' => Some(Token::End),
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            _ => None,
        };
        if let Some(sign) = sign {
            self.at += 1;
            return Ok(Some((sign, start..self.at)));
        }
        let word = if matches!(first, b'"' | b'\'') { self.quoted(first)? } else { self.bare() };
        Ok(Some((Token::Word(word), start..self.at)))
    }

    /// Goes past the body of a block of Lua, after its `{`, and its `}`.
    pub(super) fn skip_lua(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        match lua::end_of_block(self.text.as_bytes(), start) {
            Some(end) => self.at = end,
            None => return Err(mistake(start, "this block of Lua has no end")),
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => {
                    let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn bare(&mut self) -> String {
        let start = self.at;
        let mut dollar = false;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' => break,
                b'{' if !dollar => break,
                b'\\' => self.at += 1,
                _ => {}
            }
            dollar = byte == b'$';
            self.at += 1;
        }
        self.at = self.at.min(self.text.len());
        self.unescaped(start..self.at)
    }

    fn quoted(&mut self, quote: u8) -> Result<String, Mistake> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(mistake(start, "this quotation has no end")),
                Some(byte) if byte == quote => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
        let inside = start + 1..self.at;
        self.at += 1;
        match self.peek() {
            Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => Ok(self.unescaped(inside)),
            None => Err(mistake(self.at, "a directive has no `;`")),
            Some(_) => Err(mistake(self.at, "no space follows a quotation")),
        }
    }

    fn unescaped(&self, span: Range<usize>) -> String {
        let raw = self.text.get(span).unwrap_or_default();
        if !raw.contains('\\') {
            return raw.to_owned();
        }
        let mut word = String::with_capacity(raw.len());
        let mut characters = raw.chars();
        while let Some(character) = characters.next() {
            if character != '\\' {
                word.push(character);
                continue;
            }
            match characters.next() {
                Some('t') => word.push('\t'),
                Some('r') => word.push('\r'),
                Some('n') => word.push('\n'),
                Some(escaped @ ('"' | '\'' | '\\')) => word.push(escaped),
                Some(other) => word.extend(['\\', other]),
                None => word.push('\\'),
            }
        }
        word
    }
}

fn mistake(offset: usize, reason: &str) -> Mistake {
    Mistake { offset, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text);
        let mut words = Vec::new();
        while let Some((token, _)) = tokens.next().unwrap() {
            words.push(match token {
                Token::Close => "}".to_owned(),
                Token::End => ";".to_owned(),
                Token::Open => "{".to_owned(),
                Token::Word(word) => format!("<{word}>"),
            });
        }
        words
    }

    #[test]
    fn words_end_where_nginx_ends_them() {
        assert_eq!(words("location /{"), ["<location>", "</>", "{"]);
        assert_eq!(words("set $a ${b}c;"), ["<set>", "<$a>", "<${b}c>", ";"]);
        assert_eq!(words("a#b # c\nd"), ["<a#b>", "<d>"]);
        assert_eq!(words("a\"b \"c;d\" "), ["<a\"b>", "<c;d>"]);
        assert_eq!(words(r#"~^https?://a\.b\\.c\"d e;"#), [r#"<~^https?://a\.b\.c"d>"#, "<e>", ";"]);
    }

    #[test]
    fn quotations_end_and_are_followed_by_space() {
        assert_eq!(words("a 'b\"} {' ;"), ["<a>", "<b\"} {>", ";"]);
        for (text, offset) in [("a 'b", 2), ("a 'b'c;", 5), ("a 'b'", 5)] {
            let mut tokens = Tokens::new(text);
            tokens.next().unwrap();
            assert_eq!(tokens.next().unwrap_err().offset, offset, "{text}");
        }
    }
}
