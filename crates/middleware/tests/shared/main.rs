//! Limits in a shared store: with stores of every temper, and with a real Redis that is
//! killed, stopped and revived.

#![cfg(test)]

mod redis;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use corsac_middleware::rate_limit::shared::{
    Answer, Ask, FAILURES, Outcome, PAUSE, Shared, SharedRoute, Store, StoreError, WhenAway,
};
use corsac_middleware::rate_limit::{
    Clock, ConcurrencyConfig, LimitConfig, ManualClock, RateLimit, RateLimitConfig, RouteConfig, Seed,
    Subject,
};

fn config(limits: &[(&str, &str, u64)]) -> RateLimitConfig {
    let limit = |&(name, limit, burst): &(&str, &str, u64)| LimitConfig {
        name: name.into(),
        limit: limit.into(),
        burst: Some(burst),
        ..LimitConfig::default()
    };
    let names = limits.iter().map(|(name, _, _)| (*name).to_owned());
    RateLimitConfig {
        limits: limits.iter().map(limit).collect(),
        routes: vec![RouteConfig { limits: names.collect(), ..RouteConfig::default() }],
        ..RateLimitConfig::default()
    }
}

fn route(config: &RateLimitConfig) -> SharedRoute {
    let limit = RateLimit::compile_with_seed(config, Seed::fixed(*b"shared by two of")).unwrap();
    SharedRoute::new(limit.route("/").unwrap()).unwrap()
}

fn client(last: u8) -> Subject<'static> {
    Subject { address: Some(Ipv4Addr::new(192, 0, 2, last).into()), ..Subject::default() }
}

/// How a store behaves: answers that all is there, fails, never answers, forgets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    Good,
    Broken,
    Silent,
    Forgetful,
}

/// A store of some temper that counts how often it is asked.
#[derive(Clone)]
struct Fake(Arc<(std::sync::Mutex<Temper>, AtomicU32)>);

impl Fake {
    fn new(temper: Temper) -> Self {
        Self(Arc::new((std::sync::Mutex::new(temper), AtomicU32::new(0))))
    }

    fn becomes(&self, temper: Temper) {
        *self.0.0.lock().unwrap() = temper;
    }

    fn asked(&self) -> u32 {
        self.0.1.load(Ordering::Relaxed)
    }
}

impl Store for Fake {
    async fn decide(&self, asks: &[Ask<'_>]) -> Result<Vec<Answer>, StoreError> {
        self.0.1.fetch_add(1, Ordering::Relaxed);
        let temper = *self.0.0.lock().unwrap();
        let answer = |ask: &Ask<'_>| Answer { debt: ask.interval, lacking: Duration::ZERO };
        match temper {
            Temper::Good => Ok(asks.iter().map(answer).collect()),
            Temper::Broken => Err(StoreError::Failed("on purpose")),
            Temper::Silent => std::future::pending().await,
            Temper::Forgetful => Ok(asks.iter().skip(1).map(answer).collect()),
        }
    }
}

fn shared(store: &Fake, when_away: WhenAway) -> (Shared<Fake>, ManualClock) {
    let clock = ManualClock::default();
    let shared = Shared::new(store.clone(), when_away).with_timeout(Duration::from_millis(1));
    (shared.with_clock(Clock::Manual(clock.clone())), clock)
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_away_and_the_rule_is_held() {
    let route = route(&config(&[("burst", "1/1h", 2)]));
    for temper in [Temper::Broken, Temper::Silent, Temper::Forgetful] {
        for when_away in [WhenAway::Closed, WhenAway::Local, WhenAway::Open] {
            let (shared, _) = shared(&Fake::new(temper), when_away);
            let outcome = shared.decide(&route, &client(when_away as u8 * 10 + temper as u8)).await;
            let is_held = match when_away {
                WhenAway::Closed => matches!(outcome, Outcome::Refused),
                WhenAway::Local => matches!(&outcome, Outcome::Local(decision) if decision.is_allowed()),
                WhenAway::Open => matches!(outcome, Outcome::Passed(_)),
            };
            assert!(is_held, "{temper:?}, {when_away:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn local_buckets_limit_while_the_store_is_away() {
    let route = route(&config(&[("burst", "1/1h", 2)]));
    let (shared, _) = shared(&Fake::new(Temper::Broken), WhenAway::Local);
    let mut allowed = Vec::new();
    for _ in 0..3 {
        let Outcome::Local(decision) = shared.decide(&route, &client(1)).await else { panic!("not local") };
        allowed.push(decision.is_allowed());
    }
    assert_eq!(allowed, [true, true, false]);
}

#[tokio::test]
async fn a_store_that_fails_is_left_alone_and_asked_again_after_a_pause() {
    let route = route(&config(&[("burst", "1000/1s", 1_000)]));
    let store = Fake::new(Temper::Broken);
    let (shared, clock) = shared(&store, WhenAway::Open);
    for _ in 0..100 {
        assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Passed(_)));
    }
    assert_eq!(store.asked(), FAILURES);
    clock.set(PAUSE);
    for _ in 0..100 {
        assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Passed(_)));
    }
    assert_eq!(store.asked(), FAILURES + 1);
    store.becomes(Temper::Good);
    clock.set(PAUSE * 2);
    for _ in 0..100 {
        assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Decided(_)));
    }
    assert_eq!(store.asked(), FAILURES + 101);
}

#[tokio::test]
async fn a_request_refused_while_the_store_is_away_takes_no_place() {
    let config = RateLimitConfig {
        concurrency: vec![ConcurrencyConfig { limit: 1, ..ConcurrencyConfig::default() }],
        ..config(&[("burst", "1/1h", 2)])
    };
    let routes = vec![RouteConfig { concurrency: Some("concurrency".into()), ..config.routes[0].clone() }];
    let route = route(&RateLimitConfig { routes, ..config });
    let store = Fake::new(Temper::Broken);
    let (shared, _) = shared(&store, WhenAway::Closed);
    for _ in 0..3 {
        assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Refused));
    }
    store.becomes(Temper::Good);
    let Outcome::Decided(held) = shared.decide(&route, &client(1)).await else { panic!("not decided") };
    assert!(held.is_allowed());
    let Outcome::Decided(denied) = shared.decide(&route, &client(1)).await else { panic!("not decided") };
    assert_eq!(denied.violated().collect::<Vec<_>>(), ["concurrency"]);
    // What is full here is not even asked for.
    assert_eq!(store.asked(), 4);
}

#[test]
fn limits_faster_than_a_server_counts_are_not_shared() {
    for (limit, fits) in [("10000/1s", true), ("10001/1s", false)] {
        let limit = RateLimit::compile(&config(&[("fast", limit, 10)])).unwrap();
        assert_eq!(SharedRoute::new(limit.route("/").unwrap()).is_some(), fits);
    }
}
