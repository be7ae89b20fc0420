//! `corsac verify-proof`: does a certificate prove what it claims?

use corsac_analysis::certificate::{Certificate, CertificateError};
use corsac_origin::PublicSuffixList;
use serde_json::json;

use super::check::text;
use crate::args::{Format, Global, VerifyProof};
use crate::exit::Exit;
use crate::load;
use crate::output::{Output, printable};

/// Larger than any certificate that is written.
const MAX_CERTIFICATE: usize = 64 << 20;

pub(crate) fn run(args: &VerifyProof, global: &Global, output: &Output) -> Exit {
    let list = match load::suffix_list(global) {
        Ok(list) => list,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let list = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let name = args.file.display();
    let read = text::read(&args.file, MAX_CERTIFICATE).map_err(|error| (error.reason, error.hint));
    let parsed = read.and_then(|text| {
        serde_json::from_str::<Certificate>(&text).map_err(|error| {
            (
                format!("it is no certificate: {error}"),
                "`corsac check --regex … --certificate FILE` writes one",
            )
        })
    });
    match parsed {
        Err((reason, hint)) => output.fail(&format!("failed to read `{name}`: {reason}"), hint),
        Ok(certificate) => {
            let verdict = certificate.verify(list).and_then(|()| certificate.retrace());
            let exit = if verdict.is_ok() { Exit::Clean } else { Exit::Findings };
            output.data(&shown(&certificate, &verdict, global.format), exit)
        }
    }
}

fn shown(certificate: &Certificate, verdict: &Result<(), CertificateError>, format: Format) -> String {
    let claim = &certificate.claim;
    let places: usize = certificate.parts.iter().map(|part| part.reached.len()).sum();
    if format == Format::Json {
        let reason = verdict.as_ref().err().map(ToString::to_string);
        let run = json!({
            "schema": "corsac.verify-proof/1",
            "holds": verdict.is_ok(),
            "reason": reason,
            "claim": claim,
            "public_suffixes": certificate.public_suffixes,
            "places": places,
        });
        return format!("{run}\n");
    }
    let word = match verdict {
        Ok(()) => format!("holds     {places} places, none of them a stranger's origin"),
        Err(error) => format!("no proof  {error}"),
    };
    if format == Format::Plain {
        return format!("{word}\n");
    }
    let meant = if claim.intended.is_empty() { "nobody".to_owned() } else { claim.intended.join(", ") };
    format!(
        "{word}\n\n  expression   {}\n  read as      {}, {}\n  meant for    {}\n  suffixes of  {}\n",
        printable(&claim.regex),
        printable(&claim.dialect),
        printable(&claim.mode),
        printable(&meant),
        printable(&certificate.public_suffixes),
    )
}
