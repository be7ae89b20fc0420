//! `corsac verify-proof`: do certificates prove what they claim?

use std::collections::{HashMap, HashSet};
use std::path::Path;

use corsac_analysis::certificate::{Certificate, Claim, PROOFS_SCHEMA, Proofs, Unproved};
use corsac_analysis::model::Model;
use corsac_origin::PublicSuffixList;
use serde_json::{Value, json};

use super::check::{ASSUMED, Kind, is_code, text};
use super::configuration;
use super::deadline::Deadline;
use crate::args::{Format, Global, VerifyProof};
use crate::exit::Exit;
use crate::load;
use crate::output::{Output, printable};

/// Larger than any file of certificates that is written.
const MAX_CERTIFICATE: usize = 32 << 20;

/// A proof, and what is wrong with it.
struct Verified {
    certificate: Certificate,
    flaw: Option<String>,
}

pub(crate) fn run(args: &VerifyProof, global: &Global, output: &Output) -> Exit {
    let list = match load::suffix_list(global) {
        Ok(list) => list,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    // Work that takes too long may outlive this function, and uses it.
    let list = list.map_or_else(PublicSuffixList::embedded, |list| &*Box::leak(Box::new(list)));
    let name = args.file.display();
    let read = text::read(&args.file, MAX_CERTIFICATE).map_err(|error| error.reason);
    let parsed =
        read.and_then(|text| parsed(&text).map_err(|error| format!("it is no certificate: {error}")));
    let (proofs, is_one) = match parsed {
        Err(reason) => {
            let hint = "`corsac check … --certificate FILE` writes one";
            return output.fail(&format!("failed to read `{name}`: {reason}"), hint);
        }
        Ok(parsed) => parsed,
    };
    let profile = global.profile.clone();
    let done = Deadline::new(args.timeout).done(move || Ok(verified(proofs, profile.as_deref(), list)));
    let run = match done {
        Ok(run) => run,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let exit = if run.holds() { Exit::Clean } else { Exit::Findings };
    let text = match (run.proofs.as_slice(), is_one) {
        // Scopes that it does not speak of are the reason if it holds in vain.
        ([one], true) if run.unspoken.is_empty() => one.shown(global.format),
        _ => run.shown(global.format),
    };
    output.data(&text, exit)
}

/// What became of the proofs of a file.
struct Run {
    proofs: Vec<Verified>,
    unproved: Vec<Unproved>,
    /// Scopes that the configurations have by now and nobody spoke of.
    unspoken: Vec<Unproved>,
}

fn verified(proofs: Proofs, profile: Option<&str>, list: &PublicSuffixList) -> Run {
    let mut files = Files { profile, list, read: HashMap::new() };
    let unspoken = files.unspoken(&proofs);
    let verified = proofs.proofs.into_iter().map(|certificate| {
        let flaw = files.flaw(&certificate);
        Verified { certificate, flaw }
    });
    Run { proofs: verified.collect(), unproved: proofs.unproved, unspoken }
}

/// The proofs of a file, and whether it is the only one, of an expression.
fn parsed(text: &str) -> Result<(Proofs, bool), serde_json::Error> {
    let value: Value = serde_json::from_str(text)?;
    if value.get("schema").and_then(Value::as_str) == Some(PROOFS_SCHEMA) {
        return Ok((serde_json::from_value(value)?, false));
    }
    let proofs = vec![serde_json::from_value(value)?];
    Ok((Proofs { proofs, ..Proofs::default() }, true))
}

/// The configurations that claims are about, as they are now.
struct Files<'a> {
    profile: Option<&'a str>,
    list: &'a PublicSuffixList,
    read: HashMap<(String, String), Result<Model, String>>,
}

impl Files<'_> {
    /// The scopes of the configurations that are neither proved nor said not to be.
    fn unspoken(&mut self, proofs: &Proofs) -> Vec<Unproved> {
        let mut unspoken = Vec::new();
        let mut seen = HashSet::new();
        for certificate in &proofs.proofs {
            let Claim::Scope(claim) = &certificate.claim else { continue };
            if !seen.insert((&claim.file, &claim.system)) {
                continue;
            }
            let of_file =
                |proof: &&Certificate| matches!(&proof.claim, Claim::Scope(of) if of.file == claim.file);
            let numbers = proofs.proofs.iter().filter(of_file).filter_map(|proof| match &proof.claim {
                Claim::Scope(of) => Some(of.number),
                Claim::Expression(_) => None,
            });
            let numbers: HashSet<usize> = numbers.collect();
            let mut unproved: Vec<&str> = Vec::new();
            unproved.extend(
                proofs.unproved.iter().filter(|of| of.file == claim.file).map(|of| of.scope.as_str()),
            );
            let Ok(model) = self.model(&claim.file, &claim.system) else { continue };
            for (number, scope) in
                model.scopes.iter().enumerate().filter(|(number, _)| !numbers.contains(number))
            {
                match unproved.iter().position(|known| *known == scope.name) {
                    Some(known) => drop(unproved.swap_remove(known)),
                    None => unspoken.push(Unproved {
                        file: claim.file.clone(),
                        scope: scope.name.clone(),
                        reason: format!("no proof speaks of scope {}", number + 1),
                    }),
                }
            }
        }
        unspoken
    }

    /// Why a certificate proves nothing.
    fn flaw(&mut self, certificate: &Certificate) -> Option<String> {
        if let Err(error) = certificate.verify(self.list) {
            return Some(error.to_string());
        }
        let retraced = match &certificate.claim {
            Claim::Expression(_) => certificate.retrace(None),
            Claim::Scope(claim) => match self.model(&claim.file, &claim.system) {
                Err(reason) => return Some(reason.clone()),
                Ok(model) => certificate.retrace(Some(model)),
            },
        };
        retraced.err().map(|error| error.to_string())
    }

    fn model(&mut self, file: &str, system: &str) -> Result<&Model, &String> {
        let key = (file.to_owned(), system.to_owned());
        let (profile, list) = (self.profile, self.list);
        let read = self.read.entry(key).or_insert_with(|| {
            if file == "-" || !Path::new(file).is_file() {
                return Err(format!("`{file}` is no file here"));
            }
            let kind = Kind::all().find(|kind| kind.id() == system);
            let kind = kind.ok_or_else(|| format!("`{system}` is no system that is known"))?;
            let read = configuration::load(Path::new(file), Some(kind), (profile, list));
            read.map_err(|error| error.reason)
        });
        read.as_ref()
    }
}

impl Verified {
    fn shown(&self, format: Format) -> String {
        let Self { certificate, .. } = self;
        match format {
            Format::Json => return format!("{}\n", self.value()),
            Format::Plain => return format!("{}\n", self.word()),
            _ => {}
        }
        let subject = match &certificate.claim {
            Claim::Expression(claim) => format!(
                "  expression   {}\n  read as      {}, {}\n",
                printable(&claim.regex),
                printable(&claim.dialect),
                printable(&claim.mode)
            ),
            Claim::Scope(claim) => format!(
                "  file         {} ({})\n  scope        {}\n",
                printable(&claim.file),
                printable(&claim.system),
                printable(&claim.scope)
            ),
        };
        let assumed = if self.is_of_code() { format!("  assuming     {ASSUMED}\n") } else { String::new() };
        format!(
            "{}\n\n{subject}  meant for    {}\n  suffixes of  {}\n{assumed}",
            self.word(),
            printable(&self.meant()),
            printable(&certificate.public_suffixes),
        )
    }

    fn is_of_code(&self) -> bool {
        matches!(&self.certificate.claim, Claim::Scope(claim) if is_code(&claim.system))
    }

    fn is_held(&self) -> bool {
        self.flaw.is_none()
    }

    fn word(&self) -> String {
        match &self.flaw {
            None if self.certificate.places() == 0 => "holds     no website is admitted at all".to_owned(),
            None => {
                format!("holds     {} places, none of them a stranger's origin", self.certificate.places())
            }
            Some(flaw) => format!("no proof  {}", printable(flaw)),
        }
    }

    fn meant(&self) -> String {
        let intended = self.certificate.claim.intended();
        if intended.is_empty() { "nobody".to_owned() } else { intended.join(", ") }
    }

    /// What is claimed, in a line.
    fn claimed(&self) -> String {
        match &self.certificate.claim {
            Claim::Expression(claim) => format!("`{}` admits no stranger", claim.regex),
            Claim::Scope(claim) => {
                let with = if claim.with_credentials { " with credentials" } else { "" };
                format!("{} ({}), {}: no stranger may read{with}", claim.file, claim.system, claim.scope)
            }
        }
    }

    fn value(&self) -> Value {
        json!({
            "schema": "corsac.verify-proof/1",
            "holds": self.is_held(),
            "reason": self.flaw,
            "claim": self.certificate.claim,
            "public_suffixes": self.certificate.public_suffixes,
            "places": self.certificate.places(),
            "assumptions": if self.is_of_code() { vec![ASSUMED] } else { Vec::new() },
        })
    }
}

impl Run {
    fn holds(&self) -> bool {
        !self.proofs.is_empty() && self.unspoken.is_empty() && self.proofs.iter().all(Verified::is_held)
    }

    /// Several proofs, and the scopes that have none.
    fn shown(&self, format: Format) -> String {
        let held = self.proofs.iter().filter(|proof| proof.is_held()).count();
        if format == Format::Json {
            let proofs: Vec<_> = self.proofs.iter().map(Verified::value).collect();
            let run = json!({
                "schema": "corsac.verify-proofs/1",
                "holds": self.holds(),
                "proofs": proofs,
                "unproved": self.unproved,
                "unspoken": self.unspoken,
            });
            return format!("{run}\n");
        }
        let word = if self.holds() { "holds   " } else { "no proof" };
        let first = format!("{word}  {held} of {} proofs\n", self.proofs.len());
        let proofs = self.proofs.iter().map(|proof| {
            let (of, meant) = (proof.claimed(), proof.meant());
            let assumed =
                if proof.is_of_code() { format!("    assuming that {ASSUMED}\n") } else { String::new() };
            let (of, meant) = (printable(&of), printable(&meant));
            format!("\n  {of}\n    {}\n    meant for {meant}\n{assumed}", proof.word())
        });
        let others = |all: &[Unproved], word: &str| {
            let one = |Unproved { file, scope, reason }: &Unproved| {
                format!("\n  {}\n    {word}: {}\n", printable(&format!("{file}, {scope}")), printable(reason))
            };
            all.iter().map(one).collect::<String>()
        };
        let (unspoken, unproved) =
            (others(&self.unspoken, "no proof"), others(&self.unproved, "not claimed"));
        std::iter::once(first).chain(proofs).chain([unspoken, unproved]).collect()
    }
}
