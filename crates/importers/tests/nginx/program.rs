//! nginx itself: started with a configuration, asked over loopback.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Where nginx is looked for; `CORSAC_NGINX` names another.
const NAMES: [&str; 3] = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"];

/// A running nginx; it ends when this is dropped.
pub(crate) struct Nginx {
    process: Child,
    connection: BufReader<TcpStream>,
}

/// What is seen of a response.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    /// Names in lower case.
    fields: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a browser lets a page of `origin` read it (Fetch, "CORS check").
    pub(crate) fn lets_read(&self, origin: &str, credentials: bool) -> bool {
        let allowed = match self.lines("access-control-allow-origin").as_slice() {
            [only] => *only == origin || (*only == "*" && !credentials),
            _ => false,
        };
        allowed && (!credentials || self.lines("access-control-allow-credentials") == ["true"])
    }
}

/// The module `headers-more`, if it is installed; `CORSAC_NGINX_HEADERS_MORE` names another file.
pub(crate) fn headers_more() -> Option<PathBuf> {
    let usual = "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so".to_owned();
    let path = PathBuf::from(env::var("CORSAC_NGINX_HEADERS_MORE").unwrap_or(usual));
    path.is_file().then_some(path)
}

/// A folder of its own, with a file `ok` in each of `folders`.
pub(crate) fn folder(name: &str, folders: &[&str]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("nginx-{name}-{}", std::process::id()));
    for folder in folders {
        let inner = path.join("root").join(folder);
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("ok"), "ok").unwrap();
    }
    path
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn command() -> Command {
    let named = env::var("CORSAC_NGINX").ok();
    let names = named.iter().map(String::as_str).chain(NAMES);
    let works = |name: &&str| {
        let run = Command::new(name).arg("-v").stderr(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    };
    Command::new(names.into_iter().find(works).expect("nginx is installed (Debian: nginx-core)"))
}

/// What surrounds the blocks of `http` under test.
pub(crate) fn whole(folder: &Path, module: Option<&Path>, http: &str) -> String {
    let folder = folder.display();
    let module = module.map(|path| format!("load_module {};\n", path.display())).unwrap_or_default();
    format!(
        "{module}daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log emerg;\n\
         events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\nkeepalive_requests 1000000;\n\
         server_names_hash_max_size 4096;\nmap_hash_bucket_size 256;\nroot {folder}/root;\n\
         client_body_temp_path {folder}/t1;\nproxy_temp_path {folder}/t2;\nfastcgi_temp_path {folder}/t3;\n\
         uwsgi_temp_path {folder}/t4;\nscgi_temp_path {folder}/t5;\nproxy_http_version 1.1;\n{http}\n}}\n"
    )
}

/// Whether nginx takes a configuration, as `nginx -t` says; else its complaint.
pub(crate) fn accepts(folder: &Path, text: &str) -> Result<(), String> {
    let file = folder.join("test.conf");
    fs::write(&file, text).unwrap();
    let output = command().args(["-t", "-q", "-e", "stderr", "-p"]).arg(folder).arg("-c").arg(&file).output();
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(complaint) }
}

impl Nginx {
    /// Starts nginx with `text`, which listens at `port`.
    pub(crate) fn start(folder: &Path, text: &str, port: u16) -> Self {
        let file = folder.join("nginx.conf");
        fs::write(&file, text).unwrap();
        let mut command = command();
        let log = fs::File::create(folder.join("stderr")).unwrap();
        command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(&file);
        let mut process = command.stdin(Stdio::null()).stderr(log).spawn().unwrap();
        let stream = loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                break stream;
            }
            if let Some(status) = process.try_wait().unwrap() {
                let log = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
                panic!("nginx ended with {status}: {log}");
            }
            thread::yield_now();
        };
        Self { process, connection: BufReader::new(stream) }
    }

    /// Asks once.
    pub(crate) fn ask(&mut self, method: &str, host: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in fields {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        request.push_str("\r\n");
        self.connection.get_mut().write_all(request.as_bytes()).unwrap();
        self.answer(method)
    }

    fn answer(&mut self, method: &str) -> Seen {
        let mut line = String::new();
        let mut next = |connection: &mut BufReader<TcpStream>| {
            line.clear();
            connection.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let start = next(&mut self.connection);
        let status = start.split(' ').nth(1).unwrap_or_else(|| panic!("no status in `{start}`"));
        let status: u16 = status.parse().unwrap();
        let mut fields = Vec::new();
        loop {
            let line = next(&mut self.connection);
            let Some((name, value)) = line.split_once(':') else { break };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let seen = Seen { status, fields };
        let length = seen.lines("content-length").first().map_or(0, |text| text.parse().unwrap());
        assert!(seen.lines("transfer-encoding").is_empty(), "the test's client reads no chunks");
        if method != "HEAD" {
            let mut body = vec![0; length];
            self.connection.read_exact(&mut body).unwrap();
        }
        if seen.lines("connection") == ["close"] {
            let address = self.connection.get_ref().peer_addr().unwrap();
            self.connection = BufReader::new(TcpStream::connect(address).unwrap());
        }
        seen
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
