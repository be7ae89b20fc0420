//! The one place of the crate that reads the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use corsac_credentials::Timestamp;

/// The system's clock. Tests and simulations set a clock forward instead of waiting.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds that it is ahead of the system's.
    ahead_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "what is pure gets its time from here")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let system = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        system.saturating_add(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// Seconds since the epoch.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.now_ms() / 1_000)
    }

    /// The time as events have it.
    pub(super) fn system_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.now_ms())
    }

    /// Sets this clock, and its clones, forward. Follow it with [`super::Service::tick`]: what waits
    /// for the system's clock knows nothing of it.
    pub fn forward(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }
}
