//! Generated pages: where they are, and how they are compared.

use std::fs;
use std::path::{Path, PathBuf};

/// First line of every generated page.
pub(crate) const GENERATED: &str =
    "<!-- Written by `cargo xtask generate` from crates/analysis/tests/documentation. -->\n\n";

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Holds the committed page against `text`, or writes it.
pub(crate) fn compare(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var_os("CORSAC_UPDATE").is_some() {
        return fs::write(path, text).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap();
    let mut lines = committed.lines().zip(text.lines()).enumerate();
    let different = lines.find(|(_, (committed, found))| committed != found);
    assert_eq!(different, None, "docs/{name} is not what the model says: run `cargo xtask generate`");
    assert_eq!(committed.len(), text.len(), "docs/{name}: run `cargo xtask generate`");
}

/// A row of a table.
pub(crate) fn row<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row.extend([" ", &cell.as_ref().replace('|', "\\|"), " |"]);
    }
    row.push('\n');
    row
}

/// A table's head with its line of dashes.
pub(crate) fn head(cells: &[&str]) -> String {
    row(cells) + &format!("|{}\n", "---|".repeat(cells.len()))
}
