//! A cursor over HCL that knows what strings, comments and heredocs are, and can pass over an
//! expression without understanding it. Nothing here recurses.

/// Where reading stands.
pub(super) struct Cursor<'t> {
    text: &'t str,
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Takes `text`, if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let next = self.starts_with(text);
        if next {
            self.at += text.len();
        }
        next
    }

    /// Passes over space and comments, and over line ends if `lines` says so.
    pub(super) fn space(&mut self, lines: Lines) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') if lines == Lines::AreSpace => self.at += 1,
                Some(b'#') => self.line(),
                Some(b'/') if self.starts_with("//") => self.line(),
                Some(b'/') if self.starts_with("/*") => self.until("*/"),
                _ => return,
            }
        }
    }

    /// Goes to the end of the line.
    fn line(&mut self) {
        self.at = self.find("\n").unwrap_or(self.text.len());
    }

    /// Goes behind `text`.
    fn until(&mut self, text: &str) {
        self.at = self.find(text).map_or(self.text.len(), |found| found + text.len());
    }

    fn find(&self, text: &str) -> Option<usize> {
        self.text.get(self.at..)?.find(text).map(|found| self.at + found)
    }

    /// A name; empty if none comes next.
    pub(super) fn name(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        self.at += name.len();
        name
    }

    /// Passes over a string in quotes; whether something is put into it.
    pub(super) fn string(&mut self) -> bool {
        let mut filled = false;
        let mut open: Vec<u8> = Vec::new();
        while let Some(byte) = self.peek() {
            let quoted = open.last() == Some(&b'"');
            if quoted && (self.starts_with("$${") || self.starts_with("%%{")) {
                self.at += 3;
                continue;
            }
            if quoted && (self.starts_with("${") || self.starts_with("%{")) {
                filled = true;
                open.push(b'{');
                self.at += 2;
                continue;
            }
            self.at += if quoted && byte == b'\\' { 2 } else { 1 };
            match byte {
                b'"' if quoted => drop(open.pop()),
                b'"' => open.push(b'"'),
                b'{' if !quoted => open.push(b'{'),
                b'}' if !quoted => drop(open.pop()),
                _ => {}
            }
            if open.is_empty() {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
        filled
    }

    /// Passes over `<<NAME` and the lines until one that is the name.
    pub(super) fn heredoc(&mut self) {
        self.at += 2;
        self.take("-");
        let name = self.name();
        self.line();
        while self.at < self.text.len() {
            self.at += 1;
            let start = self.at;
            self.line();
            if self.since(start).trim() == name {
                return;
            }
        }
    }

    /// Passes over an expression: to a line's end (where that ends it), a comma or a bracket
    /// that it did not open.
    pub(super) fn expression(&mut self, lines: Lines) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'<' if self.is_heredoc() => {
                    self.heredoc();
                    continue;
                }
                b'#' => {
                    self.line();
                    continue;
                }
                b'/' if self.starts_with("//") || self.starts_with("/*") => {
                    self.space(Lines::End);
                    continue;
                }
                b'\n' if open == 0 && lines == Lines::End => return,
                b',' | b']' | b'}' | b')' if open == 0 => return,
                b'[' | b'{' | b'(' => open += 1,
                b']' | b'}' | b')' => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether `<<` and a name come next.
    pub(super) fn is_heredoc(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let name = rest.strip_prefix("<<").map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        name.is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    }
}

/// Whether a line's end ends what is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    AreSpace,
    End,
}
