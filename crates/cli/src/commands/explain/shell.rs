//! Words of a POSIX shell, for command lines that people copy.

use std::borrow::Cow;

/// `text` as one word.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("https://api.example.com/a"), "https://api.example.com/a");
        for (text, word) in [
            ("https://a/?b&c", "'https://a/?b&c'"),
            ("it's $(x)", r"'it'\''s $(x)'"),
            ("", "''"),
            ("a\u{e4}", "'a\u{e4}'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
