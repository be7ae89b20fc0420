//! Apache's expressions: `%{HTTP:Origin} =~ m#^https://# && reqenv('X') == '1'`.
//!
//! A subset: comparisons of one value with constants, and what joins them. The rest is opaque,
//! or a fact where it does not speak of the origin.

use corsac_analysis::model::LetterCase;
use corsac_analysis::regex::Dialect;

use super::run::State;
use crate::MAX_DEPTH;
use crate::conditional::{Condition, Fact, Line, PathTest, Pattern, Test, Value};

/// Longest expression that is read, in bytes.
const MAX_LENGTH: usize = 64 << 10;

/// An expression, read.
pub(super) struct Reading {
    pub(super) condition: Condition,
    /// The expressions that the origin was compared with: what `$0` refers to if there is one.
    pub(super) patterns: Vec<Pattern>,
}

/// Reads a condition.
pub(super) fn condition(text: &str, state: &State) -> Reading {
    let mut parser = Parser { text, at: 0, state, patterns: Vec::new() };
    let read = if text.len() > MAX_LENGTH || text.contains("${") { None } else { parser.either(0) };
    let whole = read.filter(|_| parser.rest().trim().is_empty());
    let condition = whole.unwrap_or_else(|| unread(text));
    Reading { condition, patterns: parser.patterns }
}

/// Reads a string: `%{HTTP:Origin}`, text, or both.
pub(super) fn string(text: &str, state: &State) -> Line {
    match variable(text) {
        Some(name) => match state.lookup(name) {
            Operand::Value(line) => line,
            Operand::Fact(_) | Operand::Unknown => Line::always(Value::Opaque(format!("`{text}` is sent"))),
        },
        None if !text.contains("%{") && !text.contains("${") => Line::always(Value::Text(text.to_owned())),
        None => Line::always(Value::Opaque(format!("`{text}` is put together"))),
    }
}

/// An expression that is not read: a fact unless it speaks of the origin or of variables.
pub(super) fn unread(text: &str) -> Condition {
    let lower = text.to_ascii_lowercase();
    if ["origin", "env", "${"].iter().any(|word| lower.contains(word)) {
        return Condition::opaque(format!("`{text}` is not read"));
    }
    Condition::Fact(Fact::Other(text.to_owned()))
}

/// `%{NAME}` and nothing else.
pub(super) fn variable(text: &str) -> Option<&str> {
    text.strip_prefix("%{")?.strip_suffix('}').filter(|name| !name.contains(['{', '}']))
}

/// A side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Fact(Subject),
    Unknown,
    Value(Line),
}

/// What facts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Host,
    Method,
    Path,
}

impl Operand {
    /// It passes `test`; `words` is how the configuration says it.
    pub(super) fn passes(&self, test: &Test, words: &str) -> Condition {
        match self {
            Self::Fact(subject) => Condition::any(subject.facts(test, words)),
            Self::Unknown => unread(words),
            Self::Value(line) => line.passes(test, Some("")),
        }
    }
}

impl Subject {
    fn facts(self, test: &Test, words: &str) -> Vec<Condition> {
        let fact = match (self, test) {
            (Self::Host, Test::Exact(host, _)) => Fact::Host(host.to_ascii_lowercase()),
            (Self::Method, Test::Exact(method, _)) => Fact::Method(vec![method.clone()]),
            (Self::Method, test) => methods(test, words),
            (Self::Path, Test::Exact(path, LetterCase::Matters)) => Fact::Path(PathTest::Is(path.clone())),
            (Self::Path, Test::Regex(pattern)) => match super::sections::starting(&pattern.text) {
                Some(condition) => return vec![condition],
                None => Fact::Other(words.to_owned()),
            },
            _ => Fact::Other(words.to_owned()),
        };
        vec![Condition::Fact(fact)]
    }
}

/// Which of the usual methods a test means is found by trying.
fn methods(test: &Test, words: &str) -> Fact {
    let usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let matched = usual.into_iter().filter(|method| test.on_text(method) == Condition::Always);
    let matched: Vec<String> = matched.map(str::to_owned).collect();
    let simple = match test {
        Test::Regex(pattern) => pattern.text.trim_start_matches(['^', '(']).trim_end_matches(['$', ')']),
        Test::Contains(text, _) => text,
        _ => "",
    };
    match matched.is_empty() {
        true if !simple.is_empty() && simple.chars().all(|c| c.is_ascii_alphabetic()) => {
            Fact::Method(vec![simple.to_owned()])
        }
        true => Fact::Other(words.to_owned()),
        false => Fact::Method(matched),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    state: &'a State,
    patterns: Vec<Pattern>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes `token` if it comes next.
    fn take(&mut self, token: &str) -> bool {
        self.skip();
        let there = self.rest().starts_with(token);
        self.at += if there { token.len() } else { 0 };
        there
    }

    fn either(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.both(depth)?];
        while self.take("||") {
            parts.push(self.both(depth)?);
        }
        Some(Condition::any(parts))
    }

    fn both(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.one(depth)?];
        while self.take("&&") {
            parts.push(self.one(depth)?);
        }
        Some(Condition::all(parts))
    }

    fn one(&mut self, depth: usize) -> Option<Condition> {
        if depth >= MAX_DEPTH {
            return None;
        }
        if self.take("!") {
            let inner = self.one(depth + 1)?.not();
            // What a negated comparison matched is nothing that one can refer to.
            return Some(inner);
        }
        if self.take("(") {
            let inner = self.either(depth + 1)?;
            return self.take(")").then_some(inner);
        }
        for (word, holds) in [("true", Condition::Always), ("false", Condition::Never)] {
            if self.take(word) {
                return Some(holds);
            }
        }
        self.skip();
        let begin = self.at;
        if self.rest().starts_with('-') {
            return self.unary(begin);
        }
        let (left, constant) = self.word()?;
        if let Some(text) = constant {
            // `'x' == %{…}` is rare; the other way round is what people write.
            return self.comparison(&Operand::Value(Line::always(Value::Text(text))), begin);
        }
        self.comparison(&left, begin)
    }

    fn said(&self, begin: usize) -> &'a str {
        self.text.get(begin..self.at).unwrap_or_default().trim()
    }

    /// `-n %{…}`
    fn unary(&mut self, begin: usize) -> Option<Condition> {
        let mut letters = self.rest().chars();
        let operator = letters.nth(1)?;
        self.at += 1 + operator.len_utf8();
        let (operand, constant) = self.word()?;
        let operand = constant.map_or(operand, |text| Operand::Value(Line::always(Value::Text(text))));
        let empty = Test::Exact(String::new(), LetterCase::Matters);
        let empty = operand.passes(&empty, self.said(begin));
        match operator {
            'n' => Some(empty.not()),
            'z' => Some(empty),
            _ => Some(unread(self.said(begin))),
        }
    }

    fn comparison(&mut self, left: &Operand, begin: usize) -> Option<Condition> {
        let operators = ["==", "!=", "=~", "!~", "-in", "-strmatch", "-strcmatch", "-fnmatch", "="];
        let operator = operators.into_iter().find(|operator| self.take(operator))?;
        match operator {
            "=~" | "!~" => {
                let pattern = self.regex()?;
                let test = Test::Regex(pattern.clone());
                let holds = left.passes(&test, self.said(begin));
                if operator == "!~" {
                    return Some(holds.not());
                }
                self.patterns.push(pattern);
                Some(holds)
            }
            "-in" => {
                let values = self.list()?;
                let said = self.said(begin);
                let exactly = |value: String| left.passes(&Test::Exact(value, LetterCase::Matters), said);
                Some(Condition::any(values.into_iter().map(exactly)))
            }
            "-strmatch" | "-strcmatch" | "-fnmatch" => {
                let (_, constant) = self.word()?;
                let case = if operator == "-strcmatch" { LetterCase::Ignored } else { LetterCase::Matters };
                glob(constant.as_deref()?, case)
                    .filter(|_| operator != "-fnmatch")
                    .map(|test| left.passes(&test, self.said(begin)))
                    .or_else(|| Some(unread(self.said(begin))))
            }
            _ => {
                let (_, constant) = self.word()?;
                let Some(text) = constant else { return Some(unread(self.said(begin))) };
                let holds = left.passes(&Test::Exact(text, LetterCase::Matters), self.said(begin));
                Some(if operator == "!=" { holds.not() } else { holds })
            }
        }
    }

    /// A value, or a constant.
    fn word(&mut self) -> Option<(Operand, Option<String>)> {
        self.skip();
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) {
            let text = self.quoted(quote)?;
            return Some(match variable(&text) {
                Some(name) => (self.state.lookup(name), None),
                None if text.contains("%{") || text.contains('$') => (Operand::Unknown, None),
                None => (Operand::Unknown, Some(text)),
            });
        }
        if let Some(inner) = rest.strip_prefix("%{") {
            let (name, _) = inner.split_once('}')?;
            self.at += name.len() + 3;
            return Some((self.state.lookup(name), None));
        }
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            return None;
        }
        self.at += name.len();
        if name.chars().all(|letter| letter.is_ascii_digit()) {
            return Some((Operand::Unknown, Some(name)));
        }
        if !self.take("(") {
            return None;
        }
        let (inner, constant) = self.word()?;
        if !self.take(")") {
            return None;
        }
        Some((self.function(&name, inner, constant.as_deref()), None))
    }

    fn function(&self, name: &str, inner: Operand, argument: Option<&str>) -> Operand {
        match (name.to_ascii_lowercase().as_str(), argument) {
            ("req" | "http" | "req_novary", Some(field)) => self.state.lookup(&format!("HTTP:{field}")),
            ("reqenv", Some(name)) => self.state.lookup(&format!("ENV:{name}")),
            // Browsers send origins in lower case.
            ("tolower", None) => inner,
            _ => Operand::Unknown,
        }
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.at += at + 1;
                return Some(text);
            }
            match letter {
                '\\' => text.push(letters.next()?.1),
                other => text.push(other),
            }
        }
        None
    }

    fn list(&mut self) -> Option<Vec<String>> {
        self.take("{").then_some(())?;
        let mut values = Vec::new();
        loop {
            values.push(self.word()?.1?);
            if self.take("}") {
                return Some(values);
            }
            self.take(",").then_some(())?;
        }
    }

    /// `/…/i`, `m#…#`.
    fn regex(&mut self) -> Option<Pattern> {
        self.skip();
        let rest = self.rest();
        let start = usize::from(rest.starts_with('m'));
        let delimiter = rest.get(start..)?.chars().next().filter(char::is_ascii_punctuation)?;
        let body = rest.get(start + 1..)?;
        // A backslash keeps no delimiter from ending it.
        let (text, after) = body.split_once(delimiter)?;
        let flags: String = after.chars().take_while(char::is_ascii_alphabetic).collect();
        self.at += start + text.len() + 2 + flags.len();
        let flags = flags.chars().filter(|flag| matches!(flag, 'i' | 's' | 'm')).collect();
        Some(Pattern { text: text.to_owned(), dialect: Dialect::Pcre, flags })
    }
}

/// A glob with stars at its ends only.
fn glob(text: &str, case: LetterCase) -> Option<Test> {
    let inner = text.trim_matches('*').to_owned();
    if inner.contains(['*', '?', '[', '\\']) {
        return None;
    }
    Some(match (text.starts_with('*'), text.ends_with('*')) {
        (false, false) => Test::Exact(inner, case),
        (true, false) => Test::Suffix(inner, case),
        (false, true) => Test::Prefix(inner, case),
        (true, true) => Test::Contains(inner, case),
    })
}
