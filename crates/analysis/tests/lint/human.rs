//! What people read, for the findings that matter most.
//!
//! `CORSAC_UPDATE=1 cargo test -p corsac-analysis --test lint human` writes the file anew;
//! review the difference.

use std::path::Path;

use corsac_diagnostics::Report;
use corsac_diagnostics::render::{Style, human};

use crate::{findings, notation};

const EXAMPLES: [&str; 12] = [
    "any = .\ncredentials = true\nvary = Origin",
    "any = . -> *\ncredentials = true",
    "exact = https://app.example.com\nexact = null\ncredentials = true\nvary = Origin",
    "regex = ^https://.*\\.example\\.com\ncredentials = true\nvary = Origin",
    "regex = ^https://app.example\\.com$\nvary = Origin",
    "suffix = example.com\ncredentials = true\nvary = Origin",
    "prefix = https://app.example.com\nvary = Origin",
    "glob = https://*.vercel.app\ncredentials = true\nvary = Origin",
    "regex = ^https?://app\\.example\\.com$\ncredentials = true\nvary = Origin",
    "exact = HTTPS://App.Example.com:443/\nexact = http://localhost:3000\nvary = Accept-Encoding",
    "opaque = `isAllowed` is a function\nunread = `js_content` runs code\nvary = Origin",
    "exact = https://app.example.com\nexact = https://app.example.com\ncredentials = true\nmethods = *\n\
     headers = *\nexpose = *\nmax-age = 999999\nprivate-network = true\nvary = Origin",
];

#[test]
fn human_text() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/human.txt");
    let shown: String = EXAMPLES.iter().map(|text| shown(text)).collect();
    if std::env::var_os("CORSAC_UPDATE").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(&path).unwrap());
}

fn shown(text: &str) -> String {
    let text = format!("{text}\ncoverage = all\n");
    let model = notation::read("server.conf", &text);
    let diagnostics = findings(&model, &[]).into_iter().map(|finding| finding.diagnostic).collect();
    let report = Report::new(model.files[0].clone(), &(), diagnostics);
    format!("{}\n{}\n", "=".repeat(100), human(&[report], Style::Plain))
}
