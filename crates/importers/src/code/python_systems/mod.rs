//! Programs that are configured in Python.

mod arguments;
pub(crate) mod django;
pub(crate) mod fastapi;
pub(crate) mod flask_cors;

use super::syntax::extension;

/// How much a file looks like one of Python that has one of `words`.
fn likeness(name: &str, text: &str, words: &[&str]) -> u8 {
    match extension(name) {
        "py" | "pyw" if words.iter().any(|word| text.contains(word)) => 85,
        _ => 0,
    }
}
