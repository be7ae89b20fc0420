//! Caddy: the Caddyfile.
//!
//! The scopes are the sites, and in them the requests that matchers tell apart. Traps that are
//! modelled: directives run in Caddy's order, not in that of the file; `header` before an
//! upstream's answer stands beside the upstream's own fields unless it is deferred; a group that
//! nothing matched is sent as it is written; expressions are looked for anywhere.

mod fields;
mod matcher;
mod order;
mod run;
mod syntax;
mod tokens;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use crate::conditional::{Notes, scopes};
use crate::{Includes, Unreadable};

/// Most sites that are read.
const MAX_SITES: usize = 256;

/// Lines that are looked at to tell whose a text is.
const SAMPLE: usize = 1_000;

/// Directives that other systems do not have.
const WORDS: [&str; 12] = [
    "reverse_proxy",
    "file_server",
    "respond",
    "header",
    "handle",
    "handle_path",
    "header_regexp",
    "encode",
    "php_fastcgi",
    "basicauth",
    "redir",
    "import",
];

/// How much a file looks like a Caddyfile.
pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let by_name = if file.starts_with("caddyfile")
        || file.ends_with("caddyfile")
        || file.rsplit('.').next() == Some("caddy")
    {
        50
    } else {
        0
    };
    let lines = || text.lines().take(SAMPLE).map(str::trim).filter(|line| !line.starts_with('#'));
    // nginx ends its lines with a semicolon, YAML its keys with a colon; in a Caddyfile a text of
    // several lines may.
    let is_others = by_name == 0 && lines().any(|line| line.ends_with([';', ':']));
    if is_others || text.trim_start().starts_with(['<', '[']) {
        return 0;
    }
    let ours = |line: &str| {
        let first = line.split_whitespace().next().unwrap_or_default();
        WORDS.contains(&first) || first.starts_with('@') && line.contains(' ')
    };
    let opens = lines().any(|line| line.ends_with(" {"));
    let count = lines().filter(|line| ours(line)).count();
    by_name
        + if count > 0 && (opens || by_name > 0) { 30 + u8::try_from(count.min(10)).unwrap_or(10) } else { 0 }
}

/// Reads a Caddyfile.
pub(crate) fn read(source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    let mut notes = Notes::default();
    let mut sites = syntax::sites(source, includes, &mut notes)?;
    if sites.len() > MAX_SITES {
        notes.unread(None, format!("more than {MAX_SITES} sites"));
        sites.truncate(MAX_SITES);
    }
    let mut found = Vec::new();
    for site in &sites {
        let outcome = run::run(site, &mut notes);
        found.extend(scopes(&outcome, &mut notes));
    }
    Ok(Model { scopes: found, files: notes.files, unread: notes.unread, ..Model::default() })
}
