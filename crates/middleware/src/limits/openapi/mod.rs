//! OpenAPI 3.1 documents: which operation a request asks for, and what that takes.

mod operation;
mod parameter;
mod path;

use std::collections::BTreeSet;
use std::sync::Arc;

use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};

pub(super) use self::operation::Operation;
use self::path::Template;
use super::config::Unknown;
use super::head::refused;
use super::pointer;
use super::schema::Found;
use crate::guard::{Head, Refused};

/// Paths of one document; each pair of the same length is compared.
const MAX_PATHS: usize = 2_000;

/// The methods that a path item may have.
const METHODS: [(&str, Method); 7] = [
    ("delete", Method::DELETE),
    ("get", Method::GET),
    ("head", Method::HEAD),
    ("options", Method::OPTIONS),
    ("patch", Method::PATCH),
    ("post", Method::POST),
    ("put", Method::PUT),
];

/// Members of a path item that are no operation and say nothing about requests.
const PATH_MEMBERS: [&str; 3] = ["description", "parameters", "summary"];

/// An operation, and the values of its path's parameters.
type Asked<'d> = (&'d Arc<Operation>, Vec<String>);

/// A compiled document.
#[derive(Debug)]
pub(super) struct Document {
    base: String,
    unknown: Unknown,
    /// The more literal before the less.
    paths: Vec<Path>,
}

#[derive(Debug)]
struct Path {
    template: Template,
    operations: Vec<(Method, Arc<Operation>)>,
    allow: HeaderValue,
}

impl Document {
    pub(super) fn compile(document: &Value, base: &str, unknown: Unknown, found: &mut Found) -> Option<Self> {
        let before = found.mistakes.len();
        version(document, found);
        if document.get("webhooks").is_some() {
            found.warning("/webhooks", "webhooks are not requests of clients, and not read");
        }
        let empty = Map::new();
        let items = document.get("paths").map_or(Some(&empty), Value::as_object);
        let Some(items) = items.filter(|_| found.mistakes.len() == before) else {
            if found.mistakes.len() == before {
                found.mistake("/paths", "`paths` is not an object");
            }
            return None;
        };
        if items.len() > MAX_PATHS {
            found.mistake("/paths", format!("there are more than {MAX_PATHS} paths"));
            return None;
        }
        let mut paths: Vec<_> = items
            .iter()
            .filter(|(path, _)| !path.starts_with("x-"))
            .filter_map(|(path, item)| Path::compile(document, path, item, found))
            .collect();
        paths.sort_by(|a, b| a.template.cmp(&b.template));
        conflicts(&paths, found);
        (found.mistakes.len() == before).then(|| Self { base: base.to_owned(), unknown, paths })
    }

    /// The operation of a request; `None` if it is unknown and may pass.
    pub(super) fn find(&self, head: &Head<'_>) -> Result<Option<Asked<'_>>, Refused> {
        let within = head.path.strip_prefix(self.base.as_str()).filter(|path| path.starts_with('/'));
        let path = within.and_then(|path| {
            let segments = path::segments(path)?;
            self.paths.iter().find_map(|path| Some((path, path.template.arguments(&segments)?)))
        });
        let Some((path, arguments)) = path else {
            return self.unknown(StatusCode::NOT_FOUND, None);
        };
        let operation = |method: &Method| path.operations.iter().find(|(it, _)| it == method);
        let is_head = *head.method == Method::HEAD;
        let found = operation(head.method).or_else(|| operation(&Method::GET).filter(|_| is_head));
        match found {
            Some((_, operation)) => Ok(Some((operation, arguments))),
            None => self.unknown(StatusCode::METHOD_NOT_ALLOWED, Some(&path.allow)),
        }
    }

    fn unknown<T>(&self, status: StatusCode, allow: Option<&HeaderValue>) -> Result<Option<T>, Refused> {
        if self.unknown == Unknown::Pass {
            return Ok(None);
        }
        let Some(allow) = allow else {
            return Err(refused(status, "operation-unknown", "no operation has this path"));
        };
        let mut refusal = refused(status, "method-not-allowed", "no operation of this path has this method");
        refusal.problem.fields.push((ALLOW, allow.clone()));
        Err(refusal)
    }
}

impl Path {
    fn compile(document: &Value, path: &str, item: &Value, found: &mut Found) -> Option<Self> {
        let at = pointer::join("/paths", path);
        let template = match Template::parse(path) {
            Ok(template) => template,
            Err(reason) => {
                found.mistake(&at, reason);
                return None;
            }
        };
        let Some(item) = item.as_object() else {
            found.mistake(&at, "a path item is not an object");
            return None;
        };
        let known = |key: &&String| {
            METHODS.iter().any(|(name, _)| name == key)
                || PATH_MEMBERS.contains(&key.as_str())
                || key.starts_with("x-")
        };
        for key in item.keys().filter(|key| !known(key)) {
            let at = pointer::join(&at, key);
            if key == "servers" {
                found.warning(&at, "`servers` are not read; `base` says what stands before a path");
            } else {
                found.mistake(&at, "this member of a path item is not understood");
            }
        }
        let mut operations = Vec::new();
        for (name, method) in METHODS {
            let Some(operation) = item.get(name) else { continue };
            let at = pointer::join(&at, name);
            let reading =
                operation::Reading { document, path: &template, shared: item.get("parameters"), at: &at };
            if let Some(operation) = Operation::compile(reading, operation, found) {
                operations.push((method, Arc::new(operation)));
            }
        }
        let mut methods: BTreeSet<&str> = operations.iter().map(|(method, _)| method.as_str()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        let allow = methods.into_iter().collect::<Vec<_>>().join(", ");
        Some(Self { template, operations, allow: HeaderValue::from_str(&allow).ok()? })
    }
}

fn version(document: &Value, found: &mut Found) {
    let named = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if document.get("swagger").is_some() || named.starts_with("3.0") {
        let reason = "the document is older than OpenAPI 3.1, whose schemas mean something else; convert it";
        found.mistake("/openapi", reason);
    } else if !named.starts_with("3.1.") {
        found.mistake("/openapi", "the document does not say that it is OpenAPI 3.1");
    }
    let dialect = document.get("jsonSchemaDialect").and_then(Value::as_str);
    let known =
        ["https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema"];
    if dialect.is_some_and(|dialect| !known.contains(&dialect)) {
        found.mistake("/jsonSchemaDialect", "schemas are in a dialect that is not understood");
    }
}

/// Paths of which neither is the more literal one: two readers would choose differently.
fn conflicts(paths: &[Path], found: &mut Found) {
    for (index, path) in paths.iter().enumerate() {
        let others = paths.iter().skip(index + 1);
        if let Some(other) = others.into_iter().find(|other| path.template.conflicts_with(&other.template)) {
            let reason = format!(
                "a request can have this path and `{}` as well",
                corsac_diagnostics::excerpt(&other.template.text)
            );
            found.mistake(&pointer::join("/paths", &path.template.text), reason);
        }
    }
}
