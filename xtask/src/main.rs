//! The project's own checks and chores: `cargo xtask test | layers | budgets | mutants | generate |
//! new-rule ID`.
#![forbid(unsafe_code)]

mod budgets;
mod generate;
mod layers;
mod mutants;
mod new_rule;
mod shell;
mod test;
mod tools;

use std::process::ExitCode;

use shell::{Failure, say};

const USAGE: &str = "\
usage: cargo xtask COMMAND
  test           everything that must pass: layers, budgets, format, lints, docs, tests, browser, fuzz smoke
  layers         dependencies go strictly downward; pure crates stay pure
  budgets        lines a file, files a folder
  mutants        the signaling policy switched off: its tests have to notice
  mutants each   the same, one function after the other: some minutes
  generate       write what is generated: the outputs in rule pages, docs/browsers.md, docs/failures.md
  new-rule ID    start a rule: its page, and what else to edit";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test::run(),
        ["layers"] => layers::run(),
        ["budgets"] => budgets::run(),
        ["mutants"] => mutants::off(),
        ["mutants", "each"] => mutants::each(None),
        ["mutants", "each", word] => mutants::each(Some(word)),
        ["generate"] => generate::run(),
        ["new-rule", id] => new_rule::run(id),
        _ => Err(Failure::new(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
