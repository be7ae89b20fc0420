//! `corsac check --regex`: what one expression admits.

use std::fmt::Write as _;
use std::path::Path;

use corsac_analysis::certificate::Certificate;
use corsac_analysis::model::Matcher;
use corsac_analysis::question::{Facts, Prover, Verdict, Witness, intended_names};
use corsac_analysis::regex::{Dialect, Flags, Regex};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;
use serde_json::json;

use super::certificate;
use crate::args::{Check, Format, Global};
use crate::exit::Exit;
use crate::load::LoadError;
use crate::output::{Output, printable};

/// An expression and what is known of it.
struct Judged<'a> {
    regex: &'a Regex,
    intended: Intended,
    /// Whether the intended names were told, not guessed.
    is_told: bool,
    verdict: Verdict,
    facts: Facts,
    assumptions: Vec<String>,
}

pub(super) fn run(
    text: &str,
    check: &Check,
    list: &PublicSuffixList,
    (output, global): (&Output, &Global),
) -> Exit {
    // The command line asks for one.
    let dialect = check.dialect.unwrap_or(Dialect::Pcre);
    let regex = Regex::new(text, dialect, check.mode, Flags(check.flags.clone()));
    let matcher = Matcher::Regex(regex.clone());
    let is_told = !check.intend.is_empty();
    let names = if is_told { check.intend.clone() } else { intended_names(&matcher, list) };
    let intended = match Intended::of(names.iter().map(String::as_str), list) {
        Ok(intended) => intended,
        Err((name, error)) => {
            return output.fail(
                &format!("`{name}` cannot be meant: {error}"),
                "name a domain of your own, as in --intend example.com",
            );
        }
    };
    // As for a file: what is explored has an end.
    let prover = Prover::new(list).for_a_file();
    let judged = Judged {
        verdict: prover.strangers(&matcher, &intended),
        facts: prover.facts(&matcher),
        assumptions: prover.assumptions(),
        regex: &regex,
        intended,
        is_told,
    };
    if let Some(path) = &check.certificate
        && let Err(error) = judged.certify(path, list)
    {
        return output.fail(&error.reason, &error.hint);
    }
    output.data(&judged.shown(global.format, output), judged.exit())
}

impl Judged<'_> {
    /// Writes the proof; nothing where there is none to write.
    fn certify(&self, path: &Path, list: &PublicSuffixList) -> Result<(), LoadError> {
        if !matches!(self.verdict, Verdict::Proved { .. }) {
            return Err(LoadError {
                reason: format!("there is nothing to certify: the verdict is `{}`", self.word()),
                hint: "see it without --certificate".to_owned(),
            });
        }
        let certificate = Certificate::of(self.regex, &self.intended, list).map_err(|error| LoadError {
            reason: error.to_string(),
            hint: "the verdict stands without it".to_owned(),
        })?;
        certificate::write(path, serde_json::to_string(&certificate))
    }

    fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Proved { .. } if self.facts.dead != Some(true) => Exit::Clean,
            _ => Exit::Findings,
        }
    }

    fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Attack(_) => "attack",
            Verdict::Proved { .. } => "proved",
            Verdict::Unknown(_) => "unknown",
        }
    }

    fn shown(&self, format: Format, output: &Output) -> String {
        match format {
            Format::Github | Format::Human | Format::Sarif => self.human(output),
            Format::Plain => self.plain(),
            Format::Json => format!("{}\n", self.json()),
        }
    }

    fn json(&self) -> serde_json::Value {
        let (attack, states, reason) = match &self.verdict {
            Verdict::Attack(attack) => (Some(attack), None, None),
            Verdict::Proved { states } => (None, Some(states), None),
            Verdict::Unknown(reason) => (None, None, Some(reason)),
        };
        json!({
            "schema": "corsac.check/1",
            "findings": [],
            "regex": self.regex.text(),
            "dialect": self.regex.dialect().id(),
            "mode": self.regex.mode().id(),
            "flags": self.regex.flags().0,
            "verdict": self.word(),
            "dead": self.facts.dead == Some(true),
            "tier": attack.map(|attack| attack.tier.id()),
            "witness": attack.map(|attack| &attack.witness),
            "telling": attack.and_then(|attack| attack.telling.as_ref()),
            "reason": reason,
            "states": states,
            "intended": self.intended.names(),
            "intended_is_guessed": !self.is_told,
            "admits": {
                "null": self.facts.null,
                "http": self.facts.http.found(),
                "address": self.facts.address.found(),
                "everything": self.facts.everything,
            },
            "assumptions": self.assumptions,
        })
    }

    fn plain(&self) -> String {
        let text = match &self.verdict {
            Verdict::Attack(attack) => attack.witness.clone(),
            Verdict::Proved { .. } => String::new(),
            Verdict::Unknown(reason) => reason.clone(),
        };
        format!("{} {text}", self.word()).trim_end().to_owned() + "\n"
    }

    fn human(&self, output: &Output) -> String {
        const RED: &str = "\u{1b}[1;31m";
        const GREEN: &str = "\u{1b}[1;32m";
        const YELLOW: &str = "\u{1b}[1;33m";
        let (colour, claim) = match &self.verdict {
            Verdict::Attack(attack) => {
                let shown = attack.telling.as_ref().unwrap_or(&attack.witness);
                (RED, format!("`{shown}` is admitted, and {}", attack.tier.words()))
            }
            Verdict::Proved { .. } if self.facts.dead == Some(true) => {
                (YELLOW, "no origin that a browser sends is admitted".to_owned())
            }
            Verdict::Proved { states } => (
                GREEN,
                format!("no stranger can own an origin that is admitted ({states} states, exhausted)"),
            ),
            Verdict::Unknown(reason) => (YELLOW, format!("not decided: {reason}")),
        };
        let mut text = format!("{}   {}\n\n", output.data_paint(self.word(), colour), printable(&claim));
        for (name, value) in self.rows() {
            let _ = writeln!(text, "  {name:<12} {}", printable(&value));
        }
        text.push_str("\n  taken for granted\n");
        for assumption in &self.assumptions {
            let _ = writeln!(text, "    {assumption}");
        }
        text
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let regex = self.regex;
        let flags =
            if regex.flags().0.is_empty() { String::new() } else { format!(", flags {}", regex.flags().0) };
        let how = format!("{}, {}{flags}", regex.dialect().id(), regex.mode().id());
        let names = match (self.intended.names(), self.is_told) {
            ([], _) => "nobody that it spells out; --intend NAME says whom".to_owned(),
            (names, true) => names.join(", "),
            (names, false) => {
                format!("{} (a guess from what it spells out; --intend NAME says it)", names.join(", "))
            }
        };
        let mut rows = vec![("expression", regex.text().to_owned()), ("read as", how), ("meant for", names)];
        if let Verdict::Attack(attack) = &self.verdict {
            rows.push(("shortest", attack.witness.clone()));
        }
        let facts = &self.facts;
        if facts.everything == Some(true) {
            rows.push(("admits", "every origin".to_owned()));
        }
        if facts.null == Some(true) {
            rows.push(("admits", "null: sandboxed frames of any page, local files".to_owned()));
        }
        for (what, witness) in [("http", &facts.http), ("an address", &facts.address)] {
            match witness {
                Witness::Found(origin) => rows.push(("admits", format!("{what}, such as {origin}"))),
                Witness::None => {}
                // The verdict says why.
                Witness::Unknown(_) => rows.push(("may admit", what.to_owned())),
            }
        }
        rows
    }
}
