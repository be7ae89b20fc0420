//! The cache of keys: scenarios, and properties of random ones.

use std::collections::VecDeque;
use std::time::Duration;

use corsac_credentials::{
    Algorithm, JwksCache, JwksCacheConfig, KeyRefusal, KeySetError, Lookup, MistakeKind, ProviderConfig,
    RefreshError, Refusal, Ticket, Timestamp, Unavailable,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::minting::{Signer, config, provider};

const START: u64 = 1_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

fn cache() -> JwksCache {
    JwksCache::new(&JwksCacheConfig::default(), provider(&["ES256"]).key_rules()).unwrap()
}

fn set(ids: &[&str]) -> String {
    let key = |id: &&str| {
        let mut key = Signer::es256().jwk();
        key["kid"] = (*id).into();
        key
    };
    json!({"keys": ids.iter().map(key).collect::<Vec<Value>>()}).to_string()
}

fn fetch(lookup: Lookup) -> Ticket {
    match lookup {
        Lookup::Fetch(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

fn ask(cache: &mut JwksCache, id: &str, seconds: u64) -> Lookup {
    cache.lookup(Some(id), Algorithm::Es256, at(seconds))
}

fn filled(ids: &[&str]) -> JwksCache {
    let mut cache = cache();
    let ticket = cache.poll(at(0)).unwrap();
    cache.handle_response(ticket, Some(set(ids).as_bytes()), at(1)).unwrap();
    cache
}

fn unknown(id: &str) -> Refusal {
    KeyRefusal::Unknown(id.into()).into()
}

#[test]
fn one_fetch_serves_all_who_wait() {
    let mut cache = cache();
    let ticket = fetch(ask(&mut cache, "a", 0));
    for second in 0..9 {
        assert!(matches!(ask(&mut cache, "a", second), Lookup::Waiting));
        assert_eq!(cache.poll(at(second)), None);
    }
    cache.handle_response(ticket, Some(set(&["a"]).as_bytes()), at(9)).unwrap();
    let Lookup::Found(key) = ask(&mut cache, "a", 9) else { panic!() };
    assert_eq!(key.id(), Some("a"));
    assert_eq!(cache.poll(at(9)), None);
}

#[test]
fn a_fetch_that_never_ends_is_given_up() {
    let mut cache = cache();
    let first = fetch(ask(&mut cache, "a", 0));
    let second = fetch(ask(&mut cache, "a", 10));
    let late = cache.handle_response(first, Some(set(&["a"]).as_bytes()), at(11));
    assert_eq!(late.err(), Some(RefreshError::Late));
    assert!(matches!(ask(&mut cache, "a", 11), Lookup::Waiting));
    cache.handle_response(second, Some(set(&["a"]).as_bytes()), at(12)).unwrap();
    assert!(matches!(ask(&mut cache, "a", 12), Lookup::Found(_)));
}

#[test]
fn stale_keys_serve_while_new_ones_come() {
    let mut cache = filled(&["a"]);
    assert!(matches!(ask(&mut cache, "a", 600), Lookup::Found(_)));
    let Lookup::Stale(_, Some(ticket)) = ask(&mut cache, "a", 601) else { panic!() };
    let Lookup::Stale(_, None) = ask(&mut cache, "a", 602) else { panic!() };
    assert_eq!(cache.handle_response(ticket, None, at(603)).err(), Some(RefreshError::Fetch));
    // A pause after a failure, then again.
    assert!(matches!(ask(&mut cache, "a", 607), Lookup::Stale(_, None)));
    assert!(matches!(ask(&mut cache, "a", 608), Lookup::Stale(_, Some(_))));
}

#[test]
fn stale_keys_do_not_serve_forever() {
    let mut cache = filled(&["a"]);
    assert!(matches!(ask(&mut cache, "a", 4_200), Lookup::Stale(..)));
    assert!(cache.keys(at(4_200)).is_some());
    assert!(cache.keys(at(4_201)).is_none());
    let ticket = fetch(ask(&mut cache, "a", 4_300));
    let html = cache.handle_response(ticket, Some(b"<html>"), at(4_301));
    assert!(matches!(html, Err(RefreshError::KeySet(KeySetError::Json(_)))));
    let lookup = ask(&mut cache, "a", 4_302);
    assert!(matches!(lookup, Lookup::Unavailable));
    assert_eq!(lookup.key().err(), Some(Unavailable::Keys.into()));
}

#[test]
fn a_new_key_is_fetched_and_an_invented_one_is_remembered() {
    let mut cache = filled(&["a"]);
    // Too young a set to have missed a key.
    assert_eq!(ask(&mut cache, "b", 5).key().err(), Some(unknown("b")));
    let ticket = fetch(ask(&mut cache, "b", 20));
    assert!(matches!(ask(&mut cache, "invented", 20), Lookup::Waiting));
    assert!(matches!(ask(&mut cache, "a", 20), Lookup::Found(_)));
    cache.handle_response(ticket, Some(set(&["a", "b"]).as_bytes()), at(21)).unwrap();
    assert!(matches!(ask(&mut cache, "b", 40), Lookup::Found(_)));
    assert!(matches!(ask(&mut cache, "invented", 40), Lookup::Refused(_)));
    assert!(matches!(ask(&mut cache, "invented", 320), Lookup::Refused(_)));
    let ticket = fetch(ask(&mut cache, "invented", 321));
    // It was published after all.
    cache.handle_response(ticket, Some(set(&["invented"]).as_bytes()), at(322)).unwrap();
    assert!(matches!(ask(&mut cache, "invented", 322), Lookup::Found(_)));
    assert_eq!(ask(&mut cache, "a", 323).key().err(), Some(unknown("a")));
}

#[test]
fn invented_keys_do_not_cost_more_than_the_budget() {
    let mut cache = filled(&["a"]);
    let body = set(&["a"]);
    let mut fetches = 0;
    for request in 0..60_000 {
        let second = 20 + request / 1_000;
        match ask(&mut cache, &format!("invented-{request}"), second) {
            Lookup::Fetch(ticket) => {
                fetches += 1;
                cache.handle_response(ticket, Some(body.as_bytes()), at(second)).unwrap();
            }
            Lookup::Refused(_) | Lookup::Unavailable => {}
            other => panic!("{other:?}"),
        }
        assert!(matches!(ask(&mut cache, "a", second), Lookup::Found(_)));
    }
    assert!((1..=6).contains(&fetches), "{fetches}");
}

#[test]
fn failing_fetches_are_paused_and_budgeted() {
    let mut cache = cache();
    let mut fetches = 0;
    for second in 0..120 {
        if let Lookup::Fetch(ticket) = ask(&mut cache, "a", second) {
            fetches += 1;
            assert!(cache.handle_response(ticket, None, at(second)).is_err());
        }
    }
    assert_eq!(fetches, 12);
}

#[test]
fn a_token_without_key_id_makes_no_fetch_while_keys_are_fresh() {
    let mut cache = filled(&["a", "b"]);
    let none = cache.lookup(None, Algorithm::Es256, at(100));
    assert_eq!(none.key().err(), Some(KeyRefusal::Ambiguous(Algorithm::Es256).into()));
    let ticket = fetch(cache.lookup(None, Algorithm::Es256, at(700)));
    cache.handle_response(ticket, Some(set(&["a"]).as_bytes()), at(701)).unwrap();
    assert!(matches!(cache.lookup(None, Algorithm::Es256, at(702)), Lookup::Found(_)));
}

#[test]
fn an_algorithm_that_the_key_does_not_have_makes_no_fetch() {
    let mut cache =
        JwksCache::new(&JwksCacheConfig::default(), provider(&["ES256", "RS256"]).key_rules()).unwrap();
    let ticket = cache.poll(at(0)).unwrap();
    cache.handle_response(ticket, Some(set(&["a"]).as_bytes()), at(1)).unwrap();
    let mismatch = KeyRefusal::AlgorithmMismatch { key: Algorithm::Es256, token: Algorithm::Rs256 };
    assert_eq!(cache.lookup(Some("a"), Algorithm::Rs256, at(100)).key().err(), Some(mismatch.into()));
}

#[test]
fn a_clock_that_is_set_back_makes_keys_old() {
    let mut cache = filled(&["a"]);
    let past = Timestamp::from_secs(START - 5_000);
    assert!(cache.keys(past).is_none());
    let ticket = fetch(cache.lookup(Some("a"), Algorithm::Es256, past));
    cache.handle_response(ticket, Some(set(&["a"]).as_bytes()), past).unwrap();
    assert!(matches!(cache.lookup(Some("a"), Algorithm::Es256, past), Lookup::Found(_)));
}

#[test]
fn secrets_are_not_fetched_and_durations_have_bounds() {
    let local = ProviderConfig { dangerously_shared_secret: true, ..config(&["HS256"]) };
    let rules = corsac_credentials::Provider::compile(&local).unwrap().key_rules();
    let error = JwksCache::new(&JwksCacheConfig::default(), rules).unwrap_err();
    assert_eq!(error.mistakes()[0].kind, MistakeKind::SharedSecret("HMAC".into()));
    let wrong = JwksCacheConfig {
        fresh_for: Duration::ZERO,
        stale_for: Duration::from_secs(8 * 86_400),
        unknown_for: Duration::from_millis(10_500),
        fetches_per_minute: 0,
        fetch_timeout: Duration::ZERO,
        retry_after: Duration::ZERO,
    };
    let error = JwksCache::new(&wrong, provider(&["ES256"]).key_rules()).unwrap_err();
    let fields: Vec<&str> = error.mistakes().iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(
        fields,
        ["fresh_for", "stale_for", "unknown_for", "fetch_timeout", "retry_after", "fetches_per_minute"]
    );
}

#[derive(Clone, Debug)]
enum Step {
    Ask(u8),
    AskUnnamed,
    Poll,
    /// Answer the oldest ticket or the newest, with this set; 0 fails, 1 is broken.
    Respond {
        newest: bool,
        with: u8,
    },
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8).prop_map(Step::Ask),
        1 => Just(Step::AskUnnamed),
        1 => Just(Step::Poll),
        3 => (any::<bool>(), 0..6_u8).prop_map(|(newest, with)| Step::Respond { newest, with }),
        3 => prop_oneof![0..5_u16, 5..70_u16, 200..5_000_u16].prop_map(Step::Wait),
    ]
}

/// The sets that an issuer may publish, by number: keys 0 to 3 come and go.
fn published(number: u8) -> Vec<String> {
    let rings: [&[&str]; 4] = [&["0"], &["0", "1"], &["1", "2"], &["3"]];
    rings[usize::from(number) - 2].iter().map(|id| (*id).to_owned()).collect()
}

/// What must hold whatever happens, judged by a model that keeps everything.
struct Model {
    cache: JwksCache,
    config: JwksCacheConfig,
    bodies: Vec<String>,
    now: u64,
    tickets: VecDeque<(Ticket, u64)>,
    starts: Vec<u64>,
    last: Option<(u64, Vec<String>)>,
}

impl Model {
    fn new(bodies: &[String]) -> Self {
        Self {
            cache: cache(),
            config: JwksCacheConfig::default(),
            bodies: bodies.to_vec(),
            now: 0,
            tickets: VecDeque::new(),
            starts: Vec::new(),
            last: None,
        }
    }

    fn begun(&mut self, ticket: Ticket) {
        let timeout = self.config.fetch_timeout.as_secs();
        assert!(self.tickets.iter().all(|(_, since)| self.now - since >= timeout), "two fetches at once");
        self.tickets.push_back((ticket, self.now));
        self.starts.push(self.now);
        let recent = self.starts.iter().filter(|start| self.now - **start < 60).count();
        assert!(recent <= self.config.fetches_per_minute, "over the budget");
    }

    fn age(&self) -> Option<u64> {
        self.last.as_ref().map(|(since, _)| self.now - since)
    }

    fn check(&mut self, id: Option<&str>, lookup: Lookup) {
        let fresh = self.config.fresh_for.as_secs();
        let usable = fresh + self.config.stale_for.as_secs();
        let has = |id: &str| self.last.as_ref().is_some_and(|(_, ids)| ids.iter().any(|own| own == id));
        match lookup {
            Lookup::Found(key) => {
                assert!(self.age().unwrap() <= fresh);
                assert!(has(key.id().unwrap()) && id.is_none_or(|id| key.id() == Some(id)));
            }
            Lookup::Stale(key, ticket) => {
                assert!((fresh + 1..=usable).contains(&self.age().unwrap()));
                assert!(has(key.id().unwrap()) && id.is_none_or(|id| key.id() == Some(id)));
                if let Some(ticket) = ticket {
                    self.begun(ticket);
                }
            }
            Lookup::Fetch(ticket) => {
                assert!(self.age().is_none_or(|age| age > usable) || id.is_none_or(|id| !has(id)));
                self.begun(ticket);
            }
            // Only of a set that can be used, and never of a key that it has.
            Lookup::Refused(_) => assert!(self.age().unwrap() <= usable && id.is_none_or(|id| !has(id))),
            Lookup::Waiting => assert!(!self.tickets.is_empty()),
            Lookup::Unavailable => {
                assert!(self.age().is_none_or(|age| age > usable) || id.is_none_or(|id| !has(id)));
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Ask(number) => {
                let id = number.to_string();
                let lookup = self.cache.lookup(Some(&id), Algorithm::Es256, at(self.now));
                self.check(Some(&id), lookup);
            }
            Step::AskUnnamed => {
                let lookup = self.cache.lookup(None, Algorithm::Es256, at(self.now));
                self.check(None, lookup);
            }
            Step::Poll => {
                if let Some(ticket) = self.cache.poll(at(self.now)) {
                    self.begun(ticket);
                }
            }
            Step::Respond { newest, with } => self.respond(*newest, *with),
            Step::Wait(seconds) => self.now += u64::from(*seconds),
        }
    }

    fn respond(&mut self, newest: bool, with: u8) {
        let is_last = self.tickets.len() == 1 || newest;
        let Some((ticket, since)) = (if newest { self.tickets.pop_back() } else { self.tickets.pop_front() })
        else {
            return;
        };
        let body = match with {
            0 => None,
            1 => Some("{\"keys\":[]}".to_owned()),
            number => Some(self.bodies[usize::from(number) - 2].clone()),
        };
        let result = self.cache.handle_response(ticket, body.as_deref().map(str::as_bytes), at(self.now));
        match result {
            Ok(_) => {
                assert!(is_last && with > 1);
                self.last = Some((since, published(with)));
            }
            Err(RefreshError::Late) => assert!(!is_last),
            Err(RefreshError::Fetch) => assert_eq!(with, 0),
            Err(error) => assert!(with == 1, "{error}"),
        }
        if newest {
            // Older ones can only come too late.
            self.tickets.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_the_cache_keeps_its_promises(steps in proptest::collection::vec(step(), 1..120)) {
        static BODIES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            (2..6).map(|number| set(&published(number).iter().map(String::as_str).collect::<Vec<_>>())).collect()
        });
        let mut model = Model::new(&BODIES);
        for step in &steps {
            model.step(step);
        }
    }
}
