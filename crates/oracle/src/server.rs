//! Servers of bytes: HTTP/1.1 as far as browsers need it, with exactly the fields that a
//! test wants, in its order and spelling, or no answer at all.
//!
//! Text is latin-1 here: each character stands for the byte of its number.
//!
//! Left out: TLS, and bodies without a length.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::Result;

/// Most bytes of one request; browsers send a page's results in one.
const MAX_REQUEST: usize = 16 << 20;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its target, mostly path and query.
    pub target: String,
    /// Its fields in their order.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the first field called `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it is a CORS-preflight request.
    pub fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.header("access-control-request-method").is_some()
    }
}

/// What a server says; nothing is added to it but the length of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    is_dropped: bool,
}

impl Answer {
    /// An answer without fields and without a body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), is_dropped: false }
    }

    /// None: the connection is closed, which browsers call a network error.
    pub fn dropped() -> Self {
        Self { is_dropped: true, ..Self::status(0) }
    }

    /// Adds a field; names may be repeated.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body. Where the fields name a `Content-Length`, it must be this one's.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn bytes(&self, to_head: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Status\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let has_body = self.status >= 200 && self.status != 204 && self.status != 304;
        if has_body && !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        let mut bytes = to_bytes(&head);
        if has_body && !to_head {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

type Respond = dyn Fn(&Request) -> Answer + Send + Sync;

struct Shared {
    respond: Box<Respond>,
    requests: Mutex<Vec<Request>>,
}

/// A server on a free port of loopback, for every host name. It ends when dropped.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
    _listening: JoinSet<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts one that answers each request with what `respond` returns.
    pub async fn start(respond: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let shared = Arc::new(Shared { respond: Box::new(respond), requests: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut listening = JoinSet::new();
        listening.spawn(listen(listener, Arc::clone(&shared)));
        // Browsers take `localhost` for both; where there is no IPv6 they go on to IPv4.
        if let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            listening.spawn(listen(listener, Arc::clone(&shared)));
        }
        Ok(Self { port, shared, _listening: listening })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its origin under the name `host`; browsers take every name under `.localhost` for
    /// this machine.
    pub fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// Takes the requests that came since they were last taken.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A connection that breaks is the browser's affair.
        connections.spawn(async move { drop(serve(stream, &shared).await) });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        let (request, rest) = loop {
            if let Some(parsed) = parse(&read) {
                break parsed;
            }
            if read.len() > MAX_REQUEST || stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        read = rest;
        let answer = (shared.respond)(&request);
        let bytes = answer.bytes(request.method == "HEAD");
        shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        if answer.is_dropped {
            return Ok(());
        }
        stream.write_all(&bytes).await?;
    }
}

/// The first request of `bytes`, and what follows it; `None` while it is incomplete.
fn parse(bytes: &[u8]) -> Option<(Request, Vec<u8>)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (to_text(bytes.get(..end)?), bytes.get(end + 4..)?);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let mut request = Request { method: words.next()?, target: words.next()?, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let (body, rest) = body.split_at_checked(length)?;
    request.body = body.to_vec();
    Some((request, rest.to_vec()))
}

fn to_text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// What is beyond latin-1 becomes `?`.
fn to_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_once_it_is_whole() {
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: a\r\nX-A:  \xe9 \r\nContent-Length: 2\r\n\r\nxyGET";
        for end in 0..bytes.len() - 3 {
            assert_eq!(parse(&bytes[..end]), None, "{end}");
        }
        let (request, rest) = parse(bytes).unwrap();
        assert_eq!((&*request.method, &*request.target, &*request.body), ("POST", "/a?b", &b"xy"[..]));
        assert_eq!((request.header("x-a"), request.header("x-b")), (Some("\u{e9}"), None));
        assert_eq!(rest, b"GET");
    }

    #[test]
    fn an_answer_is_written_as_given() {
        let answer = Answer::status(200).header("X-A", "1").header("x-a ", "\u{e9}").body("hi");
        let head = b"HTTP/1.1 200 Status\r\nX-A: 1\r\nx-a : \xe9\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(answer.bytes(false), [&head[..], b"hi"].concat());
        assert_eq!(answer.bytes(true), head);
        assert_eq!(Answer::status(204).body("hi").bytes(false), b"HTTP/1.1 204 Status\r\n\r\n");
    }
}
