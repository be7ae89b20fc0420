//! The clouds' services cannot be run here. Two programs that answer in their stead are asked
//! the same as the model:
//!
//! - Azurite, Microsoft's own emulator of Azure Storage;
//! - s3rver, somebody's implementation of S3 after its documentation.
//!
//! Neither is the service: an agreement says that the model and they read the documentation
//! in the same way. Both come from npm, into a folder of the target directory.
#![cfg(test)]

mod azurite;
mod http;
mod program;
mod random;
mod s3rver;

use corsac_analysis::model::{Credentials, Model, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

/// Configurations that are tried: with `CORSAC_LONG` as many as a release needs.
fn configurations(sample: u64) -> u64 {
    if std::env::var_os("CORSAC_LONG").is_some() { 600 } else { sample }
}

fn model(system: &str, name: &str, text: &str) -> Model {
    import(System::by_id(system).unwrap(), Source::new(name, text), &()).unwrap()
}

/// The scope that answers requests of `method`.
fn scope<'m>(model: &'m Model, method: &str) -> Option<&'m corsac_analysis::model::Scope> {
    model.scopes.iter().find(|scope| scope.name.split(", ").any(|part| part == method))
}

/// How often the two agreed, and where the model did not know.
#[derive(Debug, Default)]
struct Tally {
    admitted: u64,
    refused: u64,
    not_known: u64,
}

impl Tally {
    /// Counts an agreement.
    fn compare(
        &mut self,
        predicted: Truth,
        answer: &http::Answer,
        asked: (&str, Credentials),
        configuration: &str,
    ) {
        let (origin, credentials) = asked;
        let reads = answer.lets_read(origin, credentials);
        match predicted {
            Truth::Unknown => self.not_known += 1,
            known => {
                assert_eq!(
                    known,
                    Truth::from(reads),
                    "{origin} {credentials:?}\n{configuration}\n{answer:?}"
                );
                *if reads { &mut self.admitted } else { &mut self.refused } += 1;
            }
        }
    }
}
