//! The access log: JSON lines, written by a thread of its own.
//!
//! A worker fills a buffer and hands it over when it is large or 100 ms old. If the
//! writer cannot keep up, buffers are dropped and counted rather than requests
//! delayed. The query of a target is left out: it may carry secrets.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::SystemTime;

use corsac_events::Verdict;
use corsac_middleware::stack::Decided;
use http::Version;
use http::header::HeaderValue;
use prometheus_client::metrics::counter::Counter;

use crate::config::AccessLog;
use crate::observe::event::{CorsEvent, RequestEvent};

/// A buffer this large is handed over at once.
const FLUSH_BYTES: usize = 32 << 10;

/// Buffers that wait for the writer: 4 MiB at most.
const QUEUE: usize = 128;

/// Bytes of a text from the request that are logged.
const MAX_TEXT: usize = 512;

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Writer {
    buffers: SyncSender<Message>,
    thread: JoinHandle<()>,
    dropped: Counter,
}

#[derive(Debug)]
enum Message {
    Write(Vec<u8>),
    Reopen,
    Finish(Sender<()>),
}

impl Writer {
    /// Opens the log. `None` if it is off.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(log: &AccessLog) -> io::Result<Option<Self>> {
        let target = match log {
            AccessLog::Off => return Ok(None),
            AccessLog::Stderr => Target::Stderr,
            AccessLog::File(path) => Target::File(path.clone(), append(path)?),
        };
        let (buffers, queue) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("access-log".into()).spawn(move || write(target, &queue))?;
        Ok(Some(Self { buffers, thread, dropped: Counter::default() }))
    }

    /// A worker's side.
    pub(crate) fn buffer(&self) -> Buffer {
        Buffer {
            lines: RefCell::default(),
            buffers: self.buffers.clone(),
            dropped: self.dropped.clone(),
            clock: RefCell::default(),
        }
    }

    /// Lines that were dropped because the writer could not keep up.
    pub(crate) fn dropped(&self) -> Counter {
        self.dropped.clone()
    }

    /// Opens a log file again, for those who rotate it.
    pub(crate) fn reopen(&self) {
        // Full or gone: then it is reopened at the next reload, or never needed.
        let _ = self.buffers.try_send(Message::Reopen);
    }

    /// Writes what is queued and ends the thread.
    pub(crate) fn finish(self) {
        let (done, finished) = channel();
        if self.buffers.send(Message::Finish(done)).is_ok() {
            // An error means that the thread is gone already.
            let _ = finished.recv();
        }
        let _ = self.thread.join();
    }
}

/// Where lines go.
enum Target {
    Stderr,
    File(PathBuf, File),
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stderr => io::stderr().write_all(bytes),
            Self::File(_, file) => file.write_all(bytes),
        }
    }

    /// Opens the file by its name again: whoever rotates logs has renamed the old one.
    fn reopen(&mut self) {
        if let Self::File(path, file) = self
            && let Ok(new) = append(path)
        {
            *file = new;
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn write(mut target: Target, queue: &Receiver<Message>) {
    for message in queue {
        match message {
            // A full disk must not stop the gateway; the next buffer may fit again.
            Message::Write(buffer) => drop(target.write(&buffer)),
            Message::Reopen => target.reopen(),
            Message::Finish(done) => {
                let _ = done.send(());
                return;
            }
        }
    }
}

/// A worker's lines.
#[derive(Debug)]
pub(crate) struct Buffer {
    lines: RefCell<Vec<u8>>,
    buffers: SyncSender<Message>,
    dropped: Counter,
    clock: RefCell<Clock>,
}

impl Buffer {
    pub(crate) fn record(&self, event: &RequestEvent<'_>) {
        let mut lines = self.lines.borrow_mut();
        if lines.capacity() == 0 {
            lines.reserve(FLUSH_BYTES + 1_024);
        }
        line(&mut lines, event, &mut self.clock.borrow_mut());
        if lines.len() >= FLUSH_BYTES {
            drop(lines);
            self.flush();
        }
    }

    pub(crate) fn flush(&self) {
        let lines = std::mem::take(&mut *self.lines.borrow_mut());
        if lines.is_empty() {
            return;
        }
        if let Err(
            TrySendError::Full(Message::Write(lines)) | TrySendError::Disconnected(Message::Write(lines)),
        ) = self.buffers.try_send(Message::Write(lines))
        {
            let count = memchr::memchr_iter(b'\n', &lines).count();
            self.dropped.inc_by(count as u64);
        }
    }
}

/// The time of day down to the second, kept as text while the second lasts.
#[derive(Debug, Default)]
struct Clock {
    second: u64,
    text: String,
}

impl Clock {
    /// `2026-11-21T12:00:00.123Z` (RFC 3339).
    fn write(&mut self, out: &mut Vec<u8>, time: SystemTime) {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if self.text.is_empty() || self.second != since.as_secs() {
            self.second = since.as_secs();
            self.text = humantime::format_rfc3339_seconds(time).to_string();
        }
        out.extend_from_slice(self.text.trim_end_matches('Z').as_bytes());
        out.push(b'.');
        decimal(out, u64::from(since.subsec_millis()), 3);
        out.push(b'Z');
    }
}

fn line(out: &mut Vec<u8>, event: &RequestEvent<'_>, clock: &mut Clock) {
    out.extend_from_slice(b"{\"time\":\"");
    clock.write(out, event.time);
    known(out, b"\",\"id\":\"", event.id);
    out.extend_from_slice(b"\",\"client\":\"");
    address(out, event.client);
    text(out, b"\",\"method\":\"", event.method.as_str().as_bytes());
    optional(out, b",\"host\":\"", event.host);
    text(out, b",\"path\":\"", event.target.path().as_bytes());
    known(out, b",\"protocol\":\"", protocol(event.version));
    let micros = u64::try_from(event.duration.as_micros()).unwrap_or(u64::MAX);
    out.extend_from_slice(b"\",\"status\":");
    decimal(out, u64::from(event.status.as_u16()), 1);
    out.extend_from_slice(b",\"duration_ms\":");
    decimal(out, micros / 1_000, 1);
    out.push(b'.');
    decimal(out, micros % 1_000, 3);
    out.extend_from_slice(b",\"generation\":");
    decimal(out, event.generation, 1);
    for (name, value) in [
        (&b",\"route\":\""[..], event.route),
        (b",\"upstream\":\"", event.upstream),
        (b",\"problem\":\"", event.problem),
        (b",\"upstream_error\":\"", event.upstream_error),
    ] {
        if let Some(value) = value {
            text(out, name, value.as_bytes());
        }
    }
    optional(out, b",\"origin\":\"", event.origin);
    if let Some(cors) = &event.cors {
        cors_fields(out, cors, event.policy);
    }
    if event.is_secure {
        out.extend_from_slice(b",\"secure\":true");
    }
    guards(out, event.guards);
    if event.upstream_cors_removed {
        out.extend_from_slice(b",\"upstream_cors_removed\":true");
    }
    out.extend_from_slice(b"}\n");
}

fn cors_fields(out: &mut Vec<u8>, cors: &CorsEvent<'_>, policy: Option<&str>) {
    known(out, b",\"cors\":{\"kind\":\"", cors.kind);
    known(out, b"\",\"verdict\":\"", cors.outcome());
    known(out, b"\",\"reason\":\"", cors.reason());
    out.push(b'"');
    if let Some(policy) = policy {
        text(out, b",\"policy\":\"", policy.as_bytes());
    }
    out.push(b'}');
}

/// What did not simply let the request pass.
fn guards(out: &mut Vec<u8>, decisions: &[Decided]) {
    let mut told = decisions.iter().filter(|decided| decided.verdict != Verdict::Allowed).peekable();
    if told.peek().is_none() {
        return;
    }
    out.extend_from_slice(b",\"guards\":[");
    while let Some(decided) = told.next() {
        known(out, b"{\"guard\":\"", decided.guard.name());
        known(out, b"\",\"verdict\":\"", decided.verdict.name());
        known(out, b"\",\"reason\":\"", decided.reason);
        out.push(b'"');
        if let Some(detail) = &decided.detail {
            text(out, b",\"detail\":\"", detail.as_str().as_bytes());
        }
        out.push(b'}');
        if told.peek().is_some() {
            out.push(b',');
        }
    }
    out.push(b']');
}

fn address(out: &mut Vec<u8>, address: IpAddr) {
    let IpAddr::V4(address) = address else {
        return drop(write!(out, "{address}"));
    };
    let [first, rest @ ..] = address.octets();
    decimal(out, u64::from(first), 1);
    for octet in rest {
        out.push(b'.');
        decimal(out, u64::from(octet), 1);
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        _ => "other",
    }
}

fn optional(out: &mut Vec<u8>, name: &[u8], value: Option<&HeaderValue>) {
    if let Some(value) = value {
        text(out, name, value.as_bytes());
    }
}

/// A value that no request chose, or that is a token: nothing in it needs escaping.
fn known(out: &mut Vec<u8>, name: &[u8], value: &str) {
    out.extend_from_slice(name);
    out.extend_from_slice(value.as_bytes());
}

/// The name, written as `,"name":"`, and the value, cut at a bound and every byte that
/// is not plain ASCII escaped as the code point of its number: a log line is never
/// broken by a request.
fn text(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    let shown = value.get(..MAX_TEXT).unwrap_or(value);
    // Without a branch for each byte, so that many are looked at at once.
    let is_plain = |byte: &u8| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
    if shown.iter().fold(true, |plain, byte| plain & is_plain(byte)) {
        out.extend_from_slice(shown);
    } else {
        for &byte in shown {
            escaped(out, byte);
        }
    }
    if shown.len() < value.len() {
        out.extend_from_slice(b"...");
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b' '..=b'~' => out.push(byte),
        other => drop(write!(out, "\\u{other:04x}")),
    }
}

/// A number in decimal, at least `width` digits.
fn decimal(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        if number == 0 && used >= width.max(1) {
            break;
        }
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        used += 1;
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_least_their_width() {
        for (number, width, text) in
            [(0, 1, "0"), (7, 3, "007"), (1234, 3, "1234"), (u64::MAX, 1, "18446744073709551615")]
        {
            let mut out = Vec::new();
            decimal(&mut out, number, width);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn no_request_breaks_a_line() {
        let mut out = Vec::new();
        text(&mut out, b",\"origin\":\"", b"a\"b\\c\n\x00\xff");
        assert_eq!(out, br#","origin":"a\"b\\c\u000a\u0000\u00ff""#);
        out.clear();
        text(&mut out, b",\"x\":\"", &vec![b'a'; MAX_TEXT + 1]);
        assert!(out.ends_with(b"a...\""));
    }
}
