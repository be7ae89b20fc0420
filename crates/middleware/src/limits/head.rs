//! Bounds on a request's head.

use corsac_diagnostics::FieldPath;
use corsac_events::Guard;
use http::StatusCode;

use super::config::{HeadConfig, LimitsErrors, Mistake, MistakeKind};
use crate::guard::{Head, Problem, Refused};
use crate::mistake::Mistakes;

/// The most that each bound may be: counts, then bytes.
pub(crate) const MAX_COUNT: usize = 10_000;
const MAX_BYTES: usize = 1 << 20;

/// What a request's head may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLimits(HeadConfig);

impl HeadLimits {
    /// Compiles `config`.
    ///
    /// # Errors
    /// Every bound that is out of its range, at `head`.
    pub fn compile(config: &HeadConfig) -> Result<Self, LimitsErrors> {
        let mut mistakes = Vec::new();
        let compiled = Self::compile_at(config, &FieldPath::root().key("head"), &mut mistakes);
        if mistakes.is_empty() { Ok(compiled) } else { Err(Mistakes(mistakes)) }
    }

    /// Compiles `config`; what is wrong goes to `mistakes`, at `at`.
    pub(super) fn compile_at(config: &HeadConfig, at: &FieldPath, mistakes: &mut Vec<Mistake>) -> Self {
        let bounds = [
            ("header_fields", config.header_fields, MAX_COUNT),
            ("header_size", config.header_size, MAX_BYTES),
            ("field_size", config.field_size, MAX_BYTES),
            ("target_size", config.target_size, MAX_BYTES),
            ("query_parameters", config.query_parameters, MAX_COUNT),
        ];
        for (key, number, most) in
            bounds.into_iter().filter(|(_, number, most)| !(1..=*most).contains(number))
        {
            mistakes.push(Mistake { field: at.key(key), kind: MistakeKind::OutOfRange { number, most } });
        }
        Self(config.clone())
    }

    /// Checks a head. The target is the canonical path and the query as sent.
    ///
    /// # Errors
    /// 431 `head-too-large`, 414 `target-too-long`, 400 `too-many-parameters`.
    pub fn check(&self, head: &Head<'_>) -> Result<(), Refused> {
        let limits = &self.0;
        let sizes = || head.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        if head.headers.len() > limits.header_fields
            || sizes().sum::<usize>() > limits.header_size
            || sizes().any(|size| size > limits.field_size)
        {
            return Err(refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head-too-large",
                "the request has more or larger header fields than are taken",
            ));
        }
        let query = head.query.map_or(0, |query| query.len() + 1);
        if head.path.len() + query > limits.target_size {
            let detail = "path and query are longer than is taken";
            return Err(refused(StatusCode::URI_TOO_LONG, "target-too-long", detail));
        }
        if head.query.is_some_and(|query| query.split('&').count() > limits.query_parameters) {
            let detail = "the query has more parameters than are taken";
            return Err(refused(StatusCode::BAD_REQUEST, "too-many-parameters", detail));
        }
        Ok(())
    }
}

pub(super) fn refused(status: StatusCode, code: &'static str, detail: &'static str) -> Refused {
    Refused::new(Guard::Limits, Problem::new(status, code, detail))
}
