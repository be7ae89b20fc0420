//! A configuration of some system: read, asked, and judged.

use std::sync::LazyLock;

use corsac_analysis::lint::{Options, lint};
use corsac_analysis::model::{Credentials, Truth};
use corsac_analysis::question::Prover;
use corsac_diagnostics::Source;
use corsac_importers::{System, detect, import};
use corsac_origin::PublicSuffixList;

static PROVER: LazyLock<Prover<'static>> = LazyLock::new(|| Prover::new(PublicSuffixList::embedded()));

const ORIGINS: [&str; 4] =
    ["https://app.example.com", "https://evil-example.com", "http://localhost:3000", "null"];

/// One byte that chooses a system, and a text. Whatever it is, it is read or refused with a
/// place within it; who may read is the same whether it is asked origin by origin or as one
/// matcher; every finding stands within the text.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((first, rest)) = text.split_at_checked(1) else { return };
    let _ = detect("site.conf", rest);
    let chosen = first.bytes().next().map_or(0, usize::from);
    let Some(system) = System::all().get(chosen % System::all().len()) else { return };
    let model = match import(*system, Source::new("file", rest), &()) {
        Ok(model) => model,
        Err(error) => return assert!(error.offset <= rest.len(), "{error:?} is behind the end"),
    };
    for answer in model.scopes.iter().map(|scope| &scope.actual) {
        for credentials in [Credentials::Included, Credentials::Omitted] {
            let readers = answer.readers(credentials);
            for origin in ORIGINS {
                let (one, all) = (answer.lets_read(origin, credentials), readers.matches(origin));
                let agree = one == all || one == Truth::Unknown || all == Truth::Unknown;
                assert!(agree, "{one:?} and {all:?} for `{origin}`");
            }
        }
    }
    for finding in lint(&model, &PROVER, &Options::default()) {
        assert!(model.files.get(finding.file).is_some(), "{finding:?} is in no file");
    }
}
