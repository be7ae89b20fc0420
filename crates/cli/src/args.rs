//! The command line. Parsing it does nothing but check it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// CORS access control: a gateway in front of any API, and answers about CORS.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every verb takes.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Global {
    /// How results are written to standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// When to use colours; `NO_COLOR` is obeyed
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Lay [profiles.NAME] of the policy file over the rest
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Use this Public Suffix List instead of the embedded one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) public_suffix_list: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One line a finding
    Plain,
    /// One JSON object a run
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A sample API, an app page and a foreign page behind the gateway, to see it all in a browser
    Demo(Demo),
    /// Run the gateway
    Serve(Serve),
    /// Find mistakes in policies
    Check(Check),
    /// Explain a rule, or list them all
    Rule(Rule),
    /// Write a starting policy
    Init(Init),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Port of the gateway; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Serve {
    /// The policy file; `-` is standard input, which is not reloaded
    #[arg(default_value = "corsac.toml")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Policy files; `-` is standard input
    #[arg(default_value = "corsac.toml")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Rule {
    /// The rule's id, as findings name it
    pub(crate) id: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// Where to write it; `-` is standard output. A file that exists is not touched
    #[arg(default_value = "corsac.toml")]
    pub(crate) file: PathBuf,
}
