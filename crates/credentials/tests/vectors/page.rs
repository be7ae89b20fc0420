//! `docs/jwt-vectors.md`.

use std::fmt::Write;
use std::path::Path;

use crate::wycheproof::{ADJUDICATED, KEYS, Outcome, SIGNATURES};

const HEAD: &str = "\
<!-- Written by `cargo xtask generate` from crates/credentials/tests/vectors. -->

# Vectors of Wycheproof, one by one

What `corsac-credentials` says of the JOSE vectors of
[Wycheproof](https://github.com/C2SP/wycheproof), commit dac1dd4 of 2026-08-18: signatures
(`json_web_signature_test.json`) and key sets (`json_web_key_test.json`). They are in
`crates/credentials/tests/data/wycheproof`, under the Apache License 2.0. A test runs all of them and
compares this page with what came out.

A vector is accepted where its signature is: their payloads are no claims.

";

pub(crate) fn page(outcomes: &[Outcome]) -> String {
    let mut page = HEAD.to_owned();
    for file in [SIGNATURES, KEYS] {
        let of_file: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.file == file).collect();
        let agree = of_file.iter().filter(|outcome| outcome.accepted() == outcome.expected).count();
        let valid = of_file.iter().filter(|outcome| outcome.expected).count();
        let total = of_file.len();
        writeln!(page, "- `{file}`: {total} vectors, {valid} of them valid; {agree} as expected.").unwrap();
    }
    differences(&mut page, outcomes);
    for (title, file) in [("Signatures", SIGNATURES), ("Key sets", KEYS)] {
        write!(
            page,
            "\n## {title}\n\n| vector | group | what it is | expected | Corsac |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for outcome in outcomes.iter().filter(|outcome| outcome.file == file) {
            let Outcome { id, group, comment, .. } = outcome;
            writeln!(page, "| {id} | {group} | {comment} | {} | {} |", word(outcome.expected), ours(outcome))
                .unwrap();
        }
    }
    page
}

fn differences(page: &mut String, outcomes: &[Outcome]) {
    page.push_str(
        "\n## Where Corsac differs\n\n| file | vector | expected | Corsac | why |\n|---|---|---|---|---|\n",
    );
    for (file, id, why) in ADJUDICATED {
        let outcome = outcomes.iter().find(|outcome| outcome.file == *file && outcome.id == *id).unwrap();
        let expected = word(outcome.expected);
        writeln!(page, "| `{file}` | {id} | {expected} | {} | {why} |", ours(outcome)).unwrap();
    }
}

fn word(accepted: bool) -> &'static str {
    if accepted { "accept" } else { "refuse" }
}

fn ours(outcome: &Outcome) -> String {
    match &outcome.refusal {
        None => "accepted".into(),
        Some(refusal) => format!("refused: {refusal}"),
    }
}

/// With the page in the repository, or writes it there.
pub(crate) fn compare(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("CORSAC_UPDATE").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/{name} is not what the vectors say: cargo xtask generate");
}
