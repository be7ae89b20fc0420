//! Proofs as files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use corsac_analysis::certificate::{Certificate, Claim, Proofs};
use corsac_diagnostics::unreadable;
use corsac_importers::System;

use crate::exit::Exit;
use crate::load::LoadError;
use crate::output::{Output, printable};

/// Writes proofs into a file, which may exist.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, proof: serde_json::Result<String>) -> Result<(), LoadError> {
    if !is_free(path) {
        return Err(LoadError {
            reason: format!("`{}` exists, and is no certificate", path.display()),
            hint: "name another file".to_owned(),
        });
    }
    let text = proof.map_err(io::Error::from);
    text.and_then(|text| fs::write(path, text + "\n")).map_err(|error| LoadError {
        reason: format!("failed to write `{}`: {}", path.display(), unreadable(error.kind())),
        hint: "may this user write there?".to_owned(),
    })
}

/// What a proof of application code rests on beside the file.
pub(in crate::commands) const ASSUMED: &str =
    "code of other files neither changes what this code says nor answers with fields of its own";

/// Whether a system, by its id, is application code.
pub(in crate::commands) fn is_code(system: &str) -> bool {
    System::by_id(system).is_some_and(|system| system.is_code())
}

/// Whether a file is none yet, or proofs that may be written anew.
fn is_free(path: &Path) -> bool {
    const BEGIN: &[u8] = b"{\"schema\":\"corsac.proof";
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut begin));
    match read {
        Ok(_) => begin.starts_with(BEGIN),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Writes the proofs of a run that ended with `exit`, and says what they are of.
pub(super) fn save(path: &Path, proofs: &Proofs, (exit, output): (Exit, &Output)) -> Exit {
    let unproved = proofs.unproved.len();
    let is_partial =
        |proof: &&Certificate| matches!(&proof.claim, Claim::Scope(claim) if claim.with_credentials);
    let partly = proofs.proofs.iter().filter(is_partial).count();
    let proved = proofs.proofs.len();
    for scope in &proofs.unproved {
        output.detail(&printable(&format!("not proved: {}, {}: {}", scope.file, scope.scope, scope.reason)));
    }
    if proved == 0 {
        output.warn("nothing is proved, and no certificate was written");
        return if exit == Exit::Clean { Exit::Findings } else { exit };
    }
    if let Err(error) = write(path, serde_json::to_string(proofs)) {
        return output.fail(&error.reason, &error.hint);
    }
    let (all, whole) = (proved + unproved, proved - partly);
    let name = path.display().to_string();
    let more = if partly == 0 { String::new() } else { format!(", {partly} more with credentials") };
    let left = if unproved == 0 || output.is_verbose() { "" } else { " (-v tells of the others)" };
    let words =
        format!("no stranger may read in {whole} of {all} scopes{more}{left}: corsac verify-proof {name}");
    output.talk(&printable(&words));
    let of_code = |proof: &Certificate| matches!(&proof.claim, Claim::Scope(claim) if is_code(&claim.system));
    if proofs.proofs.iter().any(of_code) {
        output.talk(&format!("assuming that {ASSUMED}"));
    }
    exit
}
