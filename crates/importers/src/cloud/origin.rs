//! What the services' entries have in common.

use corsac_analysis::model::{LetterCase, Matcher, Piece};

use super::rule::with_doubt;

/// An origin written out. Whether letters match in either case matters only where some are
/// written in upper case, and is then not documented.
pub(super) fn exact(text: &str) -> Matcher {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let either = Matcher::Exact(text.to_owned(), LetterCase::Ignored);
        return with_doubt(either, "whether letters match in either case is not documented");
    }
    Matcher::exact(text)
}

/// A text in which `*` stands for any run, where that is documented.
pub(super) fn glob(text: &str) -> Matcher {
    if !text.contains('*') {
        return exact(text);
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let either = pieces(text, LetterCase::Ignored);
        return with_doubt(either, "whether letters match in either case is not documented");
    }
    pieces(text, LetterCase::Matters)
}

/// An origin, of which it is not documented what a `*` in it means: at most any run.
pub(super) fn exact_or_glob(text: &str) -> Matcher {
    if !text.contains('*') {
        return exact(text);
    }
    with_doubt(pieces(text, LetterCase::Ignored), "what `*` means within an origin is not documented")
}

fn pieces(text: &str, case: LetterCase) -> Matcher {
    let mut pieces = Vec::new();
    for (index, literal) in text.split('*').enumerate() {
        if index > 0 {
            pieces.push(Piece::anything());
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned(), case));
        }
    }
    Matcher::Glob(pieces)
}
