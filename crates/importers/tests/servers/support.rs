//! What the comparisons with real programs share: a generator, a client, and what a browser
//! makes of a response.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use corsac_analysis::model::{Answer, Credentials, Matcher, Model, Preflight, Scope, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

/// `SplitMix64`: the same configurations on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Origins that configurations name.
pub(crate) const NAMED: [&str; 7] = [
    "https://app.example.com",
    "https://example.com",
    "http://localhost:3000",
    "https://api.example.org:8443",
    "null",
    "https://App.Example.com",
    "https://a.b.example.com",
];

/// Expressions that configurations have, good and bad.
pub(crate) const EXPRESSIONS: [&str; 14] = [
    r"^https://app\.example\.com$",
    r"^https?://(.*\.)?example\.com$",
    r"^https://.*.example.com",
    r"example\.com$",
    r"^https?://(localhost|127\.0\.0\.1)(:[0-9]+)?$",
    r"^(https://[a-z]+\.example\.com)$",
    r"(app|api)\.example\.(com|org)",
    r"^null$",
    r"^https://([a-z0-9-]+)\.example\.com(:\d+)?$",
    r"^http(s)?://(www\.)?(example.com|example.org)$",
    r"https://example",
    r"^https://(?!evil)[a-z]+\.example\.com$",
    r".+",
    r"^https://(app\.example\.com)",
];

/// Origins around the named ones, as browsers write them.
pub(crate) fn origins() -> Vec<String> {
    let mut origins: Vec<String> = [
        "null",
        "https://app.example.com",
        "https://example.com",
        "http://example.com",
        "http://app.example.com",
        "https://evil.example.com",
        "https://a.b.example.com",
        "https://www.example.com",
        "https://www.example.org",
        "https://evilexample.com",
        "https://appxexample.com",
        "https://example.com.evil.net",
        "https://app.example.com.evil.net",
        "https://app.example.com:8443",
        "https://api.example.org:8443",
        "https://api.example.org",
        "http://localhost:3000",
        "http://localhost:30001",
        "http://localhost",
        "http://127.0.0.1:8080",
        "http://notlocalhost:3000",
        "https://app_example.com",
        "https://x!.example.com",
        "https://app.example.com,.evil.net",
        "https://evil.net,https://app.example.com",
        "https://a,example.com",
        "https://a\"b,app.example.com",
        "https://app.example.comm",
        "https://xn--exmple-cua.com",
    ]
    .map(str::to_owned)
    .to_vec();
    origins.push(format!("https://{}.example.com", "a".repeat(60)));
    origins
}

/// How many configurations: a sample, or all with `CORSAC_LONG=1`.
pub(crate) fn configurations(sample: usize) -> usize {
    if std::env::var_os("CORSAC_LONG").is_some_and(|long| long == "1") { 600 } else { sample }
}

/// Where a program is: `CORSAC_<PROGRAM>`, or the first of `names` on the path.
pub(crate) fn program(variable: &str, names: &[&str]) -> OsString {
    if let Some(path) = std::env::var_os(variable) {
        return path;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).collect();
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let missing = || panic!("none of {names:?} is installed; {variable} can name one");
    found.into_iter().find(|file| file.is_file()).unwrap_or_else(missing).into_os_string()
}

/// A port that nobody uses.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
}

impl Running {
    /// Starts `command`; `ready` tells whether it answers.
    pub(crate) fn start(command: &mut Command, folder: PathBuf, ready: impl Fn() -> bool) -> Self {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut running = Self { child: command.spawn().unwrap(), folder };
        while !ready() {
            if let Some(status) = running.child.try_wait().unwrap() {
                panic!("it ended with {status}: {}", running.log());
            }
            std::thread::yield_now();
        }
        running
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new folder for a program's files; short, because sockets live in it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("corsac-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A response: its status and fields.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
}

/// Asks over `connection`; the server closes it.
pub(crate) fn ask(mut connection: impl Read + Write, request: &Request<'_>) -> Reply {
    let Request { method, host, path, origin } = request;
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n");
    if *method == "OPTIONS" {
        text.push_str("Access-Control-Request-Method: PUT\r\n");
    }
    text.push_str("\r\n");
    connection.write_all(text.as_bytes()).unwrap();
    let mut reply = Vec::new();
    connection.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply);
    let head = reply.split("\r\n\r\n").next().unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap_or_else(|| panic!("no status: {reply}"));
    let fields = lines.filter_map(|line| line.split_once(':'));
    Reply {
        status: status.parse().unwrap(),
        fields: fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(),
    }
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) origin: &'a str,
}

pub(crate) fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

impl Reply {
    fn values(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a browser lets the page read (Fetch, "CORS check").
    pub(crate) fn readable(&self, origin: &str, credentials: Credentials) -> bool {
        let allowed = self.values("access-control-allow-origin");
        let [allowed] = allowed.as_slice() else { return false };
        match credentials {
            Credentials::Omitted => *allowed == "*" || *allowed == origin,
            Credentials::Included => {
                *allowed == origin && self.values("access-control-allow-credentials") == ["true"]
            }
        }
    }
}

/// What comparing came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) scopes: usize,
    pub(crate) compared: usize,
    pub(crate) readable: usize,
    pub(crate) unknown: usize,
    pub(crate) preflights: usize,
    pub(crate) differences: Vec<String>,
}

impl Tally {
    /// Compares a scope's answers with those that `ask` brings, for all origins.
    pub(crate) fn compare(&mut self, scope: &Scope, configuration: &str, ask: impl Fn(&str, &str) -> Reply) {
        self.scopes += 1;
        for origin in origins() {
            let reply = ask("GET", &origin);
            self.one(&scope.actual, &origin, &reply, configuration);
            if let Preflight::Answered(answer) = &scope.preflight {
                let reply = ask("OPTIONS", &origin);
                self.preflights += 1;
                self.one(answer, &origin, &reply, configuration);
                if !(200..300).contains(&reply.status) {
                    self.differences.push(format!("a preflight has {}:\n{configuration}", reply.status));
                }
            }
        }
    }

    fn one(&mut self, answer: &Answer, origin: &str, reply: &Reply, configuration: &str) {
        for credentials in [Credentials::Omitted, Credentials::Included] {
            let real = reply.readable(origin, credentials);
            self.compared += 1;
            self.readable += usize::from(real);
            match answer.lets_read(origin, credentials) {
                Truth::Unknown => self.unknown += 1,
                said if said == Truth::from(real) => {}
                said => {
                    let mut text = String::new();
                    let _ = write!(
                        text,
                        "{origin} {credentials:?}: said {said:?}, is {real} ({:?}, {}):\n{configuration}\n{}",
                        reply.fields,
                        reply.status,
                        shown(answer)
                    );
                    self.differences.push(text);
                }
            }
        }
    }

    /// No difference, and few that the model leaves open.
    pub(crate) fn judge(&self, system: &str) {
        println!(
            "{system}: {} scopes, {} comparisons ({} readable, {} unknown, {} preflights), {} differences",
            self.scopes,
            self.compared,
            self.readable,
            self.unknown,
            self.preflights,
            self.differences.len()
        );
        assert!(
            self.differences.is_empty(),
            "{}",
            self.differences[..self.differences.len().min(3)].join("\n\n")
        );
        assert!(self.readable * 20 > self.compared, "hardly anything is readable");
        assert!(self.unknown * 8 < self.compared, "{} of {} unknown", self.unknown, self.compared);
    }
}

/// The lines of an answer.
fn shown(answer: &Answer) -> String {
    let mut text = String::new();
    for case in answer.allow_origin.iter().flat_map(|line| &line.cases) {
        let _ = writeln!(text, "origin: {} -> {:?}", condition(&case.when), case.then);
    }
    for case in answer.allow_credentials.iter().flat_map(|line| &line.cases) {
        let _ = writeln!(text, "credentials: {} -> {:?}", condition(&case.when), case.then);
    }
    text
}

fn condition(matcher: &Matcher) -> String {
    let all = |parts: &[Matcher], by: &str| parts.iter().map(condition).collect::<Vec<_>>().join(by);
    match matcher {
        Matcher::AllOf(parts) => format!("({})", all(parts, " and ")),
        Matcher::AnyOf(parts) => format!("({})", all(parts, " or ")),
        Matcher::Not(inner) => format!("not {}", condition(inner)),
        Matcher::Regex(regex) => format!("/{}/{}", regex.text(), regex.flags().0),
        other => format!("{other:?}"),
    }
}

/// The model of a text.
pub(crate) fn model(system: &str, text: &str) -> Model {
    let system = System::by_id(system).unwrap();
    import(system, Source::new("test", text), &()).unwrap()
}

/// Which of `origins` a scope lets read.
pub(crate) fn readers<'a>(answer: &Answer, origins: &[&'a str], credentials: Credentials) -> Vec<&'a str> {
    origins.iter().copied().filter(|origin| answer.lets_read(origin, credentials) == Truth::True).collect()
}

/// Writes a file for a program.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
