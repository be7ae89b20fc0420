//! Settings of Flask-CORS that stand in the application's configuration, `CORS_ORIGINS` and its
//! like: they count where a call does not name the argument.

use super::super::answers::Reading;
use super::super::expression::{Argument, Expression, Kind};
use super::super::program::SiteKind;
use super::super::syntax::{quoted, text};

const PREFIX: &str = "CORS_";

/// Methods of the configuration that are given settings.
const GIVEN: [&str; 3] = ["from_mapping", "setdefault", "update"];

/// Those that take settings from elsewhere: a class, a file, the environment.
const ELSEWHERE: [&str; 6] =
    ["from_envvar", "from_file", "from_json", "from_object", "from_prefixed_env", "from_pyfile"];

/// A setting, under the name of its argument, and where it is written.
struct Setting {
    name: String,
    value: Expression,
    at: usize,
}

/// The settings, under the names of the arguments. What is said twice, under a condition or
/// elsewhere is not known.
pub(super) fn settings(reading: &mut Reading<'_, '_>) -> Vec<(String, Expression)> {
    let mut all = stored(reading);
    for (call, around) in
        reading.program.calls(|callee, _| GIVEN.contains(&callee) || ELSEWHERE.contains(&callee))
    {
        let Kind::Call(callee, arguments) = &call.kind else { continue };
        let path = callee.path().unwrap_or_default();
        let [.., "config", method] = path.as_slice() else { continue };
        if ELSEWHERE.contains(method) {
            let named = reading.program.names_beginning(PREFIX);
            all.extend(named.into_iter().filter_map(|name| setting(name, computed(reading, &call), &call)));
            let reason = format!("`{method}` may set what begins with `{PREFIX}`");
            reading.unread(call.span.clone(), reason);
            continue;
        }
        for (name, value) in pairs(reading, method, arguments) {
            let Some(name) = name else {
                let reason = format!("`{method}` may set what begins with `{PREFIX}`");
                reading.unread(value.span.clone(), reason);
                continue;
            };
            let value = if around.conditional { computed(reading, &call) } else { value };
            all.extend(setting(&name, value, &call));
        }
    }
    once(reading, all)
}

/// `app.config["CORS_ORIGINS"] = …`
fn stored(reading: &Reading<'_, '_>) -> Vec<Setting> {
    let sites = reading.program.sites.iter().filter(|site| site.kind == SiteKind::Store);
    let stored = sites.filter_map(|site| {
        let left = reading.program.read(site.node.child_by_field_name("left")?);
        let Kind::Member(object, key) = &left.kind else { return None };
        (object.last_name() == Some("config")).then_some(())?;
        let value = site.node.child_by_field_name("right").map(|value| reading.program.read(value));
        let value = value.filter(|_| !site.around.conditional).unwrap_or_else(|| {
            let words = quoted(text(site.node, reading.program.source));
            Expression::new(Kind::Computed(words), left.span.clone())
        });
        setting(key, value, &left)
    });
    stored.collect()
}

fn setting(key: &str, value: Expression, at: &Expression) -> Option<Setting> {
    Some(Setting { name: key.strip_prefix(PREFIX)?.to_lowercase(), value, at: at.span.start })
}

/// What a call is given: by name, in a table, or as key and value; without a name what is not
/// known.
fn pairs(
    reading: &Reading<'_, '_>,
    method: &str,
    arguments: &[Argument],
) -> Vec<(Option<String>, Expression)> {
    if let ("setdefault", [key, value, ..]) = (method, arguments) {
        let key = reading.value(&key.value).as_text().map(str::to_owned);
        return vec![(key, value.value.clone())];
    }
    let mut pairs = Vec::new();
    for argument in arguments {
        if argument.name.is_some() {
            pairs.push((argument.name.clone(), argument.value.clone()));
            continue;
        }
        let value = match &argument.value.kind {
            Kind::Spread(inner) => reading.value(inner),
            _ => reading.value(&argument.value),
        };
        match value.kind {
            Kind::Table(entries) => pairs.extend(entries.into_iter().map(|(key, value)| {
                let name = if matches!(key.kind, Kind::Spread(_)) {
                    None
                } else {
                    reading.value(&key).as_text().map(str::to_owned)
                };
                (name, value)
            })),
            _ => pairs.push((None, argument.value.clone())),
        }
    }
    pairs
}

fn computed(reading: &Reading<'_, '_>, at: &Expression) -> Expression {
    let words = reading.program.source.get(at.span.clone()).unwrap_or_default();
    Expression::new(Kind::Computed(quoted(words)), at.span.clone())
}

/// One value for each name; of several that differ, the last is not known to be the one.
fn once(reading: &Reading<'_, '_>, mut all: Vec<Setting>) -> Vec<(String, Expression)> {
    all.sort_by_key(|setting| setting.at);
    let mut settings: Vec<(String, Expression)> = Vec::new();
    for Setting { name, value, .. } in all {
        match settings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if words(reading, known) == words(reading, &value) => {}
            Some((_, known)) => *known = computed(reading, &value),
            None => settings.push((name, value)),
        }
    }
    settings
}

fn words<'s>(reading: &Reading<'s, '_>, value: &Expression) -> &'s str {
    reading.program.source.get(value.span.clone()).unwrap_or_default()
}
