//! As much of JSON Schema as our schemas use. A keyword that is not among it is an error
//! of the schema, not passed over.

use regex_lite::Regex;
use serde_json::{Map, Value};

pub(crate) struct Schema(Value);

impl Schema {
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    pub(crate) fn root(&self) -> &Value {
        &self.0
    }

    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.is_valid(&self.0, value)
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        match schema {
            Value::Bool(accepts) => *accepts,
            Value::Object(keywords) => {
                keywords.iter().all(|(keyword, rule)| self.holds((keyword, rule), keywords, value))
            }
            other => panic!("{other} is no schema"),
        }
    }

    fn holds(&self, (keyword, rule): (&str, &Value), all: &Map<String, Value>, value: &Value) -> bool {
        let schemas = |rule: &Value| rule.as_array().unwrap().clone();
        let number = |rule: &Value| rule.as_f64().unwrap();
        match keyword {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                self.is_valid(self.0.pointer(pointer).unwrap(), value)
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is_of(one.as_str().unwrap(), value)),
                one => is_of(one.as_str().unwrap(), value),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "oneOf" => schemas(rule).iter().filter(|schema| self.is_valid(schema, value)).count() == 1,
            "minimum" => value.as_f64().is_none_or(|value| value >= number(rule)),
            "maximum" => value.as_f64().is_none_or(|value| value <= number(rule)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
            "pattern" => {
                value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
            }
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "prefixItems" => value.as_array().is_none_or(|items| {
                items.iter().zip(schemas(rule)).all(|(item, schema)| self.is_valid(&schema, item))
            }),
            "items" => value.as_array().is_none_or(|items| {
                let before = all.get("prefixItems").map_or(0, |prefix| schemas(prefix).len());
                items.iter().skip(before).all(|item| self.is_valid(rule, item))
            }),
            "required" => value.as_object().is_none_or(|object| {
                schemas(rule).iter().all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                let known = |(key, value): (&String, &Value)| {
                    rule.get(key).is_none_or(|schema| self.is_valid(schema, value))
                };
                object.iter().all(known)
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                let properties = all.get("properties").unwrap();
                let mut others = object.iter().filter(|(key, _)| properties.get(key).is_none());
                others.all(|(_, value)| self.is_valid(rule, value))
            }),
            other => panic!("this validator does not know `{other}`"),
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("this validator does not know the type `{other}`"),
    }
}
