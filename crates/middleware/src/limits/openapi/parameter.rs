//! One parameter of path, query or header, in the styles `simple` and `form`.

use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Number, Value};

use super::operation::Reading;
use crate::guard::{Head, Refused};
use crate::limits::head::refused;
use crate::limits::pointer::{self, Plus, decode};
use crate::limits::schema::{Dialect, Found, Schema, Size};

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Cookie,
    Header,
    Path,
    Query,
}

/// What is wrong with a request's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Missing,
    Wrong,
}

/// The parameters of a request.
pub(super) struct Given<'r> {
    /// Names decoded, values as sent.
    query: Vec<(String, &'r str)>,
    headers: &'r HeaderMap,
    path: &'r [String],
}

impl<'r> Given<'r> {
    pub(super) fn of(head: &Head<'r>, path: &'r [String]) -> Result<Self, Refused> {
        let pairs = head.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &'r str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            decode(value, Plus::Space)?;
            Some((decode(name, Plus::Space)?, value))
        };
        let query = pairs.map(pair).collect::<Option<_>>().ok_or_else(|| {
            let detail = "the query is not percent-encoded UTF-8";
            refused(StatusCode::BAD_REQUEST, "parameter-invalid", detail)
        })?;
        Ok(Self { query, headers: head.headers, path })
    }
}

/// Whether it has one value or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Several, parted by commas.
    Commas,
    One,
    /// Several of the same name.
    Repeated,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    place: Place,
    /// Among the path's parameters.
    index: usize,
    is_required: bool,
    may_be_empty: bool,
    shape: Shape,
    schema: Schema,
}

impl Parameter {
    /// Place and name, and where the parameter is described.
    pub(super) fn named<'d>(
        document: &'d Value,
        value: &'d Value,
        at: &str,
        found: &mut Found,
    ) -> Option<(Place, String, &'d Value, String)> {
        let (value, at) =
            pointer::follow(document, value, at).map_err(|reason| found.mistake(at, reason)).ok()?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let place = match text("in") {
            Some("cookie") => Some(Place::Cookie),
            Some("header") => Some(Place::Header),
            Some("path") => Some(Place::Path),
            Some("query") => Some(Place::Query),
            _ => None,
        };
        let name = text("name").filter(|name| !name.is_empty());
        let (Some(place), Some(name)) = (place, name) else {
            found.mistake(
                &at,
                "a parameter has no `name`, or `in` is not `cookie`, `header`, `path` or `query`",
            );
            return None;
        };
        let name = if place == Place::Header { name.to_ascii_lowercase() } else { name.to_owned() };
        Some((place, name, value, at))
    }

    pub(super) fn compile(
        reading: Reading<'_>,
        (place, name): (Place, String),
        (value, at): (&Value, &str),
        found: &mut Found,
    ) -> Option<Self> {
        // The standard gives these three to other rules.
        if place == Place::Header && matches!(name.as_str(), "accept" | "authorization" | "content-type") {
            return None;
        }
        if place == Place::Cookie {
            found.warning(at, "cookies are not checked");
            return None;
        }
        let style = if place == Place::Query { "form" } else { "simple" };
        let flag = |key: &str| value.get(key).and_then(Value::as_bool);
        if value.get("style").is_some_and(|it| it.as_str() != Some(style)) || value.get("schema").is_none() {
            found.warning(at, "this parameter is not checked: only `schema` in the default style is");
            return None;
        }
        let index = reading.path.names().position(|it| it == name);
        if place == Place::Path && index.is_none() {
            found.mistake(at, "the path has no such parameter");
            return None;
        }
        if place == Place::Header && HeaderName::try_from(name.as_str()).is_err() {
            found.mistake(at, "this is not the name of a header field");
            return None;
        }
        let schema =
            Schema::compile(reading.document, &pointer::join(at, "schema"), Dialect::Draft2020, found)?;
        let types = schema.types();
        let shape = match (types.as_slice(), place) {
            (["array"], Place::Query) if flag("explode").unwrap_or(true) => Shape::Repeated,
            (["array"], _) => Shape::Commas,
            (types, _) if types.contains(&"array") || types.contains(&"object") => {
                found.warning(at, "this parameter is not checked: only plain values and arrays are");
                return None;
            }
            _ => Shape::One,
        };
        let is_required = place == Place::Path || flag("required").unwrap_or_default();
        let may_be_empty = flag("allowEmptyValue").unwrap_or_default();
        Some(Self { name, place, index: index.unwrap_or_default(), is_required, may_be_empty, shape, schema })
    }

    pub(super) fn check(&self, given: &Given<'_>) -> Result<(), Trouble> {
        let Some(texts) = self.texts(given)? else {
            return if self.is_required { Err(Trouble::Missing) } else { Ok(()) };
        };
        let bytes = texts.iter().map(String::len).sum();
        let size = Size { values: texts.len() + 1, bytes };
        let is_valid = |value: &Value| self.schema.check(value, size).is_ok();
        let fits = if self.shape == Shape::One {
            let text = texts.first().map_or("", String::as_str);
            let is_empty = self.may_be_empty && text.is_empty();
            is_empty || readings(text, &self.schema.types()).iter().any(is_valid)
        } else {
            let types = self.schema.items().unwrap_or_default();
            let item = |text: &String| readings(text, &types).into_iter().next_back();
            texts.iter().map(item).collect::<Option<Vec<_>>>().is_some_and(|items| is_valid(&items.into()))
        };
        if fits { Ok(()) } else { Err(Trouble::Wrong) }
    }

    /// What the request says, decoded, in as many parts as the shape has.
    fn texts(&self, given: &Given<'_>) -> Result<Option<Vec<String>>, Trouble> {
        let mut raw: Vec<String> = match self.place {
            Place::Path => given.path.get(self.index).cloned().into_iter().collect(),
            Place::Query => {
                let named = given.query.iter().filter(|(name, _)| *name == self.name);
                named.map(|(_, value)| (*value).to_owned()).collect()
            }
            Place::Header => {
                let values = given.headers.get_all(self.name.as_str()).iter();
                values
                    .map(|it| it.to_str().map(str::to_owned))
                    .collect::<Result<_, _>>()
                    .map_err(|_| Trouble::Wrong)?
            }
            Place::Cookie => Vec::new(),
        };
        if raw.is_empty() {
            return Ok(None);
        }
        // The handler may take the first or the last.
        if self.shape != Shape::Repeated && raw.len() > 1 {
            return Err(Trouble::Wrong);
        }
        if self.shape == Shape::Commas {
            raw = raw
                .iter()
                .flat_map(|text| text.split(','))
                .map(|it| it.trim_matches(' ').to_owned())
                .collect();
        }
        if self.place == Place::Query {
            let decoded = raw.iter().map(|text| decode(text, Plus::Space));
            return Ok(Some(decoded.collect::<Option<_>>().ok_or(Trouble::Wrong)?));
        }
        Ok(Some(raw))
    }
}

/// What a text may mean to a schema of these types: a string, and then what else.
fn readings(text: &str, types: &[&str]) -> Vec<Value> {
    let mut readings = Vec::new();
    if types.is_empty() || types.contains(&"string") {
        readings.push(Value::String(text.to_owned()));
    }
    if types.contains(&"null") && text.is_empty() {
        readings.push(Value::Null);
    }
    if types.contains(&"boolean") && matches!(text, "false" | "true") {
        readings.push(Value::Bool(text == "true"));
    }
    if types.contains(&"integer") || types.contains(&"number") {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        readings.extend(serde_json::from_str::<Number>(text).ok().filter(|_| is_number).map(Value::Number));
    }
    readings
}
