//! Buckets by key, in bounded memory.
//!
//! # When there is no room
//!
//! A bucket may be dropped only when it is full: then dropping it loses nothing, for a
//! new one is full too. So nobody leaves debt behind by making others' buckets, or many
//! of one's own. A new key that finds no place shares an *overflow lane* with the other
//! new keys of its class (one large network, [`super::key::Class`]): a bucket with the
//! same limit. Together this gives what the tests prove:
//!
//! - a key that has a place gets exactly what an ideal bucket gives it, whatever others
//!   do, and keeps the place as long as it is in debt;
//! - a new key without one gets a share of its network's lane, and a place as soon as
//!   one of its sixteen is full again: an attacker holds a place only by paying for it;
//! - no key ever gets more than its own bucket and a lane together.
//!
//! That a new place begins full, although its key may have used the lane before, is
//! deliberate. Beginning with the lane's debt would hold a key to its own bucket alone,
//! and let whoever keeps a lane empty keep its whole network out of free places.
//!
//! A place is 16 bytes, one of two groups of eight that a key's hash names; so a lookup
//! reads four cache lines at most, and there are no chains, no sweeps and no
//! reorganizations.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::gcra::{Charge, Gcra, Moment};
use super::key::{Key, Seed};

/// The fewest keys of a table.
pub const MIN_KEYS: usize = 1_024;

/// The most keys of a table, 320 MiB.
pub const MAX_KEYS: usize = 1 << 24;

/// Places in a group: the keys of one fill a cache line.
const GROUP: usize = 8;

/// Overflow lanes of a shard: an attacker with a hundred large networks meets a tenth
/// of all others' lanes.
const LANES: usize = 1_024;

/// Shards of a large table: enough that workers seldom meet.
const MAX_SHARDS: usize = 16;

/// Keys that make a shard worth having.
const SHARD_KEYS: usize = 1_024;

/// The buckets of one limit.
#[derive(Debug)]
pub(super) struct Table {
    gcra: Gcra,
    seed: Seed,
    shards: Box<[Mutex<Shard>]>,
}

/// A lock of its own on cache lines of its own. It is held for tens of nanoseconds and
/// never across a wait.
#[derive(Debug)]
#[repr(align(128))]
struct Shard {
    groups: Box<[Group]>,
    lanes: Box<[u64]>,
    /// The latest moment that anybody named: an earlier one is taken for it, or a full
    /// bucket dropped at the later moment would be granted again at the earlier.
    latest: Moment,
    overflowed: u64,
}

/// Eight keys, and when the bucket of each is full. A place whose bucket is full is
/// free.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
struct Group {
    keys: [u64; GROUP],
    full_at: [u64; GROUP],
}

/// Where a key is, or may go.
enum Place {
    Held(usize, usize),
    Free(usize, usize),
    Overflow,
}

/// Whether a decision is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Charge what is allowed.
    Charge,
    /// Look only.
    Peek,
}

/// What is asked of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) key: Key,
    pub(super) now: Moment,
    pub(super) cost: u64,
    pub(super) mode: Mode,
}

impl Table {
    /// Room for about `keys` keys, within [`MIN_KEYS`] and [`MAX_KEYS`]. A quarter more
    /// places are made, so that hardly a key finds both groups taken while there is room.
    pub(super) fn new(gcra: Gcra, keys: usize, seed: Seed) -> Self {
        let keys = keys.clamp(MIN_KEYS, MAX_KEYS);
        let shards = (keys / SHARD_KEYS).clamp(1, MAX_SHARDS).next_power_of_two();
        let groups = (keys + keys / 4).div_ceil(GROUP * shards);
        let shard = || {
            Mutex::new(Shard {
                groups: vec![Group::default(); groups].into(),
                lanes: vec![0; LANES].into(),
                latest: Moment::default(),
                overflowed: 0,
            })
        };
        Self { gcra, seed, shards: (0..shards).map(|_| shard()).collect() }
    }

    /// Decides a request, and charges it if it is allowed and the mode says so.
    pub(super) fn decide(&self, ask: &Ask) -> Charge {
        match self.shards.get(scale(ask.key.hash >> 32, self.shards.len())) {
            Some(shard) => lock(shard).decide(&self.gcra, &self.seed, ask),
            // There is always one; a full bucket that nobody keeps denies nobody.
            None => self.gcra.decide(0, ask.now, ask.cost).1,
        }
    }

    /// Decisions that had to be made by an overflow lane.
    pub(super) fn overflowed(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).overflowed).sum()
    }

    /// Bytes of all places and lanes.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |shard: &Mutex<Shard>| {
            let shard = lock(shard);
            size_of_val(&*shard.groups) + size_of_val(&*shard.lanes)
        };
        self.shards.iter().map(bytes).sum::<usize>() + size_of_val(&*self.shards)
    }
}

impl Shard {
    fn decide(&mut self, gcra: &Gcra, seed: &Seed, ask: &Ask) -> Charge {
        self.latest = self.latest.max(ask.now);
        let now = self.latest;
        let place = self.place(ask.key.hash, now.nanos());
        let bucket = match place {
            Place::Held(group, slot) => self.groups.get(group).and_then(|it| it.full_at.get(slot)),
            Place::Free(..) => None,
            Place::Overflow => self.lanes.get(seed.lane(ask.key.class, LANES)),
        };
        let bucket = bucket.copied().unwrap_or_default();
        if ask.mode == Mode::Peek {
            return gcra.peek(bucket, now, ask.cost);
        }
        let (full_at, charge) = gcra.decide(bucket, now, ask.cost);
        self.overflowed += u64::from(matches!(place, Place::Overflow));
        if charge.is_allowed() && ask.cost > 0 {
            self.keep(&place, seed, ask.key, full_at);
        }
        charge
    }

    fn keep(&mut self, place: &Place, seed: &Seed, key: Key, full_at: u64) {
        let (Place::Held(group, slot) | Place::Free(group, slot)) = *place else {
            if let Some(lane) = self.lanes.get_mut(seed.lane(key.class, LANES)) {
                *lane = full_at;
            }
            return;
        };
        let Some(group) = self.groups.get_mut(group) else { return };
        if let (Some(name), Some(bucket)) = (group.keys.get_mut(slot), group.full_at.get_mut(slot)) {
            (*name, *bucket) = (key.hash, full_at);
        }
    }

    /// The key's own place, also when its bucket is full and nobody took it. A new key
    /// goes where more is free: then groups fill evenly, and almost all places can be
    /// used before any key overflows.
    fn place(&self, hash: u64, now: u64) -> Place {
        let other = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let groups = [hash & 0xffff_ffff, other >> 32].map(|bits| scale(bits, self.groups.len()));
        // Keys of both first: a key that is there needs no look at what is free.
        for index in groups {
            let slot =
                self.groups.get(index).and_then(|group| group.keys.iter().position(|key| *key == hash));
            if let Some(slot) = slot {
                return Place::Held(index, slot);
            }
        }
        let mut best = (0, Place::Overflow);
        for index in groups {
            let Some(group) = self.groups.get(index) else { continue };
            let free = || group.full_at.iter().enumerate().filter(|(_, full_at)| **full_at <= now);
            if let Some((slot, _)) = free().next() {
                let count = free().count();
                if count > best.0 {
                    best = (count, Place::Free(index, slot));
                }
            }
        }
        best.1
    }
}

/// A number below 2³² taken to `0..count`.
fn scale(bits: u64, count: usize) -> usize {
    usize::try_from((bits * count as u64) >> 32).unwrap_or(0)
}

/// A panic while a shard is locked leaves at worst one decision unkept.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
