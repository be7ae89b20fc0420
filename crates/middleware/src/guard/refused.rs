//! Why a request does not pass.

use corsac_events::{Guard, Text};

use super::Problem;

/// A guard's refusal: what the client is told, and what the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Who refused.
    pub guard: Guard,
    /// Why, as a stable kebab-case code. It is a literal: no request can choose it.
    pub reason: &'static str,
    /// Why, complete, for the log alone.
    pub detail: Option<Text>,
    /// For the client. Boxed: a guard's answer is small when it lets a request pass.
    pub problem: Box<Problem>,
}

impl Refused {
    /// A refusal whose reason is its problem's code.
    pub fn new(guard: Guard, problem: Problem) -> Self {
        Self { guard, reason: problem.code, detail: None, problem: Box::new(problem) }
    }

    /// Says more to the log.
    #[must_use]
    pub fn because(mut self, reason: &'static str, detail: Option<Text>) -> Self {
        self.reason = reason;
        self.detail = detail;
        self
    }
}
