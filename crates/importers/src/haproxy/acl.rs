//! Conditions: `if { hdr_end(origin) .example.com } or METH_OPTIONS`.

use corsac_analysis::model::LetterCase;
use corsac_analysis::regex::Dialect;

use super::expression::{Expression, Sample};
use super::run::State;
use super::words::Word;
use crate::conditional::{Condition, Fact, Line, Pattern, Test, Value};

/// Most values of a list that are looked for behind commas; beyond, that is opaque.
const MAX_SPLIT: usize = 256;

/// How a pattern is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Begins,
    Contains,
    /// A whole part between these bytes.
    Part(&'static str),
    Ends,
    Exact,
    Found,
    Regex,
    Unknown,
}

/// The words after `if` or `unless`, as a condition; what stands before them.
pub(super) fn split_condition(words: &[Word]) -> (&[Word], Option<(bool, &[Word])>) {
    let at = words.iter().position(|word| matches!(word.text.as_str(), "if" | "unless"));
    match at.and_then(|at| Some((words.get(..at)?, words.get(at)?, words.get(at + 1..)?))) {
        Some((before, keyword, terms)) => (before, Some((keyword.text == "if", terms))),
        None => (words, None),
    }
}

/// A condition: terms that all hold, or others after `or`.
pub(super) fn condition(state: &State<'_>, clause: Option<(bool, &[Word])>) -> Condition {
    let Some((positive, words)) = clause else { return Condition::Always };
    let mut alternatives = Vec::new();
    let mut terms = Vec::new();
    let mut negated = false;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let name = match word.text.as_str() {
            "or" | "||" => {
                alternatives.push(Condition::all(std::mem::take(&mut terms)));
                continue;
            }
            "!" => {
                negated = !negated;
                continue;
            }
            name => name,
        };
        let bare = name.trim_start_matches('!');
        negated ^= (name.len() - bare.len()) % 2 == 1;
        let term = if bare == "{" {
            let rest = words.get(at..).unwrap_or_default();
            let end = rest.iter().position(|word| word.text == "}").unwrap_or(rest.len());
            at += end + 1;
            test(state, rest.get(..end).unwrap_or_default())
        } else {
            named(state, bare)
        };
        terms.push(if std::mem::take(&mut negated) { term.not() } else { term });
    }
    alternatives.push(Condition::all(terms));
    let holds = Condition::any(alternatives);
    if positive { holds } else { holds.not() }
}

/// An ACL by its name: several lines of one name are alternatives.
fn named(state: &State<'_>, name: &str) -> Condition {
    let own = state.acls.get(name);
    if let Some(lines) = own {
        return Condition::any(lines.iter().map(|words| test(state, words)));
    }
    let method =
        |names: &[&str]| Condition::Fact(Fact::Method(names.iter().map(|name| (*name).to_owned()).collect()));
    match name {
        "TRUE" | "HTTP" => Condition::Always,
        "FALSE" => Condition::Never,
        "METH_GET" => method(&["GET", "HEAD"]),
        _ => match name.strip_prefix("METH_") {
            Some(name) => method(&[name]),
            None => Condition::opaque(format!("the condition `{name}` is not defined here")),
        },
    }
}

/// `hdr(origin) -i https://app.example.com`.
fn test(state: &State<'_>, words: &[Word]) -> Condition {
    let Some((first, rest)) = words.split_first() else { return Condition::Never };
    if words.iter().any(|word| word.environment) {
        return Condition::opaque("a variable of the environment is compared");
    }
    let mut expression = Expression::parse(&first.text);
    let mut comparison = Comparison::Exact;
    if let Some((fetch, suffix)) = derived(expression.fetch) {
        expression.fetch = fetch;
        comparison = suffix;
    }
    match expression.fetch {
        "always_true" => return Condition::Always,
        "always_false" => return Condition::Never,
        // A preflight has no credentials; who asks for the rest is taken to have the right ones.
        "http_auth" | "http_auth_group" => {
            return Condition::Fact(Fact::Method(vec!["OPTIONS".to_owned()])).not();
        }
        _ => {}
    }
    let Some(list) = Patterns::read(state, comparison, rest) else {
        return Condition::opaque("a list in a file that is not read");
    };
    let said: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    list.compared(expression.sample(state), &said.join(" "))
}

/// Keywords that name a fetch and a comparison at once.
fn derived(keyword: &str) -> Option<(&str, Comparison)> {
    let (fetch, suffix) = keyword.rsplit_once('_')?;
    if !matches!(fetch, "hdr" | "path" | "url" | "base" | "capture.req.hdr") {
        return None;
    }
    Some((fetch, Comparison::named(suffix)?))
}

impl Comparison {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "beg" => Self::Begins,
            "dir" => Self::Part("/?"),
            "dom" => Self::Part("/?.:"),
            "end" => Self::Ends,
            "found" => Self::Found,
            "reg" => Self::Regex,
            "str" => Self::Exact,
            "sub" => Self::Contains,
            "len" | "bool" | "int" | "ip" | "bin" => Self::Unknown,
            _ => return None,
        })
    }
}

/// What a sample is compared with.
struct Patterns {
    comparison: Comparison,
    case: LetterCase,
    texts: Vec<String>,
}

impl Patterns {
    /// Flags and patterns; nothing if a list cannot be read.
    fn read(state: &State<'_>, comparison: Comparison, words: &[Word]) -> Option<Self> {
        let mut list = Self { comparison, case: LetterCase::Matters, texts: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "-i" => list.case = LetterCase::Ignored,
                "-m" => {
                    let name = words.next().map_or("", |word| word.text.as_str());
                    list.comparison = Comparison::named(name).unwrap_or(Comparison::Unknown);
                }
                "-f" => {
                    let file = state.file(&words.next()?.text)?;
                    let entries = file.lines().map(str::trim);
                    list.texts
                        .extend(entries.filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned));
                }
                "-n" => {}
                "-M" | "-u" => return None,
                "--" => break,
                _ => {
                    list.texts.push(word.text.clone());
                    break;
                }
            }
        }
        list.texts.extend(words.map(|word| word.text.clone()));
        state.spend(list.texts.len()).then_some(list)
    }

    fn compared(&self, sample: Sample, words: &str) -> Condition {
        if self.comparison == Comparison::Unknown && !matches!(sample, Sample::Missing) {
            return Condition::Fact(Fact::Other(words.to_owned()));
        }
        match (sample, self.comparison) {
            (Sample::Missing, _) => Condition::Never,
            (Sample::Known(line) | Sample::Split(line), Comparison::Found) => line.is_set(),
            (Sample::Fact(_), Comparison::Found) => Condition::Always,
            (Sample::Known(line), _) => Condition::any(self.tests().map(|test| on(&line, &test, words))),
            (Sample::Split(line), _) => line.holds(|value| match value {
                Value::Origin => self.split(),
                other => {
                    let line = Line::always(other.clone());
                    Condition::any(self.tests().map(|test| line.passes(&test, None)))
                }
            }),
            (Sample::Fact(subject), _) => {
                Condition::any(self.tests().map(|test| subject.passes(&test, words)))
            }
            // What is not known of a request has nothing to do with its origin, unless it is named.
            (Sample::Unknown(what), _) if what.to_ascii_lowercase().contains("origin") => {
                Condition::opaque(what)
            }
            (Sample::Unknown(what), _) if what.contains("is not modelled") => Condition::opaque(what),
            (Sample::Unknown(_), _) => Condition::Fact(Fact::Other(words.to_owned())),
        }
    }

    fn tests(&self) -> impl Iterator<Item = Test> {
        self.texts.iter().map(|text| {
            let text = text.clone();
            match self.comparison {
                Comparison::Begins => Test::Prefix(text, self.case),
                Comparison::Contains => Test::Contains(text, self.case),
                Comparison::Ends => Test::Suffix(text, self.case),
                Comparison::Exact | Comparison::Found | Comparison::Unknown => Test::Exact(text, self.case),
                Comparison::Part(edges) => {
                    let quoted = quoted(text.trim_matches(|letter| edges.contains(letter)));
                    self.expression(format!("(?:^|[{edges}]){quoted}(?:$|[{edges}])"))
                }
                Comparison::Regex => self.expression(text),
            }
        })
    }

    fn expression(&self, text: String) -> Test {
        let flags = if self.case == LetterCase::Ignored { "i".to_owned() } else { String::new() };
        Test::Regex(Pattern { text, dialect: Dialect::Pcre, flags })
    }

    /// One of the values that commas outside of quotes separate passes.
    fn split(&self) -> Condition {
        let comma = Condition::Origin(Test::Contains(",".to_owned(), LetterCase::Matters));
        let whole = Condition::any(self.tests().map(Condition::Origin));
        let behind = self.behind_commas();
        match self.comparison {
            // With a comma in it, the whole is no list's entry, and what is true of the first or the
            // last value is true of the whole.
            Comparison::Exact | Comparison::Begins | Comparison::Ends | Comparison::Contains
                if self.texts.iter().all(|text| !text.contains([',', '"'])) =>
            {
                whole.or(comma.and(behind))
            }
            _ => comma.clone().not().and(whole).or(comma.and(behind)),
        }
    }

    /// The same of an origin that has commas.
    fn behind_commas(&self) -> Condition {
        let reason = "HAProxy compares each part of an origin between commas";
        let exact = self.texts.len() <= MAX_SPLIT && self.texts.iter().all(|text| !text.contains([',', '"']));
        let texts: Vec<String> = self.texts.iter().map(|text| quoted(text)).collect();
        let texts = texts.join("|");
        let expression = match self.comparison {
            _ if !exact => return Condition::opaque(reason),
            Comparison::Contains => return Condition::Never,
            Comparison::Begins => format!("^(?:(?:[^\"]|\"[^\"]*\")*,)?(?:{texts})"),
            Comparison::Ends => format!("^(?:[^\"]|\"[^\"]*\")*(?:{texts})(?:,|$)"),
            Comparison::Exact => format!("^(?:(?:[^\"]|\"[^\"]*\")*,)?(?:{texts})(?:,|$)"),
            _ => return Condition::opaque(reason),
        };
        Condition::Origin(self.expression(expression))
    }
}

/// A test on a whole value.
fn on(line: &Line, test: &Test, words: &str) -> Condition {
    line.holds(|value| match value {
        Value::Requested(_) => Condition::Fact(Fact::Other(words.to_owned())),
        other => Line::always(other.clone()).passes(test, None),
    })
}

/// `text` as an expression that matches it alone.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        if !letter.is_alphanumeric() && !matches!(letter, '/' | ':' | '-' | '_') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}
