//! Keyword arguments, and what Python takes for true.

use corsac_analysis::model::Matcher;
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use super::super::answers::{Known, Reading, named};
use super::super::expression::{Argument, Expression, Kind};

/// Keyword arguments of a call, dictionaries that are spread among them included.
pub(super) struct Keywords {
    arguments: Vec<Argument>,
    /// The dictionary that is spread and not known, if one is: others may be there. It counts over as
    /// many arguments as stand before it.
    others: Option<(usize, Expression)>,
}

impl Keywords {
    pub(super) fn new(reading: &mut Reading<'_, '_>, arguments: &[Argument]) -> Self {
        let mut all = Vec::new();
        let mut others = None;
        for argument in arguments {
            match (&argument.name, &argument.value.kind) {
                (None, Kind::Spread(inner)) => match reading.value(inner).kind {
                    Kind::Table(pairs) => {
                        for (key, value) in pairs {
                            match reading.value(&key).as_text() {
                                Some(name) if !matches!(key.kind, Kind::Spread(_)) => {
                                    all.push(Argument { name: Some(name.to_owned()), value });
                                }
                                _ => {
                                    reading.opaque(&argument.value);
                                    others = Some((all.len(), argument.value.clone()));
                                }
                            }
                        }
                    }
                    _ => {
                        reading.opaque(&argument.value);
                        others = Some((all.len(), argument.value.clone()));
                    }
                },
                _ => all.push(argument.clone()),
            }
        }
        Self { arguments: all, others }
    }

    /// Whether a value is given, known, or may be given.
    pub(super) fn get(&self, name: &str) -> Option<&Expression> {
        let others = self.others.as_ref().map(|(_, spread)| spread);
        let before = self.others.as_ref().map_or(0, |(before, _)| *before);
        named(self.arguments.get(before..).unwrap_or_default(), name)
            .or(others)
            .or_else(|| named(&self.arguments, name))
    }

    /// These, and what else `outer` has.
    pub(super) fn over(self, outer: &Self) -> Self {
        let arguments = outer.arguments.iter().chain(&self.arguments).cloned().collect();
        let own = self.others.map(|(before, spread)| (outer.arguments.len() + before, spread));
        Self { arguments, others: own.or_else(|| outer.others.clone()) }
    }

    /// Adds a value unless one of this name is there.
    pub(super) fn or(&mut self, name: &str, value: Expression) {
        if named(&self.arguments, name).is_none() {
            self.arguments.push(Argument { name: Some(name.to_owned()), value });
        }
    }

    /// A flag.
    pub(super) fn flag(&self, reading: &mut Reading<'_, '_>, name: &str, default: bool) -> Known<bool> {
        match self.get(name) {
            None => Known::Is(default),
            Some(given) => flag(reading, given),
        }
    }
}

/// Whether a value is true.
pub(super) fn flag(reading: &mut Reading<'_, '_>, expression: &Expression) -> Known<bool> {
    let value = reading.value(expression);
    match &value.kind {
        Kind::Boolean(is) => Known::Is(*is),
        Kind::Nothing => Known::Is(false),
        Kind::Text(text) => Known::Is(!text.is_empty()),
        Kind::Number(number) => Known::Is(number.bytes().any(|digit| matches!(digit, b'1'..=b'9'))),
        Kind::List(items) if items.iter().all(|item| !matches!(item.kind, Kind::Spread(_))) => {
            Known::Is(!items.is_empty())
        }
        _ => Known::Not(reading.opaque(&value)),
    }
}

/// `re.compile(r"…", re.I | re.X)`: the text and its flags.
pub(super) fn compiled(reading: &Reading<'_, '_>, value: &Expression) -> Option<(String, String)> {
    let Kind::Call(callee, arguments) = &value.kind else { return None };
    let path = callee.path()?;
    let compiles = path == ["re", "compile"] && is_plain_re(reading)
        || (path == ["compile"] && reading.program.module_of("compile").as_deref() == Some("re.compile"));
    let mut arguments = arguments.iter().filter(|_| compiles);
    let text = reading.value(&arguments.next()?.value).as_text()?.to_owned();
    let flags = arguments.next().map_or(Some(String::new()), |flags| letters(reading, &flags.value));
    Some((text, flags?))
}

/// Whether `re` is Python's own.
fn is_plain_re(reading: &Reading<'_, '_>) -> bool {
    !reading.program.defines("re") || reading.program.module_of("re").as_deref() == Some("re")
}

/// The letters of `re.I | re.VERBOSE`.
fn letters(reading: &Reading<'_, '_>, flags: &Expression) -> Option<String> {
    let is_of_re =
        |name: &str| reading.program.module_of(name).is_some_and(|module| module == format!("re.{name}"));
    match &flags.kind {
        Kind::Either(left, right) => Some(letters(reading, left)? + &letters(reading, right)?),
        Kind::Name(name) if !is_of_re(name) => None,
        Kind::Member(object, _) if object.path().is_none_or(|path| path != ["re"]) => None,
        Kind::Number(number) if number == "0" => Some(String::new()),
        Kind::Member(..) | Kind::Name(_) => match flags.last_name()? {
            "I" | "IGNORECASE" => Some("i".to_owned()),
            "X" | "VERBOSE" => Some("x".to_owned()),
            "S" | "DOTALL" => Some("s".to_owned()),
            "M" | "MULTILINE" => Some("m".to_owned()),
            "A" | "ASCII" => Some("a".to_owned()),
            "U" | "UNICODE" => Some("u".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// An expression as Python applies it.
pub(super) fn regex(text: &str, flags: &str, mode: Mode) -> Matcher {
    Matcher::Regex(Regex::new(text, Dialect::Python, mode, Flags(flags.to_owned())))
}
