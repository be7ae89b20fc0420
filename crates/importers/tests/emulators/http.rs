//! A request over loopback, and what a browser makes of the answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use corsac_analysis::model::Credentials;

/// Status and fields, names in lower case.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    fields: Vec<(String, String)>,
}

/// Sends one request; `fields` are lines.
pub(super) fn ask(port: u16, method: &str, path: &str, fields: &[String], body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let fields = fields.iter().flat_map(|field| [field, "\r\n"]).collect::<String>();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {length}\r\n{fields}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let head = answer.split("\r\n\r\n").next().unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Answer { status, fields: lines.map(field).collect() }
}

impl Answer {
    fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a page of `origin` may read it (Fetch, "CORS check").
    pub(super) fn lets_read(&self, origin: &str, credentials: Credentials) -> bool {
        let [allowed] = self.all("access-control-allow-origin")[..] else { return false };
        match credentials {
            Credentials::Omitted => allowed == "*" || allowed == origin,
            Credentials::Included => {
                allowed == origin && self.all("access-control-allow-credentials") == ["true"]
            }
        }
    }
}
