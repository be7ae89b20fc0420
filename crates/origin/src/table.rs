//! A hash table of numbers whose longest probe is known when it is built.
//!
//! Policies may carry origins that tenants chose. With an ordinary table under a
//! known hash, a tenant could choose origins that fall into one place and make every
//! lookup walk them. This table counts its longest probe while it is built, and is
//! built anew under another seed, or larger, until the probe is short.

/// Longest walk of a lookup, in slots of 8 bytes: eight cache lines.
const MAX_PROBE: usize = 64;

/// Seeds tried at one size before the table doubles.
const SEEDS_PER_SIZE: u64 = 4;

/// Table sizes tried: from twice the entries to 512 times.
const SIZES: u32 = 9;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Upper half of the hash.
    tag: u32,
    /// Entry number plus one; zero is an empty slot.
    entry: u32,
}

/// Entry numbers found by hash.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Box<[Slot]>,
    mask: usize,
    pub(crate) seed: u64,
    /// Entries left out because an equal one was there: (entry, the first one).
    pub(crate) duplicates: Vec<(u32, u32)>,
}

/// How entries are hashed and told apart while a table is built.
pub(crate) struct Keys<H, S> {
    /// `hash(entry, seed)`.
    pub(crate) hash: H,
    /// Whether two entries are equal.
    pub(crate) same: S,
}

/// The entries hash too much alike under every seed tried: more than 64 of them
/// share all 64 bits under several independent hashes.
#[derive(Debug)]
pub(crate) struct TooManyCollisions;

impl Table {
    /// Builds a table of `entries`. `seed` should depend on all of them, so that no
    /// author of one can foresee it.
    pub(crate) fn build(
        entries: &[u32],
        seed: u64,
        keys: &Keys<impl Fn(u32, u64) -> u64, impl Fn(u32, u32) -> bool>,
    ) -> Result<Self, TooManyCollisions> {
        if entries.is_empty() {
            return Ok(Self::default());
        }
        let smallest = (entries.len() * 2).next_power_of_two();
        for doubling in 0..SIZES {
            let size = smallest << doubling;
            for attempt in 0..SEEDS_PER_SIZE {
                let seed = seed.wrapping_add(u64::from(doubling) * SEEDS_PER_SIZE + attempt);
                if let Some(table) = Self::fill(entries, size, seed, keys) {
                    return Ok(table);
                }
            }
        }
        Err(TooManyCollisions)
    }

    fn fill(
        entries: &[u32],
        size: usize,
        seed: u64,
        keys: &Keys<impl Fn(u32, u64) -> u64, impl Fn(u32, u32) -> bool>,
    ) -> Option<Self> {
        let slots = vec![Slot::default(); size].into_boxed_slice();
        let mut table = Self { slots, mask: size - 1, seed, duplicates: Vec::new() };
        for &entry in entries {
            let hash = (keys.hash)(entry, seed);
            if let Some(first) = table.find(hash, |other| (keys.same)(other, entry)) {
                table.duplicates.push((entry, first));
                continue;
            }
            let is_free = |&at: &usize| table.slots.get(at).is_some_and(|slot| slot.entry == 0);
            let free = table.probe(hash).find(is_free)?;
            *table.slots.get_mut(free)? = Slot { tag: tag(hash), entry: entry.checked_add(1)? };
        }
        Some(table)
    }

    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        // The mask keeps the lower half; truncation on 32-bit machines is wanted.
        #[expect(clippy::cast_possible_truncation, reason = "the mask follows")]
        let (start, mask) = (hash as usize, self.mask);
        (0..MAX_PROBE).map(move |step| start.wrapping_add(step) & mask)
    }

    /// The first entry under `hash` that `is_it` confirms.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        for at in self.probe(hash) {
            let slot = self.slots.get(at)?;
            if slot.entry == 0 {
                return None;
            }
            if slot.tag == tag && is_it(slot.entry - 1) {
                return Some(slot.entry - 1);
            }
        }
        None
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}
