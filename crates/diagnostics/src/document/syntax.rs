//! Mistakes of TOML's syntax in our words: which slip it is, and what to write.
//!
//! The parser's descriptions are told apart by their words, and what it calls something
//! else in a later version is passed on as it is. It reads on after a mistake, and
//! misreads what the slip upset: of a line only the first mistake is told, and after an
//! open bracket or string nothing that it swallowed.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::excerpt::excerpt;
use crate::field::Place;
use crate::reader::TOML_SYNTAX;
use crate::source::Source;

/// Syntax errors shown of one document; one slip can make hundreds.
const MAX_SHOWN: usize = 20;

/// A slip: where, what is wrong, what to see there, and what to write.
struct Slip {
    span: Range<usize>,
    message: String,
    label: &'static str,
    help: String,
    /// Where a name was defined before.
    first: Option<Range<usize>>,
}

impl Slip {
    fn new(span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span: span.clone(), message: message.into(), label: "", help: help.into(), first: None }
    }

    fn into_finding(self) -> Diagnostic {
        let finding = Diagnostic::new(&TOML_SYNTAX, self.message).at(Place::Span(self.span), self.label);
        let finding = finding.help(self.help);
        match self.first {
            Some(first) => finding.and_at(Place::Span(first), "defined here first"),
            None => finding,
        }
    }
}

/// The findings for what the parser said, each with its span in the text of `source`.
pub(crate) fn findings(source: &Source, mut said: Vec<(Range<usize>, &str)>) -> Vec<Diagnostic> {
    if said.is_empty() {
        return Vec::new();
    }
    let text = source.text();
    said.sort_by_key(|(span, _)| span.start);
    let open = Open::at_the_end(text);
    let bracket = open.bracket.filter(|_| said.iter().any(|(_, words)| is_unclosed_value(words)));
    // A string that swallowed the closing bracket is the one slip of the two.
    let swallowed = bracket.and_then(|bracket| open.swallowed_a_bracket(text, bracket));
    let until = swallowed.or(bracket).unwrap_or(text.len());
    said.retain(|(span, words)| span.start <= until && !is_unclosed_value(words));
    said.dedup_by_key(|(span, _)| source.line(span.start));

    let slips = said.iter().take(MAX_SHOWN).map(|(span, words)| slip(text, span, words, &open));
    let bracket = bracket.filter(|_| swallowed.is_none()).map(|at| open_bracket(text, at));
    slips.chain(bracket).map(Slip::into_finding).collect()
}

/// What is wrong, by the parser's description.
fn slip(text: &str, span: &Range<usize>, words: &str, open: &Open) -> Slip {
    let description = words.split(", expected").next().unwrap_or_default();
    let here = text.get(span.start..).unwrap_or_default();
    match description {
        "string values must be quoted" => unquoted(text, span),
        "missing opening quote" => {
            Slip::new(span, "the string has no opening quote", "write `\"` before its text")
        }
        "missing escaped value" | "too few unicode value digits" | "invalid value" => {
            let help = "write `\\\\` for a backslash, or put the text in single quotes";
            Slip::new(span, "a backslash begins an escape, and this is none", help)
        }
        "missing comma between array elements" => missing_comma(text, span),
        "missing comma between key-value pairs" | "extra assignment between key-value pairs" => {
            Slip::new(span, "a comma is missing", "write `,` between two settings: { a = 1, b = 2 }")
        }
        "unclosed table" | "unclosed array table" => open_header(text, span),
        "unexpected key or value" => leftover(text, span),
        "key with no value" | "invalid unquoted key" | "missing assignment between key-value pairs" => {
            bad_key(text, span)
        }
        "unquoted keys cannot be empty" => Slip::new(span, "a name is missing", "write a name here"),
        "invalid key-value pair" => {
            let help = "write `name = value` or a header such as [cors.app]; JSON and YAML are not read";
            Slip::new(span, "a line begins with a name or a header", help)
        }
        "duplicate key" => duplicate(text, span),
        "extra `=`" => Slip::new(span, "a second `=` follows the first", "remove it"),
        "carriage return must be followed by newline" => {
            let help = "save the file with the line ends of Unix or of Windows";
            Slip::new(span, "a carriage return stands alone", help)
        }
        _ if description.starts_with("extra comma") => {
            Slip::new(span, "nothing stands before this comma", "remove it")
        }
        _ if description.starts_with("cannot extend value") => {
            let name = excerpt(text.get(span.clone()).unwrap_or_default());
            let message = format!("`{name}` has a value already and cannot be a table");
            Slip::new(span, message, "give one of the two another name")
        }
        _ if description.starts_with("invalid") && description.ends_with("string") => string(span, open),
        _ if is_scalar(description) => unquoted(text, &word(text, span.start, here)),
        _ => {
            let help = "put strings in quotes, lists in brackets, and each setting on a line of its own";
            Slip::new(span, one_line(words), help)
        }
    }
}

/// Whether it is about a number, a date or `true` that is misspelt.
fn is_scalar(description: &str) -> bool {
    let kinds = ["boolean", "float", "integer", "number", "date", "time", "mantissa", "fraction", "exponent"];
    description == "unexpected leading zero" || kinds.iter().any(|kind| description.contains(kind))
}

/// A string without its end, or with a character that it cannot have.
fn string(span: &Range<usize>, open: &Open) -> Slip {
    let opened = open.strings.iter().find(|string| (string.start..=string.end).contains(&span.start));
    match opened {
        Some(string) => {
            let quote = string.quote;
            let rule = if quote.len() == 1 { "; a string ends on the line where it begins" } else { "" };
            let end = if quote.len() == 1 { string.end } else { string.start + quote.len() };
            let help = format!("write `{quote}` behind its text{rule}");
            let slip = Slip::new(&(string.start..end), "the string is not closed", help);
            Slip { label: "it begins here", ..slip }
        }
        None => {
            let help = "remove it, or write it as an escape in double quotes, such as `\\u0007`";
            Slip::new(span, "a string has no control characters", help)
        }
    }
}

/// A value that is neither in quotes nor anything else.
fn unquoted(text: &str, span: &Range<usize>) -> Slip {
    let value = text.get(span.clone()).unwrap_or_default();
    let behind = text.get(span.end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    if behind.starts_with(['{', '[']) && !value.is_empty() {
        // The parser ends it at the brace of `/api/{id}`.
        let more = behind.find([' ', '\t', ',', '#']).unwrap_or(behind.len());
        return unquoted(text, &(span.start..span.end + more));
    }
    let alone = line_before(text, span.start).trim_end().ends_with('=');
    let shown = excerpt(value);
    let not_in_quotes = format!("`{shown}` is not in quotes");
    let (message, help) = match (what_else(value), behind.trim_start().chars().next()) {
        (Some(slip), _) => slip,
        (None, Some('=')) => {
            let help = "write each on a line of its own, or `,` between them within braces";
            ("two settings stand on one line".into(), help.into())
        }
        (None, Some(',')) if alone => {
            (not_in_quotes, "write a list, with each text in quotes: [\"a\", \"b\"]".into())
        }
        _ if value.contains([' ', '\t']) => {
            (not_in_quotes, "put each text in quotes, with `,` between two entries of a list".into())
        }
        _ => (not_in_quotes, format!("write \"{shown}\"")),
    };
    Slip::new(span, message, help)
}

/// What `value` is meant to be, if not a text without its quotes: message and help.
fn what_else(value: &str) -> Option<(String, String)> {
    let shown = excerpt(value);
    let bare = value.trim_matches(is_foreign_quote);
    let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    Some(if value.is_empty() {
        let help = "write one behind `=`, such as \"text\", 5, true or [\"a\", \"b\"]";
        ("a value is missing".into(), help.into())
    } else if bare.len() < value.len() {
        (format!("the quotes of `{shown}` are none of TOML's"), format!("write \"{}\"", excerpt(bare)))
    } else if let Some(value) = value.strip_suffix(';') {
        (format!("a `;` follows `{}`", excerpt(value)), "remove it".into())
    } else if value.contains(" //") {
        ("`//` begins no comment".into(), "begin the comment with `#`".into())
    } else if is(&["true", "false", "yes", "no", "on", "off"]) {
        (format!("`{shown}` is not a value"), "write `true` or `false`".into())
    } else if value.len() > 1 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        (format!("`{shown}` begins with a zero"), "write it without leading zeros".into())
    } else {
        return None;
    })
}

/// Quotes that word processors and other languages write.
fn is_foreign_quote(letter: char) -> bool {
    matches!(letter, '\u{2018}'..='\u{201f}' | '`' | '«' | '»')
}

fn missing_comma(text: &str, span: &Range<usize>) -> Slip {
    let before = text.get(..span.start).unwrap_or_default();
    let quoted = |text: &str| text.starts_with(['"', '\'']);
    let slip = if before.ends_with(['"', '\'']) && !quoted(text.get(span.start..).unwrap_or_default()) {
        let help = "put each entry in quotes of its own: [\"a\", \"b\"]";
        Slip::new(span, "a quote is missing, or one too many", help)
    } else {
        Slip::new(span, "a comma is missing", "write `,` between two entries: [\"a\", \"b\"]")
    };
    Slip { label: "before this", ..slip }
}

fn open_bracket(text: &str, at: usize) -> Slip {
    let (opened, closing) = match text.get(at..at + 1) {
        Some("{") => ("{", "}"),
        _ => ("[", "]"),
    };
    let help = format!("write `{closing}` behind the last entry");
    let slip = Slip::new(&(at..at + 1), format!("`{opened}` is not closed"), help);
    Slip { label: "it opens here", ..slip }
}

fn open_header(text: &str, span: &Range<usize>) -> Slip {
    let header = line_before(text, span.start).trim();
    let rest = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    if rest.is_empty() || rest.starts_with('#') {
        let name = excerpt(header.trim_matches(['[', ']', ' ']));
        let right = if header.starts_with("[[") { format!("[[{name}]]") } else { format!("[{name}]") };
        return Slip::new(span, "the header is not closed", format!("write {right}"));
    }
    let help = "write [cors.\"my app\"]: only letters, digits, `-` and `_` need no quotes";
    Slip::new(span, "the name in this header needs quotes", help)
}

/// Something behind a value or header that is whole.
fn leftover(text: &str, span: &Range<usize>) -> Slip {
    let before = line_before(text, span.start);
    let rest = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let header = before.trim_start().starts_with('[');
    let (message, help) = match rest.trim_start().chars().next() {
        Some(']') if header => {
            ("a bracket too many", "write [[routes]] with two brackets on either side, or one")
        }
        Some(']') => ("`]` closes nothing", "remove it, or write `[` before the first entry"),
        Some(',') if rest.trim_start_matches([',', ' ', '\t']).is_empty() => {
            ("a comma follows the value", "remove it")
        }
        Some(',') => ("several values are a list", "put them in brackets: [\"a\", \"b\"]"),
        _ if header => ("something follows the header", "write it on the next line"),
        _ if before.ends_with(['"', '\'']) => {
            ("the string ends before this", "write `\\\"` for a quote within a string")
        }
        _ => (
            "something follows the value",
            "write each setting on a line of its own; a comment begins with `#`",
        ),
    };
    Slip::new(span, message, help)
}

/// A name without `=`, or one that cannot be a name.
fn bad_key(text: &str, span: &Range<usize>) -> Slip {
    let rest = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let before = line_before(text, span.start).trim();
    let name = excerpt(before.rsplit(['{', ',']).next().unwrap_or_default().trim());
    let name = name.trim_end_matches(':');
    match rest.trim_start().chars().next() {
        _ if before.ends_with(':') => colon(span, name),
        Some(':') => colon(span, name),
        Some(']') => {
            let right = if rest.contains("]]") { format!("[[{name}]]") } else { format!("[{name}]") };
            Slip::new(span, "the header has no opening bracket", format!("write {right}"))
        }
        Some('/') if rest.starts_with("//") => {
            Slip::new(span, "`//` begins no comment", "begin the comment with `#`")
        }
        _ if name.is_empty() || rest.contains('=') => {
            let help = "put the name in quotes: only letters, digits, `-` and `_` need none";
            Slip::new(span, "a name has a character that needs quotes", help)
        }
        _ => Slip::new(span, format!("`{name}` has no `=`"), format!("write `{name} = …`")),
    }
}

fn duplicate(text: &str, span: &Range<usize>) -> Slip {
    let name = excerpt(text.get(span.clone()).unwrap_or_default());
    let help = "remove one of the two, or put their contents together";
    let slip = Slip::new(span, format!("`{name}` is defined twice"), help);
    Slip { first: first_definition(text, span), ..slip }
}

fn colon(span: &Range<usize>, name: &str) -> Slip {
    Slip::new(span, "`:` stands where `=` belongs", format!("write `{name} = …`"))
}

/// Where the name at `span` is defined before, if a line above says so: a setting of the
/// same table, or a header with the same names.
fn first_definition(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let before = line_before(text, span.start);
    let above = text.get(..span.start - before.len())?;
    let header = before.trim_start().starts_with('[');
    let names = |line| -> &str { str::trim_start(line).trim_start_matches('[') };
    let name = format!("{}{}", names(before), text.get(span.clone())?);
    let mut end = above.len();
    for line in above.split('\n').rev() {
        let is_header = line.trim_start().starts_with('[');
        let behind = names(line).strip_prefix(name.as_str()).map(str::trim_start);
        if is_header == header && behind.is_some_and(|rest| rest.starts_with(['=', ']'])) {
            let start = end - names(line).len();
            return Some(start..start + name.len());
        }
        if is_header && !header {
            return None;
        }
        end = end.checked_sub(line.len() + 1)?;
    }
    None
}

/// What stands on the line of `at` before it.
fn line_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').and_then(|end| before.get(end + 1..)).unwrap_or(before);
    line.trim_start_matches('\u{feff}')
}

/// The span of the word that `at` is in.
fn word(text: &str, at: usize, here: &str) -> Range<usize> {
    let ends = |letter: char| letter.is_whitespace() || "=,[]{}#".contains(letter);
    let before = line_before(text, at);
    let start = before.rfind(ends).and_then(|last| before.get(last + 1..)).map_or(at, |word| at - word.len());
    start..at + here.find(ends).unwrap_or(here.len())
}

fn is_unclosed_value(words: &str) -> bool {
    let description = words.split(", expected").next();
    matches!(description, Some("unclosed array" | "unclosed inline table"))
}

fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join(", ")
}

/// What a text opens and does not close.
struct Open {
    strings: Vec<OpenString>,
    /// The outermost bracket or brace of a value.
    bracket: Option<usize>,
}

struct OpenString {
    start: usize,
    end: usize,
    quote: &'static str,
}

impl Open {
    fn at_the_end(text: &str) -> Self {
        let (mut strings, mut brackets, mut at) = (Vec::new(), Vec::new(), 0);
        let next = |at| text.get(at..).and_then(|rest| rest.find(['"', '\'', '#', '[', ']', '{', '}']));
        while let Some(offset) = next(at) {
            let start = at + offset;
            let rest = text.get(start..).unwrap_or_default();
            // Not asked for every bracket of a long line.
            let line = || rest.find('\n').unwrap_or(rest.len());
            let gap = text.get(at..start).unwrap_or_default();
            let begins_line = gap.contains('\n') || at == 0;
            let header = brackets.is_empty() && begins_line && line_before(gap, gap.len()).trim().is_empty();
            at = start
                + match rest.as_bytes().first() {
                    Some(b'#') => line(),
                    Some(b'[') if header => line(),
                    Some(b'[' | b'{') => {
                        brackets.push(start);
                        1
                    }
                    Some(b']' | b'}') => {
                        brackets.pop();
                        1
                    }
                    _ => {
                        let (length, closed) = string_length(rest);
                        if !closed {
                            strings.push(OpenString { start, end: start + length, quote: quote(rest) });
                        }
                        length
                    }
                };
        }
        Self { strings, bracket: brackets.first().copied() }
    }

    /// The end of the first string behind `bracket` that has its closing bracket in it.
    fn swallowed_a_bracket(&self, text: &str, bracket: usize) -> Option<usize> {
        let has_bracket = |string: &&OpenString| {
            text.get(string.start..string.end).is_some_and(|text| text.contains([']', '}']))
        };
        self.strings.iter().filter(|string| string.start > bracket).find(has_bracket).map(|string| string.end)
    }
}

/// The quote that `rest` begins with.
fn quote(rest: &str) -> &'static str {
    ["\"\"\"", "'''", "\""].into_iter().find(|quote| rest.starts_with(quote)).unwrap_or("'")
}

/// The bytes of the string that `rest` begins with, and whether it is closed.
fn string_length(rest: &str) -> (usize, bool) {
    let quote = quote(rest);
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(quote.len()) {
        if letter == '\n' && quote.len() == 1 {
            return (at, false);
        }
        if escaped || (letter == '\\' && quote.starts_with('"')) {
            escaped = !escaped;
        } else if let Some(behind) = rest.get(at..).and_then(|rest| rest.strip_prefix(quote)) {
            // Quotes before the closing ones belong to the text.
            let more = if quote.len() == 3 {
                behind.bytes().take_while(|byte| quote.as_bytes().contains(byte)).count()
            } else {
                0
            };
            return (at + quote.len() + more, true);
        }
    }
    (rest.len(), false)
}
