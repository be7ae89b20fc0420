//! The decision alone, and compiling.

use std::time::Instant;

use corsac_cors::{Policy, RequestHead};

use crate::measure::{Case, Table, cell, measure};
use crate::requests::{Head, SIZES, config, hostile, ordinary, policy};

pub(crate) fn run() -> Table {
    let mut table = Table::new("decide (time, allocations) and compile", &["request", "origins", "corsac"]);
    for count in SIZES {
        let Some(policy) = policy(count) else { continue };
        for (name, head) in ordinary(count) {
            table.row(vec![name.to_owned(), count.to_string(), decided(&policy, &head)]);
        }
    }
    if let Some(policy) = policy(1) {
        for (name, head) in hostile() {
            table.row(vec![name, "1".to_owned(), decided(&policy, &head)]);
        }
    }
    for count in [1, 1_000, 100_000, 1_000_000] {
        table.row(vec!["compile".to_owned(), count.to_string(), compiled(count)]);
    }
    table
}

fn decided(policy: &Policy, head: &Head) -> String {
    let request = RequestHead { method: &head.method, headers: &head.headers };
    let mut cases = [Case::new(|| (), |()| drop(std::hint::black_box(policy.decide(&request))))];
    measure(&mut cases).first().map(|figure| cell(*figure)).unwrap_or_default()
}

/// The least of several runs.
fn compiled(count: usize) -> String {
    let config = config(count);
    let times = (0..5).map(|_| {
        let started = Instant::now();
        std::hint::black_box(Policy::compile(&config).is_ok());
        started.elapsed()
    });
    times.min().map(|time| format!("{:.3} ms", time.as_secs_f64() * 1e3)).unwrap_or_default()
}
