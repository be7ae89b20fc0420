//! The `[events]` table: where guards' decisions are written, and how much of them.

use std::path::{Path, PathBuf};

use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_events::AddressDetail;
use corsac_middleware::audit_log::Recorded;

use super::files::Files;

/// Where guards' decisions go.
#[derive(Clone, PartialEq, Eq)]
pub struct Events {
    /// A file, relative to the working directory; standard error without one.
    pub file: Option<PathBuf>,
    /// Which decisions.
    pub recorded: Recorded,
    /// How much of a client's address.
    pub addresses: AddressDetail,
    /// Whether principals are named by their subject rather than by a hash.
    pub name_subjects: bool,
    /// The key of the hashes; a random one without it, new at every start.
    pub identity_key: Option<[u8; 16]>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Reads the table. `None` if there is none.
pub(super) fn read(root: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Option<Events> {
    let mut table = root.table("events", out)?;
    let log = table.required_string("log", out);
    let recorded =
        choice(&mut table, "decisions", &[("all", Recorded::All), ("refused", Recorded::Refusals)], out);
    let addresses =
        [("full", AddressDetail::Full), ("network", AddressDetail::Network), ("none", AddressDetail::None)];
    let addresses = choice(&mut table, "client_addresses", &addresses, out);
    let name_subjects = choice(&mut table, "principals", &[("hashed", false), ("subject", true)], out);
    let identity_key = identity_key(&mut table, files, out);
    table.finish(out);
    Some(Events {
        file: log.filter(|log| *log != "stderr").map(|log| Path::new(log).to_owned()),
        recorded: recorded.unwrap_or_default(),
        addresses: addresses.unwrap_or_default(),
        name_subjects: name_subjects.unwrap_or_default(),
        identity_key,
    })
}

fn choice<T: Copy>(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &[(&str, T)],
    out: &mut Vec<Diagnostic>,
) -> Option<T> {
    let text = table.string(key, out)?;
    let found = known.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let help = format!("write one of {}", names.join(", "));
        out.push(table.invalid(key, text, "no such choice").help(help));
    }
    found.map(|(_, value)| *value)
}

fn identity_key(table: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Option<[u8; 16]> {
    let name = table.string("identity_key_file", out)?;
    let help = "write 32 hexadecimal digits: openssl rand -hex 16 > identity.key";
    let refuse = |reason: String| table.invalid("identity_key_file", name, &reason).help(help);
    files.read_key(name).map_err(|reason| out.push(refuse(reason))).ok()
}
