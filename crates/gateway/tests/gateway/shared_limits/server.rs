//! A real Redis of its own for each test, and one that says what a test wants.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server, killed when it is dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    folder: PathBuf,
    more: Vec<&'static str>,
}

impl Server {
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(super) fn start_with(more: &[&'static str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("corsac-shared-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { process: spawn(port, &folder, more), port, folder, more: more.to_vec() }
    }

    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(super) fn revive(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.more);
    }

    pub(super) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The time by its own clock, by which buckets fill.
    pub(super) fn time(&self) -> Duration {
        let answer = self.command("TIME", 5);
        let [_, _, seconds, _, micros] = answer.as_slice() else { panic!("{answer:?}") };
        Duration::from_secs(seconds.parse().unwrap()) + Duration::from_micros(micros.parse().unwrap())
    }

    /// How often it has been asked by the script.
    pub(super) fn asks(&self) -> u64 {
        let stats = self.command("INFO commandstats", usize::MAX);
        let calls = stats.iter().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.map_or(0, |calls| calls.split(',').next().unwrap().parse().unwrap())
    }

    /// The first `lines` lines of an answer, or those of a whole bulk string.
    fn command(&self, command: &str, lines: usize) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "{command}\r\nQUIT\r\n").unwrap();
        BufReader::new(stream).lines().map_while(Result::ok).take(lines).collect()
    }
}

/// Starts it and waits until it says that it is ready.
fn spawn(port: u16, folder: &PathBuf, more: &[&str]) -> Child {
    let program = std::env::var("CORSAC_REDIS").unwrap_or_else(|_| "redis-server".into());
    let port = port.to_string();
    let mut process = Command::new(program)
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
        .args(more)
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

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// That the one bucket which is asked for is full.
pub(super) const GRANTED: &str = "*3\r\n:1\r\n:0\r\n:0\r\n";

/// What speaks the protocol and answers scripts as it is told; nothing if that is empty.
pub(super) struct Fake {
    port: u16,
    reply: Arc<Mutex<&'static str>>,
    pub(super) asks: Arc<AtomicUsize>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl Fake {
    pub(super) fn start(reply: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fake = Self {
            port,
            reply: Arc::new(Mutex::new(reply)),
            asks: Arc::default(),
            connections: Arc::default(),
        };
        let (reply, asks) = (Arc::clone(&fake.reply), Arc::clone(&fake.asks));
        let connections = Arc::clone(&fake.connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let (reply, asks) = (Arc::clone(&reply), Arc::clone(&asks));
                std::thread::spawn(move || speak(stream, &reply, &asks));
            }
        });
        fake
    }

    pub(super) fn answers(&self, reply: &'static str) {
        *self.reply.lock().unwrap() = reply;
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(super) fn asked(&self) -> usize {
        self.asks.load(Ordering::SeqCst)
    }
}

fn speak(mut stream: TcpStream, reply: &Mutex<&'static str>, asks: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let words = read_command(&mut reader)?;
        let is_ask = words.first()?.eq_ignore_ascii_case("EVALSHA");
        let answer = if is_ask { *reply.lock().unwrap() } else { "+OK\r\n" };
        stream.write_all(answer.as_bytes()).ok()?;
        asks.fetch_add(usize::from(is_ask), Ordering::SeqCst);
    }
}

/// `*2`, `$3`, `GET`, `$1`, `k`
fn read_command(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let number = |reader: &mut dyn BufRead| {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        line.trim().get(1..)?.parse::<usize>().ok()
    };
    let count = number(reader)?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; number(reader)? + 2];
        reader.read_exact(&mut word).ok()?;
        words.push(String::from_utf8_lossy(&word).trim().to_owned());
    }
    Some(words)
}
