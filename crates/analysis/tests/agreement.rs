//! Two answers, one question: a script may read a response exactly when the policy's
//! decision said so. `cors` decides as a server, `browser` judges as a browser, and
//! neither knows the other.

#![cfg(test)]

use std::time::Duration;

use corsac_analysis::explain::ask_policy;
use corsac_browser::{Body, CredentialsMode, Engine, Outcome, Page, RequestInit};
use corsac_cors::{Dangerous, Policy, PolicyConfig};

/// Pairs in the normal run; `CORSAC_AGREEMENT=1000000` for more.
const PAIRS: u64 = 20_000;

/// `SplitMix64`: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn some<T: Copy>(&mut self, values: &[T]) -> Vec<T> {
        let count = self.below(values.len() + 1);
        (0..count).map(|_| self.pick(values)).collect()
    }
}

const ORIGINS: [&str; 9] = [
    "https://app.example.com",
    "https://*.example.com",
    "https://b.app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com:*",
    "http://localhost:*",
    "http://app.example.com",
    "null",
    "*",
];

const PAGES: [&str; 9] = [
    "https://app.example.com",
    "https://example.com",
    "https://b.app.example.com",
    "https://app.example.com:8443",
    "https://evilexample.com",
    "http://localhost:3000",
    "http://app.example.com",
    "null",
    "https://app.example.com.evil.test",
];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "patch", "QUERY", "put"];

const NAMES: [&str; 7] = ["content-type", "authorization", "x-a", "X-B", "accept", "range", "x-request-id"];

const VALUES: [&str; 6] = ["application/json", "text/plain", "bytes=0-1", "a\"b", "x", ""];

fn policy(random: &mut Random) -> Option<Policy> {
    let strings = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (mut origins, mut methods) = (strings(random.some(&ORIGINS)), strings(random.some(&METHODS[3..8])));
    let (mut names, mut exposed) = (strings(random.some(&NAMES)), strings(random.some(&NAMES)));
    match random.below(4) {
        0 => methods = vec!["*".into()],
        1 => names = vec!["*".into()],
        2 => names = vec!["*".into(), "authorization".into()],
        _ => {}
    }
    if random.below(5) == 0 {
        exposed = vec!["*".into()];
    }
    for list in [&mut origins, &mut methods, &mut names, &mut exposed] {
        list.sort_unstable();
        list.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    }
    let config = PolicyConfig {
        origins,
        methods,
        request_headers: names,
        exposed_headers: exposed,
        credentials: random.below(2) == 0,
        max_age: [None, Some(Duration::ZERO), Some(Duration::from_secs(600))][random.below(3)],
        legacy_private_network: random.below(4) == 0,
        dangerous: random.some(&Dangerous::ALL),
    };
    Policy::compile(&config).ok()
}

fn request(random: &mut Random) -> RequestInit {
    let method = random.pick(&METHODS);
    let mut headers = Vec::new();
    for _ in 0..random.below(4) {
        headers.push((random.pick(&NAMES).to_owned(), random.pick(&VALUES).to_owned()));
    }
    let body = (!matches!(method, "GET" | "HEAD") && random.below(2) == 0).then_some(Body::Text);
    RequestInit {
        url: "https://api.example.net/items/7".into(),
        method: method.into(),
        headers,
        credentials: random.pick(&[
            CredentialsMode::Include,
            CredentialsMode::Omit,
            CredentialsMode::SameOrigin,
        ]),
        body,
        ..RequestInit::default()
    }
}

/// Judges random pairs; the counts show that neither answer is the only one.
fn agree(seed: u64, pairs: u64) -> [u64; 2] {
    let mut random = Random(seed);
    let mut counts = [0; 2];
    let mut judged = 0;
    while judged < pairs {
        let Some(policy) = policy(&mut random) else { continue };
        for _ in 0..8 {
            let page = Page::of(random.pick(&PAGES));
            let request = request(&mut random);
            for engine in Engine::ALL {
                let answer = ask_policy(&policy, engine, &page, &request);
                let may_read = answer.verdict.outcome == Outcome::Ok;
                assert_eq!(
                    may_read,
                    answer.is_allowed(&request),
                    "seed {seed}: {engine:?} {:#?}\n{page:?}\n{request:?}\n{:#?}\n{:?}",
                    policy.to_config(),
                    answer.verdict,
                    answer.decisions.iter().map(corsac_cors::Decision::verdict).collect::<Vec<_>>(),
                );
                counts[usize::from(may_read)] += 1;
            }
            judged += 1;
        }
    }
    counts
}

#[test]
fn a_script_may_read_exactly_when_the_decision_said_so() {
    let pairs = std::env::var("CORSAC_AGREEMENT").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let [refused, read] = agree(1, pairs);
    assert!(refused > pairs / 10 && read > pairs / 10, "{refused} refused, {read} read: neither may be rare");
}
