//! What is generated and kept in the repository.

use crate::shell::{Done, program, step};

/// Title, package, test and filter of what writes a part of it under `CORSAC_UPDATE`.
const STEPS: [(&str, &str, &str, &str); 3] = [
    ("outputs in rule pages", "corsac", "cli", "rule_pages"),
    ("pages about browsers", "corsac-analysis", "documentation", "page_is_what"),
    ("page about vectors", "corsac-credentials", "vectors", "page_is_what"),
];

/// Writes the outputs of `corsac check` into the rule pages, the pages that are made from
/// the model, and what became of other people's vectors.
pub(crate) fn run() -> Done {
    for (title, package, test, filter) in STEPS {
        let mut command =
            program("cargo", &["test", "--quiet", "--package", package, "--test", test, filter]);
        step(title, command.env("CORSAC_UPDATE", "1"))?;
    }
    Ok(())
}
