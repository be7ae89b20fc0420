//! How many connections there may be, and how many that have not said who they are.
//!
//! A connection without a session costs its sender next to nothing. When a network has too many of
//! them, or all have, the oldest goes: whoever comes now and speaks at once gets through while
//! somebody else holds connections open and says nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::Limits;
use super::observe::metrics::{Gauge, Metrics, Turned};

/// Whose connections are counted together: one IPv4 address, or the /64 that one subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX)),
        }
    }
}

/// The connections of a service.
#[derive(Debug)]
pub(crate) struct Budget {
    waiting: Mutex<Waiting>,
    permits: Arc<Semaphore>,
    limits: Limits,
    metrics: Arc<Metrics>,
}

/// Those that have not said who they are, by age.
#[derive(Debug, Default)]
struct Waiting {
    by_age: BTreeMap<u64, (Network, Arc<Notify>)>,
    by_network: HashMap<Network, BTreeSet<u64>>,
    next: u64,
}

impl Budget {
    pub(crate) fn new(limits: Limits, metrics: Arc<Metrics>) -> Self {
        let permits = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        Self { waiting: Mutex::default(), permits, limits, metrics }
    }

    /// Waits until there may be another connection.
    pub(crate) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    /// Whether there may be another connection now.
    pub(crate) fn try_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Whether so many wait to say who they are that a client has to show that its address is its own.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().by_age.len() >= self.limits.unauthenticated / 4
    }

    fn enter(&self, network: Network) -> (u64, Arc<Notify>) {
        let evicted = Arc::new(Notify::new());
        let mut waiting = self.lock();
        waiting.next += 1;
        let number = waiting.next;
        waiting.by_age.insert(number, (network, Arc::clone(&evicted)));
        let own = waiting.by_network.entry(network).or_default();
        own.insert(number);
        self.metrics.unauthenticated.add(1);
        let crowd =
            if own.len() > self.limits.unauthenticated_per_network { own.first().copied() } else { None };
        let oldest = if waiting.by_age.len() > self.limits.unauthenticated {
            waiting.by_age.first_key_value().map(|(oldest, _)| *oldest)
        } else {
            None
        };
        if let Some((_, evicted)) = crowd.or(oldest).and_then(|oldest| waiting.leave(oldest)) {
            self.metrics.unauthenticated.sub(1);
            self.metrics.turned(Turned::Budget);
            evicted.notify_one();
        }
        (number, evicted)
    }

    fn leave(&self, number: u64) {
        if self.lock().leave(number).is_some() {
            self.metrics.unauthenticated.sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn leave(&mut self, number: u64) -> Option<(Network, Arc<Notify>)> {
        let (network, evicted) = self.by_age.remove(&number)?;
        if let Some(own) = self.by_network.get_mut(&network) {
            own.remove(&number);
            if own.is_empty() {
                self.by_network.remove(&network);
            }
        }
        Some((network, evicted))
    }
}

/// A connection's place, from its first byte to its end.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) client: IpAddr,
    pub(crate) path: &'static str,
    budget: Arc<Budget>,
    number: u64,
    evicted: Arc<Notify>,
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    /// Counts a connection that has a permit, as one that has not said who it is. `open` counts it to its end.
    pub(crate) fn new(
        budget: &Arc<Budget>,
        client: IpAddr,
        path: &'static str,
        permit: OwnedSemaphorePermit,
        open: Gauge,
    ) -> Arc<Self> {
        open.add(1);
        let (number, evicted) = budget.enter(Network::of(client));
        let budget = Arc::clone(budget);
        Arc::new(Self { client, path, budget, number, evicted, open, _permit: permit })
    }

    /// Waits until this connection has to go, because it has not said who it is and others came.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// It has said who it is.
    pub(crate) fn authenticated(&self) {
        self.budget.leave(self.number);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.budget.leave(self.number);
        self.open.sub(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn budget(unauthenticated: usize, unauthenticated_per_network: usize) -> Arc<Budget> {
        let limits = Limits { unauthenticated, unauthenticated_per_network, ..Limits::default() };
        Arc::new(Budget::new(limits, Arc::new(Metrics::new("n"))))
    }

    fn enter(budget: &Arc<Budget>, address: &str) -> Arc<Admission> {
        let permit = budget.try_permit().unwrap();
        Admission::new(budget, address.parse().unwrap(), "/", permit, Gauge::default())
    }

    fn is_evicted(admission: &Admission) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let waits = async { tokio::time::timeout(Duration::ZERO, admission.evicted()).await.is_ok() };
        runtime.block_on(waits)
    }

    #[test]
    fn the_oldest_of_a_network_goes_and_nobody_elses() {
        let budget = budget(100, 2);
        let other = enter(&budget, "192.0.2.2");
        let first = enter(&budget, "192.0.2.1");
        let second = enter(&budget, "::ffff:192.0.2.1");
        assert!(!is_evicted(&first));
        let third = enter(&budget, "192.0.2.1");
        assert!(is_evicted(&first) && !is_evicted(&second) && !is_evicted(&third) && !is_evicted(&other));
        // Who has said who it is does not count, nor does who has gone.
        second.authenticated();
        let fourth = enter(&budget, "192.0.2.1");
        assert!(!is_evicted(&second) && !is_evicted(&third));
        drop(third);
        let fifth = enter(&budget, "192.0.2.1");
        assert!(!is_evicted(&fourth) && !is_evicted(&fifth));
        assert_eq!(budget.metrics.unauthenticated.value(), 3);
    }

    #[test]
    fn a_subscribers_addresses_are_one_network() {
        let budget = budget(100, 1);
        let first = enter(&budget, "2001:db8::1");
        let other = enter(&budget, "2001:db8:0:1::1");
        let _second = enter(&budget, "2001:db8::2:3");
        assert!(is_evicted(&first) && !is_evicted(&other));
    }

    #[test]
    fn the_oldest_of_all_goes_when_there_are_too_many() {
        let budget = budget(2, 10);
        let first = enter(&budget, "192.0.2.1");
        let second = enter(&budget, "192.0.2.2");
        assert!(!is_evicted(&first));
        let _third = enter(&budget, "192.0.2.3");
        assert!(is_evicted(&first) && !is_evicted(&second));
        drop(first);
        assert_eq!(budget.metrics.unauthenticated.value(), 2);
    }
}
