//! `corsac init`: write a starting policy.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::args::Init;
use crate::exit::Exit;
use crate::output::Output;

/// Safe as it is; every other key stands in a comment with its default.
pub(crate) const STARTING_POLICY: &str = include_str!("init.toml");

pub(crate) fn run(init: &Init, output: &Output) -> Exit {
    if init.file.as_os_str() == "-" {
        return output.data(STARTING_POLICY, Exit::Clean);
    }
    let name = init.file.display();
    // `create_new` never overwrites, not even a file that appears meanwhile.
    let created = OpenOptions::new().write(true).create_new(true).open(&init.file);
    match created.and_then(|mut file| file.write_all(STARTING_POLICY.as_bytes())) {
        Ok(()) => {
            output.talk(&format!("wrote {name}: name your page in `origins` and your API in `url`, then\n"));
            output.talk(&format!("    corsac check {name}\n    corsac serve {name}"));
            Exit::Clean
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            output.fail(&format!("`{name}` exists already"), "name another file: corsac init other.toml")
        }
        Err(error) => output.fail(&format!("failed to write `{name}`: {error}"), "does the folder exist?"),
    }
}
