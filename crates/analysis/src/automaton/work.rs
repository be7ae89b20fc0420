//! How much is explored for one file. Each question has bounds of its own, but a file may ask
//! a hundred of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::TooLarge;

/// What is explored for one file, in claims settled: some 1.5 s where all of it is used.
const MOST: usize = 150_000_000;

/// What may still be explored.
#[derive(Debug)]
pub(crate) struct Work {
    left: AtomicUsize,
}

impl Work {
    /// Of one file.
    pub(crate) fn of_a_file() -> Self {
        Self { left: AtomicUsize::new(MOST) }
    }

    /// For what has bounds of its own.
    pub(crate) fn unbounded() -> Self {
        Self { left: AtomicUsize::new(usize::MAX) }
    }

    /// Whether nothing is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Takes `amount` off.
    ///
    /// # Errors
    /// Not so much is left; then there is nothing left.
    pub(crate) fn spend(&self, amount: usize) -> Result<(), TooLarge> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(amount), Ordering::Relaxed);
        if amount > left { Err(TooLarge::File) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_gone() {
        let work = Work { left: AtomicUsize::new(5) };
        assert_eq!(work.spend(5), Ok(()));
        assert_eq!((work.spend(0), work.is_spent()), (Ok(()), true));
        assert_eq!(work.spend(1), Err(TooLarge::File));
        let work = Work { left: AtomicUsize::new(5) };
        assert_eq!(work.spend(6), Err(TooLarge::File));
        assert_eq!(work.spend(1), Err(TooLarge::File));
    }
}
