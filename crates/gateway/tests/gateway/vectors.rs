//! The gateway decides as the vectors say, and so as the tower layer does.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use corsac_diagnostics::Source;
use corsac_gateway::{Gateway, read};
use corsac_origin::PublicSuffixList;

use crate::harness::{Asked, Seen, drive, load, unpack};
use crate::support::{Answer, Client};

/// What the vectors' README says of the handler, as an upstream.
fn handler() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let first = line(&mut reader)?;
        let (mut fields, mut length, mut is_chunked) = (String::new(), 0, false);
        loop {
            let line = line(&mut reader)?.to_ascii_lowercase();
            let Some((name, value)) = line.split_once(':') else { break };
            match name {
                "content-length" => length = value.trim().parse().ok()?,
                "transfer-encoding" => is_chunked = true,
                "x-corsac-subject" => fields.extend(["X-Handled-Subject:", value, "\r\n"]),
                "x-api-key" => fields += "X-Handled-Credential: yes\r\n",
                _ => {}
            }
        }
        let length = if is_chunked { chunks(&mut reader)? } else { skip(&mut reader, length)? };
        let target = first.split(' ').nth(1)?;
        if target.ends_with("cookies") {
            fields += "Set-Cookie: sid=1\r\n";
        }
        let body = if first.starts_with("HEAD") { "" } else { "ok" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\n\
             Access-Control-Expose-Headers: x-own\r\nX-Handled-Target: {target}\r\n\
             X-Handled-Length: {length}\r\n{fields}\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

fn skip(reader: &mut BufReader<TcpStream>, length: usize) -> Option<usize> {
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(length)
}

fn chunks(reader: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut length = 0;
    loop {
        let size = usize::from_str_radix(&line(reader)?, 16).ok()?;
        skip(reader, size + 2)?;
        if size == 0 {
            return Some(length);
        }
        length += size;
    }
}

/// The request as bytes. What the layer is told of client and scheme, a trusted proxy tells
/// the gateway.
fn request(asked: &Asked<'_>) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", asked.text("method"), asked.text("target"));
    for (name, value) in asked.fields() {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let scheme = if asked.is("secure") { "https" } else { "http" };
    head.extend(["X-Forwarded-For: ", asked.text("client"), "\r\nX-Forwarded-Proto: ", scheme, "\r\n"]);
    let body = asked.body().unwrap_or_default();
    if asked.is("chunked") {
        head += "Transfer-Encoding: chunked\r\n\r\n";
        head.extend(body.chars().flat_map(|letter| ['1', '\r', '\n', letter, '\r', '\n']));
        return (head + "0\r\n\r\n").into_bytes();
    }
    if asked.body().is_some() {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    format!("{head}\r\n{body}").into_bytes()
}

#[test]
fn the_gateway_decides_as_the_vectors_say() {
    let vectors = load();
    let folder = tempfile::tempdir().unwrap();
    let text = unpack(&vectors, folder.path(), &handler().to_string());
    let name = folder.path().join("policy.toml");
    let reading = read(Source::new(name.to_str().unwrap(), text), None, PublicSuffixList::embedded());
    let config = reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings));
    let gateway = Gateway::start(config, None).unwrap();
    let address = gateway.listening().gateway;
    drive(&vectors, |asked| {
        let mut client = Client::connect(address);
        client.send(&request(asked));
        let answer = client.answer(asked.text("method") == "HEAD");
        let Answer { status, fields, body } = answer.unwrap_or_default();
        Seen { status, fields, body }
    });
}
