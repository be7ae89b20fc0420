//! The real engines, each asked through one process.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use corsac_analysis::regex::Mode;

/// What an engine says of an expression and some texts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What it makes of each text.
    Found(Vec<Outcome>),
    /// It is no expression.
    Refused(String),
}

/// What an engine makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It fell over.
    Failed,
    /// The bounds of its match.
    Match(usize, usize),
    Nothing,
}

/// One that can be asked.
pub(crate) trait Engine {
    fn ask(&mut self, mode: Mode, flags: &str, pattern: &str, texts: &[String]) -> Answer;
}

/// An engine in a process of its own.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Engine for Process {
    fn ask(&mut self, mode: Mode, flags: &str, pattern: &str, texts: &[String]) -> Answer {
        let mut line = format!("{} .{flags} {}", mode.id(), hexadecimal(pattern));
        for text in texts {
            line.push(' ');
            line.push_str(&hexadecimal(text));
        }
        line.push('\n');
        self.input.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "the engine stopped at `{pattern}`");
        read_answer(answer.trim_end())
    }
}

fn read_answer(answer: &str) -> Answer {
    if let Some(reason) = answer.strip_prefix('!') {
        return Answer::Refused(reason.to_owned());
    }
    let outcomes = answer.split_whitespace().map(|outcome| match outcome.split_once(',') {
        Some((from, to)) => Outcome::Match(from.parse().unwrap(), to.parse().unwrap()),
        None if outcome == "?" => Outcome::Failed,
        None => Outcome::Nothing,
    });
    Answer::Found(outcomes.collect())
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(".".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// PCRE2, in this process.
#[derive(Debug)]
pub(crate) struct Pcre2;

impl Engine for Pcre2 {
    fn ask(&mut self, mode: Mode, flags: &str, pattern: &str, texts: &[String]) -> Answer {
        let build = |pattern: &str| {
            let mut builder = pcre2::bytes::RegexBuilder::new();
            builder.caseless(flags.contains('i')).extended(flags.contains('x'));
            builder.build(pattern)
        };
        if let Err(error) = build(pattern) {
            return Answer::Refused(error.to_string());
        }
        let regex = match build(&wrapped(mode, pattern)) {
            Ok(regex) => regex,
            Err(error) => return Answer::Refused(format!("only when wrapped: {error}")),
        };
        let found = texts.iter().map(|text| {
            let Ok(found) = regex.find(text.as_bytes()) else { return Outcome::Failed };
            found.map_or(Outcome::Nothing, |found| Outcome::Match(found.start(), found.end()))
        });
        Answer::Found(found.collect())
    }
}

fn wrapped(mode: Mode, pattern: &str) -> String {
    match mode {
        Mode::Full => format!(r"\A(?:{pattern})\z"),
        Mode::Prefix => format!(r"\A(?:{pattern})"),
        Mode::Search => pattern.to_owned(),
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regex/engines").join(name)
}

/// A folder for what is built, and one at a time in it.
fn built() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("regex-engines");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

static BUILDING: Mutex<()> = Mutex::new(());

/// The program `name`, or what the environment variable names instead.
fn program(variable: &str, name: &str) -> String {
    env::var(variable).unwrap_or_else(|_| name.to_owned())
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

pub(crate) fn python() -> Process {
    Process::start(Command::new(program("CORSAC_PYTHON3", "python3")).arg(source("engine.py")))
}

/// The system's own PCRE2, which is older than the one in this process.
pub(crate) fn system_pcre2() -> Process {
    Process::start(Command::new(program("CORSAC_PYTHON3", "python3")).arg(source("pcre2.py")))
}

pub(crate) fn node() -> Process {
    Process::start(Command::new(program("CORSAC_NODE", "node")).arg(source("engine.js")))
}

pub(crate) fn ruby() -> Process {
    Process::start(Command::new(program("CORSAC_RUBY", "ruby")).arg(source("engine.rb")))
}

pub(crate) fn java() -> Process {
    Process::start(Command::new(program("CORSAC_JAVA", "java")).arg("-Xss64m").arg(source("Engine.java")))
}

pub(crate) fn re2() -> Process {
    let _one = BUILDING.lock().unwrap();
    let folder = built().join("re2");
    let python = folder.join("bin/python3");
    let ready = folder.join("ready");
    if !ready.exists() {
        run(Command::new(program("CORSAC_PYTHON3", "python3")).args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "google-re2==1.1.20251105"]));
        std::fs::write(ready, "").unwrap();
    }
    Process::start(Command::new(python).arg(source("engine.py")).arg("re2"))
}

pub(crate) fn go() -> Process {
    let _one = BUILDING.lock().unwrap();
    let binary = built().join("go");
    run(Command::new(program("CORSAC_GO", "go"))
        .arg("build")
        .arg("-o")
        .arg(&binary)
        .arg(source("engine.go")));
    Process::start(&mut Command::new(binary))
}

pub(crate) fn glibc() -> Process {
    let _one = BUILDING.lock().unwrap();
    let binary = built().join("glibc");
    run(Command::new(program("CORSAC_CC", "cc")).arg("-o").arg(&binary).arg(source("engine.c")));
    Process::start(&mut Command::new(binary))
}

pub(crate) fn mono() -> Process {
    let _one = BUILDING.lock().unwrap();
    let binary = built().join("mono.exe");
    let out = format!("-out:{}", binary.display());
    run(Command::new(program("CORSAC_MCS", "mcs")).arg(out).arg(source("engine.cs")));
    Process::start(Command::new(program("CORSAC_MONO", "mono")).arg(binary))
}
