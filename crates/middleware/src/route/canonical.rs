//! One canonical path, used to match a route and to forward: what the policy saw is
//! what the upstream sees.
//!
//! Paths that two programs could read differently are refused rather than guessed:
//! dot segments and empty segments (browsers remove them before sending), encoded
//! slashes and backslashes, encoded percent signs that look like a second encoding,
//! control characters, and `.`/`..` hidden behind path parameters (`/..;/`). Percent
//! encodings of unreserved characters are decoded, the others written in upper case
//! (RFC 3986, section 6.2.2).

use std::borrow::Cow;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with a slash.
    NotAbsolute,
    /// A control character, encoded or not.
    Control,
    /// `.` or `..` as a segment, however written.
    DotSegment,
    /// `//`.
    EmptySegment,
    /// `%2F`, `%5C` or a backslash.
    EncodedSlash,
    /// `%25` before two hexadecimal digits.
    DoubleEncoding,
    /// `%` without two hexadecimal digits.
    Percent,
}

impl PathError {
    /// What the client is told.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::Control => "the path has a control character",
            Self::DotSegment => "the path has a dot segment",
            Self::EmptySegment => "the path has an empty segment",
            Self::EncodedSlash => "the path has an encoded slash",
            Self::DoubleEncoding => "the path is percent-encoded twice",
            Self::Percent => "the path has a stray percent sign",
        }
    }
}

/// The canonical form of `path`; borrowed where it is canonical already.
///
/// # Errors
/// Why two programs could read it differently.
pub fn canonical_path(path: &str) -> Result<Cow<'_, str>, PathError> {
    if !path.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    let canonical = if path.bytes().all(is_plain) { Cow::Borrowed(path) } else { Cow::Owned(decode(path)?) };
    check_segments(&canonical)?;
    match &canonical {
        Cow::Owned(written) if is_encoded_twice(written) => Err(PathError::DoubleEncoding),
        _ => Ok(canonical),
    }
}

/// Looked for in what was written, since `%25%32%65` is written as `%252e`.
fn is_encoded_twice(written: &str) -> bool {
    let twice = |window: &[u8]| matches!(window, [b'%', b'2', b'5', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    written.as_bytes().windows(5).any(twice)
}

/// Bytes that stand for themselves.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~')
        && !matches!(byte, b'%' | b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn decode(path: &str) -> Result<String, PathError> {
    let mut out = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = (bytes.next(), bytes.next());
                let decoded = hex_pair(digits).ok_or(PathError::Percent)?;
                push_decoded(&mut out, decoded)?;
            }
            b'\\' => return Err(PathError::EncodedSlash),
            0..=b' ' | 0x7f => return Err(PathError::Control),
            byte if is_plain(byte) => out.push(char::from(byte)),
            byte => push_encoded(&mut out, byte),
        }
    }
    Ok(out)
}

fn push_decoded(out: &mut String, decoded: u8) -> Result<(), PathError> {
    match decoded {
        b'/' | b'\\' => Err(PathError::EncodedSlash),
        0..=0x1f | 0x7f => Err(PathError::Control),
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            out.push(char::from(decoded));
            Ok(())
        }
        other => {
            push_encoded(out, other);
            Ok(())
        }
    }
}

fn push_encoded(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
}

fn hex_pair(digits: (Option<u8>, Option<u8>)) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(value(digits.0?)? << 4 | value(digits.1?)?)
}

fn check_segments(path: &str) -> Result<(), PathError> {
    // Only a slash before a slash or a dot can be wrong, and most paths have none.
    let bytes = path.as_bytes();
    let suspicious = bytes.windows(2).any(|pair| matches!(pair, [b'/', b'/' | b'.']));
    if !suspicious {
        return Ok(());
    }
    // `/a/` has an empty last segment, which is a directory and no ambiguity.
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathError::EmptySegment);
        }
        // Some servers drop path parameters before they resolve dots, some after decoding.
        let name = segment.split(';').next().unwrap_or_default();
        let name = name.split("%3B").next().unwrap_or_default();
        if matches!(name, "." | "..") {
            return Err(PathError::DotSegment);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_paths_are_borrowed_and_others_written_in_one_way() {
        for path in ["/", "/items/7", "/a.b/c..d/...", "/a;v=1/b,c", "/dir/", "/a:b@c$&'()*+=", "/~u"] {
            assert_eq!(canonical_path(path), Ok(Cow::Borrowed(path)));
        }
        for (path, canonical) in [
            ("/%61%2d%7E", "/a-~"),
            ("/a%20b", "/a%20b"),
            ("/%c3%a9", "/%C3%A9"),
            ("/é", "/%C3%A9"),
            ("/100%25", "/100%25"),
            ("/100%25x1", "/100%25x1"),
            ("/a{b}|^`\"<>", "/a%7Bb%7D%7C%5E%60%22%3C%3E"),
            ("/a%3Bb", "/a%3Bb"),
        ] {
            assert_eq!(canonical_path(path).unwrap(), canonical, "{path}");
        }
    }

    #[test]
    fn what_two_programs_could_read_differently_is_refused() {
        use PathError as E;
        for (path, error) in [
            ("", E::NotAbsolute),
            ("*", E::NotAbsolute),
            ("items", E::NotAbsolute),
            ("/a/../b", E::DotSegment),
            ("/a/.", E::DotSegment),
            ("/%2e%2E/b", E::DotSegment),
            ("/a/.%2e", E::DotSegment),
            ("/a/..;/b", E::DotSegment),
            ("/a/..;x=1/b", E::DotSegment),
            ("/a/..%3b/b", E::DotSegment),
            ("/a/.%3Bx/b", E::DotSegment),
            ("/a//b", E::EmptySegment),
            ("//a", E::EmptySegment),
            ("/a%2fb", E::EncodedSlash),
            ("/a%5Cb", E::EncodedSlash),
            ("/a\\b", E::EncodedSlash),
            ("/a%252fb", E::DoubleEncoding),
            ("/a%252e%252e", E::DoubleEncoding),
            ("/a/%25%32%65%25%32%65/b", E::DoubleEncoding),
            ("/a%252%46b", E::DoubleEncoding),
            ("/a%252%65", E::DoubleEncoding),
            ("/a%25%35%63", E::DoubleEncoding),
            ("/a%00", E::Control),
            ("/a%0d%0a", E::Control),
            ("/a%7f", E::Control),
            ("/a%", E::Percent),
            ("/a%2", E::Percent),
            ("/a%zz", E::Percent),
        ] {
            assert_eq!(canonical_path(path), Err(error), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_path_stays_as_it_is(path in "/(%25|%32|%65|%35|%2|[a-c%0-9A-Fé/.;{~]){0,12}") {
            if let Ok(once) = canonical_path(&path) {
                prop_assert_eq!(canonical_path(&once), Ok(Cow::Borrowed(&*once)).map(|same: Cow<'_, str>| same));
                prop_assert!(!once.contains("/../") && !once.contains("//"));
            }
        }
    }
}
