//! Variables: `SetEnvIf`, `SetEnvIfExpr`, `BrowserMatch`, `SetEnv`.

use corsac_analysis::model::LetterCase;
use corsac_analysis::regex::Dialect;

use super::expression::{self, Operand};
use super::run::State;
use super::syntax::{Node, words};
use crate::conditional::{Condition, Fact, Line, Pattern, Test, Value};

/// `SetEnvIf Origin "…" NAME=$0 !OTHER`; whether the directive is one of these.
pub(super) fn set_env_if(node: &Node, when: &Condition, state: &mut State) -> bool {
    let arguments = words(&node.arguments);
    let mut arguments = arguments.iter().map(String::as_str);
    let (attribute, ignore_case) = match node.name.as_str() {
        "setenvif" => (arguments.next(), false),
        "setenvifnocase" => (arguments.next(), true),
        "browsermatch" => (Some("User-Agent"), false),
        "browsermatchnocase" => (Some("User-Agent"), true),
        "setenvifexpr" => {
            let Some(text) = arguments.next() else { return true };
            let reading = expression::condition(text, state);
            let pattern = match reading.patterns.as_slice() {
                // A group that it does not have, or `$0` where it has none, is garbage, and often an
                // error 500.
                [pattern] if groups(&pattern.text) >= highest(&node.arguments).max(1) => {
                    Groups::Of(pattern.clone())
                }
                _ => Groups::Unknown,
            };
            let when = when.clone().and(reading.condition);
            arguments.for_each(|feature| set(feature, &when, &pattern, node, state));
            return true;
        }
        _ => return false,
    };
    let (Some(attribute), Some(text)) = (attribute, arguments.next()) else { return true };
    let (condition, groups) = matching(attribute, text, ignore_case, state);
    let when = when.clone().and(condition);
    arguments.for_each(|feature| set(feature, &when, &groups, node, state));
    true
}

/// What `$0` to `$9` refer to.
enum Groups {
    /// A text without special characters is looked for without groups: `$0` stays as it is.
    None,
    Of(Pattern),
    Unknown,
}

/// When an attribute matches.
fn matching(attribute: &str, text: &str, ignore_case: bool, state: &State) -> (Condition, Groups) {
    let operand = state.attribute(attribute);
    let case = if ignore_case { LetterCase::Ignored } else { LetterCase::Matters };
    let flags = if ignore_case { "i".to_owned() } else { String::new() };
    let pattern = Pattern { text: text.to_owned(), dialect: Dialect::Pcre, flags };
    let said = format!("{attribute} ~ {text}");
    if text.contains("${") {
        return (
            Condition::opaque(format!("`{text}` has a variable that is not defined here")),
            Groups::Unknown,
        );
    }
    match (literal(text), operand) {
        (Some(literal), operand) => (operand.passes(&Test::Contains(literal, case), &said), Groups::None),
        (None, operand) => {
            let of_origin =
                matches!(&operand, Operand::Value(line) if line.values().all(|(v, _)| *v == Value::Origin));
            let condition = operand.passes(&Test::Regex(pattern.clone()), &said);
            (condition, if of_origin { Groups::Of(pattern) } else { Groups::Unknown })
        }
    }
}

/// The text that an expression without special characters stands for; Apache then takes no
/// regular expression at all.
fn literal(expression: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = expression.chars();
    while let Some(letter) = letters.next() {
        let special = |letter: char| "^.$|()[]*+?{}".contains(letter);
        match letter {
            '\\' => match letters.next() {
                Some(next) if special(next) || next == '\\' => text.push(next),
                _ => return None,
            },
            other if special(other) => return None,
            other => text.push(other),
        }
    }
    Some(text)
}

/// `NAME`, `NAME=value`, `!NAME`. Nothing after the sign is as no sign: `NAME=` is `1` too.
fn set(feature: &str, when: &Condition, groups: &Groups, node: &Node, state: &mut State) {
    let (name, value) = match feature.split_once('=') {
        Some((name, value)) if !value.is_empty() => (name, value),
        named => {
            let name = named.map_or(feature, |(name, _)| name);
            if let Some(name) = name.strip_prefix('!') {
                return state.variable_mut(name).set(when.clone(), Value::Absent, Some(node.place.clone()));
            }
            (name, "1")
        }
    };
    let value = match groups {
        Groups::Of(pattern) => substituted(value, '$', pattern),
        Groups::Unknown if value.contains('$') => {
            Value::Opaque(format!("`{value}` is a part of the request"))
        }
        Groups::None | Groups::Unknown => Value::Text(value.to_owned()),
    };
    state.variable_mut(name).set(when.clone(), value, Some(node.place.clone()));
}

/// A value with `$1` or `%1` in it.
pub(super) fn substituted(value: &str, sign: char, pattern: &Pattern) -> Value {
    let reference =
        value.strip_prefix(sign).and_then(|digit| digit.parse::<u32>().ok()).filter(|digit| *digit < 10);
    match reference {
        Some(group) if group > groups(&pattern.text) => Value::Text(String::new()),
        Some(group) => Value::Matched(pattern.clone(), group),
        None if !refers(value, sign) => Value::Text(value.to_owned()),
        None => Value::Opaque(format!("`{value}` is put together")),
    }
}

/// The highest group that `$1` to `$9` in a text name.
fn highest(text: &str) -> u32 {
    let digits = text.split('$').skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10));
    digits.max().unwrap_or_default()
}

/// Whether a group is named in it.
pub(super) fn refers(value: &str, sign: char) -> bool {
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' || letter == sign && letters.peek().is_some_and(char::is_ascii_digit) {
            return true;
        }
    }
    false
}

/// How many groups an expression has that are remembered.
fn groups(expression: &str) -> u32 {
    let mut count = 0;
    let mut letters = expression.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' if !in_class => {
                in_class = true;
                letters.next_if_eq(&'^');
                letters.next_if_eq(&']');
            }
            ']' => in_class = false,
            '(' if !in_class => {
                count += u32::from(is_remembered(letters.clone()));
            }
            _ => {}
        }
    }
    count
}

/// Whether a group is remembered that goes on so: `(?:…)`, `(?=…)` and verbs are not.
fn is_remembered(mut ahead: std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    match ahead.next() {
        Some('?') => {
            ahead.next_if_eq(&'P');
            match (ahead.next(), ahead.next()) {
                (Some('<'), Some(next)) => next != '=' && next != '!',
                (Some(next), _) => next == '\'',
                (None, _) => false,
            }
        }
        first => first != Some('*'),
    }
}

/// `SetEnv`, `UnsetEnv`, `PassEnv`, whoever asks. They are late, and of variables of their own:
/// what `SetEnvIf` and rewriting set is neither taken away nor replaced.
pub(super) fn set_env(node: &Node, when: &Condition, late: &mut State) {
    let arguments = words(&node.arguments);
    let place = Some(node.place.clone());
    match (node.name.as_str(), arguments.as_slice()) {
        ("setenv", [name, rest @ ..]) => {
            let value = Value::Text(rest.first().cloned().unwrap_or_default());
            late.variable_mut(name).set(when.clone(), value, place);
        }
        ("unsetenv", names) => {
            for name in names {
                late.variable_mut(name).set(when.clone(), Value::Absent, place.clone());
            }
        }
        ("passenv", names) => {
            for name in names {
                let value = Value::Opaque("it is the environment's".to_owned());
                // Where the environment has none, nothing is set.
                let when = when.clone().and(Condition::opaque(format!("`PassEnv {name}` may find none")));
                late.variable_mut(name).set(when, value, place.clone());
            }
        }
        _ => {}
    }
}

impl State {
    /// What `SetEnvIf` compares.
    fn attribute(&self, name: &str) -> Operand {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "request_method" => self.lookup("REQUEST_METHOD"),
            "request_uri" => self.lookup("REQUEST_URI"),
            "host" => self.lookup("HTTP_HOST"),
            "origin" => self.lookup("HTTP:Origin"),
            // A name that no field can have is an expression for names.
            _ if name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-' && c != '_') => {
                let names = Test::Regex(Pattern {
                    text: name.to_owned(),
                    dialect: Dialect::Pcre,
                    flags: "i".to_owned(),
                });
                match names.on_text("Origin") {
                    Condition::Always if lower == "^origin$" => self.lookup("HTTP:Origin"),
                    Condition::Never => Operand::Unknown,
                    _ => Operand::Value(Line::always(Value::Opaque(format!(
                        "fields like `{name}` are compared"
                    )))),
                }
            }
            _ if self.has_variable(name) => self.lookup(&format!("ENV:{name}")),
            _ => Operand::Unknown,
        }
    }
}

/// A fact that speaks of no origin.
pub(super) fn fact(words: impl Into<String>) -> Condition {
    Condition::Fact(Fact::Other(words.into()))
}
