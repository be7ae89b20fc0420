//! One schema and what it reaches, in words that are understood.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Dialect, Found};
use crate::limits::pointer;

/// Schemas within a schema, references followed once.
const MAX_NODES: usize = 20_000;

/// Schemas within each other as they are written.
const MAX_NESTING: usize = 64;

/// Formats that are checked. `regex` is none: it would compile what clients send.
const FORMATS: [&str; 15] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uuid",
];

/// What a keyword's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says nothing about a value.
    Annotation,
    /// A number, a string, a list of names.
    Assertion,
    /// Schemas by name or pattern.
    Map,
    /// A list of schemas.
    Schemas,
    /// A schema.
    Schema,
}

impl Kind {
    fn of(keyword: &str, dialect: Dialect) -> Option<Self> {
        use Dialect::{Draft7, Draft2019, Draft2020};
        Some(match (keyword, dialect) {
            ("allOf" | "anyOf" | "oneOf", _) | ("prefixItems", Draft2020) => Self::Schemas,
            ("additionalItems", Draft7 | Draft2019)
            | ("unevaluatedItems" | "unevaluatedProperties", Draft2019 | Draft2020)
            | (
                "items"
                | "additionalProperties"
                | "contains"
                | "else"
                | "if"
                | "not"
                | "propertyNames"
                | "then",
                _,
            ) => Self::Schema,
            ("patternProperties" | "properties", _) | ("dependentSchemas", Draft2019 | Draft2020) => {
                Self::Map
            }
            ("dependentRequired" | "maxContains" | "minContains", Draft2019 | Draft2020)
            | (
                "const" | "enum" | "exclusiveMaximum" | "exclusiveMinimum" | "format" | "maxItems"
                | "maxLength" | "maxProperties" | "maximum" | "minItems" | "minLength" | "minProperties"
                | "minimum" | "multipleOf" | "pattern" | "required" | "type" | "uniqueItems",
                _,
            ) => Self::Assertion,
            (
                "$comment" | "$defs" | "$schema" | "contentEncoding" | "contentMediaType" | "contentSchema"
                | "default" | "definitions" | "deprecated" | "description" | "discriminator" | "example"
                | "examples" | "externalDocs" | "readOnly" | "title" | "writeOnly" | "xml",
                _,
            ) => Self::Annotation,
            _ if keyword.starts_with("x-") => Self::Annotation,
            _ => return None,
        })
    }
}

/// A schema whose references all lead to a numbered part of it.
#[derive(Debug)]
pub(super) struct Bundle {
    /// The parts; the first is the schema itself.
    parts: Vec<Value>,
    /// Where each part stands in its file.
    places: Vec<String>,
    /// Schemas that one value meets, at most; none if parts contain each other.
    visits: Option<u64>,
}

impl Bundle {
    pub(super) fn of(document: &Value, pointer: &str, dialect: Dialect, found: &mut Found) -> Option<Self> {
        let before = found.mistakes.len();
        let mut bundler =
            Bundler { document, dialect, found, numbers: HashMap::new(), places: Vec::new(), nodes: 0 };
        bundler.number(pointer);
        let mut parts = Vec::new();
        while let Some(place) = bundler.places.get(parts.len()).cloned() {
            match document.pointer(&place) {
                Some(value) => parts.push(bundler.schema(value, &place, 0)),
                None => {
                    bundler.found.mistake(&place, "a `$ref` leads nowhere");
                    parts.push(Value::Bool(false));
                }
            }
        }
        let mut bundle = Self { parts, places: bundler.places, visits: None };
        if let Some(place) = bundle.circle() {
            found.mistake(&place, "a schema is defined by itself, without a step into the value");
        }
        if found.mistakes.len() > before {
            return None;
        }
        bundle.visits = bundle.visits_of(0, &mut HashMap::new()).map(|visits| visits.max(1));
        Some(bundle)
    }

    /// The schema.
    pub(super) fn schema(&self) -> Value {
        let parts: Map<_, _> =
            self.parts.iter().enumerate().map(|(number, part)| (number.to_string(), part.clone())).collect();
        json!({ "$defs": parts, "allOf": [{ "$ref": "#/$defs/0" }] })
    }

    pub(super) fn root(&self) -> &Value {
        self.parts.first().unwrap_or(&Value::Bool(false))
    }

    pub(super) fn visits(&self) -> Option<u64> {
        self.visits
    }

    /// The number of the part that `schema` refers to.
    pub(super) fn reference(schema: &Map<String, Value>) -> Option<usize> {
        schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?.parse().ok()
    }

    pub(super) fn part(&self, number: usize) -> &Value {
        self.parts.get(number).unwrap_or(&Value::Bool(false))
    }

    /// Where in the file `path` of the bundled schema stands, and whether it is a pattern.
    pub(super) fn place_of(&self, path: &str) -> (String, bool) {
        let is_pattern = path.ends_with("/pattern") || path.contains("/patternProperties");
        let within = path.strip_prefix("/$defs/").unwrap_or_default();
        let (number, rest) = within.split_once('/').unwrap_or((within, ""));
        let place = number.parse().ok().and_then(|number: usize| self.places.get(number));
        let separator = if rest.is_empty() { "" } else { "/" };
        (format!("{}{separator}{rest}", place.map_or("", String::as_str)), is_pattern)
    }

    /// The types that `type`, `const` or `enum` of the schema leave.
    pub(super) fn types(&self) -> Vec<&str> {
        self.types_of(self.root(), 0)
    }

    /// The types that the schema's items may have.
    pub(super) fn items_types(&self) -> Option<Vec<&str>> {
        let mut schema = self.root().as_object()?;
        while let Some(number) = Self::reference(schema).filter(|_| !schema.contains_key("items")) {
            schema = self.part(number).as_object()?;
        }
        schema.get("items").map(|items| self.types_of(items, 0))
    }

    fn types_of<'b>(&'b self, schema: &'b Value, hops: usize) -> Vec<&'b str> {
        let Some(schema) = schema.as_object() else { return Vec::new() };
        let list = |key: &str| schema.get(key).and_then(Value::as_array);
        match schema.get("type") {
            Some(Value::String(name)) => return vec![name],
            Some(Value::Array(names)) => return names.iter().filter_map(Value::as_str).collect(),
            _ => {}
        }
        let values = list("enum").map(|it| it.iter().collect()).or_else(|| Some(vec![schema.get("const")?]));
        if let Some(values) = values {
            return values.into_iter().map(type_name).collect();
        }
        match Self::reference(schema).filter(|_| hops < self.parts.len()) {
            Some(number) => self.types_of(self.part(number), hops + 1),
            None => Vec::new(),
        }
    }

    /// A part that comes back to itself at one place of a value.
    fn circle(&self) -> Option<String> {
        let edges: Vec<Vec<usize>> = self.parts.iter().map(same_place).collect();
        let mut state = vec![0_u8; edges.len()];
        for start in 0..edges.len() {
            let mut stack = vec![(start, false)];
            while let Some((part, is_left)) = stack.pop() {
                let seen = state.get_mut(part)?;
                if is_left {
                    *seen = 2;
                } else if *seen == 0 {
                    *seen = 1;
                    stack.push((part, true));
                    for &next in edges.get(part)? {
                        if state.get(next) == Some(&1) {
                            return self.places.get(next).cloned();
                        }
                        stack.push((next, false));
                    }
                }
            }
        }
        None
    }

    /// Schemas within part `number`, references followed each time.
    fn visits_of(&self, number: usize, known: &mut HashMap<usize, Option<u64>>) -> Option<u64> {
        if let Some(known) = known.get(&number) {
            return *known;
        }
        // What asks for itself while it is counted has no end.
        known.insert(number, None);
        let visits = self.count(self.part(number), known);
        known.insert(number, visits);
        visits
    }

    fn count(&self, schema: &Value, known: &mut HashMap<usize, Option<u64>>) -> Option<u64> {
        let Some(schema) = schema.as_object() else { return Some(1) };
        let mut sum = own_visits(schema);
        if let Some(number) = Self::reference(schema) {
            sum = sum.saturating_add(self.visits_of(number, known)?);
        }
        for inner in schema.iter().flat_map(|(keyword, value)| inner_schemas(keyword, value)) {
            sum = sum.saturating_add(self.count(inner, known)?);
        }
        Some(if is_unevaluated(schema) { sum.saturating_mul(2) } else { sum })
    }
}

/// What a schema costs by itself.
pub(super) fn own_visits(schema: &Map<String, Value>) -> u64 {
    let choices = schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    let keywords = u64::try_from(schema.len().saturating_add(choices)).unwrap_or(u64::MAX);
    keywords.saturating_add(1)
}

/// Whether schemas at the same place are asked again, for what they have looked at.
pub(super) fn is_unevaluated(schema: &Map<String, Value>) -> bool {
    schema.contains_key("unevaluatedProperties") || schema.contains_key("unevaluatedItems")
}

/// The schemas in a keyword's value.
pub(super) fn inner_schemas<'s>(keyword: &str, value: &'s Value) -> Vec<&'s Value> {
    match (Kind::of(keyword, Dialect::Draft2020).or(Kind::of(keyword, Dialect::Draft7)), value) {
        (Some(Kind::Schemas | Kind::Schema), Value::Array(list)) => list.iter().collect(),
        (Some(Kind::Schema), schema) => vec![schema],
        (Some(Kind::Map), Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// The parts that a schema asks about the same place of a value.
fn same_place(schema: &Value) -> Vec<usize> {
    let Some(schema) = schema.as_object() else { return Vec::new() };
    let keywords = ["allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then"];
    let here = keywords.iter().filter_map(|keyword| Some((*keyword, schema.get(*keyword)?)));
    let inner = here.flat_map(|(keyword, value)| inner_schemas(keyword, value)).flat_map(same_place);
    inner.chain(Bundle::reference(schema)).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Bundler<'d, 'f> {
    document: &'d Value,
    dialect: Dialect,
    found: &'f mut Found,
    numbers: HashMap<String, usize>,
    places: Vec<String>,
    nodes: usize,
}

impl Bundler<'_, '_> {
    /// The number of the part at `pointer`.
    fn number(&mut self, pointer: &str) -> usize {
        let next = self.places.len();
        let number = *self.numbers.entry(pointer.to_owned()).or_insert(next);
        if number == next {
            self.places.push(pointer.to_owned());
        }
        number
    }

    fn schema(&mut self, value: &Value, at: &str, nesting: usize) -> Value {
        self.nodes += 1;
        if self.nodes == MAX_NODES {
            self.found.mistake(at, format!("a schema has {MAX_NODES} schemas in it or more"));
        }
        if self.nodes >= MAX_NODES {
            return Value::Bool(false);
        }
        match value {
            Value::Bool(_) => value.clone(),
            Value::Object(_) if nesting >= MAX_NESTING => {
                self.found.mistake(at, format!("schemas stand more than {MAX_NESTING} deep in each other"));
                Value::Bool(false)
            }
            Value::Object(schema) => self.object(schema, at, nesting),
            _ => {
                self.found.mistake(at, "a schema is an object, `true` or `false`");
                Value::Bool(false)
            }
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, at: &str, nesting: usize) -> Value {
        let mut out = Map::new();
        if let Some(reference) = schema.get("$ref") {
            let reference = self.reference(reference, at);
            out.insert("$ref".into(), Value::String(reference));
            if self.dialect == Dialect::Draft7 {
                let asserts =
                    |key: &String| Kind::of(key, self.dialect).is_some_and(|it| it != Kind::Annotation);
                if schema.keys().any(asserts) {
                    self.found.warning(at, "draft-07 ignores what stands beside a `$ref`");
                }
                return Value::Object(out);
            }
        }
        for (keyword, value) in schema.iter().filter(|(keyword, _)| *keyword != "$ref") {
            let place = pointer::join(at, keyword);
            match Kind::of(keyword, self.dialect) {
                Some(Kind::Annotation) => {}
                Some(Kind::Assertion) if keyword == "format" && !self.is_checked(value, &place) => {}
                Some(Kind::Assertion) => {
                    out.insert(keyword.clone(), value.clone());
                }
                Some(kind) => {
                    let value = self.inner(kind, value, &place, nesting + 1);
                    out.insert(keyword.clone(), value);
                }
                // Of a whole file, its name says nothing: no reference may use it.
                None if keyword == "$id" && at.is_empty() => {}
                None => self.found.mistake(&place, "this keyword is not understood here"),
            }
        }
        Value::Object(out)
    }

    fn inner(&mut self, kind: Kind, value: &Value, at: &str, nesting: usize) -> Value {
        let is_list = kind == Kind::Schemas || (self.dialect != Dialect::Draft2020 && at.ends_with("/items"));
        match value {
            Value::Array(list) if is_list => {
                let schemas = list.iter().enumerate();
                schemas.map(|(index, it)| self.schema(it, &format!("{at}/{index}"), nesting)).collect()
            }
            Value::Object(map) if kind == Kind::Map => {
                let mut out = Map::new();
                for (name, schema) in map {
                    let schema = self.schema(schema, &pointer::join(at, name), nesting);
                    out.insert(name.clone(), schema);
                }
                Value::Object(out)
            }
            schema if kind == Kind::Schema => self.schema(schema, at, nesting),
            _ => {
                self.found.mistake(at, "this keyword takes schemas");
                Value::Bool(false)
            }
        }
    }

    fn reference(&mut self, reference: &Value, at: &str) -> String {
        let place = reference.as_str().ok_or("a `$ref` is not a string").and_then(pointer::of_reference);
        let place =
            place.and_then(|it| self.document.pointer(&it).map(|_| it).ok_or("a `$ref` leads nowhere"));
        match place {
            Ok(place) => format!("#/$defs/{}", self.number(&place)),
            Err(reason) => {
                self.found.mistake(&pointer::join(at, "$ref"), reason);
                "#/$defs/0".into()
            }
        }
    }

    fn is_checked(&mut self, format: &Value, at: &str) -> bool {
        let Some(format) = format.as_str() else { return true };
        let is_checked = FORMATS.contains(&format)
            && (self.dialect != Dialect::Draft7 || !matches!(format, "duration" | "uuid"));
        if !is_checked {
            self.found
                .warning(at, format!("the format `{}` is not checked", corsac_diagnostics::excerpt(format)));
        }
        is_checked
    }
}
