//! The one binary of Corsac; its verbs are questions.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod exit;
mod load;
mod output;

use clap::Parser;

use args::{Args, Command, Format};
use exit::Exit;
use output::Output;

/// Heads of messages are a little too large for the system's small-object path; with
/// this allocator the gateway needs a sixth less time at 512 connections, and no more
/// memory (`benches/gateway/README.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return output::usage(&error).into(),
    };
    let output = Output::new(&args.global);
    run(&args, &output).into()
}

fn run(args: &Args, output: &Output) -> Exit {
    let global = &args.global;
    let checks_files = matches!(&args.command, Command::Check(check) if check.regex.is_none());
    if matches!(global.format, Format::Github | Format::Sarif) && !checks_files {
        return output.fail(
            "the formats sarif and github are of `corsac check` on files alone",
            "take --format human, plain or json",
        );
    }
    match &args.command {
        Command::Check(check) => commands::check::run(check, global, output),
        Command::Diff(diff) => commands::diff::run(diff, global, output),
        Command::Demo(demo) => commands::demo::run(demo, output),
        Command::Explain(explain) => commands::explain::run(explain, global, output),
        Command::Import(import) => commands::import::run(import, global, output),
        Command::Init(init) => commands::init::run(init, output),
        Command::Key(key) => commands::key::run(key, global, output),
        Command::Rule(rule) => commands::rule::run(rule, global, output),
        Command::Signal(signal) => commands::signal::run(signal, output),
        Command::VerifyProof(verify) => commands::verify_proof::run(verify, global, output),
        Command::Serve(serve) => commands::serve::run(serve, global, output),
    }
}
