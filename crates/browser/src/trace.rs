//! How a verdict came about: the algorithms of the standard, their steps in a few quoted
//! words, and what was found.

/// One step of an algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about, in a word or two.
    pub label: &'static str,
    /// The algorithm's name in the Fetch Standard.
    pub algorithm: &'static str,
    /// A few words of its step.
    pub says: &'static str,
    /// Whether the request got through.
    pub passed: bool,
    /// What was found in this exchange.
    pub evidence: String,
}

/// A step's label, its algorithm, and the words of the standard.
pub(crate) type Place = (&'static str, &'static str, &'static str);

/// The steps taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<Step>);

impl Trace {
    pub(crate) fn passed(&mut self, place: Place, evidence: impl Into<String>) {
        self.push(place, true, evidence.into());
    }

    pub(crate) fn failed(&mut self, place: Place, evidence: impl Into<String>) {
        self.push(place, false, evidence.into());
    }

    fn push(&mut self, (label, algorithm, says): Place, passed: bool, evidence: String) {
        self.0.push(Step { label, algorithm, says, passed, evidence });
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.0
    }
}
