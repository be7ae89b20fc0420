//! The proofs of a whole run: one for each scope of each configuration.

use serde::{Deserialize, Serialize};

use super::{Certificate, CertificateError, Claim, OfScope};
use crate::automaton::Work;
use crate::lint::{Options, meant};
use crate::model::Model;
use crate::question::Prover;

/// The schema of files with several proofs.
pub const PROOFS_SCHEMA: &str = "corsac.proofs/1";

/// Most places of all proofs of a file: some 10 MB of JSON.
const MAX_PLACES: usize = 100_000;

/// Proofs, and what none was found for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// [`PROOFS_SCHEMA`].
    pub schema: String,
    /// One a scope.
    pub proofs: Vec<Certificate>,
    /// The scopes that have none.
    pub unproved: Vec<Unproved>,
}

/// A scope in which a stranger may read, or may for all that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unproved {
    /// The configuration's file, as it was named.
    pub file: String,
    /// The scope's name.
    pub scope: String,
    /// Why there is no proof, as a fragment.
    pub reason: String,
}

impl Default for Proofs {
    fn default() -> Self {
        Self { schema: PROOFS_SCHEMA.to_owned(), proofs: Vec::new(), unproved: Vec::new() }
    }
}

impl Proofs {
    /// The proofs that no stranger may read in the scopes of `model`, which was read of `file` as
    /// `system` does; of those where one may, that none may with credentials.
    pub fn of(model: &Model, (file, system): (&str, &str), options: &Options, prover: &Prover<'_>) -> Self {
        let work = Work::of_a_file();
        let mut all = Self::default();
        let mut places = 0;
        for (number, scope) in model.scopes.iter().enumerate() {
            let claim = |with_credentials| OfScope {
                file: file.to_owned(),
                system: system.to_owned(),
                scope: scope.name.clone(),
                number,
                with_credentials,
                intended: meant(options, scope, prover.list()).names().to_vec(),
            };
            let prove = |with_credentials| {
                let claim = claim(with_credentials);
                let readers = claim.readers(model)?;
                Certificate::made(Claim::Scope(claim), &readers, (prover.list(), &work))
            };
            let proof = prove(false).or_else(|_| prove(true));
            let fits = |proof: Certificate| {
                places += proof.places();
                let reason = || format!("all proofs together have more than {MAX_PLACES} places");
                if places > MAX_PLACES { Err(CertificateError::Unprovable(reason())) } else { Ok(proof) }
            };
            match proof.and_then(fits) {
                Ok(proof) => all.proofs.push(proof),
                Err(error) => all.unproved.push(Unproved {
                    file: file.to_owned(),
                    scope: scope.name.clone(),
                    reason: error.to_string(),
                }),
            }
        }
        all
    }

    /// Those of another configuration too.
    pub fn add(&mut self, other: Self) {
        self.proofs.extend(other.proofs);
        self.unproved.extend(other.unproved);
    }
}
