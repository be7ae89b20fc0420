//! Everything that must pass, in the order in which it fails fastest.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{Done, Failure, has, program, root, say, step};
use crate::{budgets, layers};

/// Seconds that each fuzz target runs.
const FUZZ_SECONDS: &str = "60";

/// A program that tests drive: a browser, or a server.
struct Tool {
    name: &'static str,
    /// The environment variable that names its program; tests read it.
    variable: &'static str,
    /// What its program is called.
    programs: &'static [&'static str],
    /// Its package in Debian, and elsewhere.
    packages: [&'static str; 2],
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "Chromium",
        variable: "CORSAC_CHROMIUM",
        programs: &["chromium", "chromium-browser", "google-chrome"],
        packages: ["chromium", "chromium"],
    },
    Tool {
        name: "Firefox",
        variable: "CORSAC_FIREFOX",
        programs: &["firefox-esr", "firefox"],
        packages: ["firefox-esr", "firefox"],
    },
    Tool {
        name: "Redis",
        variable: "CORSAC_REDIS",
        programs: &["redis-server", "valkey-server"],
        packages: ["redis-server", "redis"],
    },
];

pub(crate) fn run() -> Done {
    layers::run()?;
    budgets::run()?;
    if component("fmt", "rustfmt") {
        step("format", &mut program("cargo", &["fmt", "--all", "--check"]))?;
    }
    if component("clippy", "clippy") {
        let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        step("lints", &mut program("cargo", &arguments))?;
        let arguments = ["clippy", "--quiet", "--all-targets", "--", "--deny", "warnings"];
        step("lints with Cedar", &mut with_cedar(&arguments))?;
    }
    let mut docs = program(
        "cargo",
        &[
            "doc",
            "--quiet",
            "--workspace",
            "--exclude",
            "corsac-benches",
            "--no-deps",
            "--document-private-items",
        ],
    );
    step("documentation", docs.env("RUSTDOCFLAGS", "--deny warnings"))?;
    let arguments =
        ["test", "--workspace", "--exclude", "corsac-benches", "--no-fail-fast", "--", "--include-ignored"];
    let mut tests = program("cargo", &arguments);
    for tool in &TOOLS {
        tests.env(tool.variable, tool.find()?);
    }
    step("tests", &mut tests)?;
    step("tests with Cedar", &mut with_cedar(&["test", "--test", "authz"]))?;
    if root().join("fuzz/run").exists() {
        step("fuzz smoke", &mut program("sh", &["fuzz/run", FUZZ_SECONDS]))?;
    }
    say("\nall passed");
    Ok(())
}

/// Cedar takes minutes to build, so that whoever tests the middleware alone is spared it:
/// it is no dependency of the middleware's other tests.
fn with_cedar(arguments: &[&str]) -> Command {
    let mut cargo = program("cargo", arguments.get(..1).unwrap_or_default());
    cargo.args(["--package", "corsac-middleware", "--features", "cedar"]);
    cargo.args(arguments.get(1..).unwrap_or_default());
    cargo
}

/// Whether a component of the toolchain is there; a minimal installation has none.
fn component(command: &str, name: &str) -> bool {
    let there = has("cargo", &[command, "--version"]);
    if !there {
        say(&format!("\n== {command}: skipped, `rustup component add {name}` brings it"));
    }
    there
}

impl Tool {
    /// Its program; installed with the system's package manager where it is missing.
    fn find(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = std::env::var_os(self.variable) {
            return Ok(path.into());
        }
        if let Some(program) = self.installed() {
            return Ok(program.into());
        }
        say(&format!("\nThe tests need {}, which is not installed.", self.name));
        self.install()?;
        let installed = self.installed().map(Into::into);
        installed.ok_or_else(|| Failure::new(format!("{} was installed and does not run", self.name)))
    }

    fn installed(&self) -> Option<&'static str> {
        self.programs.iter().copied().find(|program| has(program, &["--version"]))
    }

    fn install(&self) -> Done {
        let found = MANAGERS.iter().find(|(manager, _, _)| has(manager, &["--version"]));
        let [debian, elsewhere] = self.packages;
        let Some((manager, arguments, update)) = found else {
            return Err(Failure::new(format!(
                "install {elsewhere}, or name its program in {}",
                self.variable
            )));
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
        let package = if *manager == "apt-get" { debian } else { elsewhere };
        let arguments: Vec<&str> = arguments.iter().copied().chain([package]).collect();
        run(&arguments)
    }
}

/// Package manager, its arguments, and whether the list of packages comes first.
const MANAGERS: [(&str, &[&str], bool); 5] = [
    ("apt-get", &["install", "--yes", "--no-install-recommends"], true),
    ("dnf", &["install", "--assumeyes"], false),
    ("apk", &["add"], false),
    ("pacman", &["--sync", "--noconfirm"], false),
    ("brew", &["install", "--cask"], false),
];

fn is_root() -> bool {
    let output = program("id", &["--user"]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
