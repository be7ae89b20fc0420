//! Policies switched off, to see that their tests notice.
//!
//! No switch stands in the code that ships: the crate is copied, a function of its policy is made to
//! say yes to everything, and the tests of the policy have to fail. That is done with all functions
//! at once, as a part of every whole run, and with each on its own, which takes some minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Done, Failure, program, root, say};

/// The crate, its folders that hold the policy, and its test.
const CRATE: &str = "signaling";
const POLICY: [&str; 2] = ["src/candidate", "src/sdp"];
const TEST: &str = "sdp";

/// What a function of this type says when it is switched off.
const ANSWERS: [(&str, &str); 4] = [
    ("Result<(), Refusal>", "return Ok(());"),
    ("Option<()>", "return Some(());"),
    ("bool", "return true;"),
    ("bool", "return false;"),
];

/// All that refuse, at once.
pub(crate) fn off() -> Done {
    say("\n== policy switched off");
    let scratch = Scratch::new()?;
    let switches = scratch.switches()?;
    let refusing: Vec<&Switch> = switches.iter().filter(|switch| switch.answer == "return Ok(());").collect();
    write(&refusing)?;
    let failed = scratch.failures("everything")?;
    if refusing.is_empty() || failed == 0 {
        return Err(Failure::new("no test notices that the policy is off"));
    }
    say(&format!("== policy switched off: {} functions, {failed} tests notice", refusing.len()));
    Ok(())
}

/// Each function on its own, or those whose name contains a word.
pub(crate) fn each(word: Option<&str>) -> Done {
    let scratch = Scratch::new()?;
    let mut survivors = Vec::new();
    let switches = scratch.switches()?;
    let wanted = switches.iter().filter(|switch| word.is_none_or(|word| switch.name.contains(word)));
    for switch in wanted {
        write(&[switch])?;
        match scratch.failures(&switch.name)? {
            0 => survivors.push(switch.name.clone()),
            failed => say(&format!("{}: {failed} tests notice", switch.name)),
        }
        scratch.restore(switch)?;
    }
    match survivors.as_slice() {
        [] => Ok(()),
        some => Err(Failure::new(format!("no test notices:\n  {}", some.join("\n  ")))),
    }
}

/// One function, and what it says instead.
struct Switch {
    name: String,
    file: PathBuf,
    /// The line after which the answer stands.
    line: usize,
    answer: &'static str,
}

/// A workspace of its own with a copy of the crate; what it depends on is not copied.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let root = root().canonicalize()?;
        let folder = root.join("target/mutants");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(&root.join("crates").join(CRATE), &folder.join(CRATE))?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
        let kept = manifest.lines().filter(|line| !line.starts_with("default-members"));
        let lines = kept.map(|line| match line {
            line if line.starts_with("members") => format!("members = [\"{CRATE}\"]"),
            line => line.replace("path = \"crates", &format!("path = \"{}/crates", root.display())),
        });
        let lines: Vec<String> = lines.collect();
        fs::write(folder.join("Cargo.toml"), lines.join("\n"))?;
        Ok(Self { folder })
    }

    /// Every function of the policy that can be switched off.
    fn switches(&self) -> Result<Vec<Switch>, Failure> {
        let mut switches = Vec::new();
        for folder in POLICY {
            let entries = fs::read_dir(self.folder.join(CRATE).join(folder))?;
            let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failure>>()?;
            files.sort_unstable();
            for file in files {
                switches.extend(functions(&file)?);
            }
        }
        Ok(switches)
    }

    fn restore(&self, switch: &Switch) -> Done {
        let inside =
            switch.file.strip_prefix(&self.folder).map_err(|error| Failure::new(error.to_string()))?;
        fs::copy(root().join("crates").join(inside), &switch.file)?;
        Ok(())
    }

    /// How many tests fail. What does not build says nothing of the tests.
    fn failures(&self, name: &str) -> Result<usize, Failure> {
        if !self.cargo(&["--no-run"]).output()?.status.success() {
            return Err(Failure::new(format!("{name}: does not build in {}", self.folder.display())));
        }
        let output = self.cargo(&["--", "--format", "terse"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = text.lines().filter(|line| line.starts_with("---- ")).count();
        if !output.status.success() && failed == 0 {
            return Err(Failure::new(format!("{name}: the tests did not run:\n{text}")));
        }
        Ok(failed)
    }

    fn cargo(&self, more: &[&str]) -> Command {
        let mut command = program("cargo", &["test", "--quiet", "--offline", "--test", TEST]);
        if std::env::var_os("CARGO_TARGET_DIR").is_none() {
            command.env("CARGO_TARGET_DIR", root().join("target"));
        }
        command.env("RUST_BACKTRACE", "0").args(more).current_dir(&self.folder);
        command
    }
}

/// From the last to the first, so that lines keep their numbers.
fn write(switches: &[&Switch]) -> Done {
    for switch in switches.iter().rev() {
        let text = fs::read_to_string(&switch.file)?;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(switch.line + 1, switch.answer);
        fs::write(&switch.file, lines.join("\n"))?;
    }
    Ok(())
}

fn functions(file: &Path) -> Result<Vec<Switch>, Failure> {
    let text = fs::read_to_string(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut switches = Vec::new();
    for (start, first) in lines.iter().enumerate() {
        let Some(name) = name(first) else { continue };
        let rest = lines.get(start..).unwrap_or_default();
        let Some(length) = rest.iter().position(|line| line.ends_with('{')) else { continue };
        let last = rest.get(length).copied().unwrap_or_default();
        let answers = ANSWERS.iter().filter(|(kind, _)| last.ends_with(&format!("-> {kind} {{")));
        switches.extend(answers.map(|&(_, answer)| Switch {
            name: format!("{}: {name}: {answer}", stem(file)),
            file: file.to_owned(),
            line: start + length,
            answer,
        }));
    }
    Ok(switches)
}

/// The name of the function that a line begins.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let begins = before.trim_start().is_empty() || before.trim_start().starts_with("pub");
    let name = after.split(['(', '<']).next()?;
    begins.then_some(name)
}

/// `sdp/lines` of `…/src/sdp/lines.rs`.
fn stem(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name).unwrap_or_default();
    Path::new(folder).join(file.file_stem().unwrap_or_default()).display().to_string()
}

fn copy(from: &Path, to: &Path) -> Done {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
