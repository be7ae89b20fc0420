//! What `corsac check` finds in the configurations that documentation shows, rule by rule and
//! line by line; `docs/adjudication.md` says of each finding whether it is right.
//!
//! `CORSAC_UPDATE=1 cargo test -p corsac --test cli samples` writes what is found now into
//! `tests/samples/expected.json`; review the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::run;

/// The rule and the line of each finding in a file, in order; or why it is not read.
type Expected = BTreeMap<String, Vec<String>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// Every sample under `folder`, as a path from the samples' own folder.
fn samples(folder: &Path, prefix: &str, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            samples(&entry.path(), &format!("{name}/"), all);
        } else if !matches!(name.as_str(), "README.md" | "expected.json") {
            all.push(name);
        }
    }
}

/// What one run over all of them finds; a loaded machine may take long.
fn found(all: &[String]) -> Expected {
    let mut arguments = vec!["check", "--timeout", "100s", "--fail-on", "never", "--format", "json"];
    arguments.extend(all.iter().map(String::as_str));
    let report = run(&folder(), &arguments).json();
    let mut found: Expected = all.iter().map(|sample| (sample.clone(), Vec::new())).collect();
    for part in report["unread"].as_array().unwrap() {
        found.get_mut(part["file"].as_str().unwrap()).unwrap().push(format!("unread: {}", part["reason"]));
    }
    for finding in report["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap();
        let told = finding["line"].as_u64().map_or_else(|| rule.to_owned(), |line| format!("{rule} {line}"));
        found.get_mut(finding["file"].as_str().unwrap()).unwrap().push(told);
    }
    found
}

#[test]
fn samples_of_documentation_are_found_what_was_adjudicated() {
    let mut all = Vec::new();
    samples(&folder(), "", &mut all);
    assert!(all.len() >= 60, "{}", all.len());
    let now = found(&all);
    let path = folder().join("expected.json");
    if std::env::var_os("CORSAC_UPDATE").is_some() {
        fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&now).unwrap())).unwrap();
    }
    let expected: Expected = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (sample, findings) in &now {
        assert_eq!(Some(findings), expected.get(sample), "{sample}");
    }
    assert_eq!(now.len(), expected.len(), "a sample is gone");
}

/// Nothing is told without a place where one is known.
#[test]
fn findings_in_samples_have_a_line() {
    let expected: Expected =
        serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap();
    let without = |finding: &&String| !finding.contains(' ') && *finding != "unread-part";
    let lost: Vec<_> =
        expected.iter().filter(|(_, findings)| findings.iter().any(|one| without(&one))).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
