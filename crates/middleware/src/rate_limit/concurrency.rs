//! Requests of one key at the same time.
//!
//! A key is kept while a request of it is being served, so there are never more keys
//! than requests. Beyond the room for keys, those of one large network count together:
//! a class that has begun to counts so until none of its requests is left, and so no
//! key has two counts at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::ConcurrencyConfig;
use super::key::{Key, Seed, Subject};

/// Counts that classes share where there is no room.
const LANES: usize = 1_024;

/// A limit on requests at the same time.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) config: ConcurrencyConfig,
    seed: Seed,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    keys: HashMap<u64, u32>,
    lanes: Box<[u32]>,
}

/// A place among the requests being served. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "the request counts as served when this is dropped"]
pub struct Permit {
    limit: Arc<InFlight>,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Key(u64),
    Lane(usize),
}

impl InFlight {
    pub(super) fn new(config: ConcurrencyConfig, seed: Seed) -> Self {
        let counts = Counts { keys: HashMap::new(), lanes: vec![0; LANES].into() };
        Self { config, seed, counts: Mutex::new(counts) }
    }

    /// A permit, or none if there are as many as there may be; and how many more there
    /// may be.
    pub(super) fn enter(self: &Arc<Self>, subject: &Subject<'_>, route: &str) -> (Option<Permit>, u32) {
        let key = self.seed.key(&self.config.by, subject, route);
        let mut counts = self.lock();
        let place = self.place(&counts, key);
        let Some(count) = counts.at(place) else { return (None, 0) };
        if *count >= self.config.limit {
            return (None, 0);
        }
        *count += 1;
        let left = self.config.limit - *count;
        drop(counts);
        (Some(Permit { limit: Arc::clone(self), place }), left)
    }

    fn place(&self, counts: &Counts, key: Key) -> Place {
        let lane = self.seed.lane(key.class, LANES);
        let is_shared = counts.lanes.get(lane).is_some_and(|count| *count > 0);
        let is_known = counts.keys.contains_key(&key.hash);
        if is_known || (!is_shared && counts.keys.len() < self.config.keys) {
            Place::Key(key.hash)
        } else {
            Place::Lane(lane)
        }
    }

    fn leave(&self, place: Place) {
        let mut counts = self.lock();
        match place {
            Place::Lane(lane) => {
                if let Some(count) = counts.lanes.get_mut(lane) {
                    *count = count.saturating_sub(1);
                }
            }
            Place::Key(hash) => {
                if let Entry::Occupied(mut count) = counts.keys.entry(hash) {
                    *count.get_mut() = count.get().saturating_sub(1);
                    if *count.get() == 0 {
                        count.remove();
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn at(&mut self, place: Place) -> Option<&mut u32> {
        match place {
            Place::Key(hash) => Some(self.keys.entry(hash).or_default()),
            Place::Lane(lane) => self.lanes.get_mut(lane),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limit.leave(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyPart;
    use super::*;

    fn limit(limit: u32, keys: usize) -> Arc<InFlight> {
        let config =
            ConcurrencyConfig { limit, keys, by: vec![KeyPart::Address], ..ConcurrencyConfig::default() };
        Arc::new(InFlight::new(config, Seed::fixed([7; 16])))
    }

    fn from(address: [u8; 4]) -> Subject<'static> {
        Subject { address: Some(address.into()), ..Subject::default() }
    }

    #[test]
    fn a_key_has_as_many_as_it_may_and_no_more() {
        let limit = limit(2, 1_024);
        let enter = |last| limit.enter(&from([192, 0, 2, last]), "/");
        let (first, left) = enter(1);
        assert_eq!((first.is_some(), left), (true, 1));
        let (second, left) = enter(1);
        assert_eq!((second.is_some(), left), (true, 0));
        assert!(enter(1).0.is_none());
        assert!(enter(2).0.is_some());
        drop(first);
        assert!(enter(1).0.is_some());
    }

    #[test]
    fn a_permit_comes_back_when_its_request_panics() {
        let limit = limit(1, 1_024);
        let served = std::panic::catch_unwind(|| {
            let _permit = limit.enter(&from([192, 0, 2, 1]), "/");
            panic!("on purpose");
        });
        assert!(served.is_err());
        assert!(limit.enter(&from([192, 0, 2, 1]), "/").0.is_some());
    }

    #[test]
    fn nothing_is_kept_of_keys_that_are_gone() {
        let limit = limit(1, 1_024);
        for last in 0..=255 {
            drop(limit.enter(&from([192, 0, 2, last]), "/"));
        }
        assert_eq!(limit.lock().keys.len(), 0);
    }

    #[test]
    fn without_room_a_network_counts_together_and_others_are_served() {
        let limit = limit(2, 4);
        let held: Vec<_> = (0..4).map(|last| limit.enter(&from([192, 0, 2, last]), "/").0).collect();
        assert!(held.iter().all(Option::is_some));
        let shared: Vec<_> = (4..8).map(|last| limit.enter(&from([192, 0, 2, last]), "/").0).collect();
        assert_eq!(shared.iter().flatten().count(), 2);
        // A key that is known keeps its own count, another network its own lane.
        assert!(limit.enter(&from([192, 0, 2, 0]), "/").0.is_some());
        assert!(limit.enter(&from([198, 51, 100, 1]), "/").0.is_some());
        // There is room again, and yet the network's new keys share until none is left.
        drop(held);
        let more: Vec<_> = (4..8).map(|last| limit.enter(&from([192, 0, 2, last]), "/").0).collect();
        assert_eq!(more.iter().flatten().count(), 0);
        drop(shared);
        let more: Vec<_> = (4..8).map(|last| limit.enter(&from([192, 0, 2, last]), "/").0).collect();
        assert_eq!(more.iter().flatten().count(), 4);
    }
}
