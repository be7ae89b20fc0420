//! One decision of a rate limit beside governor's, without reading a clock, and the
//! memory of their keys.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use corsac_middleware::rate_limit::{
    LimitConfig, Moment, RateLimit, RateLimitConfig, RouteConfig, RouteLimit, Subject,
};
use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::measure::{Case, Table, cell, measure};

/// Spreads keys over memory as clients do.
const STEP: u32 = 0x9e37_79b1;

pub(crate) fn run() -> Table {
    let header = ["keys", "limit", "corsac", "governor", "corsac, bytes", "governor, bytes"];
    let mut table = Table::new("Rate limit by address, one decision (time, allocations; all keys)", &header);
    for keys in [1_024, 65_536, 1_000_000] {
        for (limit, quantity, name) in [("1000000/1s", 1_000_000, "allowed"), ("1/1d", 1, "denied")] {
            table.row(compare(keys, (limit, quantity), name));
        }
    }
    table
}

fn compare(keys: u32, (limit, quantity): (&str, u32), name: &str) -> Vec<String> {
    let mut ours = None;
    let our_bytes = allocation_counter::measure(|| ours = route(keys, limit)).bytes_current;
    let Some(ours) = ours else { return Vec::new() };
    let Some(theirs) = governor(quantity) else { return Vec::new() };
    let all = || (0..keys).map(|key| IpAddr::from(Ipv4Addr::from_bits(key.wrapping_mul(STEP))));
    let their_bytes = allocation_counter::measure(|| {
        all().for_each(|key| drop(theirs.check_key(&key)));
    });
    all().for_each(|key| decide(&ours, key));
    let next = |mut number: u32| {
        move || {
            number = number.wrapping_add(7_919) % keys;
            IpAddr::from(Ipv4Addr::from_bits(number.wrapping_mul(STEP)))
        }
    };
    let mut cases = [
        Case::new(next(0), |key| decide(&ours, key)),
        Case::new(next(1), |key| drop(std::hint::black_box(theirs.check_key(&key)))),
    ];
    let mut row = vec![keys.to_string(), name.to_owned()];
    row.extend(measure(&mut cases).into_iter().map(cell));
    row.extend([our_bytes, their_bytes.bytes_current].map(|bytes| bytes.to_string()));
    row
}

fn decide(route: &Arc<RouteLimit>, address: IpAddr) {
    let subject = Subject { address: Some(address), ..Subject::default() };
    std::hint::black_box(route.decide(&subject, Moment::default()).is_allowed());
}

fn route(keys: u32, limit: &str) -> Option<Arc<RouteLimit>> {
    let keys = usize::try_from(keys).ok()?;
    let limit = LimitConfig { limit: limit.into(), keys, ..LimitConfig::default() };
    let config = RateLimitConfig {
        limits: vec![limit],
        routes: vec![RouteConfig::default()],
        ..RateLimitConfig::default()
    };
    RateLimit::compile(&config).ok()?.route("/")
}

type Governor = RateLimiter<
    IpAddr,
    DefaultKeyedStateStore<IpAddr>,
    FakeRelativeClock,
    NoOpMiddleware<governor::nanos::Nanos>,
>;

fn governor(quantity: u32) -> Option<Governor> {
    let quantity = NonZeroU32::new(quantity)?;
    let day = std::time::Duration::from_secs(86_400);
    let quota = if quantity.get() == 1 { Quota::with_period(day)? } else { Quota::per_second(quantity) };
    Some(RateLimiter::new(quota, DefaultKeyedStateStore::default(), FakeRelativeClock::default()))
}
