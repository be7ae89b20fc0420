//! Signed tokens: an issuer's rules, its keys, and what was verified before.

use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use corsac_credentials::{
    Admitted, Algorithm, JwksCache, Key, KeySet, Lookup, MAX_KEY_SET_BYTES, Principal, Provider,
    RefreshError, Refusal, Ticket, Timestamp, Unavailable, VerifiedCache,
};
use corsac_events::Text;
use http::header::ACCEPT;
use http::{HeaderValue, Request, Response, StatusCode, Uri};

use super::outside::{Notice, Outside};
use super::wait::{Flight, Outcome, Waiting, unless_over};

/// Parts of a cache, each behind a lock of its own.
const SHARDS: usize = 16;

/// What is known of a credential.
pub(super) enum Asked {
    Known(Arc<Principal>),
    Refused(Refusal),
    /// With the hash of the token that is asked about, if it is about one.
    Wait(Waiting, [u8; 32]),
}

impl From<Refusal> for Asked {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The part of a cache for a token: by its end, which is a signature's, or random.
pub(super) fn shard<'s, T>(shards: &'s [Mutex<T>], token: &str) -> Option<MutexGuard<'s, T>> {
    let mut hasher = std::hash::DefaultHasher::new();
    let end = token.len().saturating_sub(24);
    hasher.write(token.as_bytes().get(end..).unwrap_or_default());
    let index = usize::try_from(hasher.finish() % shards.len().max(1) as u64).unwrap_or_default();
    shards.get(index).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
}

/// `capacity` in equal parts.
pub(super) fn shards<T>(capacity: usize, part: impl Fn(usize) -> T) -> Box<[Mutex<T>]> {
    (0..SHARDS).map(|_| Mutex::new(part(capacity.div_ceil(SHARDS)))).collect()
}

/// Tokens that were verified a moment ago, of all issuers.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) capacity: usize,
    shards: Box<[Mutex<VerifiedCache>]>,
}

impl Verified {
    pub(super) fn new(capacity: usize, hash_key: [u8; 32]) -> Self {
        Self { capacity, shards: shards(capacity, |part| VerifiedCache::new(part, hash_key)) }
    }

    fn get(&self, provider: &Provider, token: &str, keys: &KeySet, now: Timestamp) -> Option<Arc<Principal>> {
        shard(&self.shards, token)?.get(provider, token, keys, now)
    }

    fn insert(
        &self,
        text: &str,
        token: &Admitted<'_, '_>,
        verified: &corsac_credentials::Verified,
        now: Timestamp,
    ) {
        if let Some(mut shard) = shard(&self.shards, text) {
            shard.insert(token, verified, now);
        }
    }

    /// Entries, whether they still hold or not.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// Tokens of one issuer.
#[derive(Debug)]
pub(super) struct Jwt {
    pub(super) provider: Provider,
    pub(super) keys: Keys,
}

/// An issuer's keys.
#[derive(Debug)]
pub(super) enum Keys {
    Fixed(Arc<KeySet>),
    Remote(Arc<RemoteKeys>),
}

impl Jwt {
    pub(super) fn ask(
        &self,
        token: &str,
        now: Timestamp,
        verified: &Verified,
        outside: &Arc<dyn Outside>,
    ) -> Asked {
        let keys = match &self.keys {
            Keys::Fixed(keys) => Some(Arc::clone(keys)),
            Keys::Remote(remote) => remote.lock().cache.keys(now),
        };
        if let Some(principal) = keys.and_then(|keys| verified.get(&self.provider, token, &keys, now)) {
            return Asked::Known(principal);
        }
        let admitted = match self.provider.admit(token) {
            Ok(admitted) => admitted,
            Err(refusal) => return refusal.into(),
        };
        let (id, algorithm) = (admitted.key_id(), admitted.algorithm());
        let key = match &self.keys {
            Keys::Fixed(keys) => {
                keys.select(id, algorithm).cloned().map_err(|refusal| Asked::Refused(refusal.into()))
            }
            Keys::Remote(remote) => remote.lookup(id, algorithm, now, outside),
        };
        let result = key.and_then(|key| admitted.verify(&key, now).map_err(Asked::Refused));
        match result {
            Ok(known) => {
                verified.insert(token, &admitted, &known, now);
                Asked::Known(Arc::clone(known.principal()))
            }
            Err(asked) => asked,
        }
    }

    /// Begins what is due.
    pub(super) fn poll(&self, now: Timestamp, outside: &Arc<dyn Outside>) {
        if let Keys::Remote(remote) = &self.keys {
            remote.poll(now, outside);
        }
    }
}

/// Keys at a URL.
#[derive(Debug)]
pub(super) struct RemoteKeys {
    name: Arc<str>,
    uri: Uri,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cache: JwksCache,
    flight: Option<Errand>,
}

/// A fetch that is under way.
#[derive(Clone, Debug)]
struct Errand {
    ticket: Ticket,
    flight: Arc<Flight>,
}

impl RemoteKeys {
    pub(super) fn new(name: &str, uri: Uri, timeout: Duration, cache: JwksCache) -> Arc<Self> {
        let state = Mutex::new(State { cache, flight: None });
        Arc::new(Self { name: name.into(), uri, timeout, state })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lookup(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
        outside: &Arc<dyn Outside>,
    ) -> Result<Arc<Key>, Asked> {
        self.end_overdue(now, outside);
        let mut state = self.lock();
        let unavailable = || Asked::Refused(Unavailable::Keys.into());
        let wait = |flight: &Arc<Flight>| flight.wait().map(|waiting| Asked::Wait(waiting, [0; 32]));
        match state.cache.lookup(id, algorithm, now) {
            Lookup::Found(key) | Lookup::Stale(key, None) => Ok(key),
            Lookup::Stale(key, Some(ticket)) => {
                let errand = self.take_off(&mut state, ticket, now);
                drop(state);
                self.send(errand, outside);
                Ok(key)
            }
            Lookup::Refused(refusal) => Err(refusal.into()),
            Lookup::Unavailable => Err(unavailable()),
            Lookup::Waiting => {
                Err(state.flight.as_ref().and_then(|errand| wait(&errand.flight)).unwrap_or_else(unavailable))
            }
            Lookup::Fetch(ticket) => {
                let errand = self.take_off(&mut state, ticket, now);
                drop(state);
                let asked = wait(&errand.flight).unwrap_or_else(unavailable);
                self.send(errand, outside);
                Err(asked)
            }
        }
    }

    fn poll(self: &Arc<Self>, now: Timestamp, outside: &Arc<dyn Outside>) {
        self.end_overdue(now, outside);
        let mut state = self.lock();
        if let Some(ticket) = state.cache.poll(now) {
            let errand = self.take_off(&mut state, ticket, now);
            drop(state);
            self.send(errand, outside);
        }
    }

    /// Gives up a fetch that has taken too long, so that the next one waits its pause.
    fn end_overdue(&self, now: Timestamp, outside: &Arc<dyn Outside>) {
        let mut state = self.lock();
        let Some(errand) = state.flight.take_if(|errand| errand.flight.is_overdue(now)) else { return };
        // The same as a response that never comes.
        let _ = state.cache.handle_response(errand.ticket, None, now);
        drop(state);
        errand.flight.finish(Outcome::Landed);
        self.tell(outside, true, Text::new("the key set did not come in time"));
    }

    fn take_off(&self, state: &mut State, ticket: Ticket, now: Timestamp) -> Errand {
        let errand = Errand { ticket, flight: Flight::new(now.plus(self.timeout)) };
        state.flight = Some(errand.clone());
        errand
    }

    /// Outside of the lock: whoever runs tasks may drop this one at once.
    fn send(self: &Arc<Self>, errand: Errand, outside: &Arc<dyn Outside>) {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.uri.clone();
        let types = HeaderValue::from_static("application/jwk-set+json, application/json");
        request.headers_mut().insert(ACCEPT, types);
        let landing = Landing { keys: Arc::clone(self), outside: Arc::clone(outside), errand: Some(errand) };
        outside.spawn(Box::pin(landing.fetch(request)));
    }

    fn land(&self, errand: &Errand, response: Result<Response<Bytes>, String>, outside: &Arc<dyn Outside>) {
        let (body, reason) = match response {
            Ok(response) if response.status() == StatusCode::OK => {
                (Some(response.into_body()), String::new())
            }
            Ok(response) => (None, format!("status {}", response.status().as_u16())),
            Err(reason) => (None, reason),
        };
        let now = outside.now();
        let mut state = self.lock();
        let result = state.cache.handle_response(errand.ticket, body.as_deref(), now);
        state.flight.take_if(|own| own.ticket == errand.ticket);
        drop(state);
        errand.flight.finish(Outcome::Landed);
        match result {
            Err(RefreshError::Late) => {}
            Err(error @ RefreshError::Fetch) => {
                self.tell(outside, true, Text::format(format_args!("{error}: {reason}")));
            }
            Err(error) => self.tell(outside, true, Text::format(format_args!("{error}"))),
            Ok(keys) if keys.rejected().is_empty() => {
                self.tell(outside, false, Text::format(format_args!("{} keys", keys.keys().len())));
            }
            Ok(keys) => {
                let rejected: Vec<_> = keys.rejected().iter().map(ToString::to_string).collect();
                let (used, rejected) = (keys.keys().len(), rejected.join("; "));
                self.tell(
                    outside,
                    true,
                    Text::format(format_args!("{used} keys are used, others are not: {rejected}")),
                );
            }
        }
    }

    fn tell(&self, outside: &Arc<dyn Outside>, is_failure: bool, text: Text) {
        outside.notice(Notice { method: Arc::clone(&self.name), is_failure, text });
    }
}

/// Brings a fetch to its end, also where its task is dropped.
struct Landing {
    keys: Arc<RemoteKeys>,
    outside: Arc<dyn Outside>,
    errand: Option<Errand>,
}

impl Landing {
    async fn fetch(mut self, request: Request<Bytes>) {
        let Some(flight) = self.errand.as_ref().map(|errand| Arc::clone(&errand.flight)) else { return };
        let fetch = self.outside.fetch(request, MAX_KEY_SET_BYTES);
        let response = unless_over(&flight, fetch).await;
        if let (Some(errand), Some(response)) = (self.errand.take(), response) {
            self.keys.land(&errand, response, &self.outside);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Some(errand) = self.errand.take() {
            self.keys.land(&errand, Err("the fetch was given up".to_owned()), &self.outside);
        }
    }
}
