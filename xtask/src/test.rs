//! Everything that must pass, in the order in which it fails fastest.

use std::process::Command;

use crate::shell::{Done, has, program, root, say, step};
use crate::{budgets, layers, mutants, tools};

/// Seconds that each fuzz target runs.
const FUZZ_SECONDS: &str = "30";

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
    tools::provide(&mut tests)?;
    step("tests", &mut tests)?;
    mutants::off()?;
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
