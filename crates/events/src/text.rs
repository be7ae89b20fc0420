//! Bounded texts, most of which a request chose.

use std::fmt;

/// Bytes of a text that are kept. A request may choose 64 KiB of them; what names it
/// in a log is shorter.
pub const MAX_TEXT: usize = 512;

/// Stands at the end of a text that was cut.
const CUT: &str = "...";

/// A text of at most [`MAX_TEXT`] bytes and the mark of a cut. It may hold any
/// character: the wire form escapes what could break a line.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// The beginning of `text`.
    pub fn new(text: &str) -> Self {
        if text.len() <= MAX_TEXT {
            return Self(text.into());
        }
        let kept = beginning(text, MAX_TEXT);
        Self([kept, CUT].concat().into())
    }

    /// The beginning of a field's value. A byte that is not ASCII becomes the character
    /// of its number, so that no two values look the same.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        match bytes.is_ascii().then(|| str::from_utf8(bytes)) {
            Some(Ok(text)) => Self::new(text),
            _ => {
                let kept = bytes.get(..MAX_TEXT).unwrap_or(bytes);
                let text: String = kept.iter().copied().map(char::from).collect();
                let cut = if kept.len() < bytes.len() { CUT } else { "" };
                Self([&text, cut].concat().into())
            }
        }
    }

    /// The path of a request's target: everything before the first `?` or `#`.
    ///
    /// ```
    /// use corsac_events::Text;
    /// assert_eq!(Text::path("/reset?token=hunter2"), Text::path("/reset"));
    /// assert_ne!(Text::path("/reset/2"), Text::path("/reset"));
    /// ```
    pub fn path(target: &str) -> Self {
        Self::new(target.split(['?', '#']).next().unwrap_or_default())
    }

    /// The text that `parts` formats. A [`crate::Secret`] among them stays one.
    ///
    /// ```
    /// use corsac_events::{Secret, Text};
    /// let key = Secret::new("hunter2");
    /// assert_eq!(Text::format(format_args!("unknown key {key}")).as_str(), "unknown key [redacted]");
    /// ```
    pub fn format(parts: fmt::Arguments<'_>) -> Self {
        let mut text = Bounded::default();
        // The only error is that there is no room left.
        let _ = fmt::write(&mut text, parts);
        Self(text.0.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Takes [`MAX_TEXT`] bytes, then the mark of a cut, then nothing: what is formatted
/// may be longer than memory should be.
#[derive(Default)]
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(beginning(text, room));
        self.0.push_str(CUT);
        Err(fmt::Error)
    }
}

/// As many whole characters of `text` as fit in `bytes`.
fn beginning(text: &str, bytes: usize) -> &str {
    (0..=bytes.min(text.len())).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        let longest = "a".repeat(MAX_TEXT);
        assert_eq!(Text::new(&longest).as_str(), longest);
        assert_eq!(Text::new(&"é".repeat(MAX_TEXT)).as_str(), "é".repeat(MAX_TEXT / 2) + CUT);
        let odd = format!("a{}", "é".repeat(MAX_TEXT));
        assert_eq!(Text::new(&odd).as_str().len(), MAX_TEXT - 1 + CUT.len());
    }

    #[test]
    fn formatting_stops_at_the_bound() {
        let long = "x".repeat(MAX_TEXT);
        assert_eq!(Text::format(format_args!("{long}")).as_str(), long);
        assert_eq!(
            Text::format(format_args!("é{long}é")).as_str(),
            format!("é{}...", "x".repeat(MAX_TEXT - 2))
        );
        assert_eq!(Text::format(format_args!("{long}{long}{long}")).as_str(), format!("{long}..."));
    }

    #[test]
    fn bytes_that_are_no_text_stay_distinct() {
        assert_eq!(Text::of_bytes(b"https://a.example").as_str(), "https://a.example");
        assert_eq!(Text::of_bytes(b"\xff\x00").as_str(), "\u{ff}\0");
        assert_ne!(Text::of_bytes(b"\xff"), Text::of_bytes(b"\xfe"));
        assert_eq!(Text::of_bytes(&[0xff; MAX_TEXT + 1]).as_str(), "\u{ff}".repeat(MAX_TEXT) + CUT);
    }
}
