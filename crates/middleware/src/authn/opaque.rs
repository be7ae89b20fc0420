//! Opaque tokens: one question a token, however many requests present it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use corsac_credentials::{Introspection, IntrospectionCache, Principal, Refusal, Timestamp, Unavailable};
use corsac_events::Text;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use secrecy::{ExposeSecret, SecretString};

use super::keys::{Asked, shard, shards};
use super::outside::{Notice, Outside};
use super::wait::{Flight, Outcome, unless_over};

/// Bytes of an answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Seconds between two notices that the server refuses us: every question would give one.
const COMPLAINT_INTERVAL: u64 = 60;

type Answer = Result<Arc<Principal>, Refusal>;

/// Tokens of one authorization server.
pub(super) struct Opaque {
    rules: Introspection,
    name: Arc<str>,
    endpoint: Uri,
    authorization: HeaderValue,
    timeout: Duration,
    concurrency: usize,
    asking: AtomicUsize,
    /// When somebody was told that the server refuses us, in seconds.
    complained: AtomicU64,
    hash_key: [u8; 32],
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    answers: IntrospectionCache,
    /// At most as many as there may be questions.
    flights: BTreeMap<[u8; 32], Arc<Flight>>,
}

/// What the configuration says of a server.
pub(super) struct Server {
    pub(super) endpoint: Uri,
    pub(super) authorization: HeaderValue,
    pub(super) timeout: Duration,
    pub(super) concurrency: usize,
    pub(super) answers: usize,
}

/// Why there is no answer; after "the answer of the authorization server".
const ABSENT: &str = "did not come";
const REFUSED: &str = "is that our client id or secret is wrong (401)";
const SATURATED: &str = "is not asked for, as too many others are";
const LATE: &str = "did not come in time";
const STATUS: &str = "has another status than 200";
const TYPE: &str = "is not application/json";

impl Opaque {
    pub(super) fn new(rules: Introspection, server: Server, hash_key: [u8; 32]) -> Self {
        Self {
            name: rules.name().into(),
            rules,
            endpoint: server.endpoint,
            authorization: server.authorization,
            timeout: server.timeout,
            concurrency: server.concurrency,
            asking: AtomicUsize::new(0),
            complained: AtomicU64::new(0),
            hash_key,
            shards: shards(server.answers, |part| Shard {
                answers: IntrospectionCache::new(part, hash_key),
                flights: BTreeMap::new(),
            }),
        }
    }

    /// `answer` is what was waited for, if anything.
    pub(super) fn ask(
        self: &Arc<Self>,
        token: &str,
        now: Timestamp,
        outside: &Arc<dyn Outside>,
        answer: impl FnOnce(&[u8; 32]) -> Option<Answer>,
    ) -> Asked {
        let hash = *blake3::keyed_hash(&self.hash_key, token.as_bytes()).as_bytes();
        let unavailable = |what| Asked::Refused(Unavailable::Answer(what).into());
        // Before the cache: an answer need not be kept to be given to who waited for it.
        let Some(mut shard) = shard(&self.shards, token) else { return unavailable(ABSENT) };
        if let Some(known) = answer(&hash).or_else(|| shard.answers.get(&self.rules, token, now)) {
            return known.map_or_else(Asked::Refused, Asked::Known);
        }
        if let Some(flight) = shard.flights.get(&hash).filter(|flight| !flight.is_overdue(now)) {
            return flight
                .wait()
                .map_or_else(|| unavailable(SATURATED), |waiting| Asked::Wait(waiting, hash));
        }
        let body = match self.rules.request_body(token) {
            Ok(body) => body,
            Err(refusal) => return refusal.into(),
        };
        let Some(place) = Place::take(self) else { return unavailable(SATURATED) };
        let flight = Flight::new(now.plus(self.timeout));
        let overdue = shard.flights.insert(hash, Arc::clone(&flight));
        drop(shard);
        if let Some(overdue) = overdue {
            overdue.finish(Outcome::Answered(Err(Unavailable::Answer(LATE).into())));
        }
        let Some(waiting) = flight.wait() else { return unavailable(SATURATED) };
        let (outside, token) = (Arc::clone(outside), SecretString::from(token));
        let asking = Asking { place, outside: Arc::clone(&outside), token, hash, flight: Some(flight) };
        outside.spawn(Box::pin(asking.fetch(self.request(&body))));
        Asked::Wait(waiting, hash)
    }

    /// Ends questions that have taken too long.
    pub(super) fn poll(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let mut overdue = Vec::new();
            shard.flights.retain(|_, flight| {
                let is_overdue = flight.is_overdue(now);
                if is_overdue {
                    overdue.push(Arc::clone(flight));
                }
                !is_overdue
            });
            drop(shard);
            for flight in overdue {
                flight.finish(Outcome::Answered(Err(Unavailable::Answer(LATE).into())));
            }
        }
    }

    fn request(&self, body: &SecretString) -> Request<Bytes> {
        let mut request = Request::new(Bytes::copy_from_slice(body.expose_secret().as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(AUTHORIZATION, self.authorization.clone());
        request
    }

    fn read(&self, response: Result<Response<Bytes>, String>, outside: &Arc<dyn Outside>) -> Answer {
        let response = match response {
            Ok(response) => response,
            Err(reason) => {
                self.complain(outside, format_args!("the authorization server cannot be asked: {reason}"));
                return Err(Unavailable::Answer(ABSENT).into());
            }
        };
        let what = match response.status() {
            StatusCode::OK if is_json(response.headers()) => {
                return self.rules.read_answer(response.body(), outside.now());
            }
            StatusCode::OK => TYPE,
            StatusCode::UNAUTHORIZED => REFUSED,
            _ => STATUS,
        };
        let status = response.status().as_u16();
        self.complain(
            outside,
            format_args!("the answer of the authorization server {what}; status {status}"),
        );
        Err(Unavailable::Answer(what).into())
    }

    fn complain(&self, outside: &Arc<dyn Outside>, what: fmt::Arguments<'_>) {
        let now = outside.now().as_secs();
        let before = self.complained.load(Ordering::Relaxed);
        let is_due = before == 0 || now.abs_diff(before) >= COMPLAINT_INTERVAL;
        let exchanged = self.complained.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && exchanged.is_ok() {
            let method = Arc::clone(&self.name);
            outside.notice(Notice { method, is_failure: true, text: Text::format(what) });
        }
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opaque").field("name", &self.name).finish_non_exhaustive()
    }
}

/// `Authorization: Basic …` of a client (RFC 6749, section 2.3.1).
pub(super) fn client_authorization(id: &str, secret: &SecretString) -> Option<HeaderValue> {
    let pair = format!("{}:{}", form_encoded(id), form_encoded(secret.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => super::answer::push_percent(&mut out, byte),
        }
    }
    out
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// One of the questions that may be asked at the same time.
struct Place(Arc<Opaque>);

impl Place {
    fn take(opaque: &Arc<Opaque>) -> Option<Self> {
        let more = |count| (count < opaque.concurrency).then_some(count + 1);
        let taken = opaque.asking.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.ok().map(|_| Self(Arc::clone(opaque)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Brings a question to its end, also where its task is dropped.
struct Asking {
    place: Place,
    outside: Arc<dyn Outside>,
    token: SecretString,
    hash: [u8; 32],
    flight: Option<Arc<Flight>>,
}

impl Asking {
    async fn fetch(mut self, request: Request<Bytes>) {
        let Some(flight) = self.flight.clone() else { return };
        let fetch = self.outside.fetch(request, MAX_ANSWER_BYTES);
        match unless_over(&flight, fetch).await {
            Some(response) => {
                let answer = self.place.0.read(response, &self.outside);
                self.land(answer);
            }
            None => self.flight = None,
        }
    }

    fn land(&mut self, answer: Answer) {
        let Some(flight) = self.flight.take() else { return };
        let opaque = &self.place.0;
        let token = self.token.expose_secret();
        if let Some(mut shard) = shard(&opaque.shards, token) {
            if shard.flights.get(&self.hash).is_some_and(|own| Arc::ptr_eq(own, &flight)) {
                shard.flights.remove(&self.hash);
            }
            shard.answers.insert(&opaque.rules, token, &answer, self.outside.now());
        }
        flight.finish(Outcome::Answered(answer));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.land(Err(Unavailable::Answer(ABSENT).into()));
    }
}
