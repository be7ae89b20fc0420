//! Programs that are configured in Python.

mod arguments;
pub(crate) mod django;
pub(crate) mod fastapi;
mod flask_config;
pub(crate) mod flask_cors;

use super::syntax::extension;

/// How much a file looks like one of Python that has one of `words`, or that imports one of
/// `packages` and names the field which allows origins.
fn likeness(name: &str, text: &str, words: &[&str], packages: &[&str]) -> u8 {
    if !matches!(extension(name), "py" | "pyw") {
        return 0;
    }
    let imported = || packages.iter().any(|package| imports(text, package));
    match words.iter().any(|word| text.contains(word)) {
        true => 85,
        false if text.to_ascii_lowercase().contains("access-control-allow-origin") && imported() => 60,
        false => 0,
    }
}

/// Whether a file imports a package: `import flask`, `from flask.views import View`.
fn imports(text: &str, package: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let begins = matches!(words.next(), Some("from" | "import"));
        begins && words.next().is_some_and(|name| name.split(['.', ',']).next() == Some(package))
    })
}
