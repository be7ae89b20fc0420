//! JSON with the place of every value. A reader of its own, because YAML's reads some of it
//! in another way: pairs of `\u` escapes, long keys, tabs.

use std::ops::Range;

use super::node::Building;
use super::{Entry, Node, Reader, Tree, Value};
use crate::{MAX_DEPTH, Unreadable};

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Tree, Unreadable> {
    let masked = reader.templates.masked().to_owned();
    let at = if masked.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut json = Json { reader, text: &masked, at };
    let root = json.value(0)?;
    json.space();
    match json.peek() {
        None => Ok(Tree { documents: vec![root], unread: Vec::new() }),
        Some(_) => Err(json.mistake("something follows the value")),
    }
}

struct Json<'r, 't> {
    reader: &'r mut Reader<'t>,
    text: &'r str,
    at: usize,
}

impl Json<'_, '_> {
    fn value(&mut self, depth: usize) -> Result<Node, Unreadable> {
        if depth > MAX_DEPTH {
            return Err(self.mistake("it is nested too deep"));
        }
        self.space();
        let start = self.at;
        self.reader.count(1, start)?;
        let (value, plain) = match self.peek() {
            Some(b'{') => (self.table(depth)?, false),
            Some(b'[') => (self.list(depth)?, false),
            Some(b'"') => {
                let text = self.string()?;
                self.reader.count_text(&text, start)?;
                (self.reader.string(text, &(start..self.at)), false)
            }
            _ => (self.word()?, true),
        };
        Ok(Node { span: start..self.at, value, plain })
    }

    fn table(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut table = Building::default();
        self.at += 1;
        while !self.ends(b'}')? {
            let start = self.at;
            if self.peek() != Some(b'"') {
                let value = self.word()?;
                let Value::Opaque(_) = value else { return Err(self.mistake("a key is not in quotes")) };
                table.set_rest(Node::new(value, start..self.at));
                if !self.takes(b':') {
                    continue;
                }
                self.value(depth + 1)?;
                continue;
            }
            let key = self.string()?;
            let key_span = start..self.at;
            if !self.takes(b':') {
                return Err(self.mistake("a key has no `:`"));
            }
            let value = self.value(depth + 1)?;
            match self.reader.opaque(&key, &key_span) {
                Some(reason) => table.set_rest(Node::new(Value::Opaque(reason), key_span)),
                None => table.push(Entry { key, key_span, value }),
            }
        }
        Ok(table.finish())
    }

    fn list(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        self.at += 1;
        while !self.ends(b']')? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    /// Whether the list or table ends here; else goes over the comma before the next part.
    /// A comma too many is read over, a missing one only beside a template.
    fn ends(&mut self, close: u8) -> Result<bool, Unreadable> {
        let before = self.at;
        let comma = self.takes(b',');
        if self.takes(close) {
            return Ok(true);
        }
        let opened = before.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        let begins = matches!(opened, Some(b'{' | b'['));
        let templated = self.reader.templates.touch(&(before.saturating_sub(1)..self.at + 1));
        match self.peek() {
            None => Err(self.mistake("it ends within a table or list")),
            Some(_) if comma || begins || templated => Ok(false),
            Some(_) => Err(self.mistake("a comma is missing")),
        }
    }

    /// `true`, `null`, a number, or what a template leaves.
    fn word(&mut self) -> Result<Value, Unreadable> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let ends = |letter: char| letter.is_ascii_whitespace() || ",:[]{}\"/".contains(letter);
        self.at += rest.find(ends).unwrap_or(rest.len());
        let span: Range<usize> = start..self.at;
        let text = self.text.get(span.clone()).unwrap_or_default();
        if let Some(reason) = self.reader.opaque(text, &span) {
            return Ok(Value::Opaque(reason));
        }
        match text {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            "null" => Ok(Value::Null),
            _ if is_number(text) => Ok(Value::Number(text.to_owned())),
            _ => {
                self.at = start;
                Err(self.mistake("a value is expected"))
            }
        }
    }

    /// A string in quotes.
    fn string(&mut self) -> Result<String, Unreadable> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(end) = rest.find(['"', '\\']) else {
                return Err(self.mistake("a string does not end"));
            };
            text.push_str(rest.get(..end).unwrap_or_default());
            self.at += end + 1;
            if rest.as_bytes().get(end) == Some(&b'"') {
                return Ok(text);
            }
            text.push(self.escaped()?);
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Result<char, Unreadable> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'u') => {
                let first = self.unit()?;
                let is_high = (0xD800..0xDC00).contains(&first);
                let pair = is_high && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
                if pair {
                    self.at += 2;
                    let low = self.unit()?;
                    let both = [first, low];
                    char::decode_utf16(both).next().and_then(Result::ok).unwrap_or('\u{fffd}')
                } else {
                    char::from_u32(first.into()).unwrap_or('\u{fffd}')
                }
            }
            _ => return Err(self.mistake("an escape is not known")),
        })
    }

    fn unit(&mut self) -> Result<u16, Unreadable> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| !digits.starts_with('+'));
        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => Err(self.mistake("`\\u` has no four digits")),
        }
    }

    /// Goes over white space and comments.
    fn space(&mut self) {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = if trimmed.starts_with("//") {
                trimmed.find('\n')
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map(|end| end + 2)
            } else {
                return;
            };
            self.at += comment.unwrap_or(trimmed.len());
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes over `byte` if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        self.space();
        comes
    }

    fn mistake(&self, reason: &str) -> Unreadable {
        Unreadable { offset: self.at, reason: format!("it is not JSON: {reason}") }
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|letter: char| letter.is_ascii_digit()) && text.parse::<f64>().is_ok()
}
