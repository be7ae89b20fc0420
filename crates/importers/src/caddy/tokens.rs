//! Tokens of a Caddyfile.

use std::ops::Range;

/// A token, with its quotes and escapes read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// From 0: the line on which it ends, so that what follows on that line belongs to it.
    pub(super) line: usize,
    /// The line on which it begins.
    pub(super) first_line: usize,
    pub(super) quoted: bool,
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, line: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Lines that a backslash continues count as one.
    line: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// What stands before a token: white space, comments, continued lines.
    fn skip(&mut self) {
        while let Some(letter) = self.peek() {
            let rest = self.text.get(self.at..).unwrap_or_default();
            match letter {
                '\n' => self.line += 1,
                '\\' if rest.starts_with("\\\n") => self.at += 1,
                '\\' if rest.starts_with("\\\r\n") => self.at += 2,
                '#' => {
                    self.at += rest.find('\n').unwrap_or(rest.len());
                    continue;
                }
                other if other.is_whitespace() || other == '\u{feff}' => {}
                _ => return,
            }
            self.next();
        }
    }

    fn token(&mut self) -> Option<Token> {
        self.skip();
        let (begin, first_line) = (self.at, self.line);
        let text = match self.peek()? {
            quote @ ('"' | '`') => {
                self.next();
                self.quoted(quote)
            }
            _ => self.bare(),
        };
        let quoted = self.text.get(begin..).is_some_and(|rest| rest.starts_with(['"', '`']));
        Some(Token { text, span: begin..self.at, line: self.line, first_line, quoted })
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(letter) = self.next() {
            match letter {
                _ if letter == quote => break,
                '\n' => {
                    self.line += 1;
                    text.push('\n');
                }
                // Between double quotes, only a quote is escaped.
                '\\' if quote == '"' && self.peek() == Some('"') => {
                    self.next();
                    text.push('"');
                }
                other => text.push(other),
            }
        }
        text
    }

    fn bare(&mut self) -> String {
        let mut text = String::new();
        while let Some(letter) = self.peek().filter(|letter| !letter.is_whitespace()) {
            self.next();
            text.push(letter);
        }
        text
    }
}
