//! GCRA, the generic cell rate algorithm, in whole nanoseconds.
//!
//! A bucket is one number, its *theoretical arrival time*: when it will be full again.
//! A request of cost `n` moves it `n` intervals on, if that leaves it at most a burst
//! ahead of now. There are no windows to wait for and none to straddle: in any time `t`
//! at most `burst + t / interval` units pass.
//!
//! Nothing here reads a clock or can overflow: [`Gcra::new`] bounds what is added.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The shortest interval between units, a million a second. An interval is rounded up
/// to whole nanoseconds, which above it is wrong by a thousandth at most.
pub const MIN_INTERVAL: Duration = Duration::from_micros(1);

/// The longest time in which an empty bucket fills: beyond a year it is no limit of a
/// rate, and no process lives as long.
pub const MAX_FILL: Duration = Duration::from_secs(366 * 86_400);

/// The longest window.
pub const MAX_WINDOW: Duration = Duration::from_secs(31 * 86_400);

/// Moments end here, 146 years after the first. With [`MAX_FILL`] on top there is still
/// room in 64 bits.
const LAST_MOMENT: u64 = 1 << 62;

/// A moment, in nanoseconds since one that its maker chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// `time` after the first moment.
    pub fn after(time: Duration) -> Self {
        Self(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).min(LAST_MOMENT))
    }

    /// Now, by the system's monotonic clock. All moments of a process that come from
    /// here have the same beginning, so that a table outlives a reload.
    pub fn now() -> Self {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        Self::after(FIRST.get_or_init(Instant::now).elapsed())
    }

    #[cfg(feature = "redis")]
    pub(super) fn plus(self, time: Duration) -> Self {
        Self::after(Duration::from_nanos(self.0).saturating_add(time))
    }

    pub(super) fn nanos(self) -> u64 {
        self.0
    }

    pub(super) fn at(nanos: u64) -> Self {
        Self(nanos.min(LAST_MOMENT))
    }
}

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    /// Nanoseconds until one unit is back.
    interval: u64,
    burst: u64,
}

/// What a bucket says of one request. Numbers that only a response needs are worked out
/// when it is made: divisions cost more than the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    gcra: Gcra,
    /// Until the bucket is full.
    debt: u64,
    /// Until the cost is there: 0 if it was, [`NEVER`] if it never is.
    lacking: u64,
}

/// A cost beyond the burst.
const NEVER: u64 = u64::MAX;

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and its cost is charged.
    Allowed,
    /// It may not, and nothing is charged.
    Denied {
        /// Until its cost is there, if nobody else spends it; none if it costs more than
        /// a full bucket has.
        retry_after: Option<Duration>,
    },
}

impl Gcra {
    /// `quantity` units in each `window`, of which at most `burst` at once. `None` where
    /// a number is zero, the interval is shorter than [`MIN_INTERVAL`] or filling takes
    /// longer than [`MAX_FILL`].
    pub fn new(quantity: u64, window: Duration, burst: u64) -> Option<Self> {
        let window = u64::try_from(window.as_nanos()).ok()?;
        let interval = (quantity > 0).then(|| window.div_ceil(quantity))?;
        let fill = interval.checked_mul(burst)?;
        let is_bounded = u128::from(interval) >= MIN_INTERVAL.as_nanos()
            && window.checked_div(quantity)? >= 1_000
            && (1..=MAX_FILL.as_nanos()).contains(&u128::from(fill));
        is_bounded.then_some(Self { interval, burst })
    }

    /// Units in a full bucket.
    pub fn burst(&self) -> u64 {
        self.burst
    }

    /// Until one unit is back.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval)
    }

    /// The same with an interval in whole microseconds, for clocks that have no more.
    #[cfg(feature = "redis")]
    pub(super) fn in_micros(&self) -> Self {
        Self { interval: self.interval.div_ceil(1_000) * 1_000, burst: self.burst }
    }

    /// Decides a request of `cost` units at `now` by a bucket that is full again at
    /// `full_at`, and gives the bucket as it is afterwards. A clock that goes backwards
    /// grants nothing: the bucket is only further from full.
    pub(super) fn decide(&self, full_at: u64, now: Moment, cost: u64) -> (u64, Charge) {
        let peeked = self.peek(full_at, now, cost);
        if !peeked.is_allowed() {
            return (full_at, peeked);
        }
        let charged = full_at.max(now.0) + cost * self.interval;
        (charged, Charge { debt: charged - now.0, ..peeked })
    }

    /// What [`Self::decide`] would say, of the bucket as it is before.
    pub(super) fn peek(&self, full_at: u64, now: Moment, cost: u64) -> Charge {
        let debt = full_at.saturating_sub(now.0);
        let lacking = if cost <= self.burst {
            (debt + cost * self.interval).saturating_sub(self.interval * self.burst)
        } else {
            NEVER
        };
        Charge { gcra: *self, debt, lacking }
    }
}

impl Charge {
    /// What a store says that keeps the bucket.
    #[cfg(feature = "redis")]
    pub(super) fn of(gcra: Gcra, debt: Duration, lacking: Duration) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(NEVER);
        Self { gcra, debt: nanos(debt), lacking: nanos(lacking) }
    }

    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        self.lacking == 0
    }

    /// Whether the request may pass, and when if not now.
    pub fn verdict(&self) -> Verdict {
        match self.lacking {
            0 => Verdict::Allowed,
            NEVER => Verdict::Denied { retry_after: None },
            lacking => Verdict::Denied { retry_after: Some(Duration::from_nanos(lacking)) },
        }
    }

    /// Whole units that are left now.
    pub fn remaining(&self) -> u64 {
        let Gcra { interval, burst } = self.gcra;
        (interval * burst).saturating_sub(self.debt) / interval
    }

    /// Until there is one unit more; none where the bucket is full.
    pub fn next_unit(&self) -> Option<Duration> {
        let Gcra { interval, burst } = self.gcra;
        // The debt that leaves one more.
        let then = burst.checked_sub(self.remaining() + 1)? * interval;
        Some(Duration::from_nanos(self.debt.saturating_sub(then)))
    }

    /// Until the bucket is full.
    pub fn reset_after(&self) -> Duration {
        Duration::from_nanos(self.debt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Moment {
        Moment::after(Duration::from_millis(millis))
    }

    #[test]
    fn a_bucket_says_what_is_left_and_when_more_comes() {
        let gcra = Gcra::new(10, SECOND, 3).unwrap();
        let (bucket, charge) = gcra.decide(0, at(1_000), 1);
        assert_eq!((charge.verdict(), charge.remaining()), (Verdict::Allowed, 2));
        assert_eq!(charge.next_unit(), Some(Duration::from_millis(100)));
        let (bucket, charge) = gcra.decide(bucket, at(1_030), 2);
        assert_eq!((charge.verdict(), charge.remaining()), (Verdict::Allowed, 0));
        assert_eq!(charge.next_unit(), Some(Duration::from_millis(70)));
        assert_eq!(charge.reset_after(), Duration::from_millis(270));
        let denied = |millis| Verdict::Denied { retry_after: Some(Duration::from_millis(millis)) };
        let (same, charge) = gcra.decide(bucket, at(1_030), 1);
        assert_eq!((same, charge.verdict()), (bucket, denied(70)));
        let (_, charge) = gcra.decide(bucket, at(1_030), 3);
        assert_eq!(charge.verdict(), denied(270));
        let (_, charge) = gcra.decide(bucket, at(1_100), 1);
        assert_eq!(charge.verdict(), Verdict::Allowed);
    }

    #[test]
    fn more_than_a_full_bucket_never_passes() {
        let gcra = Gcra::new(10, SECOND, 3).unwrap();
        for cost in [4, u64::MAX] {
            let (bucket, charge) = gcra.decide(7, at(1_000), cost);
            assert_eq!((bucket, charge.verdict()), (7, Verdict::Denied { retry_after: None }));
            assert_eq!((charge.remaining(), charge.next_unit()), (3, None));
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_grants_nothing() {
        let gcra = Gcra::new(10, SECOND, 3).unwrap();
        let (bucket, _) = gcra.decide(0, at(10_000), 3);
        let (same, charge) = gcra.decide(bucket, at(0), 1);
        assert_eq!((same, charge.remaining()), (bucket, 0));
        assert_eq!(charge.verdict(), Verdict::Denied { retry_after: Some(Duration::from_millis(10_100)) });
        assert_eq!(charge.next_unit(), Some(Duration::from_millis(10_100)));
    }

    #[test]
    fn limits_are_bounded() {
        let burst_year = 366 * 86_400;
        for (quantity, window, burst, fits) in [
            (1, SECOND, 1, true),
            (0, SECOND, 1, false),
            (1, SECOND, 0, false),
            (1, Duration::ZERO, 1, false),
            (1_000_000, SECOND, 1, true),
            (1_000_001, SECOND, 1, false),
            (1, SECOND, burst_year, true),
            (1, SECOND, burst_year + 1, false),
            (1, SECOND, u64::MAX, false),
            (1, Duration::MAX, 1, false),
            (u64::MAX, MAX_WINDOW, 1, false),
        ] {
            assert_eq!(Gcra::new(quantity, window, burst).is_some(), fits, "{quantity} {window:?} {burst}");
        }
    }

    #[test]
    fn the_last_moment_overflows_nothing() {
        let gcra = Gcra::new(1, SECOND, 366 * 86_400).unwrap();
        let last = Moment::after(Duration::MAX);
        let (mut bucket, charge) = gcra.decide(0, last, gcra.burst());
        assert_eq!((charge.verdict(), charge.remaining()), (Verdict::Allowed, 0));
        for cost in [1, gcra.burst(), u64::MAX] {
            for now in [last, Moment::default()] {
                let (next, charge) = gcra.decide(bucket, now, cost);
                assert!(!charge.is_allowed());
                bucket = next;
            }
        }
    }
}
