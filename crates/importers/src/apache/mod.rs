//! Apache httpd: `httpd.conf`, virtual hosts, `.htaccess`.
//!
//! The scopes are the virtual hosts, and in them the requests that sections and conditions
//! tell apart. Modules are taken to be loaded. Traps that are modelled: `Header` and `Header
//! always` fill two tables of which both are sent; what a rule with `[R=200]` answers has the
//! second only; `$0` is what the expression matched, or stays as it is where the expression is
//! plain text; a variable that is not set is sent as `(null)`; `<Limit>` does not limit
//! `Header`; `%{HTTP_ORIGIN}` is empty in rules.

mod environment;
mod expression;
mod header;
mod known;
mod rewrite;
mod run;
mod sections;
mod syntax;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use crate::conditional::{Notes, scopes};
use crate::{Includes, Unreadable};

/// Text that is looked at to tell whose it is.
const SAMPLE: usize = 64 << 10;

/// Words that other systems' files do not begin lines with.
const WORDS: [&str; 16] = [
    "<virtualhost",
    "<ifmodule",
    "<directory",
    "<location",
    "<files",
    "<filesmatch",
    "<if",
    "setenvif",
    "setenvifnocase",
    "rewriteengine",
    "rewritecond",
    "rewriterule",
    "header",
    "servername",
    "documentroot",
    "loadmodule",
];

/// How much a file looks like Apache's.
pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let file = name.rsplit('/').next().unwrap_or(name);
    let by_name = match file {
        ".htaccess" | "httpd.conf" | "apache2.conf" | "htaccess" => 50,
        // What lies in its folder, or ends so, may be anybody's.
        _ if name.contains("apache2/") || name.contains("httpd/") => 40,
        _ if file.rsplit('.').next() == Some("conf") => 5,
        _ => 0,
    };
    let mut end = SAMPLE.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or_default();
    let is_ours = |line: &str| {
        let first = line.split([' ', '\t', '>']).next().unwrap_or_default().to_ascii_lowercase();
        // nginx ends its lines with a semicolon or opens a brace.
        !line.ends_with([';', '{', ',']) && WORDS.contains(&first.as_str()) && line.contains([' ', '\t'])
            // Caddy's `header` names a field or a matcher next.
            && (first != "header" || header::is_action(line.split_whitespace().nth(1).unwrap_or_default()))
    };
    match head.lines().map(str::trim).filter(|line| is_ours(line)).count() {
        0 if by_name < 50 => 0,
        0 => by_name,
        ours => by_name + 35 + u8::try_from(ours.min(10)).unwrap_or(10),
    }
}

/// Reads a configuration.
pub(crate) fn read(source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    let htaccess = source.name().rsplit('/').next().is_some_and(|name| name.ends_with("htaccess"));
    let mut notes = Notes::default();
    let nodes = syntax::parse(source, includes, &mut notes)?;
    let servers = sections::servers(&nodes, htaccess, &mut notes);
    let mut found = Vec::new();
    for server in &servers {
        let outcome = run::run(server, &mut notes);
        found.extend(scopes(&outcome, &mut notes));
    }
    notes.qualify(&mut found);
    Ok(Model { scopes: found, files: notes.files, unread: notes.unread, ..Model::default() })
}
