//! The part of JavaScript that calls are written in: literals, and calls of literals.
//!
//! Anything else is a [`Literal::Opaque`] expression, which is an error only where its value
//! is needed. A whole parser of the language would be the largest dependency of this crate,
//! and JSON5 knows neither templates nor calls.

use super::error::{PasteError, PasteMistake, short};
use super::words::join_surrogates;

/// Brackets within brackets; bodies have a few.
const MAX_DEPTH: usize = 64;

/// A value as far as its text tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Boolean(bool),
    /// `JSON.stringify(…)` or `new URLSearchParams(…)`, with its name as written.
    Call(String, Vec<Self>),
    List(Vec<Self>),
    Null,
    Number(f64),
    Object(Vec<(String, Self)>),
    /// What only a running script knows: its place and text.
    Opaque(usize, String),
    Text(String),
    Undefined,
}

/// A cursor over a script.
#[derive(Debug)]
pub(super) struct Script<'t> {
    text: &'t str,
    pub(super) at: usize,
}

impl<'t> Script<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    /// Takes `text` if it comes next, after whitespace and comments.
    pub(super) fn take(&mut self, text: &str) -> bool {
        self.skip();
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    /// Skips whitespace and comments.
    pub(super) fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len()
                - rest.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}').len();
            let rest = rest.get(blank..).unwrap_or_default();
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            self.at += blank + comment;
            if comment == 0 {
                return;
            }
        }
    }

    /// A name, or nothing.
    pub(super) fn name(&mut self) -> &'t str {
        self.skip();
        let rest = self.rest();
        let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$' | '#');
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// The arguments after an open parenthesis, and the parenthesis that closes them.
    pub(super) fn arguments(&mut self, depth: usize) -> Result<Vec<Literal>, PasteError> {
        self.list(')', depth)
    }

    fn list(&mut self, close: char, depth: usize) -> Result<Vec<Literal>, PasteError> {
        let opened = self.at.saturating_sub(1);
        let mut values = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None => return Err(PasteMistake::Unterminated("a bracket").at(opened)),
                Some(char) if char == close => {
                    self.at += 1;
                    return Ok(values);
                }
                Some(_) => values.push(self.value(depth)?),
            }
            self.separator(close, opened)?;
        }
    }

    /// A comma, or the bracket that ends it all, which is left alone.
    fn separator(&mut self, close: char, opened: usize) -> Result<(), PasteError> {
        self.skip();
        match self.peek() {
            Some(',') => {
                self.at += 1;
                Ok(())
            }
            Some(char) if char == close => Ok(()),
            Some(char) => Err(PasteMistake::Unexpected(char).at(self.at)),
            None => Err(PasteMistake::Unterminated("a bracket").at(opened)),
        }
    }

    /// A value up to the comma or bracket after it.
    fn value(&mut self, depth: usize) -> Result<Literal, PasteError> {
        if depth >= MAX_DEPTH {
            return Err(PasteMistake::TooDeep.at(self.at));
        }
        let start = self.at;
        let mut value = self.primary(depth)?;
        // Long texts are written in pieces.
        while let Literal::Text(text) = &mut value
            && self.take("+")
        {
            self.skip();
            match self.primary(depth)? {
                Literal::Text(more) => text.push_str(&more),
                _ => return self.opaque(start),
            }
        }
        self.skip();
        match self.peek() {
            None | Some(',' | ')' | ']' | '}') => Ok(value),
            Some(_) => self.opaque(start),
        }
    }

    fn primary(&mut self, depth: usize) -> Result<Literal, PasteError> {
        let start = self.at;
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.text(quote).map(Literal::Text),
            Some('`') => match self.text('`')? {
                text if !self.has_substitution(start) => Ok(Literal::Text(text)),
                _ => Ok(self.expression(start)),
            },
            Some('[') => {
                self.at += 1;
                self.list(']', depth + 1).map(Literal::List)
            }
            Some('{') => {
                self.at += 1;
                self.object(depth + 1)
            }
            Some(char) if char.is_ascii_digit() || matches!(char, '-' | '.') => Ok(self.number(start)),
            Some(char) if char.is_alphabetic() || matches!(char, '_' | '$') => self.named(depth),
            _ => self.opaque(start),
        }
    }

    /// The text from `start` on, as an expression.
    fn expression(&self, start: usize) -> Literal {
        Literal::Opaque(start, short(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn has_substitution(&self, start: usize) -> bool {
        let text = self.text.get(start..self.at).unwrap_or_default();
        let mut before = ' ';
        for (char, next) in text.chars().zip(text.chars().skip(1)) {
            if char == '$' && next == '{' && before != '\\' {
                return true;
            }
            before = if before == '\\' { ' ' } else { char };
        }
        false
    }

    fn number(&mut self, start: usize) -> Literal {
        let rest = self.rest();
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.' | '_');
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        self.at += end;
        let text = rest.get(..end).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Literal::Number(number),
            _ => self.expression(start),
        }
    }

    /// `true`, `JSON.stringify(…)`, `new Headers(…)`, or a variable.
    fn named(&mut self, depth: usize) -> Result<Literal, PasteError> {
        let start = self.at;
        let mut name = self.name().to_owned();
        match &*name {
            "true" => return Ok(Literal::Boolean(true)),
            "false" => return Ok(Literal::Boolean(false)),
            "null" => return Ok(Literal::Null),
            "undefined" => return Ok(Literal::Undefined),
            "new" => {
                name.push(' ');
                name.push_str(self.name());
            }
            _ => {}
        }
        while self.take(".") {
            name.push('.');
            name.push_str(self.name());
        }
        if self.take("(") {
            return Ok(Literal::Call(name, self.arguments(depth + 1)?));
        }
        Ok(self.expression(start))
    }

    fn object(&mut self, depth: usize) -> Result<Literal, PasteError> {
        let opened = self.at.saturating_sub(1);
        let mut members = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None => return Err(PasteMistake::Unterminated("a bracket").at(opened)),
                Some('}') => {
                    self.at += 1;
                    return Ok(Literal::Object(members));
                }
                Some(_) => members.push(self.member(depth)?),
            }
            self.separator('}', opened)?;
        }
    }

    fn member(&mut self, depth: usize) -> Result<(String, Literal), PasteError> {
        let start = self.at;
        let key = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.text(quote)?,
            _ => self.name().to_owned(),
        };
        if key.is_empty() && self.at == start {
            // `...others`, `[name]: value`.
            let Literal::Opaque(at, text) = self.opaque(start)? else { return Ok((key, Literal::Undefined)) };
            return Err(PasteMistake::Expression(text).at(at));
        }
        if self.take(":") {
            self.skip();
            return Ok((key, self.value(depth)?));
        }
        // `body,` stands for `body: body`, and `headers() {…}` for a function.
        let value = self.opaque(start)?;
        Ok((key, value))
    }

    /// Skips the rest of the expression that began at `start`, up to the comma or bracket that
    /// ends it.
    fn opaque(&mut self, start: usize) -> Result<Literal, PasteError> {
        let mut open = Vec::new();
        loop {
            self.skip();
            let at = self.at;
            match self.peek() {
                None => break,
                Some(',' | ';') if open.is_empty() => break,
                Some(quote @ ('"' | '\'' | '`')) => {
                    self.text(quote)?;
                }
                Some(bracket @ ('(' | '[' | '{')) => {
                    open.push(bracket);
                    self.at += 1;
                }
                Some(')' | ']' | '}') => {
                    if open.pop().is_none() {
                        break;
                    }
                    self.at += 1;
                }
                Some(char) => self.at = at + char.len_utf8(),
            }
        }
        if !open.is_empty() {
            return Err(PasteMistake::Unterminated("a bracket").at(start));
        }
        if self.at == start {
            let found = self.peek().unwrap_or(' ');
            return Err(PasteMistake::Unexpected(found).at(start));
        }
        Ok(self.expression(start))
    }

    /// A string or template, its quotes and escapes undone.
    fn text(&mut self, quote: char) -> Result<String, PasteError> {
        let at = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(char) = self.next() {
            match char {
                _ if char == quote => return Ok(text),
                '\\' => self.escape(&mut text),
                '\n' if quote != '`' => break,
                '$' if quote == '`' && self.peek() == Some('{') => self.substitution(at)?,
                _ => text.push(char),
            }
        }
        Err(PasteMistake::Unterminated(if quote == '`' { "a template" } else { "a quote" }).at(at))
    }

    /// Skips `{…}` of a template.
    fn substitution(&mut self, at: usize) -> Result<(), PasteError> {
        self.at += 1;
        let mut depth = 1_usize;
        while let Some(char) = self.next() {
            match char {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(PasteMistake::Unterminated("a template").at(at))
    }

    fn escape(&mut self, text: &mut String) {
        let Some(char) = self.next() else { return };
        text.push(match char {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '0' => '\0',
            'x' => char::from_u32(self.digits(2)).unwrap_or(char::REPLACEMENT_CHARACTER),
            'u' => self.code_point(),
            // The line goes on.
            '\n' => return,
            '\r' => {
                self.at += usize::from(self.peek() == Some('\n'));
                return;
            }
            other => other,
        });
    }

    fn code_point(&mut self) -> char {
        if self.peek() == Some('{') {
            self.at += 1;
            let number = self.digits(6);
            self.at += usize::from(self.peek() == Some('}'));
            return char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        let first = self.digits(4);
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            return join_surrogates(first, self.digits(4));
        }
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn digits(&mut self, most: usize) -> u32 {
        let mut number = 0;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|char| char.to_digit(16)) else { break };
            number = number << 4 | digit;
            self.at += 1;
        }
        number
    }
}

impl Literal {
    /// As `String(value)` gives it, for the kinds that have one worth sending.
    pub(super) fn to_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(boolean) => Some(boolean.to_string()),
            Self::Null => Some("null".to_owned()),
            _ => None,
        }
    }

    /// As `JSON.stringify` gives it; `None` if a part is not known.
    pub(super) fn to_json(&self) -> Option<String> {
        let quoted = |text: &String| serde_json::to_string(text).ok();
        match self {
            Self::Text(text) => quoted(text),
            Self::List(values) => {
                let values: Option<Vec<_>> = values.iter().map(Self::to_json).collect();
                Some(format!("[{}]", values?.join(",")))
            }
            Self::Object(members) => {
                let known = members.iter().filter(|(_, value)| *value != Self::Undefined);
                let members: Option<Vec<_>> = known
                    .map(|(key, value)| Some(format!("{}:{}", quoted(key)?, value.to_json()?)))
                    .collect();
                Some(format!("{{{}}}", members?.join(",")))
            }
            Self::Undefined => Some("null".to_owned()),
            Self::Call(..) | Self::Opaque(..) => None,
            _ => self.to_text(),
        }
    }
}
