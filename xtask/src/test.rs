//! Everything that must pass, in the order in which it fails fastest.

use std::path::PathBuf;

use crate::shell::{Done, Failure, has, program, root, say, step};
use crate::{budgets, layers};

/// Seconds that each fuzz target runs.
const FUZZ_SECONDS: &str = "60";

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

pub(crate) fn run() -> Done {
    layers::run()?;
    budgets::run()?;
    if component("fmt", "rustfmt") {
        step("format", &mut program("cargo", &["fmt", "--all", "--check"]))?;
    }
    if component("clippy", "clippy") {
        let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        step("lints", &mut program("cargo", &arguments))?;
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
    let chromium = chromium()?;
    let arguments =
        ["test", "--workspace", "--exclude", "corsac-benches", "--no-fail-fast", "--", "--include-ignored"];
    step("tests", program("cargo", &arguments).env("CORSAC_CHROMIUM", chromium))?;
    if root().join("fuzz/run").exists() {
        step("fuzz smoke", &mut program("sh", &["fuzz/run", FUZZ_SECONDS]))?;
    }
    say("\nall passed");
    Ok(())
}

/// Whether a component of the toolchain is there; a minimal installation has none.
fn component(command: &str, name: &str) -> bool {
    let there = has("cargo", &[command, "--version"]);
    if !there {
        say(&format!("\n== {command}: skipped, `rustup component add {name}` brings it"));
    }
    there
}

/// The browser for the tests in a real one; installed with the system's package manager
/// where it is missing.
fn chromium() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("CORSAC_CHROMIUM") {
        return Ok(path.into());
    }
    if let Some(name) = BROWSERS.iter().find(|name| has(name, &["--version"])) {
        return Ok(name.into());
    }
    say("\nThe tests in a real browser need Chromium, which is not installed.");
    install("chromium")?;
    let installed = BROWSERS.iter().find(|name| has(name, &["--version"]));
    installed.map(Into::into).ok_or_else(|| Failure::new("Chromium was installed and does not run"))
}

/// Package manager, its arguments, and whether the list of packages comes first.
const MANAGERS: [(&str, &[&str], bool); 5] = [
    ("apt-get", &["install", "--yes", "--no-install-recommends"], true),
    ("dnf", &["install", "--assumeyes"], false),
    ("apk", &["add"], false),
    ("pacman", &["--sync", "--noconfirm"], false),
    ("brew", &["install", "--cask"], false),
];

fn install(package: &str) -> Done {
    let found = MANAGERS.iter().find(|(manager, _, _)| has(manager, &["--version"]));
    let Some((manager, arguments, update)) = found else {
        return Err(Failure::new(format!("install {package}, or name a browser in CORSAC_CHROMIUM")));
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
    let arguments: Vec<&str> = arguments.iter().copied().chain([package]).collect();
    run(&arguments)
}

fn is_root() -> bool {
    let output = program("id", &["--user"]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
