//! Rate limits: the algorithm against ideal ones, the table under attack, the layer
//! over services, what clients are told, and what cannot be compiled.

#![cfg(test)]

mod algorithm;
mod attack;
mod config;
mod layer;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use corsac_middleware::rate_limit::{
    Decision, LimitConfig, Moment, RateLimit, RateLimitConfig, RouteConfig, RouteLimit, Seed, Subject,
};

const SEED: Seed = Seed::fixed([7; 16]);

/// One limit on one route.
fn one(limit: &str, burst: u64, keys: usize) -> (RateLimit, Arc<RouteLimit>) {
    let limit = LimitConfig { limit: limit.into(), burst: Some(burst), keys, ..LimitConfig::default() };
    let config = RateLimitConfig {
        limits: vec![limit],
        routes: vec![RouteConfig::default()],
        ..RateLimitConfig::default()
    };
    let limit = RateLimit::compile_with_seed(&config, SEED).unwrap();
    let route = limit.route("/").unwrap();
    (limit, route)
}

fn from(address: impl Into<IpAddr>) -> Subject<'static> {
    Subject { address: Some(address.into()), ..Subject::default() }
}

fn at(nanos: u64) -> Moment {
    Moment::after(Duration::from_nanos(nanos))
}

fn ask(route: &Arc<RouteLimit>, address: impl Into<IpAddr>, nanos: u64) -> Decision {
    route.decide(&from(address), at(nanos))
}

fn overflowed(limit: &RateLimit) -> u64 {
    limit.tables().map(|(_, _, overflowed)| overflowed).sum()
}

/// Numbers that look random and are the same every time (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The ideal: exact fractions, a bucket for every key that ever was.
#[derive(Default)]
struct Ideal {
    /// When each bucket is full, in nanoseconds times the quantity.
    buckets: std::collections::HashMap<IpAddr, u128>,
}

impl Ideal {
    /// Whether a request may pass; if so it is charged.
    fn pass(&mut self, address: IpAddr, nanos: u64, (quantity, window, burst): (u64, u64, u64)) -> bool {
        let now = u128::from(nanos) * u128::from(quantity);
        let bucket = self.buckets.entry(address).or_default();
        let full_at = now.max(*bucket) + u128::from(window);
        let may = full_at <= now + u128::from(window) * u128::from(burst);
        if may {
            *bucket = full_at;
        }
        may
    }
}
