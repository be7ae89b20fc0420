//! The command line. Parsing it does nothing but check it.

mod signal;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use corsac_analysis::explain::Server;
use corsac_analysis::regex::{Dialect, Mode};
use corsac_diagnostics::parse_duration;

use crate::commands::check::Kind;
pub(crate) use signal::Signal;

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
#[command(next_help_heading = "Everywhere")]
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
    /// One line a finding, or a verdict
    Plain,
    /// One JSON object a run
    Json,
    /// SARIF 2.1.0, for code scanning; of `check`
    Sarif,
    /// Annotations of a GitHub workflow; of `check`
    Github,
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
    /// Find mistakes in policies and in other software's configuration
    Check(Check),
    /// Who gains and who loses access between two configurations
    Diff(Diff),
    /// Why a browser blocks a request, and the smallest safe change
    Explain(Box<Explain>),
    /// Another system's configuration as a policy of ours
    Import(Import),
    /// Explain a rule, or list them all
    Rule(Rule),
    /// Write a starting policy
    Init(Init),
    /// Make, list and end API keys
    Key(Key),
    /// Run WebRTC signaling: WebSocket over TLS and WebTransport
    Signal(Box<Signal>),
    /// Does a certificate prove what it claims?
    VerifyProof(VerifyProof),
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
    /// Serve https on loopback with a development certificate, made if there is none
    #[arg(long)]
    pub(crate) dev_tls: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Policies, other software's configuration, and folders to look for them; `-` is standard input
    #[arg(default_value = "corsac.toml")]
    pub(crate) files: Vec<PathBuf>,
    /// Read the files named as this system does, whatever they look like
    #[arg(long, value_name = "SYSTEM", ignore_case = true, value_parser = kinds(), conflicts_with = "regex")]
    pub(crate) kind: Option<Kind>,
    /// A domain that is meant to be admitted, with all under it; may be given again. Guessed
    /// from what a configuration spells out unless it is said
    #[arg(long, value_name = "NAME")]
    pub(crate) intend: Vec<String>,
    /// The least severity that makes the exit status 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning, conflicts_with = "regex")]
    pub(crate) fail_on: FailOn,
    /// Leave out the findings of this file, and do not fail for them
    #[arg(long, value_name = "FILE", conflicts_with = "regex")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found into this file, and leave it out from now on
    #[arg(long, value_name = "FILE", conflicts_with_all = ["regex", "baseline"])]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Write the proofs that no stranger may read, for `corsac verify-proof`
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Longest work on one file of other software
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration, conflicts_with = "regex")]
    pub(crate) timeout: Duration,
    /// Judge this regular expression over origins instead of files
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, conflicts_with = "files", requires = "dialect", help_heading = EXPRESSION)]
    pub(crate) regex: Option<String>,
    /// Whose syntax the expression is
    #[arg(long, value_name = "DIALECT", ignore_case = true, value_parser = dialects(), requires = "regex", help_heading = EXPRESSION)]
    pub(crate) dialect: Option<Dialect>,
    /// How much of an origin has to match
    #[arg(long, value_name = "MODE", ignore_case = true, value_parser = modes(), requires = "regex", default_value = "search", help_heading = EXPRESSION)]
    pub(crate) mode: Mode,
    /// Flags of the expression, as in `i`
    #[arg(long, value_name = "LETTERS", requires = "regex", default_value = "", help_heading = EXPRESSION)]
    pub(crate) flags: String,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The configuration as it was; `-` is standard input
    pub(crate) old: PathBuf,
    /// The configuration as it is to be, of the same system or of another
    pub(crate) new: PathBuf,
    /// Read both as this system does, whatever they look like
    #[arg(long, value_name = "SYSTEM", ignore_case = true, value_parser = kinds())]
    pub(crate) kind: Option<Kind>,
    /// A domain that is meant to be admitted, with all under it; may be given again
    #[arg(long, value_name = "NAME")]
    pub(crate) intend: Vec<String>,
    /// Write Markdown, for a comment on a change
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Longest work in all
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Import {
    /// The configuration of another system; `-` is standard input
    pub(crate) file: PathBuf,
    /// Read it as this system does, whatever it looks like
    #[arg(long, value_name = "SYSTEM", ignore_case = true, value_parser = kinds())]
    pub(crate) kind: Option<Kind>,
    /// A domain that is meant to be admitted, with all under it; may be given again. Guessed
    /// from what the configuration spells out unless it is said
    #[arg(long, value_name = "NAME")]
    pub(crate) intend: Vec<String>,
    /// Write the policy into this file, which must not exist, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Longest work in all
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VerifyProof {
    /// What `corsac check … --certificate FILE` has written
    pub(crate) file: PathBuf,
    /// Longest work in all
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

/// Systems by their names.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::all().map(Kind::id)).try_map(|name| {
        Kind::all().find(|kind| kind.id().eq_ignore_ascii_case(&name)).ok_or("unknown system")
    })
}

const EXPRESSION: &str = "One expression";

/// Engines by their names.
fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::id)).try_map(|name| {
        Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.id().eq_ignore_ascii_case(&name))
            .ok_or("unknown dialect")
    })
}

/// Ways to apply an expression, by their names.
fn modes() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.map(Mode::id)).try_map(|name| {
        Mode::ALL.into_iter().find(|mode| mode.id().eq_ignore_ascii_case(&name)).ok_or("unknown mode")
    })
}

#[derive(Debug, ClapArgs)]
#[command(after_help = EXPLAIN_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Explain {
    /// What the page asks for
    #[arg(required_unless_present_any = ["curl", "error", "exchanges", "fetch", "har"])]
    pub(crate) url: Option<String>,
    /// A call as "Copy as cURL" gives it; `-` is standard input
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["url", "fetch", "exchanges", "error"], help_heading = CALL)]
    pub(crate) curl: Option<String>,
    /// A call as "Copy as fetch" gives it; `-` is standard input
    #[arg(long, value_name = "CALL", conflicts_with_all = ["url", "exchanges", "error"], help_heading = CALL)]
    pub(crate) fetch: Option<String>,
    /// The page's origin, scheme and host; `null` for a sandboxed frame
    #[arg(long, value_name = "ORIGIN", required_unless_present_any = ["curl", "error", "exchanges", "fetch", "har"], help_heading = CALL)]
    pub(crate) from: Option<String>,
    /// Where the page is served from; told from its host unless a name hides it
    #[arg(long, value_enum, value_name = "SPACE", help_heading = CALL)]
    pub(crate) address_space: Option<Space>,
    /// The method; GET, or POST with a body
    #[arg(short = 'X', long, value_name = "METHOD", help_heading = CALL)]
    pub(crate) method: Option<String>,
    /// A request header, `Name: value`
    #[arg(short = 'H', long = "header", value_name = "HEADER", help_heading = CALL)]
    pub(crate) headers: Vec<String>,
    /// A body; `Content-Type` is that of a string unless a header says otherwise
    #[arg(short, long, value_name = "TEXT", help_heading = CALL)]
    pub(crate) data: Option<String>,
    /// The credentials mode of the call; same-origin unless a pasted call says otherwise
    #[arg(long, value_enum, value_name = "MODE", help_heading = CALL)]
    pub(crate) credentials: Option<Credentials>,
    /// The redirect mode of the call; follow unless a pasted call says otherwise
    #[arg(long, value_enum, value_name = "MODE", help_heading = CALL)]
    pub(crate) redirect: Option<Redirect>,
    /// Ask with `XMLHttpRequest` instead of `fetch()`
    #[arg(long, help_heading = CALL)]
    pub(crate) xhr: bool,
    /// The user has allowed the page to reach the local network
    #[arg(long, help_heading = CALL)]
    pub(crate) local_network_allowed: bool,
    /// Ask this policy file instead of the network
    #[arg(long, value_name = "FILE", help_heading = WHO)]
    pub(crate) policy: Option<PathBuf>,
    /// Write the edit of the policy file, if it admits this call and nothing else
    #[arg(long, requires = "policy", help_heading = ANSWER)]
    pub(crate) fix: bool,
    /// Say the fix in the words of this software; known ones tell by themselves
    #[arg(long, value_name = "NAME", ignore_case = true, value_parser = servers(), help_heading = ANSWER)]
    pub(crate) server: Option<Server>,
    /// Send the request itself too where it is not GET or HEAD
    #[arg(long, conflicts_with = "policy", help_heading = WHO)]
    pub(crate) send: bool,
    /// Longest wait for an answer; all together may take three times as long
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration, help_heading = WHO)]
    pub(crate) timeout: Duration,
    /// Judge recorded exchanges, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "from", "policy"], help_heading = WHO)]
    pub(crate) exchanges: Option<PathBuf>,
    /// Judge every cross-origin call of a HAR file, as DevTools export it; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "from", "policy", "exchanges", "curl", "fetch"], help_heading = WHO)]
    pub(crate) har: Option<PathBuf>,
    /// Say what a message of a browser's console means; `-` is standard input
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["url", "from", "policy", "exchanges", "har"], help_heading = WHO)]
    pub(crate) error: Option<String>,
    /// Whose judgement
    #[arg(long, value_enum, default_value_t = EngineName::All, help_heading = ANSWER)]
    pub(crate) engine: EngineName,
}

const CALL: &str = "The page and its call";
const WHO: &str = "Who answers";
const ANSWER: &str = "The answer";

const EXPLAIN_HELP: &str = "\
Examples:
  corsac explain https://api.example.com/items/7 --from https://app.example.com -X PUT
  corsac explain https://api.example.com/ --from https://app.example.com --policy corsac.toml
  corsac explain --curl \"$(xclip -o)\" --policy corsac.toml
  corsac explain --fetch - --from https://app.example.com < call.js
  corsac explain --error 'Access to fetch at … has been blocked by CORS policy: …'
  corsac explain --exchanges recorded.jsonl --engine chromium
  corsac explain --har app.example.com.har

Nothing is sent that was not given: no cookies, no stored passwords. Those of a pasted call
go to the server that it names, where a browser would send them.";

/// Nobody waits longer, and clocks can count it.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

fn duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(duration) if duration.is_zero() || duration > LONGEST_WAIT => {
            Err("it is none of 1ms to 1h".to_owned())
        }
        Ok(duration) => Ok(duration),
        Err(_) => Err("write it with its unit, like 20s or 500ms".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Credentials {
    Include,
    Omit,
    SameOrigin,
}

/// Address spaces of Local Network Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Space {
    Local,
    Loopback,
    Public,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redirect {
    Error,
    Follow,
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// The Fetch Standard
    Standard,
    Chromium,
    Firefox,
    Webkit,
    /// Each of them
    All,
}

/// Software whose words are known, by its name in one word.
fn servers() -> impl TypedValueParser<Value = Server> {
    PossibleValuesParser::new(Server::ALL.map(Server::id)).try_map(|name| {
        Server::ALL.into_iter().find(|server| server.id().eq_ignore_ascii_case(&name)).ok_or("unknown server")
    })
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

#[derive(Debug, ClapArgs)]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Make a key; it is shown once
    New(KeyNew),
    /// List keys; none is shown
    List(KeyList),
    /// End a key at once
    Revoke(KeyRevoke),
    /// Make a key in the place of another, which ends a while later
    Rotate(KeyRotate),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyFiles {
    /// The file of keys
    #[arg(long, value_name = "FILE", default_value = "api-keys.toml")]
    pub(crate) file: PathBuf,
    /// The key under which keys are hashed; beside the file unless it is named
    #[arg(long, value_name = "FILE")]
    pub(crate) hash_key: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyMade {
    /// What the key begins with: `prefix` of the policy file
    #[arg(long, value_name = "PREFIX", default_value = "corsac")]
    pub(crate) prefix: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyNew {
    #[command(flatten)]
    pub(crate) files: KeyFiles,
    #[command(flatten)]
    pub(crate) made: KeyMade,
    /// Who holds it
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: String,
    /// A role of the holder; may be given again
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// A scope of the holder; may be given again
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// How long it is accepted, like 90d; for ever unless it is said
    #[arg(long, value_name = "DURATION", value_parser = lifetime)]
    pub(crate) expires: Option<Duration>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyList {
    /// The file of keys
    #[arg(long, value_name = "FILE", default_value = "api-keys.toml")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRevoke {
    /// The key's id, its second part
    pub(crate) id: String,
    /// The file of keys
    #[arg(long, value_name = "FILE", default_value = "api-keys.toml")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRotate {
    /// The key's id, its second part
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) files: KeyFiles,
    #[command(flatten)]
    pub(crate) made: KeyMade,
    /// How long both are accepted, like 7d
    #[arg(long, value_name = "DURATION", value_parser = lifetime)]
    pub(crate) overlap: Duration,
}

fn lifetime(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(duration) if duration.as_secs() == 0 => Err("it is less than a second".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("write it with its unit, like 90d or 12h".to_owned()),
    }
}
