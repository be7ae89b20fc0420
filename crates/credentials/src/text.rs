//! Texts as strangers write them: strict base64url, and excerpts for the log.

use std::fmt;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, DecodeSliceError, Engine};

/// Characters of a stranger's text that a message repeats.
const MAX_EXCERPT: usize = 64;

/// Why a text is not base64url as RFC 7515, section 2, has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Base64Mistake {
    /// A character outside the alphabet, white space included.
    Byte,
    /// A length that no bytes have.
    Length,
    /// `=`.
    Padding,
    /// Bits behind the last byte that are not zero: a second spelling of the same bytes.
    TrailingBits,
}

impl fmt::Display for Base64Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Byte => "a character outside of base64url",
            Self::Length => "a length that base64url never has",
            Self::Padding => "padding",
            Self::TrailingBits => "bits behind the last byte",
        })
    }
}

/// The one spelling only: no padding, no white space, no bits left over.
pub(crate) fn base64url(text: &str) -> Result<Vec<u8>, Base64Mistake> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| mistake(&error))
}

/// Without padding.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What `then` makes of the bytes, which are not allocated if they are a signature's.
pub(crate) fn with_decoded<T>(text: &str, then: impl FnOnce(&[u8]) -> T) -> Result<T, Base64Mistake> {
    /// Of RSA with 4,096 bits.
    const USUAL_BYTES: usize = 512;
    let mut buffer = [0; USUAL_BYTES];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut buffer) {
        Ok(length) => Ok(then(buffer.get(..length).unwrap_or_default())),
        Err(DecodeSliceError::DecodeError(error)) => Err(mistake(&error)),
        Err(DecodeSliceError::OutputSliceTooSmall) => base64url(text).map(|bytes| then(&bytes)),
    }
}

fn mistake(error: &DecodeError) -> Base64Mistake {
    match error {
        DecodeError::InvalidByte(_, b'=') | DecodeError::InvalidPadding => Base64Mistake::Padding,
        DecodeError::InvalidByte(..) => Base64Mistake::Byte,
        DecodeError::InvalidLength(_) => Base64Mistake::Length,
        DecodeError::InvalidLastSymbol(..) => Base64Mistake::TrailingBits,
    }
}

/// For a message in the log: one line, short, without what could end its quotation.
pub(crate) fn excerpt(text: &str) -> String {
    let shown = |c: char| if c.is_control() || c == '`' { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(MAX_EXCERPT).map(shown).collect();
    if text.chars().nth(MAX_EXCERPT).is_some() {
        out.push('…');
    }
    out
}

/// A byte of RFC 6750's `b64token`, its padding apart.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    let is_punctuation = matches!(byte, b'-'..=b'/' | b'+' | b'_' | b'~');
    byte.is_ascii_alphanumeric() | is_punctuation
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub(crate) fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    // Without a branch for each byte, so that many are looked at at once.
    !body.is_empty() && body.bytes().fold(true, |all, byte| all & is_token_byte(byte))
}

/// Lower-case hexadecimal digits, two a byte.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of exactly `2 * N` lower-case hexadecimal digits.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::{
        Base64Mistake, URL_SAFE_NO_PAD, base64url, excerpt, from_hex, is_b64token, to_hex, with_decoded,
    };

    #[test]
    fn tokens_have_the_characters_of_rfc_6750_and_no_others() {
        let known = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
        for c in '\0'..='\u{ff}' {
            assert_eq!(is_b64token(&format!("a{c}b")), known.contains(c), "{c:?}");
        }
        let long = "a".repeat(1_000);
        for (text, expected) in [("", false), ("=", false), ("a==", true), ("a=a", false), (&long, true)] {
            assert_eq!(is_b64token(text), expected, "{text}");
        }
        assert!(!is_b64token(&(long + "!")));
    }

    #[test]
    fn base64url_has_one_spelling() {
        assert_eq!(base64url("Zm8").as_deref(), Ok(&b"fo"[..]));
        assert_eq!(base64url("").as_deref(), Ok(&b""[..]));
        for (text, mistake) in [
            ("Zm9=", Base64Mistake::Padding),
            ("Zm8=", Base64Mistake::Padding),
            ("Zm9", Base64Mistake::TrailingBits),
            ("Zm9vZ", Base64Mistake::Length),
            ("Z m8", Base64Mistake::Byte),
            ("Zm8\n", Base64Mistake::Byte),
            ("Zm/v", Base64Mistake::Byte),
            ("Zm+v", Base64Mistake::Byte),
            ("Zmé", Base64Mistake::Byte),
        ] {
            assert_eq!(base64url(text), Err(mistake), "{text:?}");
            assert_eq!(with_decoded(text, <[u8]>::len), Err(mistake), "{text:?}");
        }
        for length in [0, 1, 511, 512, 513, 5_000] {
            let text = URL_SAFE_NO_PAD.encode(vec![7; length]);
            assert_eq!(with_decoded(&text, <[u8]>::to_vec), Ok(vec![7; length]), "{length}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt("plain"), "plain");
        assert_eq!(excerpt("a\nb`c\u{1b}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(excerpt(&"x".repeat(64)), "x".repeat(64));
        assert_eq!(excerpt(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
    }

    #[test]
    fn hexadecimal_is_lower_case_and_of_one_length() {
        assert_eq!(to_hex(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(from_hex("001fff"), Some([0, 0x1f, 0xff]));
        for text in ["001ff", "001fff00", "001fFF", "001fg0", "éfff"] {
            assert_eq!(from_hex::<3>(text), None, "{text}");
        }
    }
}
