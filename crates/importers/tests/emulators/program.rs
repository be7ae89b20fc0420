//! Programs from npm: installed once, started on a free port, ended with the test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where Node.js and npm are: `CORSAC_NODE` and `CORSAC_NPM`, else on the path.
fn tool(variable: &str, name: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| name.into()))
}

/// The folder into which `package` is installed, if it is not yet.
pub(super) fn installed(package: &str, version: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("npm-{package}-{version}"));
    if folder.join("whole").exists() {
        return folder;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let manifest = format!(r#"{{"private": true, "dependencies": {{"{package}": "{version}"}}}}"#);
    std::fs::write(folder.join("package.json"), manifest).unwrap();
    let mut npm = tool("CORSAC_NPM", "npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]);
    let done = npm.current_dir(&folder).stdin(Stdio::null()).output().expect("npm is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::write(folder.join("whole"), "").unwrap();
    folder
}

/// A program that listens.
pub(super) struct Program {
    child: Child,
    pub(super) port: u16,
}

impl Program {
    /// Starts a script, which says the port that it was given in a line after `announcement`.
    pub(super) fn start(script: &Path, arguments: &[&str], announcement: &str) -> Self {
        let mut node = tool("CORSAC_NODE", "node");
        node.arg(script).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().expect("Node.js is installed");
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains(announcement)).expect("the program says its port");
        let port = line.rsplit(':').next().unwrap().trim_matches(|c: char| !c.is_ascii_digit());
        let port = port.parse().unwrap();
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
