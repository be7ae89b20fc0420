//! Java's `.properties`: keys, escapes, continued lines; and Spring Boot's documents in one file.

use std::ops::Range;

use super::property::Property;

/// Reads a file: the properties of each of its documents, in order.
pub(super) fn read(text: &str) -> Vec<Vec<Property>> {
    let mut documents = vec![Vec::new()];
    let mut at = 0;
    while at < text.len() {
        let line = physical(text, at);
        let written = text.get(line.clone()).unwrap_or_default();
        let trimmed = written.trim_start_matches([' ', '\t', '\u{c}']);
        if matches!(written.trim_end(), "#---" | "!---") {
            documents.push(Vec::new());
        }
        if trimmed.is_empty() || trimmed.starts_with(['#', '!']) {
            at = after(text, line.end);
            continue;
        }
        let (logical, end) = logical(text, at);
        if let (Some(document), Some(property)) = (documents.last_mut(), property(text, &logical)) {
            document.push(property);
        }
        at = end;
    }
    documents
}

/// A line without its end.
fn physical(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    start..start + rest.find(['\n', '\r']).unwrap_or(rest.len())
}

/// Behind the line end at `at`.
fn after(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

/// The parts of a line and of those that continue it, without their leading space; and where
/// the next begins.
fn logical(text: &str, start: usize) -> (Vec<Range<usize>>, usize) {
    let mut parts = Vec::new();
    let mut at = start;
    loop {
        let line = physical(text, at);
        let written = text.get(line.clone()).unwrap_or_default();
        let space = written.len() - written.trim_start_matches([' ', '\t', '\u{c}']).len();
        let backslashes = written.len() - written.trim_end_matches('\\').len();
        let continued = backslashes % 2 == 1;
        let end = line.end - usize::from(continued);
        parts.push((line.start + space).min(end)..end);
        at = after(text, line.end);
        if !continued || at >= text.len() {
            return (parts, at.max(line.end));
        }
    }
}

/// Key and value of a logical line.
fn property(text: &str, parts: &[Range<usize>]) -> Option<Property> {
    let mut characters = parts.iter().flat_map(|part| {
        let written = text.get(part.clone()).unwrap_or_default();
        written.char_indices().map(move |(at, character)| (part.start + at, character))
    });
    let mut reader = Unescaper { characters: &mut characters, broken: false };
    let mut key = String::new();
    let mut separator = None;
    let mut end = parts.first()?.start;
    while let Some(character) = reader.next() {
        end = character.at + 1;
        if !character.escaped && matches!(character.is, '=' | ':' | ' ' | '\t' | '\u{c}') {
            separator = Some(character.is);
            break;
        }
        key.push(character.is);
    }
    let mut value = String::new();
    let mut span = end..end;
    // After white space one `=` or `:` may follow, and more white space.
    let mut may_separate = separator.is_some_and(|is| !matches!(is, '=' | ':'));
    while let Some(character) = reader.next() {
        let space = matches!(character.is, ' ' | '\t' | '\u{c}');
        if value.is_empty() && span.is_empty() && !character.escaped {
            if space {
                continue;
            }
            if may_separate && matches!(character.is, '=' | ':') {
                may_separate = false;
                continue;
            }
        }
        if span.is_empty() {
            span.start = character.at;
        }
        value.push(character.is);
        span.end = character.at + character.is.len_utf8();
    }
    let broken = reader.broken.then(|| "a `\\u` is not followed by four digits".to_owned());
    Some(Property::new(&key, value, span, broken))
}

struct Character {
    is: char,
    at: usize,
    escaped: bool,
}

/// Resolves escapes.
struct Unescaper<'c, I: Iterator<Item = (usize, char)>> {
    characters: &'c mut I,
    broken: bool,
}

impl<I: Iterator<Item = (usize, char)>> Unescaper<'_, I> {
    fn next(&mut self) -> Option<Character> {
        let (at, first) = self.characters.next()?;
        if first != '\\' {
            return Some(Character { is: first, at, escaped: false });
        }
        let (_, letter) = self.characters.next()?;
        let is = match letter {
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.code(),
            other => other,
        };
        Some(Character { is, at, escaped: true })
    }

    /// The character of `\uXXXX`. Halves of pairs stand for what no origin has.
    fn code(&mut self) -> char {
        let digits: String = self.characters.take(4).map(|(_, digit)| digit).collect();
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
        self.broken |= code.is_none();
        code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}
