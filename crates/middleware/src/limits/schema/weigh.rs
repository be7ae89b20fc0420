//! What judging a value costs, counted before it is judged.
//!
//! A schema that refers to itself under `anyOf` may be asked about one place of a value
//! once for every way to get there: twice as often at every level. Here each part of the
//! schema is counted once a place, so that counting stays in proportion to schema times
//! value where judging would not.

use std::collections::HashMap;
use std::ptr;

use serde_json::{Map, Value};

use super::BYTES_A_VISIT;
use super::bundle::{Bundle, is_unevaluated, own_visits};

/// Visits: to say yes or no, and to find all errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) check: u64,
    pub(super) report: u64,
}

impl Work {
    fn add(&mut self, other: Self) {
        self.check = self.check.saturating_add(other.check);
        self.report = self.report.saturating_add(other.report);
    }
}

pub(super) struct Weigher<'b> {
    bundle: &'b Bundle,
    /// Steps left. Counting takes no more steps than judging, so that running out means
    /// too much work.
    steps: u64,
    /// What a part costs at an array or object, by its address: both outlive this.
    known: HashMap<(usize, usize), Work, foldhash::fast::RandomState>,
}

impl<'b> Weigher<'b> {
    pub(super) fn new(bundle: &'b Bundle, steps: u64) -> Self {
        Self { bundle, steps, known: HashMap::default() }
    }

    /// The work for `value`; `None` if it is more than the steps.
    pub(super) fn weigh(&mut self, value: &Value) -> Option<Work> {
        self.schema(self.bundle.root(), value)
    }

    fn schema(&mut self, schema: &'b Value, value: &Value) -> Option<Work> {
        self.steps = self.steps.checked_sub(1)?;
        let Some(schema) = schema.as_object() else { return Some(Work { check: 1, report: 1 }) };
        let own = own_visits(schema).saturating_add(match value {
            Value::String(text) => u64::try_from(text.len()).unwrap_or(u64::MAX) / BYTES_A_VISIT,
            Value::Array(items) => u64::try_from(items.len()).unwrap_or(u64::MAX) / 4,
            Value::Object(members) => u64::try_from(members.len()).unwrap_or(u64::MAX) / 4,
            _ => 0,
        });
        let mut work = Work { check: own, report: own };
        if schema.contains_key("uniqueItems") || schema.contains_key("enum") || schema.contains_key("const") {
            // These read all of a value.
            let all = self.size(value)?;
            work.add(Work { check: all, report: all });
        }
        work.add(self.here(schema, value)?);
        if is_unevaluated(schema) {
            work.add(work);
        }
        match value {
            Value::Array(items) => work.add(self.items(schema, items)?),
            Value::Object(members) => work.add(self.members(schema, members)?),
            _ => {}
        }
        // Errors are collected after each level has been judged.
        work.report = work.report.saturating_add(work.check);
        Some(work)
    }

    /// Values in `value`.
    fn size(&mut self, value: &Value) -> Option<u64> {
        self.steps = self.steps.checked_sub(1)?;
        let mut sum = 1_u64;
        match value {
            Value::Array(items) => {
                for item in items {
                    sum = sum.saturating_add(self.size(item)?);
                }
            }
            Value::Object(members) => {
                for member in members.values() {
                    sum = sum.saturating_add(self.size(member)?);
                }
            }
            _ => {}
        }
        Some(sum)
    }

    fn part(&mut self, number: usize, value: &Value) -> Option<Work> {
        let part = self.bundle.part(number);
        if !(value.is_array() || value.is_object()) {
            return self.schema(part, value);
        }
        let key = (number, ptr::from_ref(value).addr());
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let work = self.schema(part, value)?;
        self.known.insert(key, work);
        Some(work)
    }

    /// Schemas that are asked about the same value.
    fn here(&mut self, schema: &'b Map<String, Value>, value: &Value) -> Option<Work> {
        let mut work = Work::default();
        if let Some(number) = Bundle::reference(schema) {
            work.add(self.part(number, value)?);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for inner in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                work.add(self.schema(inner, value)?);
            }
        }
        for inner in ["else", "if", "not", "then"].into_iter().filter_map(|keyword| schema.get(keyword)) {
            work.add(self.schema(inner, value)?);
        }
        let dependent = schema.get("dependentSchemas").and_then(Value::as_object);
        for (_, inner) in dependent.into_iter().flatten().filter(|(name, _)| value.get(name).is_some()) {
            work.add(self.schema(inner, value)?);
        }
        Some(work)
    }

    fn items(&mut self, schema: &'b Map<String, Value>, items: &[Value]) -> Option<Work> {
        let mut work = Work::default();
        for keyword in ["additionalItems", "contains", "items", "unevaluatedItems"] {
            let Some(inner) = schema.get(keyword).filter(|inner| !inner.is_array()) else { continue };
            for item in items {
                work.add(self.schema(inner, item)?);
            }
        }
        for keyword in ["items", "prefixItems"] {
            let inner = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
            for (inner, item) in inner.zip(items) {
                work.add(self.schema(inner, item)?);
            }
        }
        Some(work)
    }

    fn members(&mut self, schema: &'b Map<String, Value>, members: &Map<String, Value>) -> Option<Work> {
        let mut work = Work::default();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, inner) in properties.into_iter().flatten() {
            if let Some(member) = members.get(name) {
                work.add(self.schema(inner, member)?);
            }
        }
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            let Some(inner) = schema.get(keyword) else { continue };
            let is_rest = |name: &String| !properties.is_some_and(|properties| properties.contains_key(name));
            for (_, member) in members.iter().filter(|(name, _)| is_rest(name)) {
                work.add(self.schema(inner, member)?);
            }
        }
        // Any pattern may match any name.
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for inner in patterns.into_iter().flat_map(Map::values) {
            for (name, member) in members {
                work.add(self.name(name));
                work.add(self.schema(inner, member)?);
            }
        }
        if let Some(inner) = schema.get("propertyNames") {
            for name in members.keys() {
                work.add(self.schema(inner, &Value::String(name.clone()))?);
            }
        }
        Some(work)
    }

    #[expect(clippy::unused_self, reason = "it reads as the others do")]
    fn name(&self, name: &str) -> Work {
        let cost = 1 + u64::try_from(name.len()).unwrap_or(u64::MAX) / BYTES_A_VISIT;
        Work { check: cost, report: cost }
    }
}
