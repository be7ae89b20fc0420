//! A circuit breaker, as a pure state machine: when to stop asking a store that does
//! not answer, and when to ask it again.

use std::time::Duration;

use crate::rate_limit::gcra::Moment;

/// Failures in a row after which the store is not asked.
pub const FAILURES: u32 = 5;

/// How long it is not asked then. With the time of one answer this is how late its
/// return is noticed.
pub const PAUSE: Duration = Duration::from_millis(250);

/// Whether to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Ask.
    Ask,
    /// Do not: the store is away.
    Skip,
}

/// The state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The store is asked; so many failures in a row.
    Closed(u32),
    /// It is not, until this moment. Whoever comes then asks for all, and until that
    /// has an outcome, or another pause is over, the others do not.
    Open(Moment),
}

impl Default for Breaker {
    fn default() -> Self {
        Self(State::Closed(0))
    }
}

impl Breaker {
    /// Whether a request that comes `now` asks the store. One that does says later how
    /// it went, or never: whoever gave up waiting blocks nobody for longer than a pause.
    pub fn admit(&mut self, now: Moment) -> Admission {
        match self.0 {
            State::Closed(_) => Admission::Ask,
            State::Open(until) if now < until => Admission::Skip,
            State::Open(_) => {
                self.0 = State::Open(now.plus(PAUSE));
                Admission::Ask
            }
        }
    }

    /// The store answered.
    pub fn succeeded(&mut self) {
        self.0 = State::Closed(0);
    }

    /// It did not, or with an error.
    pub fn failed(&mut self, now: Moment) {
        self.0 = match self.0 {
            State::Closed(failures) if failures + 1 < FAILURES => State::Closed(failures + 1),
            State::Closed(_) | State::Open(_) => State::Open(now.plus(PAUSE)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::after(Duration::from_millis(millis))
    }

    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(at(0)), Admission::Ask);
            breaker.failed(at(0));
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_others_do_not() {
        let mut breaker = Breaker::default();
        for _ in 0..10 * FAILURES {
            breaker.failed(at(0));
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(at(0)), Admission::Ask);
        assert_eq!(open().admit(at(0)), Admission::Skip);
    }

    #[test]
    fn after_the_pause_one_asks_for_all() {
        let mut breaker = open();
        assert_eq!(breaker.admit(at(249)), Admission::Skip);
        assert_eq!(breaker.admit(at(250)), Admission::Ask);
        assert_eq!(breaker.admit(at(250)), Admission::Skip);
        breaker.succeeded();
        assert_eq!(breaker.admit(at(251)), Admission::Ask);
        assert_eq!(breaker.admit(at(251)), Admission::Ask);
    }

    #[test]
    fn a_failure_or_silence_of_the_one_is_another_pause() {
        let mut failed = open();
        assert_eq!(failed.admit(at(250)), Admission::Ask);
        failed.failed(at(300));
        assert_eq!(failed.admit(at(549)), Admission::Skip);
        assert_eq!(failed.admit(at(550)), Admission::Ask);
        let mut silent = open();
        assert_eq!(silent.admit(at(250)), Admission::Ask);
        assert_eq!(silent.admit(at(499)), Admission::Skip);
        assert_eq!(silent.admit(at(500)), Admission::Ask);
    }

    #[test]
    fn late_outcomes_of_requests_before_it_opened_do_no_harm() {
        let mut breaker = open();
        breaker.failed(at(100));
        assert_eq!(breaker.admit(at(349)), Admission::Skip);
        breaker.succeeded();
        assert_eq!(breaker.admit(at(349)), Admission::Ask);
    }
}
