//! Just enough HTTP: one connection, requests without a body.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use corsac_analysis::model::Credentials;

/// What was answered.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
}

impl Response {
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a browser lets a page of `origin` read it (Fetch, "CORS check").
    pub(super) fn lets_read(&self, origin: &str, credentials: Credentials) -> bool {
        let allowed = self.all("access-control-allow-origin");
        let with = self.all("access-control-allow-credentials") == ["true"];
        match credentials {
            Credentials::Omitted => allowed == ["*"] || allowed == [origin],
            Credentials::Included => allowed == [origin] && with,
        }
    }
}

/// A connection that is kept.
pub(super) struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(super) fn new(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// Sends one request of `origin`.
    pub(super) fn ask(&mut self, method: &str, host: &str, path: &str, origin: &str) -> Response {
        let preflight = if method == "OPTIONS" {
            "access-control-request-method: PUT\r\naccess-control-request-headers: x-one,x-two\r\n"
        } else {
            ""
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\n{preflight}\r\n");
        let port = self.port;
        let stream = self.stream.get_or_insert_with(|| {
            BufReader::new(TcpStream::connect(("127.0.0.1", port)).expect("the program listens"))
        });
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        let response = read(stream);
        if response.all("connection").contains(&"close") {
            self.stream = None;
        }
        response
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Response {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
    let mut fields = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let response = Response { status, fields };
    if response.all("transfer-encoding").is_empty() {
        let length = response.all("content-length").first().map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).unwrap();
    } else {
        chunks(stream);
    }
    response
}

fn chunks(stream: &mut BufReader<TcpStream>) {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        stream.read_exact(&mut vec![0; length + 2]).unwrap();
        if length == 0 {
            return;
        }
    }
}
