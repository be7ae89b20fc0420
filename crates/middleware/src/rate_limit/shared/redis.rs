//! A store in Redis or Valkey.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, Script};
use tokio::sync::Mutex;

use super::{Answer, Ask, FAILURES, Store, StoreError};

/// Buckets in Redis or Valkey, decided by a script on the server: one round trip for a
/// request, whatever it is limited by. Both take the script without any module.
///
/// Keys are `{PREFIX}:LIMIT:HASH`. The braces keep all keys of a prefix in one slot of
/// a cluster, since the script decides several at once; prefixes spread over slots. A
/// bucket expires when it is full, so the server holds no more than what is in debt.
///
/// The connection belongs to the runtime on which it was first used: a gateway has one
/// store for each worker.
pub struct RedisStore {
    client: Client,
    prefix: String,
    script: Script,
    /// Held while connecting, so that only one does; whoever asks takes a clone.
    connection: Mutex<Connection>,
    /// Requests that gave up waiting since the last answer. A server that vanished
    /// without closing its connection is silent on it for good, also when it is back.
    given_up: AtomicU32,
}

#[derive(Default)]
struct Connection {
    /// Which one it is: an error of an old one must not close the new.
    number: u64,
    open: Option<MultiplexedConnection>,
}

impl RedisStore {
    /// A store at `url`, such as `redis://127.0.0.1:6379/0`. Nothing is connected yet.
    ///
    /// # Errors
    /// It is no URL of a server, or one with TLS, or the prefix is not 1 to 64 letters, digits, `-`, `_`,
    /// `.` and `:`.
    pub fn new(url: &str, prefix: &str) -> Result<Self, StoreError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        if !(1..=64).contains(&prefix.len()) || !prefix.bytes().all(fits) {
            return Err(StoreError::Failed("the prefix of keys is not a name"));
        }
        let scheme = url.split(':').next().unwrap_or_default();
        if ["rediss", "valkeys"].iter().any(|it| scheme.eq_ignore_ascii_case(it)) {
            return Err(StoreError::Failed("it cannot be asked over TLS"));
        }
        let client = Client::open(url).map_err(|error| failed(&error))?;
        let script = Script::new(include_str!("decide.lua"));
        let (connection, given_up) = (Mutex::default(), AtomicU32::new(0));
        Ok(Self { client, prefix: prefix.to_owned(), script, connection, given_up })
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        let mut connection = self.connection.lock().await;
        let is_silent = self.given_up.load(Ordering::Relaxed) >= FAILURES;
        if let Some(open) = connection.open.as_ref().filter(|_| !is_silent) {
            return Ok((connection.number, open.clone()));
        }
        // Whoever asks bounds the time of connecting and asking together.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let open = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        self.given_up.store(0, Ordering::Relaxed);
        connection.number += 1;
        connection.open = Some(open.clone());
        Ok((connection.number, open))
    }

    async fn ask(&self, asks: &[Ask<'_>]) -> Result<Vec<i64>, RedisError> {
        let mut script = self.script.prepare_invoke();
        for ask in asks {
            let interval = micros(ask.interval);
            script.key(format!("{{{}}}:{}:{:016x}", self.prefix, ask.limit, ask.key));
            script.arg(&[interval, interval.saturating_mul(ask.burst), ask.cost]);
        }
        let (number, mut connection) = self.connection().await?;
        let mut waiting = Waiting { given_up: &self.given_up, is_answered: false };
        let reply = script.invoke_async(&mut connection).await;
        waiting.is_answered = true;
        if reply.is_err() {
            // The next one connects again, also after an error of the server's own: one
            // that became a replica says so for as long as it is asked, and its name may
            // stand for another by now.
            let mut connection = self.connection.lock().await;
            if connection.number == number {
                connection.open = None;
            }
        }
        reply
    }
}

/// Counts a request whose future was dropped before it had an answer.
struct Waiting<'s> {
    given_up: &'s AtomicU32,
    is_answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            self.given_up.store(0, Ordering::Relaxed);
        } else {
            self.given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Store for RedisStore {
    async fn decide(&self, asks: &[Ask<'_>]) -> Result<Vec<Answer>, StoreError> {
        let reply = self.ask(asks).await.map_err(|error| failed(&error))?;
        let answers = reply.get(1..).unwrap_or_default().chunks_exact(2).filter_map(|numbers| {
            let [debt, lacking]: [i64; 2] = numbers.try_into().ok()?;
            // One below nothing is no answer; read without a sign it would be a huge one.
            let time = |micros: i64| u64::try_from(micros).ok().map(Duration::from_micros);
            Some(Answer { debt: time(debt)?, lacking: time(lacking)? })
        });
        Ok(answers.collect())
    }
}

/// What is said of an error is its kind: its text may repeat a URL with a password.
fn failed(error: &RedisError) -> StoreError {
    StoreError::Failed(match error.kind() {
        ErrorKind::InvalidClientConfig => "the URL is not one of a server",
        ErrorKind::AuthenticationFailed => "the server did not take the password",
        ErrorKind::Io => "the connection failed",
        _ if error.code().is_some() => "the server answered with an error",
        _ => "the server's answer was not understood",
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
