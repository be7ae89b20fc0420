//! One operation: its parameters and its body.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::parameter::{Given, Parameter, Place, Trouble};
use super::path::Template;
use crate::guard::{Head, Refused};
use crate::limits::head::refused;
use crate::limits::media_type::{is_essence, is_json, is_within};
use crate::limits::pointer;
use crate::limits::schema::{Dialect, Found, MAX_ERRORS, Schema};

/// Parameters of one operation.
const MAX_PARAMETERS: usize = 200;

/// Members of an operation that say nothing about requests, or that other guards decide.
const SILENT: [&str; 8] =
    ["deprecated", "description", "externalDocs", "operationId", "responses", "security", "summary", "tags"];

/// What stands around an operation.
#[derive(Clone, Copy)]
pub(super) struct Reading<'d> {
    pub(super) document: &'d Value,
    pub(super) path: &'d Template,
    /// The path item's parameters.
    pub(super) shared: Option<&'d Value>,
    /// The operation's pointer.
    pub(super) at: &'d str,
}

/// What a request of one operation may be.
#[derive(Debug)]
pub(in crate::limits) struct Operation {
    parameters: Vec<Parameter>,
    pub(in crate::limits) body: Option<Body>,
}

/// What a request's body may be.
#[derive(Debug)]
pub(in crate::limits) struct Body {
    pub(in crate::limits) is_required: bool,
    /// Media ranges, the narrower first, and the schemas of JSON.
    pub(in crate::limits) content: Vec<(String, Option<Arc<Schema>>)>,
}

impl Body {
    /// The range that a type is in, with its schema.
    pub(in crate::limits) fn of(&self, essence: &str) -> Option<&(String, Option<Arc<Schema>>)> {
        self.content.iter().find(|(range, _)| is_within(essence, range))
    }
}

impl Operation {
    pub(super) fn compile(reading: Reading<'_>, operation: &Value, found: &mut Found) -> Option<Self> {
        let Some(operation) = operation.as_object() else {
            found.mistake(reading.at, "an operation is not an object");
            return None;
        };
        for key in operation.keys().filter(|key| !SILENT.contains(&key.as_str()) && !key.starts_with("x-")) {
            let at = pointer::join(reading.at, key);
            match key.as_str() {
                "parameters" | "requestBody" => {}
                "callbacks" => found.warning(&at, "callbacks are not requests of clients, and not read"),
                "servers" => {
                    found.warning(&at, "`servers` are not read; `base` says what stands before a path");
                }
                _ => found.mistake(&at, "this member of an operation is not understood"),
            }
        }
        let parameters = parameters(reading, operation, found);
        let at = pointer::join(reading.at, "requestBody");
        let body = operation.get("requestBody").and_then(|value| body(reading.document, value, &at, found));
        Some(Self { parameters, body })
    }

    /// Checks the parameters of path, query and header.
    pub(in crate::limits) fn check(&self, head: &Head<'_>, arguments: &[String]) -> Result<(), Refused> {
        let given = Given::of(head, arguments)?;
        let (mut missing, mut wrong) = (Vec::new(), Vec::new());
        for parameter in &self.parameters {
            match parameter.check(&given) {
                Ok(()) => {}
                Err(Trouble::Missing) => missing.push(parameter.name.clone()),
                Err(Trouble::Wrong) => wrong.push(parameter.name.clone()),
            }
        }
        let (detail, mut names) = match (missing.is_empty(), wrong.is_empty()) {
            (true, true) => return Ok(()),
            (false, _) => ("required parameters are missing", missing),
            (true, false) => ("parameters have values that are not allowed", wrong),
        };
        names.truncate(MAX_ERRORS);
        let mut refusal = refused(http::StatusCode::BAD_REQUEST, "parameter-invalid", detail);
        refusal.problem.names = Some(("parameters", names));
        Err(refusal)
    }
}

/// The operation's parameters, and the path item's that it does not replace.
fn parameters(reading: Reading<'_>, operation: &Map<String, Value>, found: &mut Found) -> Vec<Parameter> {
    let shared_at = reading.at.rsplit_once('/').map_or("", |(item, _)| item);
    let lists = [(operation.get("parameters"), reading.at), (reading.shared, shared_at)];
    let mut seen: Vec<(Place, String, usize)> = Vec::new();
    let mut parameters = Vec::new();
    for (number, (list, at)) in lists.into_iter().enumerate() {
        let at = pointer::join(at, "parameters");
        let Some(list) = list else { continue };
        let Some(list) = list.as_array().filter(|list| list.len() <= MAX_PARAMETERS) else {
            found.mistake(&at, format!("`parameters` is not a list of at most {MAX_PARAMETERS}"));
            continue;
        };
        for (index, value) in list.iter().enumerate() {
            let at = format!("{at}/{index}");
            let Some((place, name, value, at)) = Parameter::named(reading.document, value, &at, found) else {
                continue;
            };
            match seen.iter().find(|(p, n, _)| *p == place && *n == name) {
                Some((_, _, list)) if *list == number => found.mistake(&at, "a parameter stands here twice"),
                Some(_) => {}
                None => {
                    seen.push((place, name.clone(), number));
                    let compile = Parameter::compile(reading, (place, name), (value, &at), found);
                    parameters.extend(compile);
                }
            }
        }
    }
    for name in reading.path.names() {
        if !seen.iter().any(|(place, it, _)| *place == Place::Path && it == name) {
            let name = corsac_diagnostics::excerpt(name);
            found.mistake(reading.at, format!("the path's parameter `{name}` is not described"));
        }
    }
    parameters
}

fn body(document: &Value, value: &Value, at: &str, found: &mut Found) -> Option<Body> {
    let (value, at) = match pointer::follow(document, value, at) {
        Ok(followed) => followed,
        Err(reason) => {
            found.mistake(at, reason);
            return None;
        }
    };
    let Some(ranges) = value.get("content").and_then(Value::as_object) else {
        found.mistake(&at, "a request body has no `content`");
        return None;
    };
    let mut content = Vec::new();
    for (range, media) in ranges {
        let at = pointer::join(&pointer::join(&at, "content"), range);
        let range = range.to_ascii_lowercase();
        if !is_essence(&range) || range.starts_with("*/") && range != "*/*" {
            found.mistake(&at, "this is not a media type without parameters");
            continue;
        }
        let place = pointer::join(&at, "schema");
        let schema = media.get("schema").filter(|_| is_json(&range) || range.ends_with('*'));
        if schema.is_none() && media.get("schema").is_some() {
            found.warning(&place, "bodies of this type pass unread: only JSON is held against a schema");
        }
        let schema = schema.and_then(|_| Schema::compile(document, &place, Dialect::Draft2020, found));
        content.push((range, schema.map(Arc::new)));
    }
    content.sort_by_key(|(range, _)| (range == "*/*", range.ends_with('*')));
    Some(Body { is_required: value.get("required").and_then(Value::as_bool).unwrap_or_default(), content })
}
