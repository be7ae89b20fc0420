//! JSON Schemas: admitted, compiled, and asked within a bound on work.
//!
//! A schema is first bundled: what it reaches by `$ref` is copied into one schema that
//! has no other references, and everything that this module does not understand is a
//! mistake. The `jsonschema` crate then judges values. It knows no bound on its work, so
//! `weigh` counts before it does.

mod bundle;
mod weigh;
mod words;

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use self::bundle::Bundle;
use self::weigh::Weigher;
use crate::guard::Failure;

/// Bytes of a compiled pattern, and of the tables that it builds while it runs.
const MAX_PATTERN: usize = 256 << 10;
const MAX_PATTERN_TABLES: usize = 2 << 20;

/// Errors that are told.
pub(super) const MAX_ERRORS: usize = 16;

/// Visits that judging a value may take: some 50 ms.
const MAX_WORK: u64 = 1_000_000;

/// Visits that finding all errors may take; beyond, the answer names none.
const MAX_REPORT: u64 = 250_000;

/// Bytes of a string that cost as much as a visit.
const BYTES_A_VISIT: u64 = 32;

/// Which words a schema is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Draft7,
    Draft2019,
    Draft2020,
}

impl Dialect {
    /// The dialect that `$schema` names.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let Some(named) = schema.get("$schema") else { return Some(Self::Draft2020) };
        match named.as_str()?.trim_end_matches('#') {
            "https://json-schema.org/draft/2020-12/schema" => Some(Self::Draft2020),
            "https://json-schema.org/draft/2019-09/schema" => Some(Self::Draft2019),
            "http://json-schema.org/draft-07/schema" => Some(Self::Draft7),
            _ => None,
        }
    }

    fn draft(self) -> Draft {
        match self {
            Self::Draft7 => Draft::Draft7,
            Self::Draft2019 => Draft::Draft201909,
            Self::Draft2020 => Draft::Draft202012,
        }
    }
}

/// What was found in a file, each at a JSON Pointer.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) mistakes: Vec<(String, String)>,
    pub(super) warnings: Vec<(String, String)>,
}

impl Found {
    pub(super) fn mistake(&mut self, pointer: &str, reason: impl Into<String>) {
        self.mistakes.push((pointer.to_owned(), reason.into()));
    }

    pub(super) fn warning(&mut self, pointer: &str, reason: impl Into<String>) {
        let finding = (pointer.to_owned(), reason.into());
        if !self.warnings.contains(&finding) {
            self.warnings.push(finding);
        }
    }
}

/// How large a value is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) values: usize,
    pub(super) bytes: usize,
}

/// Why a value is not valid.
#[derive(Debug)]
pub(super) enum Invalid {
    Failures {
        failures: Vec<Failure>,
        /// The keywords that failed, for the log.
        keywords: String,
    },
    TooComplex,
}

/// A compiled schema.
pub(super) struct Schema {
    validator: Validator,
    bundle: Bundle,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

impl Schema {
    /// Compiles the schema at `pointer` of `document`.
    pub(super) fn compile(
        document: &Value,
        pointer: &str,
        dialect: Dialect,
        found: &mut Found,
    ) -> Option<Self> {
        let bundle = Bundle::of(document, pointer, dialect, found)?;
        let patterns = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN_TABLES);
        let options = jsonschema::options()
            .with_draft(dialect.draft())
            .should_validate_formats(true)
            .with_pattern_options(patterns)
            .offline();
        match options.build(&bundle.schema()) {
            Ok(validator) => Some(Self { validator, bundle }),
            Err(error) => {
                let (place, is_pattern) = bundle.place_of(error.instance_path().as_str());
                let reason = if is_pattern {
                    "a pattern is too large, or needs look-around or back-references".into()
                } else {
                    format!("the schema is not valid: it {}", words::detail(error.kind()))
                };
                found.mistake(&place, reason);
                None
            }
        }
    }

    /// Judges `value`.
    pub(super) fn check(&self, value: &Value, size: Size) -> Result<(), Invalid> {
        let values = u64::try_from(size.values).unwrap_or(u64::MAX);
        let bytes = u64::try_from(size.bytes).unwrap_or(u64::MAX) / BYTES_A_VISIT;
        let most = self.bundle.visits().map(|visits| visits.saturating_mul(values.saturating_add(bytes)));
        let is_cheap = most.is_some_and(|most| most <= MAX_WORK);
        if !is_cheap {
            let work = Weigher::new(&self.bundle, MAX_WORK).weigh(value);
            work.filter(|work| work.check <= MAX_WORK).ok_or(Invalid::TooComplex)?;
        }
        if self.validator.is_valid(value) {
            return Ok(());
        }
        let work = Weigher::new(&self.bundle, MAX_REPORT).weigh(value);
        if work.is_none_or(|work| work.report > MAX_REPORT) {
            let detail = "is not valid; it is too large to say where".into();
            let failures = vec![Failure { pointer: String::new(), detail }];
            return Err(Invalid::Failures { failures, keywords: "not looked for".into() });
        }
        Err(words::failures(self.validator.iter_errors(value)))
    }

    /// The types that a value may have, where the schema says so.
    pub(super) fn types(&self) -> Vec<&str> {
        self.bundle.types()
    }

    /// The schema of an array's items.
    pub(super) fn items(&self) -> Option<Vec<&str>> {
        self.bundle.items_types()
    }
}
