//! What the tests drive: browsers, servers, and the engines and frameworks whose answers ours
//! are compared with. What is missing is installed with the system's package manager, all at
//! once, and said.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Done, Failure, has, program, say, step};

/// Something that tests need.
struct Tool {
    name: &'static str,
    /// The environment variable that names its program; tests read it.
    variable: Option<&'static str>,
    probe: Probe,
    /// Its packages in Debian, and elsewhere.
    packages: [&'static str; 2],
}

/// How it is told that a tool is there.
enum Probe {
    /// A file is.
    File(&'static str),
    /// One of these programs answers these arguments.
    Runs(&'static [&'static str], &'static [&'static str]),
}

const VERSION: &[&str] = &["--version"];

const TOOLS: [Tool; 18] = [
    Tool {
        name: "Chromium",
        variable: Some("CORSAC_CHROMIUM"),
        probe: Probe::Runs(&["chromium", "chromium-browser", "google-chrome"], VERSION),
        packages: ["chromium", "chromium"],
    },
    Tool {
        name: "Firefox",
        variable: Some("CORSAC_FIREFOX"),
        probe: Probe::Runs(&["firefox-esr", "firefox"], VERSION),
        packages: ["firefox-esr", "firefox"],
    },
    Tool {
        name: "Redis",
        variable: Some("CORSAC_REDIS"),
        probe: Probe::Runs(&["redis-server", "valkey-server"], VERSION),
        packages: ["redis-server", "redis"],
    },
    peer("nginx", Probe::Runs(&["nginx", "/usr/sbin/nginx"], &["-v"]), ["nginx", "nginx"]),
    peer(
        "nginx's headers-more module",
        Probe::File("/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"),
        ["libnginx-mod-http-headers-more-filter", "nginx-mod-http-headers-more"],
    ),
    peer("Apache", Probe::Runs(&["/usr/sbin/apache2", "apache2", "httpd"], &["-v"]), ["apache2", "httpd"]),
    peer("HAProxy", Probe::Runs(&["haproxy", "/usr/sbin/haproxy"], &["-v"]), ["haproxy", "haproxy"]),
    peer("Caddy", Probe::Runs(&["caddy"], &["version"]), ["caddy", "caddy"]),
    peer("Node.js", Probe::Runs(&["node"], VERSION), ["nodejs", "nodejs"]),
    peer("npm", Probe::Runs(&["npm"], VERSION), ["npm", "npm"]),
    peer("Python", Probe::Runs(&["python3"], &["-c", "import ensurepip, venv"]), ["python3-venv", "python3"]),
    peer("a JDK", Probe::Runs(&["javac"], VERSION), ["default-jdk-headless", "java-latest-openjdk-devel"]),
    peer("Ruby", Probe::Runs(&["ruby"], VERSION), ["ruby", "ruby"]),
    peer("Go", Probe::Runs(&["go"], &["version"]), ["golang-go", "golang"]),
    peer(
        "rs/cors",
        Probe::File("/usr/share/gocode/src/github.com/rs/cors"),
        ["golang-github-rs-cors-dev", "golang-github-rs-cors-devel"],
    ),
    peer("Mono's compiler", Probe::Runs(&["mcs"], VERSION), ["mono-mcs", "mono-devel"]),
    peer("Mono", Probe::Runs(&["mono"], VERSION), ["mono-runtime", "mono-core"]),
    peer(
        "Spring's web library",
        Probe::File("/usr/share/java/spring3-web.jar"),
        ["libspring-web-java", "springframework-web"],
    ),
];

/// A program that tests find by themselves, and compare us with.
const fn peer(name: &'static str, probe: Probe, packages: [&'static str; 2]) -> Tool {
    Tool { name, variable: None, probe, packages }
}

/// Sees that everything is there, and tells `tests` where the programs are that they ask for.
pub(crate) fn provide(tests: &mut Command) -> Done {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| tool.found().is_none()).collect();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|tool| tool.name).collect();
        say(&format!("\nThe tests need what is not installed: {}.", names.join(", ")));
        install(&missing)?;
    }
    for tool in &TOOLS {
        let found = tool
            .found()
            .ok_or_else(|| Failure::new(format!("{} was installed and is not there", tool.name)))?;
        if let Some(variable) = tool.variable {
            tests.env(variable, found);
        }
    }
    Ok(())
}

impl Tool {
    /// Its program or file.
    fn found(&self) -> Option<PathBuf> {
        if let Some(path) = self.variable.and_then(std::env::var_os) {
            return Some(path.into());
        }
        match self.probe {
            Probe::File(path) => Path::new(path).exists().then(|| path.into()),
            Probe::Runs(programs, arguments) => {
                programs.iter().copied().find(|program| has(program, arguments)).map(Into::into)
            }
        }
    }
}

fn install(tools: &[&Tool]) -> Done {
    let found = MANAGERS.iter().find(|(manager, _, _)| has(manager, VERSION));
    let Some((manager, arguments, update)) = found else {
        let packages: Vec<&str> = tools.iter().map(|tool| tool.packages[1]).collect();
        return Err(Failure::new(format!("install {}", packages.join(" "))));
    };
    let root_needed = *manager != "brew" && !is_root();
    let run = |arguments: &[&str]| {
        let words: Vec<&str> = if root_needed { vec!["sudo", manager] } else { vec![manager] };
        let words: Vec<&str> = words.into_iter().chain(arguments.iter().copied()).collect();
        let (first, rest) = words.split_first().ok_or_else(|| Failure::new("no package manager"))?;
        step(&words.join(" "), program(first, rest).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    if *update {
        run(&["update"])?;
    }
    let packages = tools.iter().map(|tool| {
        let [debian, elsewhere] = tool.packages;
        if *manager == "apt-get" { debian } else { elsewhere }
    });
    let arguments: Vec<&str> = arguments.iter().copied().chain(packages).collect();
    run(&arguments)
}

/// Package manager, its arguments, and whether the list of packages comes first.
const MANAGERS: [(&str, &[&str], bool); 5] = [
    ("apt-get", &["install", "--yes", "--no-install-recommends"], true),
    ("dnf", &["install", "--assumeyes"], false),
    ("apk", &["add"], false),
    ("pacman", &["--sync", "--noconfirm"], false),
    ("brew", &["install"], false),
];

fn is_root() -> bool {
    let output = program("id", &["--user"]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
