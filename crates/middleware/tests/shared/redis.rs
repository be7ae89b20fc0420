//! A real server of its own for each test, on a free port, without files that stay.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use corsac_middleware::rate_limit::shared::{Outcome, RedisStore, Shared, WhenAway};
use corsac_middleware::rate_limit::{Decision, LimitConfig, RateLimitConfig, Verdict};

use super::{client, config, route};

/// Longer than any answer takes on a busy machine.
const PATIENT: Duration = Duration::from_secs(5);

/// A server, killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("corsac-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { process: Self::spawn(port, &folder), port, folder }
    }

    /// Starts it and waits until it says that it is ready.
    fn spawn(port: u16, folder: &PathBuf) -> Child {
        let program = std::env::var("CORSAC_REDIS").unwrap_or_else(|_| "redis-server".into());
        let port = port.to_string();
        let mut process = Command::new(program)
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("Ready to accept connections")));
        // Its pipe stays open, or its next line would end it.
        std::thread::spawn(move || lines.for_each(drop));
        process
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn revive(&mut self) {
        self.process = Self::spawn(self.port, &self.folder);
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    fn store(&self) -> RedisStore {
        RedisStore::new(&self.url(), "corsac").unwrap()
    }

    fn shared(&self, when_away: WhenAway) -> Shared<RedisStore> {
        Shared::new(self.store(), when_away).with_timeout(PATIENT)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn decided(outcome: Outcome) -> Decision {
    match outcome {
        Outcome::Decided(decision) => decision,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn a_bucket_in_redis_is_one_of_ours() {
    let server = Server::start();
    let (shared, route) = (server.shared(WhenAway::Closed), route(&config(&[("hourly", "10/1h", 3)])));
    for left in [2, 1, 0] {
        let decision = decided(shared.decide(&route, &client(1)).await);
        let (_, charge) = decision.charges().next().unwrap();
        assert_eq!((charge.verdict(), charge.remaining()), (Verdict::Allowed, left));
    }
    let denied = decided(shared.decide(&route, &client(1)).await);
    let after = denied.retry_after().unwrap();
    assert!(!denied.is_allowed() && after <= Duration::from_secs(360), "{denied:?}");
    assert!(after > Duration::from_secs(350), "{denied:?}");
    assert!(decided(shared.decide(&route, &client(2)).await).is_allowed());
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn where_one_bucket_denies_no_other_is_charged() {
    let server = Server::start();
    let limits = config(&[("wide", "100/1h", 10), ("narrow", "100/1h", 2)]);
    let (shared, route) = (server.shared(WhenAway::Closed), route(&limits));
    let mut left = Vec::new();
    for _ in 0..4 {
        let decision = decided(shared.decide(&route, &client(1)).await);
        left.push(decision.charges().map(|(_, charge)| charge.remaining()).collect::<Vec<_>>());
    }
    assert_eq!(left, [[9, 1], [8, 0], [8, 0], [8, 0]]);
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn keys_are_hashes_in_one_slot_that_expire() {
    let server = Server::start();
    let (shared, route) = (server.shared(WhenAway::Closed), route(&config(&[("hourly", "10/1h", 3)])));
    for last in 1..=3 {
        let _ = decided(shared.decide(&route, &client(last)).await);
    }
    let mut connection =
        redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let hash = key.strip_prefix("{corsac}:hourly:").unwrap();
        assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        let millis: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!((300_000..=360_002).contains(&millis), "{millis}");
    }
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn two_gateways_hold_one_limit() {
    let server = Server::start();
    let limits = config(&[("steady", "200/1s", 20)]);
    let gateways = [(); 2].map(|()| (server.shared(WhenAway::Closed), route(&limits)));
    // Connected before the time is taken.
    for (shared, route) in &gateways {
        let _ = decided(shared.decide(route, &client(2)).await);
    }
    let started = Instant::now();
    let ask = async |(shared, route): &(Shared<RedisStore>, _)| {
        let mut allowed = 0_u32;
        while started.elapsed() < Duration::from_secs(3) {
            allowed += u32::from(decided(shared.decide(route, &client(1)).await).is_allowed());
        }
        allowed
    };
    let [first, second] = &gateways;
    let (first, second) = tokio::join!(ask(first), ask(second));
    let ideal = 20.0 + 200.0 * started.elapsed().as_secs_f64();
    let allowed = f64::from(first + second);
    println!("{first} and {second} of {ideal:.1}");
    assert!(allowed <= ideal + 1.0 && allowed >= ideal * 0.98, "{allowed} of {ideal}");
    assert!(first > 0 && second > 0);
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn a_server_killed_is_away_and_its_return_is_noticed_within_a_second() {
    for when_away in [WhenAway::Closed, WhenAway::Local, WhenAway::Open] {
        let mut server = Server::start();
        let limits = config(&[("hourly", "100/1h", 5)]);
        let (shared, route) = (Shared::new(server.store(), when_away).with_timeout(PATIENT), route(&limits));
        let all = async |last| {
            let asks: Vec<_> = (0..32).map(|_| client(last)).collect();
            let mut outcomes = Vec::new();
            for ask in &asks {
                outcomes.push(shared.decide(&route, ask).await);
            }
            outcomes
        };
        let allowed =
            all(1).await.into_iter().filter(|it| matches!(it, Outcome::Decided(it) if it.is_allowed()));
        assert_eq!(allowed.count(), 5);
        server.kill();
        let outcomes = all(1).await;
        let held = |outcome: &&Outcome| match when_away {
            WhenAway::Closed => matches!(outcome, Outcome::Refused),
            WhenAway::Local => matches!(outcome, Outcome::Local(_)),
            WhenAway::Open => matches!(outcome, Outcome::Passed(_)),
        };
        assert_eq!(outcomes.iter().filter(held).count(), 32, "{when_away:?}: {outcomes:?}");
        let locally = outcomes.iter().filter(|it| matches!(it, Outcome::Local(it) if it.is_allowed()));
        assert_eq!(locally.count(), if when_away == WhenAway::Local { 5 } else { 0 });
        server.revive();
        let revived = Instant::now();
        while !matches!(shared.decide(&route, &client(3)).await, Outcome::Decided(_)) {
            assert!(revived.elapsed() < Duration::from_secs(1), "{when_away:?}");
            tokio::task::yield_now().await;
        }
        println!("{when_away:?}: noticed after {:?}", revived.elapsed());
    }
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn a_server_that_hangs_delays_nobody_beyond_the_timeout() {
    let server = Server::start();
    let route = route(&config(&[("hourly", "100/1h", 5)]));
    let shared = Shared::new(server.store(), WhenAway::Open).with_timeout(Duration::from_millis(20));
    while !matches!(shared.decide(&route, &client(1)).await, Outcome::Decided(_)) {}
    server.signal("-STOP");
    for _ in 0..20 {
        assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Passed(_)));
    }
    server.signal("-CONT");
    let revived = Instant::now();
    while !matches!(shared.decide(&route, &client(1)).await, Outcome::Decided(_)) {
        assert!(revived.elapsed() < Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
#[ignore = "starts a redis-server"]
async fn a_bucket_that_is_no_number_is_an_error_or_full_and_never_a_panic() {
    let server = Server::start();
    let limits = RateLimitConfig {
        limits: vec![LimitConfig { limit: "10/1h".into(), burst: Some(3), ..LimitConfig::default() }],
        ..config(&[("default", "1/1s", 1)])
    };
    let (shared, route) = (server.shared(WhenAway::Closed), route(&limits));
    let _ = decided(shared.decide(&route, &client(1)).await);
    let mut connection =
        redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    let set = async |connection: &mut _, value: &str| {
        let () = redis::cmd("SET").arg(&keys[0]).arg(value).query_async(connection).await.unwrap();
    };
    set(&mut connection, "fox").await;
    assert!(decided(shared.decide(&route, &client(1)).await).is_allowed());
    // A clock that was set back by years: as empty as can be, and no emptier.
    set(&mut connection, "9000000000000000").await;
    let denied = decided(shared.decide(&route, &client(1)).await);
    assert_eq!(denied.retry_after(), Some(Duration::from_secs(360)));
    let () = redis::cmd("DEL").arg(&keys[0]).query_async(&mut connection).await.unwrap();
    let () = redis::cmd("LPUSH").arg(&keys[0]).arg("fox").query_async(&mut connection).await.unwrap();
    assert!(matches!(shared.decide(&route, &client(1)).await, Outcome::Refused));
}

#[test]
fn what_is_no_url_or_no_prefix_is_refused_without_repeating_it() {
    for (url, prefix) in [
        ("http://user:hunter2@127.0.0.1/", "corsac"),
        ("hunter2", "corsac"),
        ("redis://127.0.0.1/", ""),
        ("redis://127.0.0.1/", "a}b{hunter2"),
    ] {
        let error = RedisStore::new(url, prefix).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let store = RedisStore::new("redis://user:hunter2@127.0.0.1/", "corsac:a-b.c_d").unwrap();
    assert!(!format!("{store:?}").contains("hunter2"));
}
