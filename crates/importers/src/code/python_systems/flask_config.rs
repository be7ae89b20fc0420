//! Settings of Flask-CORS that stand in the application's configuration, `CORS_ORIGINS` and its
//! like: they count where a call does not name the argument. The extension reads them when it is
//! made, `@cross_origin` with each request.
//!
//! Each place where `.config` stands has to be one of a few forms; at another one, any setting may
//! be made.

use std::ops::Range;

use tree_sitter::Node;

use super::super::answers::Reading;
use super::super::expression::{Argument, Expression, Kind};
use super::super::program::Around;
use super::super::syntax::text;

const PREFIX: &str = "CORS_";

/// Methods of the configuration that are given settings.
const GIVEN: [&str; 3] = ["from_mapping", "setdefault", "update"];

/// Most places of `.config` that are looked at.
const MAX_PLACES: usize = 256;

/// The settings of a file.
pub(super) struct Settings {
    all: Vec<Setting>,
    /// Where any setting may be made.
    unknown: Vec<Range<usize>>,
    /// Whether the file makes several applications.
    several: bool,
}

struct Setting {
    /// The application, as it is named.
    app: String,
    /// Of the argument.
    name: String,
    value: Expression,
    around: Around,
    /// Whether it counts only where there is none.
    is_default: bool,
}

/// Who asks for the settings.
pub(super) struct Asker<'a> {
    /// The application that is named, if one is.
    pub(super) app: Option<&'a str>,
    pub(super) at: usize,
    pub(super) around: Around,
    /// Whether it asks with each request.
    pub(super) always: bool,
}

impl Settings {
    pub(super) fn of(reading: &mut Reading<'_, '_>) -> Self {
        let apps = reading.program.calls(|callee, _| callee == "Flask").len();
        let mut settings = Self { all: Vec::new(), unknown: Vec::new(), several: apps > 1 };
        let places = reading.program.places("config");
        for (count, name) in places.into_iter().enumerate() {
            let Some(config) = name.parent().filter(|node| node.kind() == "attribute") else { continue };
            if config.child_by_field_name("attribute") != Some(name) {
                continue;
            }
            if count >= MAX_PLACES || settings.place(reading, config).is_none() {
                settings.unknown.push(config.byte_range());
            }
        }
        settings
    }

    /// What happens at a place of `.config`; nothing where that is not known.
    fn place(&mut self, reading: &Reading<'_, '_>, config: Node<'_>) -> Option<()> {
        let source = reading.program.source;
        let app = text(config.child_by_field_name("object")?, source);
        let around = config.parent()?;
        let beyond = around.parent()?;
        match around.kind() {
            "subscript" => {
                let key = reading.program.read(around.child_by_field_name("subscript")?);
                let key = key.as_text()?;
                let is_set =
                    beyond.kind() == "assignment" && beyond.child_by_field_name("left") == Some(around);
                if is_set {
                    let value = reading.program.read(beyond.child_by_field_name("right")?);
                    self.set(reading, (app, key), value, beyond);
                }
                // What is read of it may be changed in place.
                (is_set || !key.starts_with(PREFIX)).then_some(())
            }
            "attribute" => {
                let method = text(around.child_by_field_name("attribute")?, source);
                let call = reading.program.read(beyond);
                let Kind::Call(callee, arguments) = &call.kind else { return None };
                (callee.last_name() == Some(method)).then_some(())?;
                match method {
                    "get" => {
                        arguments.first()?.value.as_text().filter(|key| !key.starts_with(PREFIX)).map(drop)
                    }
                    _ if GIVEN.contains(&method) => {
                        for (key, value) in pairs(reading, method, arguments)? {
                            self.set(reading, (app, &key), value, beyond);
                            if let Some(last) = self.all.last_mut().filter(|_| method == "setdefault") {
                                last.is_default = true;
                            }
                        }
                        Some(())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn set(&mut self, reading: &Reading<'_, '_>, (app, key): (&str, &str), value: Expression, at: Node<'_>) {
        let Some(name) = key.strip_prefix(PREFIX).filter(|name| *name == name.to_uppercase()) else { return };
        let around = reading.program.around(at);
        self.all.push(Setting {
            app: app.to_owned(),
            name: name.to_lowercase(),
            value,
            around,
            is_default: false,
        });
    }

    /// The settings that count for a call.
    ///
    /// # Errors
    /// Where something is that makes them unknown.
    pub(super) fn counting(&self, asker: &Asker<'_>) -> Result<Vec<(String, Expression)>, Range<usize>> {
        if let Some(span) = self.unknown.first() {
            return Err(span.clone());
        }
        let mut counting: Vec<(String, Expression)> = Vec::new();
        for setting in &self.all {
            let span = &setting.value.span;
            let is_own = asker.app == Some(setting.app.as_str()) || asker.always && asker.app.is_none();
            let is_here = setting.around.function == asker.around.function || asker.always;
            let is_certain = is_own && is_here && !setting.around.conditional && !self.several;
            if !is_certain || asker.always && setting.around.function.is_some() {
                return Err(span.clone());
            }
            if !asker.always && span.start > asker.at {
                continue;
            }
            match counting.iter_mut().find(|(name, _)| *name == setting.name) {
                // Which of several a view is asked under is not known.
                Some(_) if asker.always => return Err(span.clone()),
                Some(_) if setting.is_default => {}
                Some((_, value)) => *value = setting.value.clone(),
                None => counting.push((setting.name.clone(), setting.value.clone())),
            }
        }
        Ok(counting)
    }
}

/// What a call is given: by name, in a table, or as key and value; nothing where a part of it is not
/// known.
fn pairs(
    reading: &Reading<'_, '_>,
    method: &str,
    arguments: &[Argument],
) -> Option<Vec<(String, Expression)>> {
    if method == "setdefault" {
        let [key, value, ..] = arguments else { return None };
        return Some(vec![(reading.value(&key.value).as_text()?.to_owned(), value.value.clone())]);
    }
    let mut pairs = Vec::new();
    for argument in arguments {
        if let Some(name) = &argument.name {
            pairs.push((name.clone(), argument.value.clone()));
            continue;
        }
        let value = match &argument.value.kind {
            Kind::Spread(inner) => reading.value(inner),
            _ => reading.value(&argument.value),
        };
        let Kind::Table(entries) = value.kind else { return None };
        for (key, value) in entries {
            pairs.push((reading.value(&key).as_text()?.to_owned(), value));
        }
    }
    Some(pairs)
}
