//! actix-cors' `Cors`.
//!
//! Traps, as version 0.7 answers: `permissive()` reflects every origin with credentials; an
//! origin that is allowed after `allow_any_origin()` ends that; the credentials field is sent to
//! origins that are refused, too.

use std::collections::BTreeSet;

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Preflight, Scope, Value,
};

use super::super::answers::{Known, Reading, always, credentials, given};
use super::super::expression::{Expression, Kind};
use super::chain::{Chain, name};
use super::value::{bare, flag, names};

const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const METHODS: &str = "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE";

/// What the builder holds.
#[expect(clippy::struct_excessive_bools, reason = "they are the builder's own")]
struct Builder {
    any_origin: bool,
    origins: Vec<Case<Emission>>,
    functions: Vec<Case<Emission>>,
    methods: Listed,
    headers: Listed,
    exposed: Listed,
    max_age: Option<Field>,
    credentials: bool,
    send_wildcard: bool,
    vary: bool,
    preflight: bool,
    blocks: Known<bool>,
}

/// A set of names.
enum Listed {
    All,
    Some(Vec<Field>),
}

pub(super) fn scope(reading: &mut Reading<'_, '_>, chain: &Chain, start: &str) {
    let permissive = start == "permissive";
    let listed = || if permissive { Listed::All } else { Listed::Some(Vec::new()) };
    let mut builder = Builder {
        any_origin: permissive,
        origins: Vec::new(),
        functions: Vec::new(),
        methods: listed(),
        headers: listed(),
        exposed: listed(),
        max_age: given("3600").filter(|_| permissive),
        credentials: permissive,
        send_wildcard: false,
        vary: true,
        preflight: true,
        blocks: Known::Is(false),
    };
    for (method, arguments, span) in &chain.calls {
        if let Err(reason) = builder.apply(reading, method, arguments.first()) {
            return reading.unread(span.clone(), reason.to_owned());
        }
    }
    if builder.credentials && builder.send_wildcard && builder.any_origin {
        let reason = "all origins with `send_wildcard` and credentials: the program does not start";
        return reading.unread(chain.span.clone(), reason.to_owned());
    }
    builder.scope(reading, chain);
}

impl Builder {
    /// One method of the builder; `Err` where the program does not start.
    fn apply(
        &mut self,
        reading: &mut Reading<'_, '_>,
        method: &str,
        given: Option<&Expression>,
    ) -> Result<(), &'static str> {
        match (method, given) {
            ("allow_any_origin", _) => self.any_origin = true,
            ("allowed_origin", Some(origin)) => return self.allow(reading, origin),
            ("allowed_origin_fn", Some(function)) => self.functions.push(reading.opaque_case(function)),
            ("allow_any_method", _) => self.methods = Listed::All,
            ("allow_any_header", _) => self.headers = Listed::All,
            ("expose_any_header", _) => self.exposed = Listed::All,
            ("allowed_methods", Some(list)) => {
                let field = names(reading, list, false, ", ");
                // Added to what is there, all methods included.
                if let Listed::Some(fields) = &mut self.methods {
                    fields.push(field);
                }
            }
            ("allowed_header" | "allowed_headers", Some(list)) => {
                self.headers.add(names(reading, list, true, ", "));
            }
            ("expose_headers", Some(list)) => self.exposed.add(names(reading, list, true, ", ")),
            ("max_age", Some(age)) => {
                let value = bare(reading, age);
                let place = Reading::place(&age.span);
                self.max_age = match (&value.kind, value.last_name()) {
                    (_, Some("None")) => None,
                    (Kind::Computed(words), _) if words == "None" => None,
                    (Kind::Number(number), _) => Some(Field { value: Value::Text(number.clone()), place }),
                    _ => Some(Field { value: Value::Opaque(reading.opaque(&value)), place }),
                };
            }
            ("send_wildcard", _) => self.send_wildcard = true,
            ("supports_credentials", _) => self.credentials = true,
            ("disable_vary_header", _) => self.vary = false,
            ("disable_preflight", _) => self.preflight = false,
            ("block_on_origin_mismatch", Some(block)) => self.blocks = flag(reading, block),
            _ => {}
        }
        Ok(())
    }

    fn allow(&mut self, reading: &mut Reading<'_, '_>, origin: &Expression) -> Result<(), &'static str> {
        let value = bare(reading, origin);
        let case = match value.as_text() {
            Some("*") => return Err("`*` as an allowed origin: the program does not start"),
            Some(text) if text.parse::<http::Uri>().is_err() => {
                return Err("an allowed origin that is not a URI: the program does not start");
            }
            Some(text) => Reading::reflected(Matcher::exact(text), origin),
            None => reading.opaque_case(origin),
        };
        if self.any_origin {
            self.any_origin = false;
            self.origins.clear();
        }
        self.origins.push(case);
        Ok(())
    }

    fn scope(self, reading: &mut Reading<'_, '_>, chain: &Chain) {
        let emission = if self.any_origin && self.send_wildcard {
            Emission::Fixed("*".to_owned())
        } else {
            Emission::Reflected
        };
        // Where all are allowed, functions alone decide.
        let origins = if self.any_origin { [].as_slice() } else { &self.origins };
        let cases = origins.iter().chain(&self.functions).cloned();
        let choice = if self.any_origin && self.functions.is_empty() {
            always(emission, &chain.span)
        } else {
            Choice { cases: cases.map(|case| Case { then: emission.clone(), ..case }).collect() }
        };
        let exposed = self.exposed.field(chain, || Value::Opaque("every field of the response".to_owned()));
        let actual = Answer {
            allow_origin: vec![choice],
            allow_credentials: credentials(&Known::Is(self.credentials), &chain.span),
            expose_headers: exposed,
            vary: given(VARY).filter(|_| self.vary),
            coverage: Coverage::Unknown,
            ..Answer::default()
        };
        let preflight = Answer {
            allow_methods: self.methods.field(chain, || Value::Text(METHODS.to_owned())),
            // An empty set sends back what was asked for, of which it lets nothing pass.
            allow_headers: self.headers.field(chain, || Value::Reflected),
            max_age: self.max_age,
            expose_headers: None,
            coverage: Coverage::All,
            ..actual.clone()
        };
        let preflight =
            if self.preflight { Preflight::Answered(Box::new(preflight)) } else { Preflight::Unknown };
        reading.scopes.push(Scope {
            name: name(chain),
            place: Reading::place(&chain.span),
            actual,
            preflight,
        });
    }
}

impl Listed {
    fn add(&mut self, field: Field) {
        match self {
            Self::All => *self = Self::Some(vec![field]),
            Self::Some(fields) => fields.push(field),
        }
    }

    fn field(&self, chain: &Chain, all: impl FnOnce() -> Value) -> Option<Field> {
        let fields = match self {
            Self::All => return Some(Field { value: all(), place: Reading::place(&chain.span) }),
            Self::Some(fields) => fields,
        };
        let texts: Option<Vec<&str>> = fields
            .iter()
            .map(|field| match &field.value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let names: Option<BTreeSet<&str>> =
            texts.map(|texts| texts.into_iter().flat_map(|text| text.split(", ")).collect());
        let place = fields.first()?.place.clone();
        let value = names.map_or_else(
            || Value::Opaque("a part of it is computed".to_owned()),
            |names| Value::Text(names.into_iter().collect::<Vec<_>>().join(", ")),
        );
        Some(Field { value, place })
    }
}
