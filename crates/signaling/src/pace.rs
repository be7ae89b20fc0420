//! How many messages a connection may send.

use crate::message::server::{BURST, RATE};

/// A token bucket: `BURST` (100) messages at once, and `RATE` (50) a second on average.
#[derive(Debug)]
pub struct Pace {
    /// In thousandths of a message.
    left: u64,
    at_ms: u64,
}

impl Pace {
    /// A full bucket.
    pub fn new(now_ms: u64) -> Self {
        Self { left: u64::from(BURST) * 1_000, at_ms: now_ms }
    }

    /// Takes a message; whether it may be sent.
    pub fn take(&mut self, now_ms: u64) -> bool {
        let passed = now_ms.saturating_sub(self.at_ms);
        self.at_ms = self.at_ms.max(now_ms);
        self.left =
            self.left.saturating_add(passed.saturating_mul(RATE.into())).min(u64::from(BURST) * 1_000);
        match self.left.checked_sub(1_000) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn a_hundred_at_once_and_fifty_a_second() {
        let mut pace = Pace::new(5);
        let taken = |pace: &mut Pace, now_ms: u64| (0..1_000).filter(|_| pace.take(now_ms)).count();
        assert_eq!(taken(&mut pace, 5), 100);
        assert_eq!(taken(&mut pace, 5 + 19), 0);
        assert_eq!(taken(&mut pace, 5 + 20), 1);
        assert_eq!(taken(&mut pace, 1_025), 50);
        assert_eq!(taken(&mut pace, 1_000_000), 100);
        // A clock that goes back gives nothing.
        assert_eq!(taken(&mut pace, 10), 0);
        assert_eq!(taken(&mut pace, 1_000_020), 1);
    }
}
