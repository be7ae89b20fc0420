//! HCL as a [`Node`]: blocks and their labels are nested members.
//!
//! Strings, numbers, truth values, lists and objects that are written out are read; every other
//! expression is passed over and opaque. There are parsers of all of HCL (hcl-edit); they
//! recurse without a bound, and nothing here needs more than this part.

use super::computed;
use super::token::{Cursor, Lines};
use crate::cloud::node::{Kind, Node};
use crate::{MAX_DEPTH, Unreadable, tree::MAX_NODES};

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut parser = Parser { cursor: Cursor::new(text), nodes: 0 };
    let members = parser.body(0)?;
    parser.node(Kind::Map(members), 0)
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    nodes: usize,
}

type Members = Vec<(String, Node)>;

impl Parser<'_> {
    /// Attributes and blocks, to the closing brace or, at depth 0, the end.
    fn body(&mut self, depth: usize) -> Result<Members, Unreadable> {
        self.check_depth(depth)?;
        let mut members = Members::new();
        loop {
            self.cursor.space(Lines::AreSpace);
            match self.cursor.peek() {
                None if depth == 0 => return Ok(members),
                None => return Err(self.fail("a block is not closed")),
                Some(b'}') if depth > 0 => {
                    self.cursor.at += 1;
                    return Ok(members);
                }
                Some(_) => members.push(self.member(depth)?),
            }
        }
    }

    fn member(&mut self, depth: usize) -> Result<(String, Node), Unreadable> {
        let start = self.cursor.at;
        let name = self.cursor.name().to_owned();
        if name.is_empty() {
            return Err(self.fail("a name was expected"));
        }
        self.cursor.space(Lines::End);
        if self.cursor.take("=") {
            self.cursor.space(Lines::End);
            let value = self.expression(Lines::End, depth + 1)?;
            return Ok((name, value));
        }
        let labels = self.labels()?;
        if !self.cursor.take("{") {
            return Err(self.fail("`=` or `{` was expected"));
        }
        let members = self.body(depth + 1)?;
        let mut node = self.node(Kind::Map(members), start)?;
        for label in labels.into_iter().rev() {
            node = self.node(Kind::Map(vec![(label, node)]), start)?;
        }
        if let ("dynamic", Kind::Map(mut members)) = (name.as_str(), node.kind.clone()) {
            for (_, block) in &mut members {
                block.kind = Kind::Opaque("`dynamic` blocks are computed".to_owned());
            }
            return members.pop().ok_or_else(|| self.fail("a `dynamic` block has no label"));
        }
        Ok((name, node))
    }

    /// A block's labels: names or strings.
    fn labels(&mut self) -> Result<Vec<String>, Unreadable> {
        let mut labels = Vec::new();
        while !matches!(self.cursor.peek(), Some(b'{') | None) && labels.len() < MAX_DEPTH {
            if self.cursor.peek() == Some(b'"') {
                let start = self.cursor.at;
                self.cursor.string();
                labels.push(self.cursor.since(start).trim_matches('"').to_owned());
            } else {
                let name = self.cursor.name();
                if name.is_empty() {
                    return Err(self.fail("`=` or `{` was expected"));
                }
                labels.push(name.to_owned());
            }
            self.cursor.space(Lines::End);
        }
        Ok(labels)
    }

    /// An expression: a literal, if nothing follows it, or opaque.
    fn expression(&mut self, lines: Lines, depth: usize) -> Result<Node, Unreadable> {
        self.check_depth(depth)?;
        let start = self.cursor.at;
        if let Some(kind) = self.literal(depth)? {
            let end = self.cursor.at;
            self.cursor.space(lines);
            if matches!(self.cursor.peek(), None | Some(b',' | b']' | b'}' | b')' | b'\n')) {
                let after = std::mem::replace(&mut self.cursor.at, end);
                let node = self.node(kind, start);
                self.cursor.at = after;
                return node;
            }
        }
        self.cursor.at = start;
        self.cursor.expression(lines);
        let reason = computed(self.cursor.since(start));
        self.node(Kind::Opaque(reason), start)
    }

    fn literal(&mut self, depth: usize) -> Result<Option<Kind>, Unreadable> {
        let start = self.cursor.at;
        match self.cursor.peek() {
            Some(b'"') => {
                let filled = self.cursor.string();
                let written = self.cursor.since(start);
                let kind = match unquoted(written) {
                    Some(text) if !filled => Kind::Text(text),
                    _ => Kind::Opaque(computed(written)),
                };
                Ok(Some(kind))
            }
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'<') if self.cursor.is_heredoc() => {
                self.cursor.heredoc();
                let written = self.cursor.since(start);
                let filled = written.contains("${") || written.contains("%{");
                let kind =
                    if filled { Kind::Opaque(computed(written)) } else { Kind::Text(written.to_owned()) };
                Ok(Some(kind))
            }
            Some(b'-' | b'0'..=b'9') => {
                while matches!(self.cursor.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
                    self.cursor.at += 1;
                }
                Ok(Some(Kind::Text(self.cursor.since(start).to_owned())))
            }
            _ => Ok(match self.cursor.name() {
                "null" => Some(Kind::Null),
                word @ ("false" | "true") => Some(Kind::Text(word.to_owned())),
                _ => None,
            }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Option<Kind>, Unreadable> {
        self.cursor.at += 1;
        let mut items = Vec::new();
        loop {
            self.cursor.space(Lines::AreSpace);
            if self.cursor.take("]") {
                return Ok(Some(Kind::List(items)));
            }
            if items.is_empty() && self.is_for() {
                return Ok(None);
            }
            items.push(self.expression(Lines::AreSpace, depth + 1)?);
            self.cursor.space(Lines::AreSpace);
            if !self.cursor.take(",") && self.cursor.peek() != Some(b']') {
                return Err(self.fail("`,` or `]` was expected"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Option<Kind>, Unreadable> {
        self.cursor.at += 1;
        let mut members = Members::new();
        loop {
            self.cursor.space(Lines::AreSpace);
            if self.cursor.take("}") {
                return Ok(Some(Kind::Map(members)));
            }
            if members.is_empty() && self.is_for() {
                return Ok(None);
            }
            let Some(key) = self.key() else { return Ok(None) };
            self.cursor.space(Lines::End);
            if !self.cursor.take("=") && !self.cursor.take(":") {
                return Ok(None);
            }
            self.cursor.space(Lines::End);
            members.push((key, self.expression(Lines::End, depth + 1)?));
            self.cursor.space(Lines::End);
            self.cursor.take(",");
        }
    }

    /// An object's key, if it is written out.
    fn key(&mut self) -> Option<String> {
        if self.cursor.peek() == Some(b'"') {
            let start = self.cursor.at;
            let filled = self.cursor.string();
            return unquoted(self.cursor.since(start)).filter(|_| !filled);
        }
        Some(self.cursor.name().to_owned()).filter(|name| !name.is_empty())
    }

    fn is_for(&mut self) -> bool {
        let at = self.cursor.at;
        let is = self.cursor.name() == "for" && matches!(self.cursor.peek(), Some(b' ' | b'\t' | b'\n'));
        self.cursor.at = at;
        is
    }

    fn node(&mut self, kind: Kind, start: usize) -> Result<Node, Unreadable> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fail(&format!("it has more than {MAX_NODES} values")));
        }
        Ok(Node::new(kind, 0, start..self.cursor.at))
    }

    fn check_depth(&self, depth: usize) -> Result<(), Unreadable> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        Err(self.fail(&format!("blocks and lists are nested deeper than {MAX_DEPTH}")))
    }

    fn fail(&self, reason: &str) -> Unreadable {
        Unreadable { offset: self.cursor.at, reason: reason.to_owned() }
    }
}

/// What a string in quotes stands for; `None` if it is not closed or has an unknown escape.
fn unquoted(written: &str) -> Option<String> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(first) = rest.chars().next() {
        let (part, length) = match first {
            '\\' => escape(rest)?,
            '$' if rest.starts_with("$${") => ("${".to_owned(), 3),
            '%' if rest.starts_with("%%{") => ("%{".to_owned(), 3),
            other => (other.to_string(), other.len_utf8()),
        };
        text.push_str(&part);
        rest = rest.get(length..)?;
    }
    Some(text)
}

/// The character of an escape, and the escape's length.
fn escape(rest: &str) -> Option<(String, usize)> {
    let digits = |length: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + length)?, 16).ok()?;
        Some((char::from_u32(code)?.to_string(), 2 + length))
    };
    match rest.as_bytes().get(1)? {
        b'n' => Some(("\n".to_owned(), 2)),
        b'r' => Some(("\r".to_owned(), 2)),
        b't' => Some(("\t".to_owned(), 2)),
        b'"' => Some(("\"".to_owned(), 2)),
        b'\\' => Some(("\\".to_owned(), 2)),
        b'u' => digits(4),
        b'U' => digits(8),
        _ => None,
    }
}
