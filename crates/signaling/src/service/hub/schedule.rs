//! When rooms have something to do although nobody speaks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::cell::Cell;

/// Rooms by the time when they are due.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    due: Mutex<BTreeMap<(u64, u64), Arc<Cell>>>,
    /// The first is due earlier than it was.
    pub(super) changed: Arc<Notify>,
}

impl Schedule {
    /// A room is due at another time than before.
    pub(super) fn set(&self, cell: &Arc<Cell>, before: Option<u64>, after: Option<u64>) {
        let is_first = {
            let mut due = self.lock();
            let first = due.first_key_value().map(|((at_ms, _), _)| *at_ms);
            if let Some(before) = before {
                due.remove(&(before, cell.number));
            }
            if let Some(after) = after {
                due.insert((after, cell.number), Arc::clone(cell));
            }
            after.is_some_and(|after| first.is_none_or(|first| after < first))
        };
        if is_first {
            self.changed.notify_one();
        }
    }

    /// When the first is due.
    pub(super) fn first_ms(&self) -> Option<u64> {
        self.lock().first_key_value().map(|((at_ms, _), _)| *at_ms)
    }

    /// The rooms that are due.
    pub(super) fn due(&self, now_ms: u64) -> Vec<Arc<Cell>> {
        let due = self.lock();
        due.range(..=(now_ms, u64::MAX)).map(|(_, cell)| Arc::clone(cell)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), Arc<Cell>>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
