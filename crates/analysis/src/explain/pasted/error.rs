//! Why a paste is not read as a call.

use std::fmt;

/// A mistake, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasteError {
    /// The byte of the paste.
    pub at: usize,
    /// What is wrong there.
    pub mistake: PasteMistake,
}

/// What is wrong with a paste.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasteMistake {
    /// Nothing but whitespace.
    Empty,
    /// An expression whose value only a running script knows.
    Expression(String),
    /// A value is read from this file.
    File(String),
    /// A header without a colon.
    Header(String),
    /// An option without its value.
    MissingValue(String),
    /// No URL.
    NoUrl,
    /// It begins with something other than `curl`.
    NotCurl(String),
    /// It begins with something other than `fetch(`.
    NotFetch(String),
    /// The preflight itself, which a browser sends and no script.
    Preflight,
    /// More than one command or call.
    Several,
    /// A second URL.
    SeveralUrls(String),
    /// Brackets within brackets within brackets.
    TooDeep,
    /// More than [`MAX_PASTE_BYTES`](super::MAX_PASTE_BYTES).
    TooLarge,
    /// Something else was expected.
    Unexpected(char),
    /// An option that is not known, so neither is whether a value follows.
    UnknownOption(String),
    /// An option of cURL that asks for something no page can ask for.
    UnsupportedOption(String),
    /// A quote or bracket that is never closed.
    Unterminated(&'static str),
    /// Something that the shell puts in.
    Variable(String),
    /// A key whose value is not of the kind that it takes.
    WrongValue(&'static str),
}

impl PasteMistake {
    pub(super) fn at(self, at: usize) -> PasteError {
        PasteError { at, mistake: self }
    }
}

impl PasteError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self.mistake {
            PasteMistake::Empty
            | PasteMistake::NoUrl
            | PasteMistake::NotCurl(_)
            | PasteMistake::NotFetch(_) => {
                "paste what \"Copy as cURL\" or \"Copy as fetch\" of a browser's network panel gives"
            }
            PasteMistake::Expression(_) | PasteMistake::Variable(_) => "paste its value in its place",
            PasteMistake::File(_) => "files are not read: paste the value, or a short one in its place",
            PasteMistake::Header(_) => "write it like -H 'content-type: application/json'",
            PasteMistake::MissingValue(_) | PasteMistake::Unterminated(_) => {
                "was all of it pasted? `--curl -` and `--fetch -` read it from standard input, unquoted"
            }
            PasteMistake::Preflight => "copy the request after it, which the script made",
            PasteMistake::Several | PasteMistake::SeveralUrls(_) => "paste one call at a time",
            PasteMistake::TooDeep | PasteMistake::TooLarge => {
                "shorten the body: its text does not matter here"
            }
            PasteMistake::UnknownOption(_) | PasteMistake::UnsupportedOption(_) => {
                "leave it out of the paste, with its value if it has one"
            }
            PasteMistake::Unexpected(_) | PasteMistake::WrongValue(_) => {
                "write it like fetch(\"https://api.example.com/\", { method: \"PUT\" })"
            }
        }
    }
}

impl fmt::Display for PasteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mistake {
            // The place of nothing is nowhere.
            PasteMistake::Empty | PasteMistake::NoUrl | PasteMistake::Preflight | PasteMistake::TooLarge => {
                self.mistake.fmt(f)
            }
            mistake => write!(f, "{mistake} (byte {})", self.at),
        }
    }
}

impl fmt::Display for PasteMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Expression(text) => write!(f, "`{text}` is known to a running script only"),
            Self::File(name) => write!(f, "`{name}` is in a file"),
            Self::Header(text) => write!(f, "the header `{text}` has no colon"),
            Self::MissingValue(option) => write!(f, "`{option}` lacks its value"),
            Self::NoUrl => f.write_str("it has no URL"),
            Self::NotCurl(word) => write!(f, "it begins with `{word}`, not with `curl`"),
            Self::NotFetch(word) => write!(f, "it begins with `{word}`, not with `fetch(`"),
            Self::Preflight => f.write_str("it is the preflight, which the browser makes by itself"),
            Self::Several => f.write_str("another call begins"),
            Self::SeveralUrls(url) => write!(f, "`{url}` is a second URL"),
            Self::TooDeep => f.write_str("brackets are nested too deeply"),
            Self::TooLarge => f.write_str("it is larger than 1 MiB"),
            Self::Unexpected(found) => write!(f, "`{found}` is not expected here"),
            Self::UnknownOption(option) => write!(f, "`{option}` is not a known option of cURL"),
            Self::UnsupportedOption(option) => write!(f, "`{option}` makes a request that no page can make"),
            Self::Unterminated(what) => write!(f, "{what} is not closed"),
            Self::Variable(text) => write!(f, "`{text}` is filled in by the shell"),
            Self::WrongValue(key) => write!(f, "the value of `{key}` is of another kind"),
        }
    }
}

impl std::error::Error for PasteError {}

/// `text` as messages repeat it: on one line, and not all of it if it is long.
pub(super) fn short(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    // A bound for whitespace too: nested expressions repeat each other's text.
    let start =
        text.char_indices().nth(MAX_CHARS * 4).map_or(text, |(end, _)| text.get(..end).unwrap_or(text));
    let mut line: String = start.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}
