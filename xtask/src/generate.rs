//! What is generated and kept in the repository.

use crate::shell::{Done, program, step};

/// Writes the outputs of `corsac check` into the rule pages.
pub(crate) fn run() -> Done {
    let mut command =
        program("cargo", &["test", "--quiet", "--package", "corsac", "--test", "cli", "rule_pages"]);
    step("outputs in rule pages", command.env("CORSAC_UPDATE", "1"))
}
