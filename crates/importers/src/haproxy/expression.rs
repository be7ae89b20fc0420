//! Samples: `req.hdr(origin),lower`, and the format strings that have them.

use corsac_analysis::model::LetterCase;
use corsac_analysis::regex::Dialect;

use super::run::{Phase, State};
use crate::conditional::{Condition, Fact, Line, PathTest, Pattern, Test, Value};

/// A sample as it is written.
#[derive(Clone, Debug)]
pub(super) struct Expression<'a> {
    pub(super) fetch: &'a str,
    pub(super) argument: &'a str,
    pub(super) converters: Vec<&'a str>,
}

/// What a sample is.
#[derive(Clone, Debug)]
pub(super) enum Sample {
    /// A value that no condition on the origin can be made of.
    Known(Line),
    /// The path, the host, the method.
    Fact(Subject),
    /// Nothing: the phase does not have it.
    Missing,
    /// The values of `Origin`, which commas separate.
    Split(Line),
    Unknown(String),
}

/// What facts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Host,
    Method,
    Path,
}

impl<'a> Expression<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (first, converters) = split_top(text);
        let (fetch, argument) = call(first);
        Self { fetch, argument, converters }
    }

    /// Converters other than those that change no origin.
    fn changes(&self) -> Option<&'a str> {
        let keeps = |converter: &str| matches!(call(converter).0, "lower" | "" | "debug" | "rtrim" | "ltrim");
        self.converters.iter().copied().find(|converter| !keeps(converter))
    }

    /// What it is in a condition; ACLs try each value of a field.
    pub(super) fn sample(&self, state: &State<'_>) -> Sample {
        let sample = self.fetched(state);
        match (self.changes(), sample) {
            (None, sample) => sample,
            (Some(_), Sample::Missing) => Sample::Missing,
            (Some(converter), _) => Sample::Unknown(format!("`{converter}` is not modelled")),
        }
    }

    fn fetched(&self, state: &State<'_>) -> Sample {
        let request = state.phase == Phase::Request;
        match (self.fetch, self.argument.trim()) {
            (
                "hdr" | "req.hdr" | "req.fhdr" | "path" | "method" | "url" | "hdr_cnt" | "req.hdr_cnt"
                | "req.fhdr_cnt" | "hdr_ip",
                _,
            ) if !request => Sample::Missing,
            ("hdr" | "req.hdr", name) if name.eq_ignore_ascii_case("origin") => {
                Sample::Split(state.origin.clone())
            }
            ("req.fhdr", name) if name.eq_ignore_ascii_case("origin") => Sample::Known(state.origin.clone()),
            ("hdr" | "req.hdr" | "req.fhdr", name) if name.eq_ignore_ascii_case("host") => {
                Sample::Fact(Subject::Host)
            }
            ("hdr" | "req.hdr" | "req.fhdr", name) if !name.contains(',') => {
                Sample::Known(Line::always(Value::Requested(name.to_ascii_lowercase())))
            }
            ("method", _) => Sample::Fact(Subject::Method),
            ("path", _) => Sample::Fact(Subject::Path),
            ("var", name) => Sample::Known(state.variable(name)),
            ("str", text) => Sample::Known(Line::always(Value::Text(text.to_owned()))),
            ("capture.req.hdr", index) => index
                .parse()
                .ok()
                .and_then(|index: usize| state.captures.get(index))
                .map_or(Sample::Missing, |line| Sample::Known(line.clone())),
            (other, argument) => Sample::Unknown(format!("`{other}({argument})`")),
        }
    }

    /// Its value in a header or a variable: of several, the last.
    pub(super) fn value(&self, state: &State<'_>) -> Line {
        if let Some(line) = self.mapped(state) {
            return line;
        }
        match self.sample(state) {
            Sample::Fact(subject) => {
                Line::always(Value::Opaque(format!("the request's {subject:?} is sent").to_lowercase()))
            }
            Sample::Known(line) => line,
            Sample::Missing => Line::default(),
            Sample::Split(line) => last_value(&line),
            Sample::Unknown(what) => Line::always(Value::Opaque(format!("{what} is not known"))),
        }
    }

    /// `…,map(FILE)` of the origin, where the file can be read.
    fn mapped(&self, state: &State<'_>) -> Option<Line> {
        let [converter] = self.converters.as_slice() else { return None };
        let ("map" | "map_str", argument) = call(converter) else { return None };
        let whole = Self { fetch: self.fetch, argument: self.argument, converters: Vec::new() };
        let (Sample::Known(input) | Sample::Split(input)) = whole.sample(state) else { return None };
        let (file, default) = argument.split_once(',').map_or((argument, None), |(f, d)| (f, Some(d)));
        let text = state.file(file.trim())?;
        let mut output = Line::default();
        if let Some(default) = default {
            output.set(Condition::Always, Value::Text(default.to_owned()), None);
        }
        // Of keys that are there twice the first counts.
        for entry in
            text.lines().rev().map(str::trim).filter(|entry| !entry.is_empty() && !entry.starts_with('#'))
        {
            let (key, value) = entry.split_once([' ', '\t']).unwrap_or((entry, ""));
            let when = input.passes(&Test::Exact(key.to_owned(), LetterCase::Matters), None);
            output.set(when, Value::Text(value.trim().to_owned()), None);
        }
        Some(output)
    }
}

/// The last of the values that commas separate.
fn last_value(line: &Line) -> Line {
    let mut last = Line::default();
    let comma = || Condition::Origin(Test::Contains(",".to_owned(), LetterCase::Matters));
    let after = Pattern { text: "[^,]*$".to_owned(), dialect: Dialect::Pcre, flags: String::new() };
    let quoted = Condition::Origin(Test::Contains("\"".to_owned(), LetterCase::Matters));
    let is_origin = line.holds(|value| (*value == Value::Origin).into());
    last.set_to(&Condition::Always, line, &Value::Absent, None);
    if is_origin != Condition::Never {
        last.set(is_origin.clone().and(comma()), Value::Matched(after, 0), None);
        last.set(
            is_origin.and(comma()).and(quoted),
            Value::Opaque("its values are told apart by quotes".to_owned()),
            None,
        );
    }
    last
}

/// A format string: `%[var(txn.origin)]`, `%%`, text.
pub(super) fn format(text: &str, state: &State<'_>) -> Line {
    if let Some(inner) = text.strip_prefix("%[").and_then(|rest| rest.strip_suffix(']'))
        && closing(inner).is_none()
    {
        // A sample that is not there is an empty text.
        let empty = Value::Text(String::new());
        let mut line = Line::default();
        line.set_to(&Condition::Always, &Expression::parse(inner).value(state), &empty, None);
        return line;
    }
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            plain.push(letter);
        } else if letters.peek() == Some(&'%') {
            letters.next();
            plain.push('%');
        } else {
            return Line::always(Value::Opaque(format!("`{text}` is put together")));
        }
    }
    Line::always(Value::Text(plain))
}

/// Where the bracket of a sample closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ']' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// `name(argument)`.
fn call(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').unwrap_or(rest)),
        None => (text, ""),
    }
}

/// What stands before the first comma outside of parentheses, and what between the others.
fn split_top(text: &str) -> (&str, Vec<&str>) {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    let first = parts.remove(0);
    (first, parts)
}

impl Subject {
    /// The fact that the subject passes `test`; `words` is how the configuration says it.
    pub(super) fn passes(self, test: &Test, words: &str) -> Condition {
        let fact = match (self, test) {
            (Self::Host, Test::Exact(host, _)) => Fact::Host(host.to_ascii_lowercase()),
            (Self::Method, Test::Exact(method, _)) => Fact::Method(vec![method.clone()]),
            (Self::Path, Test::Exact(path, LetterCase::Matters)) => Fact::Path(PathTest::Is(path.clone())),
            (Self::Path, Test::Prefix(path, LetterCase::Matters)) => {
                Fact::Path(PathTest::StartsWith(path.clone()))
            }
            (Self::Path, Test::Suffix(path, LetterCase::Matters)) => {
                Fact::Path(PathTest::EndsWith(path.clone()))
            }
            _ => Fact::Other(words.to_owned()),
        };
        Condition::Fact(fact)
    }
}
