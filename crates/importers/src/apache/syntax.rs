//! Directives and sections of `httpd.conf`, with what `Include` and `Define` bring in.

use std::collections::BTreeMap;
use std::ops::Range;

use corsac_analysis::model::Place;
use corsac_diagnostics::{Source, excerpt};

use crate::conditional::Notes;
use crate::{Includes, MAX_DEPTH, MAX_INCLUDES, Unreadable};

/// Most bytes that defined variables add to a configuration; further ones stay unread.
const MAX_ADDED: usize = 1 << 20;

/// A directive, or a section with those inside of it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// In lower case: `header`, `<location`.
    pub(super) name: String,
    /// What follows, with defined variables replaced.
    pub(super) arguments: String,
    pub(super) place: Place,
    pub(super) children: Vec<Self>,
}

/// Reads a configuration and what it includes.
pub(super) fn parse(
    source: Source,
    includes: &dyn Includes,
    notes: &mut Notes,
) -> Result<Vec<Node>, Unreadable> {
    let mut reader = Reader { includes, notes, defined: BTreeMap::new(), included: 0, added: 0 };
    reader.file(source, 0)
}

struct Reader<'a> {
    includes: &'a dyn Includes,
    notes: &'a mut Notes,
    defined: BTreeMap<String, String>,
    included: usize,
    /// Bytes that defined variables have added.
    added: usize,
}

impl Reader<'_> {
    fn file(&mut self, source: Source, depth: usize) -> Result<Vec<Node>, Unreadable> {
        let lines = lines(source.text());
        let name = source.name().to_owned();
        let file = self.notes.keep(source);
        let mut open: Vec<Node> = Vec::new();
        let mut top = Vec::new();
        for (text, span) in lines {
            let place = Place { file, span: span.clone() };
            let (name_of, arguments) = split(&text);
            if let Some(closed) = name_of.strip_prefix("</") {
                let closed = closed.trim_end_matches('>');
                let matching = open.iter().rposition(|node| node.name.get(1..) == Some(closed));
                // What was not closed ends where its section does.
                for _ in matching.map_or(open.len(), |at| at)..open.len() {
                    close(&mut open, &mut top);
                }
                continue;
            }
            let arguments = self.expanded(arguments);
            if name_of.starts_with('<') {
                if open.len() + depth >= MAX_DEPTH {
                    let reason = format!("sections are nested deeper than {MAX_DEPTH}");
                    return Err(Unreadable { offset: span.start, reason });
                }
                let arguments = arguments.trim().trim_end_matches('>').trim_end().to_owned();
                let name = name_of.trim_end_matches('>').to_owned();
                open.push(Node { name, arguments, place, children: Vec::new() });
                continue;
            }
            match name_of.as_str() {
                "include" | "includeoptional" => {
                    let nodes = self.include(&name, &arguments, place, open.len() + depth + 1)?;
                    siblings(&mut open, &mut top).extend(nodes);
                }
                "define" => {
                    self.define(&arguments);
                    siblings(&mut open, &mut top).push(Node {
                        name: name_of,
                        arguments,
                        place,
                        children: Vec::new(),
                    });
                }
                _ => siblings(&mut open, &mut top).push(Node {
                    name: name_of,
                    arguments,
                    place,
                    children: Vec::new(),
                }),
            }
        }
        while !open.is_empty() {
            close(&mut open, &mut top);
        }
        Ok(top)
    }

    fn include(
        &mut self,
        from: &str,
        pattern: &str,
        place: Place,
        depth: usize,
    ) -> Result<Vec<Node>, Unreadable> {
        let pattern = words(pattern).into_iter().next().unwrap_or_default();
        let files = match self.includes.read(from, &pattern) {
            _ if depth >= MAX_DEPTH => Err(format!("files are included deeper than {MAX_DEPTH}")),
            Ok(files) if self.included + files.len() > MAX_INCLUDES => {
                Err(format!("more than {MAX_INCLUDES} files are included"))
            }
            other => other,
        };
        let files = match files {
            Ok(files) => files,
            Err(reason) => {
                // What certbot writes holds ciphers.
                if !pattern.ends_with("options-ssl-apache.conf") {
                    self.notes.missing = Some(format!("`{}` is not read", excerpt(&pattern)));
                }
                self.notes.unread(Some(place), format!("`Include {pattern}`: {reason}"));
                return Ok(Vec::new());
            }
        };
        self.included += files.len();
        let mut nodes = Vec::new();
        for file in files {
            nodes.extend(self.file(file, depth)?);
        }
        Ok(nodes)
    }

    fn define(&mut self, arguments: &str) {
        let mut words = words(arguments).into_iter();
        if let Some(name) = words.next() {
            self.defined.insert(name, words.next().unwrap_or_default());
        }
    }

    /// `${NAME}` replaced where it was defined; others may be the environment's.
    fn expanded(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let value = after.split_once('}').and_then(|(name, rest)| Some((self.defined.get(name)?, rest)));
            let value = value.filter(|(value, _)| self.added + out.len() + value.len() <= MAX_ADDED);
            match value {
                Some((value, remaining)) => {
                    out.push_str(value);
                    rest = remaining;
                }
                None => {
                    out.push_str("${");
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        self.added += out.len().saturating_sub(text.len());
        out
    }
}

/// Where the next directive belongs.
fn siblings<'a>(open: &'a mut [Node], top: &'a mut Vec<Node>) -> &'a mut Vec<Node> {
    open.last_mut().map_or(top, |node| &mut node.children)
}

fn close(open: &mut Vec<Node>, top: &mut Vec<Node>) {
    if let Some(node) = open.pop() {
        siblings(open, top).push(node);
    }
}

/// Lines, those that a backslash continues joined; without comments and empty ones.
fn lines(text: &str) -> Vec<(String, Range<usize>)> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut joined: Option<(String, usize)> = None;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let (content, goes_on) = match content.strip_suffix('\\') {
            Some(content) => (content, true),
            None => (content, false),
        };
        let (mut whole, begin) = joined.take().unwrap_or_else(|| {
            let indent = content.len() - content.trim_start().len();
            (String::new(), at + indent)
        });
        whole.push_str(content);
        if goes_on {
            joined = Some((whole, begin));
        } else {
            keep(&mut lines, &whole, begin..at + content.trim_end().len());
        }
    }
    if let Some((whole, begin)) = joined {
        keep(&mut lines, &whole, begin..text.len());
    }
    lines
}

fn keep(lines: &mut Vec<(String, Range<usize>)>, whole: &str, span: Range<usize>) {
    let line = whole.trim();
    if !line.is_empty() && !line.starts_with('#') {
        lines.push((line.to_owned(), span.start.min(span.end)..span.end));
    }
}

/// The directive's name in lower case, and the rest.
fn split(line: &str) -> (String, &str) {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (name.to_ascii_lowercase(), rest.trim())
}

/// Arguments as most directives take them: in quotes or without, `\\` and the escaped quote
/// read as one byte.
pub(super) fn words(text: &str) -> Vec<String> {
    split_words(text, |quote, next| next == '\\' || quote == Some(next))
}

/// Arguments as rewriting takes them: backslashes stay.
pub(super) fn raw_words(text: &str) -> Vec<String> {
    split_words(text, |_, _| false)
}

fn split_words(text: &str, unescapes: impl Fn(Option<char>, char) -> bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        let Some(&first) = letters.peek() else { return words };
        let quote = Some(first).filter(|first| matches!(first, '"' | '\''));
        if quote.is_some() {
            letters.next();
        }
        let mut word = String::new();
        while let Some(letter) = letters.next() {
            let ends = quote.map_or(letter.is_whitespace(), |quote| letter == quote);
            if ends {
                break;
            }
            match letters.peek().copied().filter(|_| letter == '\\') {
                Some(next) if unescapes(quote, next) => {
                    word.push(next);
                    letters.next();
                }
                Some(next) => {
                    word.extend(['\\', next]);
                    letters.next();
                }
                None => word.push(letter),
            }
        }
        words.push(word);
    }
}
