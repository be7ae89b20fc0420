//! A gateway, an upstream and a client that speak raw bytes, so that nothing on either
//! side puts right what the gateway gets wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use corsac_diagnostics::Source;
use corsac_gateway::{Config, Gateway, Observer, read};
use corsac_origin::PublicSuffixList;

/// No test waits longer for a byte.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const APP: &str = "https://app.example.com";
pub(crate) const EVIL: &str = "https://evil.example";

/// A policy file for `upstream` with more at its end.
pub(crate) fn policy(upstream: SocketAddr, more: &str) -> String {
    format!(
        r#"
[gateway]
listen = "127.0.0.1:0"
workers = 2
access_log = "off"
shutdown_grace = "5s"

[gateway.limits]
body_size = "1KiB"
header_size = "8KiB"
header_fields = 40
target_size = "1KiB"

[upstreams.api]
url = "http://{upstream}"
response_timeout = "300ms"
connect_timeout = "300ms"

[cors.app]
origins = ["{APP}"]
methods = ["GET", "PUT"]
request_headers = ["content-type"]
exposed_headers = ["x-request-id"]
credentials = true

[[routes]]
path = "/api/{{*rest}}"
upstream = "api"
cors = "app"

[[routes]]
path = "/closed"
upstream = "api"
{more}"#
    )
}

pub(crate) fn config(text: &str) -> Config {
    let reading = read(Source::new("test.toml", text), None, PublicSuffixList::embedded());
    reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings))
}

pub(crate) fn start(text: &str) -> Gateway {
    start_watched(text, None)
}

pub(crate) fn start_watched(text: &str, observer: Option<Observer>) -> Gateway {
    Gateway::start(config(text), observer).unwrap()
}

/// A response as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn has_cors(&self) -> bool {
        self.fields.iter().any(|(name, _)| name.starts_with("access-control-"))
    }
}

/// A client's connection.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Reads one response; `None` if the connection is closed instead.
    pub(crate) fn answer(&mut self, of_head: bool) -> Option<Answer> {
        let first = self.line()?;
        let mut answer = Answer { status: first.split(' ').nth(1)?.parse().ok()?, ..Answer::default() };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            answer.fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if answer.status == 100 {
            return self.answer(of_head);
        }
        if !of_head && !matches!(answer.status, 101 | 204 | 304) {
            answer.body = self.body(&answer)?;
        }
        Some(answer)
    }

    fn body(&mut self, answer: &Answer) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = answer.field("content-length") {
            body.resize(length.parse().ok()?, 0);
            self.0.read_exact(&mut body).ok()?;
            return Some(body);
        }
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).ok()?;
            let start = body.len();
            body.resize(start + size, 0);
            self.0.read_exact(body.get_mut(start..)?).ok()?;
            self.line()?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(read) if read > 0 => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }

    pub(crate) fn read_exact(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Whether the other side has closed.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.line().is_none()
    }
}

/// Sends one request on a connection of its own. `head` is without the last empty line
/// and without `Host`.
pub(crate) fn ask(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut client = Client::connect(address);
    client.send(&request(head, body));
    client.answer(head.starts_with("HEAD")).unwrap_or_default()
}

pub(crate) fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("{}\r\nHost: gateway.test\r\n\r\n", head.trim().replace('\n', "\r\n")).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A GET by a page of `origin`.
pub(crate) fn get(address: SocketAddr, path: &str, origin: &str) -> Answer {
    ask(address, &format!("GET {path} HTTP/1.1\nOrigin: {origin}"), b"")
}

/// An upstream; what it does depends on the path.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// Connections it has accepted.
    pub(crate) connections: Arc<AtomicUsize>,
    /// Requests it has read.
    pub(crate) requests: Arc<AtomicUsize>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, seen) = (Arc::clone(&connections), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counter.fetch_add(1, Ordering::SeqCst);
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || serve(stream, &seen));
            }
        });
        Self { address, connections, requests }
    }
}

fn serve(stream: TcpStream, seen: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let body = read_body(&mut reader, &head)?;
        seen.fetch_add(1, Ordering::SeqCst);
        let path = head.split(' ').nth(1)?.to_owned();
        if !respond(&mut reader, &mut writer, &path, &head, &body)? {
            return None;
        }
    }
}

fn read_body(reader: &mut BufReader<TcpStream>, head: &str) -> Option<Vec<u8>> {
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap_or(0))];
    reader.read_exact(&mut body).ok()?;
    if lower.contains("transfer-encoding: chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let size = usize::from_str_radix(line.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(chunk.get(..size)?);
        }
    }
    Some(body)
}

/// Answers; `false` closes the connection.
fn respond(
    reader: &mut BufReader<TcpStream>,
    writer: &mut TcpStream,
    path: &str,
    head: &str,
    body: &[u8],
) -> Option<bool> {
    let with = |fields: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let end = path.rsplit('/').next()?;
    match end.split('?').next()? {
        "head" => writer.write_all(with("", head).as_bytes()).ok()?,
        "body" => writer.write_all(with("", &String::from_utf8_lossy(body)).as_bytes()).ok()?,
        "owner" => {
            let fields = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\
                          Vary: Accept\r\nVary: Cookie\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n";
            writer.write_all(with(fields, "owned").as_bytes()).ok()?;
        }
        "slow" => {
            std::thread::sleep(Duration::from_secs(2));
            writer.write_all(with("", "late").as_bytes()).ok()?;
        }
        "soon" => {
            std::thread::sleep(Duration::from_millis(150));
            writer.write_all(with("", "soon").as_bytes()).ok()?;
        }
        "break" => return Some(false),
        "once" => {
            writer.write_all(with("", "once").as_bytes()).ok()?;
            return Some(false);
        }
        "unauthorized" => {
            let text = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n";
            writer.write_all(text.as_bytes()).ok()?;
        }
        "moved" => {
            let text = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
            writer.write_all(text.as_bytes()).ok()?;
        }
        "garbage" => writer.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").ok()?,
        "socket" => {
            let text = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                 X-Cookies: {}\r\n\r\n",
                head.to_ascii_lowercase().matches("cookie:").count()
            );
            writer.write_all(text.as_bytes()).ok()?;
            let mut buffer = [0; 64];
            loop {
                let read = reader.read(&mut buffer).ok()?;
                writer.write_all(buffer.get(..read).filter(|bytes| !bytes.is_empty())?).ok()?;
            }
        }
        _ => writer.write_all(with("", "ok").as_bytes()).ok()?,
    }
    Some(true)
}
