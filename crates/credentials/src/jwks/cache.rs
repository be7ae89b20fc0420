//! A provider's keys, kept fresh without I/O: time and responses go in, what to do comes out.
//!
//! Whoever owns the cache fetches when it is told to, one fetch at a time, and hands in what
//! came back. Tokens that name keys nobody has cannot make it fetch more often than
//! [`JwksCacheConfig::fetches_per_minute`], nor grow it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Refusal;
use crate::error::mistake::{ConfigError, MistakeKind, Mistakes};
use crate::error::refusal::{KeyRefusal, Unavailable};
use crate::jwks::key::Key;
use crate::jwks::{KeyRules, KeySet, KeySetError};
use crate::jwt::algorithm::Algorithm;
use crate::time::Timestamp;

/// Names of keys that were asked for in vain and are remembered. One more, and the oldest
/// is forgotten: it costs a fetch from the budget, nothing else.
const MAX_UNKNOWN: usize = 256;

/// A set so young answers for every key that it lacks. Issuers publish a key long before
/// they sign with it.
const SETTLED: Duration = Duration::from_secs(10);

/// How a provider's keys are kept. Whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksCacheConfig {
    /// For so long a set is used without a question. Default: 10 min.
    pub fresh_for: Duration,
    /// For so long after that it is used while a new one is fetched, or cannot be. A key
    /// that its issuer withdrew is accepted for `fresh_for + stale_for` at most. Default: 1 h.
    pub stale_for: Duration,
    /// For so long a `kid` that was not in a fresh set is refused without a fetch. Default: 5 min.
    pub unknown_for: Duration,
    /// Fetches in any 60 s. Default: 6.
    pub fetches_per_minute: usize,
    /// A fetch without a response for so long is given up. Default: 10 s.
    pub fetch_timeout: Duration,
    /// A pause after a fetch that failed. Default: 5 s.
    pub retry_after: Duration,
}

impl Default for JwksCacheConfig {
    fn default() -> Self {
        Self {
            fresh_for: Duration::from_secs(600),
            stale_for: Duration::from_secs(3_600),
            unknown_for: Duration::from_secs(300),
            fetches_per_minute: 6,
            fetch_timeout: Duration::from_secs(10),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// What is known of a key.
#[derive(Clone, Debug)]
#[must_use]
pub enum Lookup {
    /// Fetch the set, hand it to [`JwksCache::handle_response`], and ask again.
    Fetch(Ticket),
    /// The key, of a fresh set.
    Found(Arc<Key>),
    /// There is no such key: the token is refused.
    Refused(Refusal),
    /// The key, of a set that should be renewed; with a ticket: fetch in the background.
    Stale(Arc<Key>, Option<Ticket>),
    /// Nothing can be decided now: the request is refused, and may come again.
    Unavailable,
    /// Somebody is fetching; ask again after that.
    Waiting,
}

impl Lookup {
    /// The key, or why there is none now.
    ///
    /// # Errors
    ///
    /// The refusal; [`Unavailable::Keys`] where the answer is to fetch or to wait.
    pub fn key(self) -> Result<Arc<Key>, Refusal> {
        match self {
            Self::Found(key) | Self::Stale(key, _) => Ok(key),
            Self::Refused(refusal) => Err(refusal),
            Self::Fetch(_) | Self::Unavailable | Self::Waiting => Err(Unavailable::Keys.into()),
        }
    }
}

/// The permission for one fetch. Hand it back with the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket(u64);

/// Why a response did not renew the keys. Those before stay, until they are too old.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshError {
    /// There was no response.
    Fetch,
    /// Not a set of keys, or none that can be used.
    KeySet(KeySetError),
    /// It came after the fetch had been given up.
    Late,
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch => f.write_str("the key set could not be fetched"),
            Self::KeySet(error) => error.fmt(f),
            Self::Late => f.write_str("the key set came too late"),
        }
    }
}

impl std::error::Error for RefreshError {}

/// The keys of one provider.
#[derive(Debug)]
pub struct JwksCache {
    config: JwksCacheConfig,
    rules: KeyRules,
    kept: Option<Kept>,
    flight: Option<Flight>,
    next_ticket: u64,
    failed_at: Option<Timestamp>,
    /// When fetches of the last minute began; at most the budget.
    starts: VecDeque<Timestamp>,
    /// Asked for and not in the set; to be judged by the next one.
    asked: Vec<String>,
    /// Not in a set that was fetched for them, and since when. At most [`MAX_UNKNOWN`].
    unknown: VecDeque<(String, Timestamp)>,
}

#[derive(Debug)]
struct Kept {
    keys: Arc<KeySet>,
    /// When its fetch began: it says nothing of later.
    since: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    ticket: Ticket,
    since: Timestamp,
}

/// Whether a fetch begins.
enum Start {
    Begun(Ticket),
    Denied,
    InFlight,
}

impl JwksCache {
    /// An empty cache.
    ///
    /// # Errors
    ///
    /// Durations and counts out of bounds; rules that admit secrets, which do not travel.
    pub fn new(config: &JwksCacheConfig, rules: KeyRules) -> Result<Self, ConfigError> {
        const DAY: u64 = 86_400;
        let mut mistakes = Mistakes::default();
        mistakes.seconds("fresh_for", config.fresh_for, (10, DAY));
        mistakes.seconds("stale_for", config.stale_for, (0, 7 * DAY));
        mistakes.seconds("unknown_for", config.unknown_for, (10, DAY));
        mistakes.seconds("fetch_timeout", config.fetch_timeout, (1, 60));
        mistakes.seconds("retry_after", config.retry_after, (1, 600));
        let budget = u64::try_from(config.fetches_per_minute).unwrap_or(u64::MAX);
        mistakes.bounds("fetches_per_minute", budget, (1, 60));
        if rules.are_secret() {
            mistakes.report("algorithms", MistakeKind::SharedSecret("HMAC".into()));
        }
        mistakes.finish()?;
        Ok(Self {
            config: config.clone(),
            rules,
            kept: None,
            flight: None,
            next_ticket: 0,
            failed_at: None,
            starts: VecDeque::new(),
            asked: Vec::new(),
            unknown: VecDeque::new(),
        })
    }

    /// The key for a token, by [`crate::Admitted::key_id`] and [`crate::Admitted::algorithm`].
    pub fn lookup(&mut self, id: Option<&str>, algorithm: Algorithm, now: Timestamp) -> Lookup {
        let Some(keys) = self.keys(now) else {
            return match self.start(now) {
                Start::Begun(ticket) => Lookup::Fetch(ticket),
                Start::InFlight => Lookup::Waiting,
                Start::Denied => Lookup::Unavailable,
            };
        };
        let stale = !self.is_fresh(now);
        match (keys.select(id, algorithm), id) {
            (Ok(key), _) if stale => Lookup::Stale(Arc::clone(key), self.poll(now)),
            (Ok(key), _) => Lookup::Found(Arc::clone(key)),
            (Err(KeyRefusal::Unknown(_)), Some(id)) => self.unknown(id, now),
            (Err(refusal), _) if stale => self.renew(refusal, now),
            (Err(refusal), _) => Lookup::Refused(refusal.into()),
        }
    }

    /// The keys, unless they are too old to be used. What was verified with a key that is
    /// no longer among them is not verified any more.
    pub fn keys(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        let kept = self.kept.as_ref()?;
        let limit = self.config.fresh_for.saturating_add(self.config.stale_for);
        (kept.since.distance(now) <= limit).then(|| Arc::clone(&kept.keys))
    }

    /// Whether to fetch now, whoever asks: at the start, or from a timer, or where every
    /// token is found in a cache of verified ones and [`Self::lookup`] is never asked.
    pub fn poll(&mut self, now: Timestamp) -> Option<Ticket> {
        if self.is_fresh(now) {
            return None;
        }
        match self.start(now) {
            Start::Begun(ticket) => Some(ticket),
            Start::Denied | Start::InFlight => None,
        }
    }

    /// What came of a fetch; `None` where nothing came. Returns the new set, whose
    /// [`KeySet::rejected`] is worth a line in the log.
    ///
    /// # Errors
    ///
    /// Why the keys are those of before.
    pub fn handle_response(
        &mut self,
        ticket: Ticket,
        body: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, RefreshError> {
        let Some(flight) = self.flight.take_if(|flight| flight.ticket == ticket) else {
            return Err(RefreshError::Late);
        };
        let parsed = match body {
            None => Err(RefreshError::Fetch),
            Some(body) => KeySet::parse(body, &self.rules).map_err(RefreshError::KeySet),
        };
        let keys = parsed.map(Arc::new).inspect_err(|_| self.failed_at = Some(now))?;
        self.failed_at = None;
        self.judge_unknown(&keys, now);
        self.kept = Some(Kept { keys: Arc::clone(&keys), since: flight.since });
        Ok(keys)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_younger(self.config.fresh_for, now)
    }

    fn is_younger(&self, age: Duration, now: Timestamp) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.since.distance(now) <= age)
    }

    fn unknown(&mut self, id: &str, now: Timestamp) -> Lookup {
        let refused = || Lookup::Refused(KeyRefusal::Unknown(id.to_owned()).into());
        let memory = self.config.unknown_for;
        if self.unknown.iter().any(|(own, since)| own == id && since.distance(now) < memory) {
            return refused();
        }
        if self.is_younger(SETTLED, now) {
            return refused();
        }
        let answer = match self.start(now) {
            Start::Begun(ticket) => Lookup::Fetch(ticket),
            Start::InFlight => Lookup::Waiting,
            Start::Denied => return Lookup::Unavailable,
        };
        if self.asked.len() < MAX_UNKNOWN && !self.asked.iter().any(|own| own == id) {
            self.asked.push(id.to_owned());
        }
        answer
    }

    /// A stale set has no key for a token without `kid`; a new one may.
    fn renew(&mut self, refusal: KeyRefusal, now: Timestamp) -> Lookup {
        match self.start(now) {
            Start::Begun(ticket) => Lookup::Fetch(ticket),
            Start::InFlight => Lookup::Waiting,
            Start::Denied => Lookup::Refused(refusal.into()),
        }
    }

    fn start(&mut self, now: Timestamp) -> Start {
        if self.flight.is_some_and(|flight| flight.since.distance(now) < self.config.fetch_timeout) {
            return Start::InFlight;
        }
        if self.failed_at.is_some_and(|at| at.distance(now) < self.config.retry_after) {
            return Start::Denied;
        }
        self.starts.retain(|start| start.distance(now) < Duration::from_secs(60));
        if self.starts.len() >= self.config.fetches_per_minute {
            return Start::Denied;
        }
        self.starts.push_back(now);
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.flight = Some(Flight { ticket, since: now });
        Start::Begun(ticket)
    }

    fn judge_unknown(&mut self, keys: &KeySet, now: Timestamp) {
        let memory = self.config.unknown_for;
        self.unknown.retain(|(_, since)| since.distance(now) < memory);
        for id in self.asked.drain(..) {
            if keys.keys().iter().all(|key| key.id() != Some(id.as_str())) {
                self.unknown.retain(|(own, _)| *own != id);
                self.unknown.push_back((id, now));
            }
        }
        while self.unknown.len() > MAX_UNKNOWN {
            self.unknown.pop_front();
        }
        // A key that is there is not unknown, whoever asked before.
        self.unknown.retain(|(own, _)| keys.keys().iter().all(|key| key.id() != Some(own.as_str())));
    }
}
