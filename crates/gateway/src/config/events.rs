//! The `[events]` table: where guards' decisions are written, and how much of them.

use std::path::{Path, PathBuf};

use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_events::AddressDetail;
use corsac_middleware::audit_log::Recorded;
use corsac_middleware::stack::file::Surroundings;

use super::files::Files;

/// Digits of an identity key: 16 bytes in hexadecimal.
const KEY_DIGITS: usize = 32;

/// The largest file of an identity key.
const MAX_KEY_FILE: u64 = 256;

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
pub(super) fn read(
    root: &mut TableReader<'_>,
    around: &Surroundings<'_>,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<Events> {
    let mut table = root.table("events", out)?;
    let log = table.required_string("log", out);
    let recorded =
        choice(&mut table, "decisions", &[("all", Recorded::All), ("refused", Recorded::Refusals)], out);
    let addresses =
        [("full", AddressDetail::Full), ("network", AddressDetail::Network), ("none", AddressDetail::None)];
    let addresses = choice(&mut table, "client_addresses", &addresses, out);
    let name_subjects = choice(&mut table, "principals", &[("hashed", false), ("subject", true)], out);
    let identity_key = identity_key(&mut table, around, files, out);
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

fn identity_key(
    table: &mut TableReader<'_>,
    around: &Surroundings<'_>,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<[u8; 16]> {
    let name = table.string("identity_key_file", out)?;
    let path = around.base.join(name);
    files.note([path.clone()]);
    let read = (around.read)(&path, MAX_KEY_FILE).map_err(|error| format!("it cannot be read: {error}"));
    let key = read.and_then(|contents| {
        let digits = std::str::from_utf8(&contents.bytes).unwrap_or_default().trim();
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == KEY_DIGITS);
        number.map(u128::to_be_bytes).ok_or_else(|| "it has no 32 hexadecimal digits".to_owned())
    });
    let help = "write 32 hexadecimal digits: openssl rand -hex 16 > identity.key";
    key.map_err(|reason| out.push(table.invalid("identity_key_file", name, &reason).help(help))).ok()
}
