//! Many patterns at once: membership in time bound by the origin's length,
//! whatever the number of patterns.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;

use crate::error::PatternError;
use crate::host::HostKind;
use crate::origin::{MAX_ORIGIN_LEN, OriginRef, TupleRef};
use crate::pattern::{HostPattern, OriginPattern, Parts, PortPattern};
use crate::scheme::Scheme;
use crate::table::{Keys, Table};

/// Stands for any port when a pattern is hashed; no port has this number.
const ANY_PORT: u32 = u32::MAX;

/// Stands for the default port.
const DEFAULT_PORT: u32 = u32::MAX - 1;

/// Collects patterns for an [`OriginSet`].
#[derive(Debug, Default)]
pub struct OriginSetBuilder {
    texts: String,
    ends: Vec<u32>,
}

impl OriginSetBuilder {
    /// Adds a pattern and returns its number, from 0 in the order of adding.
    pub fn push(&mut self, pattern: &OriginPattern) -> usize {
        self.push_text(pattern.as_str())
    }

    /// Parses and adds a pattern.
    ///
    /// # Errors
    /// As [`OriginPattern::parse`]; nothing is added then.
    pub fn parse_and_push(&mut self, text: &str) -> Result<usize, PatternError> {
        Parts::parse(text)?;
        Ok(self.push_text(text))
    }

    fn push_text(&mut self, text: &str) -> usize {
        self.texts.push_str(text);
        // Four gigabytes of origins do not fit a policy file.
        self.ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.ends.len() - 1
    }

    /// Builds the set. Where patterns are equal, the first one is found.
    /// Patterns that no table could hold are matched one by one.
    pub fn build(self) -> OriginSet {
        OriginSet::build(self.texts.into_boxed_str(), self.ends.into_boxed_slice())
    }
}

/// A set of origin patterns.
///
/// [`Self::find`] costs the same for one pattern and for a million: the patterns are
/// found by hash, one probe for the origin, one without its port, and one (two with
/// `:*` patterns) for each label of its host where there are `*.` patterns. No
/// choice of patterns makes it slow: see `table.rs`.
#[derive(Default)]
pub struct OriginSet {
    texts: Box<str>,
    ends: Box<[u32]>,
    /// Patterns without a wildcard, by their text.
    exact: Table,
    /// `scheme://host:*`, by the text before the colon.
    any_port: Table,
    /// `scheme://*.base…`, by scheme, labels of the base, and port.
    subdomains: Table,
    /// Length of the longest base: longer suffixes of a host need no probe.
    longest_base: usize,
    /// Patterns that no table could hold; empty unless hashes are broken.
    unplaced: Vec<u32>,
}

impl OriginSet {
    /// Starts a set.
    pub fn builder() -> OriginSetBuilder {
        OriginSetBuilder::default()
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of pattern number `index`.
    pub fn text(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.texts.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// The patterns' texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.text(index))
    }

    /// Patterns that stand in the set before: (number, number of the first).
    pub fn duplicates(&self) -> impl Iterator<Item = (usize, usize)> {
        let number = |entry: u32| usize::try_from(entry).unwrap_or(usize::MAX);
        [&self.exact, &self.any_port, &self.subdomains]
            .into_iter()
            .flat_map(|table| &table.duplicates)
            .map(move |&(entry, first)| (number(entry), number(first)))
    }

    /// Whether some pattern admits `origin`. Opaque origins are never members.
    pub fn contains(&self, origin: &OriginRef<'_>) -> bool {
        self.find(origin).is_some()
    }

    /// The number of the pattern without wildcards that `bytes` spell: an origin that is
    /// listed as it stands need not be parsed, since its pattern was.
    pub fn find_spelled(&self, bytes: &[u8]) -> Option<usize> {
        if self.exact.is_empty() || bytes.len() > MAX_ORIGIN_LEN {
            return None;
        }
        let spelled = |entry| self.entry(entry).as_bytes() == bytes;
        let entry = self.exact.find(hash_bytes(bytes, self.exact.seed), spelled)?;
        usize::try_from(entry).ok()
    }

    /// The number of a pattern that admits `origin`: an exact one before one with
    /// a wildcard, a longer base before a shorter one. Allocates nothing.
    pub fn find(&self, origin: &OriginRef<'_>) -> Option<usize> {
        let tuple = origin.tuple()?;
        self.find_spelled(tuple.as_str().as_bytes()).or_else(|| self.find_unspelled(tuple))
    }

    /// As [`Self::find`], for an origin that [`Self::find_spelled`] has not found.
    pub fn find_unspelled(&self, origin: &TupleRef<'_>) -> Option<usize> {
        self.find_any_port(origin)
            .or_else(|| self.find_subdomain(origin))
            .or_else(|| self.find_unplaced(origin))
            .and_then(|entry| usize::try_from(entry).ok())
    }

    fn find_any_port(&self, origin: &TupleRef<'_>) -> Option<u32> {
        if self.any_port.is_empty() {
            return None;
        }
        let text = origin.without_port();
        self.any_port.find(hash_text(text, self.any_port.seed), |entry| {
            self.entry(entry).strip_suffix(":*") == Some(text)
        })
    }

    fn find_subdomain(&self, origin: &TupleRef<'_>) -> Option<u32> {
        if self.subdomains.is_empty() || origin.host_kind() != HostKind::Domain {
            return None;
        }
        let host = origin.host();
        let mut chain = LabelChain::new(origin.scheme(), self.subdomains.seed);
        let mut found = None;
        for (dot, label) in labels_from_the_right(host) {
            if host.len() - dot > self.longest_base + 1 {
                break;
            }
            chain.push(label);
            // The base begins behind `dot`; the whole host is nobody's sub-domain.
            let Some(base) = host.get(dot + 1..) else { break };
            found = self.find_base(origin, base, &chain).or(found);
        }
        found
    }

    fn find_base(&self, origin: &TupleRef<'_>, base: &str, chain: &LabelChain) -> Option<u32> {
        let port = origin.port().map_or(DEFAULT_PORT, u32::from);
        let admits = |entry| is_subdomain_pattern(self.entry(entry), origin, base);
        self.subdomains
            .find(chain.finish(port), admits)
            .or_else(|| self.subdomains.find(chain.finish(ANY_PORT), admits))
    }

    fn find_unplaced(&self, origin: &TupleRef<'_>) -> Option<u32> {
        let admits = |entry: &u32| Parts::parse(self.entry(*entry)).is_ok_and(|parts| parts.matches(origin));
        self.unplaced.iter().copied().find(admits)
    }

    fn entry(&self, entry: u32) -> &str {
        usize::try_from(entry).ok().and_then(|index| self.text(index)).unwrap_or_default()
    }

    fn build(texts: Box<str>, ends: Box<[u32]>) -> Self {
        // Every text is part of the seed, so none can be chosen to collide.
        let seed = hash_text(&texts, 0x436f_7273_6163);
        let mut set = Self { texts, ends, ..Self::default() };
        let (mut exact, mut any_port, mut subdomains) = (Vec::new(), Vec::new(), Vec::new());
        for entry in 0..u32::try_from(set.len()).unwrap_or(u32::MAX) {
            let text = set.entry(entry);
            if !text.contains('*') {
                exact.push(entry);
            } else if let Some((_, rest)) = text.split_once("://*.") {
                set.longest_base = set.longest_base.max(rest.len());
                subdomains.push(entry);
            } else {
                any_port.push(entry);
            }
        }
        set.exact = set.table(&exact, seed, hash_text);
        set.any_port =
            set.table(&any_port, seed, |text, seed| hash_text(text.strip_suffix(":*").unwrap_or(text), seed));
        set.subdomains = set.table(&subdomains, seed, hash_pattern);
        set.unplaced = set.without_a_place(&[exact, any_port, subdomains]);
        set
    }

    fn table(&self, entries: &[u32], seed: u64, hash: impl Fn(&str, u64) -> u64) -> Table {
        let keys = Keys {
            hash: |entry, seed| hash(self.entry(entry), seed),
            same: |a, b| self.entry(a) == self.entry(b),
        };
        Table::build(entries, seed, &keys).unwrap_or_default()
    }

    fn without_a_place(&self, groups: &[Vec<u32>; 3]) -> Vec<u32> {
        let tables = [&self.exact, &self.any_port, &self.subdomains];
        let lost = tables.into_iter().zip(groups).filter(|(table, _)| table.is_empty());
        lost.flat_map(|(_, group)| group.iter().copied()).collect()
    }
}

impl fmt::Debug for OriginSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginSet").field("patterns", &self.len()).finish_non_exhaustive()
    }
}

/// Whether `text` spells `scheme://*.base` with the port of `origin` or `:*`.
fn is_subdomain_pattern(text: &str, origin: &TupleRef<'_>, base: &str) -> bool {
    let port = origin.as_str().get(origin.without_port().len()..);
    text.strip_prefix(origin.scheme().as_str())
        .and_then(|rest| rest.strip_prefix("://*."))
        .and_then(|rest| rest.strip_prefix(base))
        .is_some_and(|rest| rest == ":*" || Some(rest) == port)
}

/// Hashes the labels of a host from right to left, so that every suffix of the
/// host has a hash after one pass.
struct LabelChain {
    state: u64,
    seed: u64,
}

impl LabelChain {
    fn new(scheme: Scheme<'_>, seed: u64) -> Self {
        Self { state: hash_text(scheme.as_str(), seed), seed }
    }

    fn push(&mut self, label: &str) {
        self.state = hash_text(label, self.seed ^ self.state.rotate_left(23));
    }

    fn finish(&self, port: u32) -> u64 {
        let mut hasher = FixedState::with_seed(self.state).build_hasher();
        hasher.write_u32(port);
        hasher.finish()
    }
}

/// Labels from the right, each with the offset of the dot before it; the leftmost
/// label has none and is left out.
fn labels_from_the_right(host: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = host.len();
    host.rmatch_indices('.').filter_map(move |(dot, _)| {
        let label = host.get(dot + 1..end)?;
        end = dot;
        Some((dot, label))
    })
}

fn hash_text(text: &str, seed: u64) -> u64 {
    hash_bytes(text.as_bytes(), seed)
}

fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    let mut hasher = FixedState::with_seed(seed).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

fn hash_pattern(text: &str, seed: u64) -> u64 {
    let Ok(parts) = Parts::parse(text) else { return 0 };
    let mut chain = LabelChain::new(parts.scheme, seed);
    if let HostPattern::SubdomainsOf(base) = parts.host {
        base.rsplit('.').for_each(|label| chain.push(label));
    }
    chain.finish(match parts.port {
        PortPattern::Any => ANY_PORT,
        PortPattern::Default => DEFAULT_PORT,
        PortPattern::Exactly(port) => u32::from(port),
    })
}
