//! Reading tables so that every mistake is reported, not only the first.

use std::fmt::Display;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::document::{Node, Value};
use crate::excerpt::excerpt;
use crate::field::{FieldPath, Place};
use crate::rule::{Rule, Severity};
use crate::units::{parse_duration, parse_size};

/// The text is not TOML.
pub static TOML_SYNTAX: Rule =
    Rule { id: "toml-syntax", severity: Severity::Error, summary: "the file is not well-formed TOML" };
/// A key that means nothing.
pub static UNKNOWN_KEY: Rule = Rule {
    id: "unknown-key",
    severity: Severity::Error,
    summary: "a key or table that Corsac does not know",
};
/// A value of another type than expected.
pub static WRONG_TYPE: Rule = Rule {
    id: "wrong-type",
    severity: Severity::Error,
    summary: "a value of another type than the key takes",
};
/// A key that must be there.
pub static MISSING_KEY: Rule =
    Rule { id: "missing-key", severity: Severity::Error, summary: "a key that a table cannot do without" };
/// A value of the right type that makes no sense.
pub static INVALID_VALUE: Rule =
    Rule { id: "invalid-value", severity: Severity::Error, summary: "a value out of bounds or misspelt" };

/// The rules of this module.
pub static RULES: [&Rule; 5] = [&TOML_SYNTAX, &UNKNOWN_KEY, &WRONG_TYPE, &MISSING_KEY, &INVALID_VALUE];

/// How alike two keys must be for "did you mean".
const CLOSE_ENOUGH: f64 = 0.8;

/// Reads one table; [`Self::finish`] reports the keys that nobody asked for.
#[derive(Debug)]
pub struct TableReader<'d> {
    node: Option<&'d Node>,
    path: FieldPath,
    asked: Vec<&'static str>,
}

impl<'d> TableReader<'d> {
    /// Reads `node`, which should be a table; if it is not, that is reported and
    /// everything in it is missing.
    pub fn new(node: &'d Node, path: FieldPath, out: &mut Vec<Diagnostic>) -> Self {
        let table = matches!(node.value, Value::Table(_));
        if !table {
            out.push(wrong_type(&path, "a table", node));
        }
        Self { node: table.then_some(node), path, asked: Vec::new() }
    }

    /// The place of the table.
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The place of `key`.
    pub fn field(&self, key: &str) -> FieldPath {
        self.path.key(key)
    }

    /// The value of `key`, whatever its type.
    pub fn take(&mut self, key: &'static str) -> Option<&'d Node> {
        self.asked.push(key);
        self.node.and_then(|node| node.get(key))
    }

    /// Names and values of a table of tables, such as `[upstreams.NAME]`.
    pub fn named(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Vec<(&'d str, Self)> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let path = self.field(key);
        let Value::Table(entries) = &node.value else {
            out.push(wrong_type(&path, "a table of tables", node));
            return Vec::new();
        };
        let reader =
            |(name, node): &'d (String, Node)| (name.as_str(), TableReader::new(node, path.key(name), out));
        entries.iter().map(reader).collect()
    }

    /// The tables of an array of tables, such as `[[routes]]`.
    pub fn tables(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Vec<Self> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let path = self.field(key);
        let Value::Array(items) = &node.value else {
            out.push(wrong_type(&path, "an array of tables", node));
            return Vec::new();
        };
        let reader = |(index, node): (usize, &'d Node)| TableReader::new(node, path.index(index), out);
        items.iter().enumerate().map(reader).collect()
    }

    /// A table under `key`.
    pub fn table(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<Self> {
        let node = self.take(key)?;
        Some(TableReader::new(node, self.field(key), out))
    }

    /// A string.
    pub fn string(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<&'d str> {
        let node = self.take(key)?;
        match &node.value {
            Value::String(text) => Some(text),
            _ => {
                out.push(wrong_type(&self.field(key), "a string", node));
                None
            }
        }
    }

    /// A string that must be there.
    pub fn required_string(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<&'d str> {
        if self.node.is_some_and(|node| node.get(key).is_none()) {
            self.asked.push(key);
            out.push(self.missing(key));
            return None;
        }
        self.string(key, out)
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.take(key)?;
        match node.value {
            Value::Boolean(flag) => Some(flag),
            _ => {
                out.push(wrong_type(&self.field(key), "`true` or `false`", node));
                None
            }
        }
    }

    /// A whole number within `bounds`, both included.
    pub fn integer(
        &mut self,
        key: &'static str,
        bounds: (i64, i64),
        out: &mut Vec<Diagnostic>,
    ) -> Option<i64> {
        let node = self.take(key)?;
        let path = self.field(key);
        match node.value {
            Value::Integer(number) if (bounds.0..=bounds.1).contains(&number) => Some(number),
            Value::Integer(number) => {
                let (low, high) = bounds;
                let reason = format!("it must be from {low} to {high}");
                let help = format!("write a number from {low} to {high}, or leave `{key}` out");
                out.push(invalid(&path, number, &reason).help(help));
                None
            }
            _ => {
                out.push(wrong_type(&path, "a whole number", node));
                None
            }
        }
    }

    /// An array of strings. An item of another type is reported and becomes `None`,
    /// so that the others keep their index.
    pub fn strings(&mut self, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<Vec<Option<&'d str>>> {
        let node = self.take(key)?;
        let path = self.field(key);
        let Value::Array(items) = &node.value else {
            out.push(wrong_type(&path, "an array of strings", node));
            return None;
        };
        let item = |(index, item): (usize, &'d Node)| match &item.value {
            Value::String(text) => Some(text.as_str()),
            _ => {
                out.push(wrong_type(&path.index(index), "a string", item));
                None
            }
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// A duration with its unit, within `bounds`.
    pub fn duration(
        &mut self,
        key: &'static str,
        bounds: (Duration, Duration),
        out: &mut Vec<Diagnostic>,
    ) -> Option<Duration> {
        let text = self.united(key, "a duration with its unit, such as \"10m\"", out)?;
        let parsed = parse_duration(text).map_err(|error| error.to_string());
        let within = parsed.and_then(|duration| in_bounds(duration, bounds, crate::units::duration_text));
        let help = "durations are written like \"250ms\", \"30s\", \"10m\", \"2h\"";
        within.map_err(|reason| out.push(self.invalid(key, text, &reason).help(help))).ok()
    }

    /// A size in bytes with its unit, within `bounds`.
    pub fn size(&mut self, key: &'static str, bounds: (u64, u64), out: &mut Vec<Diagnostic>) -> Option<u64> {
        let text = self.united(key, "a size with its unit, such as \"1MiB\"", out)?;
        let parsed = parse_size(text).map_err(|error| error.to_string());
        let within = parsed.and_then(|size| in_bounds(size, bounds, |bytes| format!("{bytes}B")));
        let help = "sizes are written like \"512B\", \"64KiB\", \"1MiB\"";
        within.map_err(|reason| out.push(self.invalid(key, text, &reason).help(help))).ok()
    }

    fn united(&mut self, key: &'static str, what: &str, out: &mut Vec<Diagnostic>) -> Option<&'d str> {
        let node = self.take(key)?;
        if let Value::String(text) = &node.value {
            return Some(text);
        }
        out.push(wrong_type(&self.field(key), what, node));
        None
    }

    /// The finding that `key` is missing.
    pub fn missing(&self, key: &str) -> Diagnostic {
        let message = match self.path.segments() {
            [] => format!("the table `{key}` is missing"),
            _ => format!("`{}` has no `{key}`", self.path),
        };
        Diagnostic::new(&MISSING_KEY, message)
            .at_field(&self.path, format!("`{key}` belongs here"))
            .help(format!("add `{key}`; `corsac init -` shows how"))
    }

    /// The finding that the value of `key` makes no sense.
    pub fn invalid(&self, key: &str, value: impl Display, reason: &str) -> Diagnostic {
        invalid(&self.field(key), value, reason)
    }

    /// Reports every key that was not asked for.
    pub fn finish(self, out: &mut Vec<Diagnostic>) {
        let Some(Node { value: Value::Table(entries), .. }) = self.node else { return };
        for (key, _) in entries.iter().filter(|(key, _)| !self.asked.contains(&key.as_str())) {
            let path = self.path.key(key);
            let mut known = self.asked.clone();
            known.sort_unstable();
            let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            let finding = Diagnostic::new(&UNKNOWN_KEY, format!("unknown key `{path}`"))
                .at(Place::Key(path), "not a setting of Corsac")
                .note(format!("known here: {known}"));
            out.push(match closest(key, &self.asked) {
                Some(close) => finding.help(format!("did you mean `{close}`?")),
                None => finding.help("remove it; `corsac init -` shows every key with its default"),
            });
        }
    }
}

fn in_bounds<T: PartialOrd + Copy>(
    value: T,
    bounds: (T, T),
    show: impl Fn(T) -> String,
) -> Result<T, String> {
    if value < bounds.0 || value > bounds.1 {
        return Err(format!("it must be from {} to {}", show(bounds.0), show(bounds.1)));
    }
    Ok(value)
}

fn invalid(path: &FieldPath, value: impl Display, reason: &str) -> Diagnostic {
    let value = value.to_string();
    let message = format!("`{}` is no value for `{path}`: {reason}", excerpt(&value));
    Diagnostic::new(&INVALID_VALUE, message).at_field(path, reason)
}

fn wrong_type(path: &FieldPath, expected: &str, node: &Node) -> Diagnostic {
    let found = node.value.type_name();
    Diagnostic::new(&WRONG_TYPE, format!("`{path}` takes {expected}, not {}", with_article(found)))
        .at_field(path, format!("this is {}", with_article(found)))
        .help(format!("write {expected} here"))
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {name}")
}

/// The one known key that is close to `key`; none if two are about as close.
fn closest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let mut scored: Vec<_> = known.iter().map(|name| (strsim::jaro_winkler(key, name), *name)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    match scored.as_slice() {
        [(score, name), rest @ ..] if *score >= CLOSE_ENOUGH => {
            let clear = rest.first().is_none_or(|(next, _)| score - next > 0.02);
            clear.then_some(*name)
        }
        _ => None,
    }
}
