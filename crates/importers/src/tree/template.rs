//! Templates in a text: where they are, and the text with placeholders of the same length,
//! so that it can be read and every place still counts.

use std::ops::Range;

use corsac_diagnostics::excerpt;

use super::{Node, Notation, Value};
use crate::MAX_DEPTH;

/// Longest template that is looked for; a `{{` of YAML itself is hardly ever closed by `}}`.
const MAX_LENGTH: usize = 4096;

/// How templates begin and end: Go and Jinja, Jinja's statements, ERB.
const DELIMITERS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("<%", "%>")];

/// The words that open a region which is not always there.
const OPENING: [&str; 7] = ["block", "define", "for", "if", "range", "unless", "with"];

/// The templates of a text.
pub(super) struct Templates {
    masked: String,
    /// In order.
    spans: Vec<Range<usize>>,
    /// In order of their beginnings.
    regions: Vec<Region>,
}

/// A part of the text that a condition or loop decides on.
struct Region {
    span: Range<usize>,
    within: Option<usize>,
    depth: usize,
    /// The template that opens it.
    head: String,
}

impl Templates {
    /// Finds them. Linear in the text.
    pub(super) fn find(text: &str, notation: Notation) -> Self {
        let mut finder = Finder {
            text,
            notation,
            masked: String::with_capacity(text.len()),
            spans: Vec::new(),
            regions: Vec::new(),
            open: Vec::new(),
            levels: Levels::default(),
        };
        finder.run();
        let Finder { masked, spans, mut regions, .. } = finder;
        for region in regions.iter_mut().filter(|region| region.span.is_empty()) {
            region.span.end = text.len();
        }
        Self { masked, spans, regions }
    }

    /// The text with placeholders.
    pub(super) fn masked(&self) -> &str {
        &self.masked
    }

    /// Whether one of them is within or across `span`.
    pub(super) fn touch(&self, span: &Range<usize>) -> bool {
        let next = self.spans.partition_point(|template| template.end <= span.start);
        self.spans.get(next).is_some_and(|template| template.start < span.end)
    }

    /// Makes opaque what a condition decides on that does not decide on the whole document.
    pub(super) fn mark_conditions(&self, document: &mut Node) {
        if self.regions.is_empty() {
            return;
        }
        let mut places: Vec<_> = document.entries().iter().map(|entry| entry.key_span.start).collect();
        places.extend(document.items().iter().map(|item| item.span.start));
        let regions = places.into_iter().map(|at| self.region_at(at));
        let base = regions.reduce(|one, other| self.common(one, other)).flatten();
        self.mark(document, base);
    }

    fn mark(&self, node: &mut Node, base: Option<usize>) {
        let decide = |at: usize, value: &mut Node| match self.region_at(at) {
            region if region == base => self.mark(value, base),
            region => {
                let region = region.or(base).and_then(|region| self.regions.get(region));
                let head = region.map(|region| region.head.as_str()).unwrap_or_default();
                value.value = Value::Opaque(format!("`{head}` decides whether it is there"));
            }
        };
        match &mut node.value {
            Value::List(items) => {
                for item in items {
                    decide(item.span.start, item);
                }
            }
            Value::Table(table) => {
                for entry in table.entries_mut() {
                    decide(entry.key_span.start, &mut entry.value);
                }
            }
            _ => {}
        }
    }

    /// The innermost region around a byte.
    fn region_at(&self, at: usize) -> Option<usize> {
        let mut found = self.regions.partition_point(|region| region.span.start <= at).checked_sub(1);
        while let Some(region) = found.and_then(|index| self.regions.get(index)) {
            if at < region.span.end {
                break;
            }
            found = region.within;
        }
        found
    }

    /// The innermost region that both are in.
    fn common(&self, mut one: Option<usize>, mut other: Option<usize>) -> Option<usize> {
        while one != other {
            let (a, b) = (self.regions.get(one?)?, self.regions.get(other?)?);
            if a.depth >= b.depth {
                one = a.within;
            }
            if b.depth >= a.depth {
                other = b.within;
            }
        }
        one
    }
}

struct Finder<'t> {
    text: &'t str,
    notation: Notation,
    /// The text as far as it was seen.
    masked: String,
    spans: Vec<Range<usize>>,
    regions: Vec<Region>,
    /// Regions without their end; `None` those nested too deep.
    open: Vec<Option<usize>>,
    levels: Levels,
}

impl Finder<'_> {
    fn run(&mut self) {
        let mut at = 0;
        // Where the next end of each kind is; found once, not for every beginning.
        let mut ends = [None; DELIMITERS.len()];
        while let Some(found) = self.text.get(at..).and_then(|rest| rest.find(['{', '<'])) {
            let start = at + found;
            self.copy(start);
            at = match self.length(start, &mut ends) {
                Some(length) => {
                    self.template(start..start + length);
                    start + length
                }
                None => {
                    self.copy(start + 1);
                    start + 1
                }
            };
        }
        self.copy(self.text.len());
    }

    /// Takes the text over as it is, up to `end`.
    fn copy(&mut self, end: usize) {
        self.masked.push_str(self.text.get(self.masked.len()..end).unwrap_or_default());
    }

    /// The length of the template at `start`, if there is one.
    fn length(&self, start: usize, ends: &mut [Option<usize>; DELIMITERS.len()]) -> Option<usize> {
        let rest = self.text.get(start..)?;
        let kinds = DELIMITERS.iter().zip(ends);
        let ((open, close), end) = kinds.into_iter().find(|((open, _), _)| rest.starts_with(open))?;
        let from = start + open.len();
        if end.is_none_or(|end| end < from) {
            let found = self.text.get(from..).and_then(|rest| rest.find(close));
            *end = Some(found.map_or(usize::MAX, |found| from + found));
        }
        // `{{{ x }}}` of JSON or YAML: a table around a template.
        if rest.starts_with("{{{") {
            return None;
        }
        let length = end.filter(|&end| end != usize::MAX)? + close.len() - start;
        (length <= MAX_LENGTH).then_some(length)
    }

    fn template(&mut self, span: Range<usize>) {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let inner = text.get(2..text.len() - 2).unwrap_or_default().trim_matches(['-', '+', '~', '=']).trim();
        let statement = self.region(inner, text, &span);
        let line = self.masked.rfind('\n').map_or(0, |end| end + 1);
        let begins_line = self.masked.get(line..).is_some_and(|before| before.trim().is_empty());
        let behind = self.text.get(span.end..).unwrap_or_default();
        let ends_line =
            behind.trim_start_matches([' ', '\t', '\r']).starts_with('\n') || behind.trim().is_empty();
        self.spans.push(span.clone());
        match self.notation {
            Notation::Json if statement => self.blank(span.end),
            _ if statement && (begins_line || ends_line) => self.blank(span.end),
            Notation::Yaml if begins_line && ends_line => self.key(line, span.end, inner),
            Notation::Toml if begins_line && ends_line => self.setting(span.end),
            _ => self.fill(span.end),
        }
    }

    /// Opens or closes regions. Whether it is a statement, which writes nothing itself.
    fn region(&mut self, inner: &str, text: &str, span: &Range<usize>) -> bool {
        let ends = |letter: char| !letter.is_ascii_alphabetic();
        let word = inner.split(ends).next().unwrap_or_default();
        if OPENING.contains(&word) {
            let within = self.open.last().copied().flatten();
            let depth = self.open.len();
            let fits = depth < MAX_DEPTH;
            self.open.push(fits.then_some(self.regions.len()));
            if fits {
                let head = excerpt(text).to_string();
                self.regions.push(Region { span: span.start..span.start, within, depth, head });
            }
            return true;
        }
        if word == "end" || (word.starts_with("end") && text.starts_with("{%")) {
            let opened = self.open.pop().flatten();
            if let Some(region) = opened.and_then(|index| self.regions.get_mut(index)) {
                region.span.end = span.start;
            }
            return true;
        }
        let assigns = inner.starts_with('$') && inner.contains('=');
        assigns || inner.starts_with("/*") || matches!(word, "break" | "continue" | "elif" | "else" | "set")
    }

    /// Writes spaces up to `end`; line breaks stay.
    fn blank(&mut self, end: usize) {
        let from = self.masked.len();
        let bytes = self.text.as_bytes().get(from..end).unwrap_or_default();
        self.masked.extend(bytes.iter().map(|&byte| if byte == b'\n' { '\n' } else { ' ' }));
    }

    /// Writes a word up to `end`.
    fn fill(&mut self, end: usize) {
        let from = self.masked.len();
        self.masked.extend(std::iter::repeat_n('x', end.saturating_sub(from)));
    }

    /// Writes a key or an item instead of the line, at the column where the template puts what
    /// it writes.
    fn key(&mut self, line: usize, end: usize, inner: &str) {
        let own = self.masked.len() - line;
        let told = inner.rsplit_once("indent ").and_then(|(_, column)| column.trim().parse().ok());
        let column = told.filter(|&column| column + 4 <= end - line).unwrap_or(own);
        self.levels.read(&self.masked, line);
        self.masked.truncate(line);
        self.masked.extend(std::iter::repeat_n(' ', column));
        if self.levels.is_list(column) {
            self.masked.push_str("- ");
            self.fill(end);
        } else {
            self.fill(end - 1);
            self.masked.push(':');
        }
    }

    /// Writes a setting of TOML up to `end`; each its own, since a key may not come twice.
    fn setting(&mut self, end: usize) {
        let from = self.masked.len();
        let number = self.spans.len().to_string();
        let padding = (end - from).saturating_sub(number.len() + 3);
        self.masked.push('x');
        self.masked.extend(std::iter::repeat_n('0', padding));
        self.masked.push_str(number.get(..number.len().min(end - from - 3)).unwrap_or_default());
        self.masked.push_str("=0");
    }
}

/// How deep the lines above are indented, and which of them are items.
#[derive(Default)]
struct Levels {
    /// By column, rising.
    levels: Vec<(usize, bool)>,
    read: usize,
}

impl Levels {
    /// Reads the lines of `text` up to `end` that were not read yet.
    fn read(&mut self, text: &str, end: usize) {
        for line in text.get(self.read..end).unwrap_or_default().lines() {
            let content = line.trim_start_matches(' ');
            if content.trim().is_empty() || content.starts_with('#') {
                continue;
            }
            let column = line.len() - content.len();
            let kept = self.levels.partition_point(|(other, _)| *other < column);
            self.levels.truncate(kept);
            self.levels.push((column, content == "-" || content.starts_with("- ")));
        }
        self.read = end;
    }

    /// Whether what stands above at `column` is an item.
    fn is_list(&self, column: usize) -> bool {
        let found = self.levels.iter().rev().find(|(other, _)| *other <= column);
        found.is_some_and(|&(other, item)| item && other == column)
    }
}
