//! `corsac import`: another system's configuration as a policy of ours.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use corsac_analysis::import::Suggestion;
use corsac_analysis::model::Model;
use corsac_analysis::question::Prover;
use corsac_analysis::stranger::Intended;
use corsac_diagnostics::Source;
use corsac_origin::PublicSuffixList;
use serde_json::{Value, json};

use super::configuration;
use super::deadline::Deadline;
use super::diff::{Compared, Side, human, json as diff_json};
use crate::args::{Format, Global, Import};
use crate::exit::Exit;
use crate::load::{self, LoadError};
use crate::output::{Output, printable};

/// The schema this module writes.
const IMPORT_SCHEMA: &str = "corsac.import/1";

/// A policy file, what is said of it, and what it changes.
struct Imported {
    suggestion: Suggestion,
    policy: String,
    compared: Compared,
}

pub(crate) fn run(import: &Import, global: &Global, output: &Output) -> Exit {
    let asked = (import.clone(), global.clone());
    let imported = match Deadline::new(import.timeout).done(move || read(&asked.0, &asked.1)) {
        Ok(imported) => imported,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let is_whole = imported.suggestion.is_whole();
    let exit = if is_whole { Exit::Clean } else { Exit::Findings };
    if let Some(Err(error)) = import.output.as_deref().map(|file| save(file, &imported.policy)) {
        return output.fail(&error.reason, &error.hint);
    }
    if global.format == Format::Json {
        return output.data(&format!("{}\n", shown(&imported)), exit);
    }
    let paint = |text: &str, colour: &str| output.paint(text, colour);
    output.talk(human::shown(&imported.compared, &paint).trim_end());
    match &import.output {
        None => {
            output.talk("");
            output.data(&imported.policy, exit)
        }
        Some(file) => {
            let name = file.display().to_string();
            let name = printable(&name);
            let whole =
                if is_whole { "all of it" } else { "not all of it could be carried over: see the comments" };
            output.talk(&format!("\nwrote {name}: {whole}\n    corsac check {name}"));
            exit
        }
    }
}

fn read(import: &Import, global: &Global) -> Result<Imported, LoadError> {
    let list = load::suffix_list(global)?;
    let list = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let old = configuration::load(&import.file, import.kind, (global.profile.as_deref(), list))?;
    let names = import.intend.iter().map(String::as_str);
    let told = Intended::of(names, list).map_err(|(name, error)| LoadError {
        reason: format!("`{name}` cannot be meant: {error}"),
        hint: "name a domain of your own, as in --intend example.com".to_owned(),
    })?;
    let told = (!import.intend.is_empty()).then_some(told);
    let prover = Prover::new(list);
    let suggestion = Suggestion::of(&old, told.as_ref(), &prover);
    let file = import.file.display().to_string();
    let title = format!("Written by `corsac import` from {} ({}).", printable(&file), old.system);
    let policy = suggestion.to_toml(&title);
    let shown =
        import.output.as_ref().map_or_else(|| "the policy".to_owned(), |path| path.display().to_string());
    let source = Source::new(shown.clone(), policy.clone());
    let read = configuration::read_policy(source, None, list).map_err(|mistake| LoadError {
        reason: format!("failed to carry `{file}` over: {mistake}"),
        hint: "import its parts one by one; if it is no larger than that, please report this, with the file"
            .to_owned(),
    })?;
    let names = suggestion.intended.iter().map(String::as_str);
    let intended = Intended::of(names, list).unwrap_or_default();
    let side = |file: String, model: &Model| Side { file, system: model.system, unread: model.unread.len() };
    let compared = Compared {
        comparison: suggestion.difference(&old, (&prover, &intended)),
        old: side(file, &old),
        new: side(shown, &read),
        intended,
        is_told: told.is_some(),
    };
    Ok(Imported { suggestion, policy, compared })
}

/// Writes a new file; one that exists is left alone, also if it appears meanwhile.
fn save(path: &Path, text: &str) -> Result<(), LoadError> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    created.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let name = path.display();
        match error.kind() {
            ErrorKind::AlreadyExists => LoadError {
                reason: format!("`{name}` exists already"),
                hint: "name another file: --output corsac.new.toml".to_owned(),
            },
            _ => LoadError {
                reason: format!("failed to write `{name}`: {error}"),
                hint: "does the folder exist?".to_owned(),
            },
        }
    })
}

fn shown(imported: &Imported) -> Value {
    let suggestion = &imported.suggestion;
    let remarks = suggestion.all_remarks().map(|(policy, remark)| {
        json!({"kind": remark.kind.id(), "cors": policy, "scope": remark.scope, "text": remark.text, "witness": remark.witness})
    });
    json!({
        "schema": IMPORT_SCHEMA,
        "file": imported.compared.old.file,
        "system": imported.compared.old.system,
        "policy": imported.policy,
        "whole": suggestion.is_whole(),
        "intended": suggestion.intended,
        "intended_is_guessed": suggestion.is_guessed,
        "remarks": remarks.collect::<Vec<_>>(),
        "difference": diff_json::value(&imported.compared),
    })
}
