//! Limits that several gateways share: one Redis, over real sockets.

mod away;
mod held;
mod server;
mod written;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Answer, Client, policy, request};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(10);

const SEED: &str = "000102030405060708090a0b0c0d0e0f";

/// Limits on `/limited` by address, and the store at `url` with more keys.
fn shared(upstream: SocketAddr, folder: &Path, url: &str, more: &str) -> String {
    let seed = folder.join("limits.seed");
    if !seed.exists() {
        std::fs::write(&seed, SEED).unwrap();
    }
    let store = format!(
        r#"
[rate_limit_store]
url = "{url}"
seed_file = "{}"
{more}
"#,
        seed.display()
    );
    let all = format!("{}{store}", limited(upstream, "200/1s", 50));
    // A busy machine is no reason to answer for the upstream.
    all.replace("response_timeout = \"300ms\"", "response_timeout = \"5s\"")
}

/// Comes back once it is so.
#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came");
        std::thread::yield_now();
    }
}

/// The same limits without a store.
fn limited(upstream: SocketAddr, limit: &str, burst: u64) -> String {
    let guards = format!(
        r#"
[rate_limits.per-client]
limit = "{limit}"
burst = {burst}

[rate_limits.asking]
limit = "1/1h"
burst = 2

[preflights]
rate_limits = ["asking"]

[[routes]]
path = "/limited"
upstream = "api"
cors = "app"
rate_limits = ["per-client"]
"#
    );
    policy(upstream, &guards)
}

/// The statuses of `count` requests, one after the other, each to the next gateway.
fn in_turn(gateways: &[SocketAddr], head: &str, count: usize) -> Vec<u16> {
    let ask = |address: &SocketAddr| crate::support::ask(*address, head, b"").status;
    gateways.iter().cycle().take(count).map(ask).collect()
}

/// Asks on one connection until `until`; each answer is given to `each`.
fn keep_asking(address: SocketAddr, head: &str, until: Instant, mut each: impl FnMut(Answer)) {
    let mut client = Client::connect(address);
    let bytes = request(head, b"");
    while Instant::now() < until {
        client.send(&bytes);
        each(client.answer(false).unwrap());
    }
}

/// How many requests each gateway grants to four clients that ask it for three seconds.
fn granted(gateways: &[SocketAddr]) -> Vec<u32> {
    let until = Instant::now() + Duration::from_secs(3);
    std::thread::scope(|scope| {
        let ask = |address: SocketAddr| {
            scope.spawn(move || {
                let mut granted = 0;
                keep_asking(address, "GET /limited HTTP/1.1", until, |answer| match answer.status {
                    200 => granted += 1,
                    429 => {}
                    other => panic!("{other}: {answer:?}"),
                });
                granted
            })
        };
        let asking: Vec<Vec<_>> = gateways.iter().map(|address| [*address; 4].map(ask).into()).collect();
        let sum = |clients: Vec<std::thread::ScopedJoinHandle<'_, u32>>| {
            clients.into_iter().map(|client| client.join().unwrap()).sum()
        };
        asking.into_iter().map(sum).collect()
    })
}
