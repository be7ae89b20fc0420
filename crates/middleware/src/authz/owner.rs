//! Whether a segment of the path is somebody's.

/// Whether `segment`, a whole segment of a canonical path, is `subject` to the byte, once
/// its percent-encodings are decoded.
///
/// A subject with a character that some server gives a meaning within a segment owns
/// nothing: whoever may choose a name could otherwise call himself `victim;x`, and a server
/// that drops what follows `;` would serve the victim's.
pub(super) fn owns(subject: &str, segment: &str) -> bool {
    let speaking =
        |byte: u8| byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b';' | b'%' | b'?' | b'#');
    if subject.is_empty() || matches!(subject, "." | "..") || subject.bytes().any(speaking) {
        return false;
    }
    let mut decoded = Decoded(segment.bytes());
    for byte in subject.bytes() {
        if decoded.next() != Some(Some(byte)) {
            return false;
        }
    }
    decoded.next().is_none()
}

/// Bytes; `None` where a percent sign encodes none.
struct Decoded<'s>(std::str::Bytes<'s>);

impl Iterator for Decoded<'_> {
    type Item = Option<u8>;

    fn next(&mut self) -> Option<Option<u8>> {
        match self.0.next()? {
            b'%' => {
                let mut digit = || char::from(self.0.next()?).to_digit(16);
                Some(digit().and_then(|high| u8::try_from(high << 4 | digit()?).ok()))
            }
            byte => Some(Some(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::owns;

    #[test]
    fn a_segment_is_its_subjects_to_the_byte() {
        for (subject, segment) in [
            ("42", "42"),
            ("ann@example.com", "ann@example.com"),
            ("ann@example.com", "ann%40example.com"),
            ("auth0|7", "auth0%7C7"),
            ("é", "%C3%A9"),
        ] {
            assert!(owns(subject, segment), "{subject} {segment}");
        }
        for (subject, segment) in [
            ("42", "43"),
            ("42", "4"),
            ("42", "420"),
            ("42", ""),
            ("", ""),
            ("Ann", "ann"),
            ("a b", "a+b"),
            ("é", "e%CC%81"),
            ("42", "%342%"),
            ("42", "42%0"),
            ("42", "%3432"),
        ] {
            assert!(!owns(subject, segment), "{subject} {segment}");
        }
    }

    #[test]
    fn a_subject_that_servers_read_differently_owns_nothing() {
        for (subject, segment) in [
            ("ann;x", "ann;x"),
            ("ann%00", "ann%2500"),
            ("ann/x", "ann%2Fx"),
            ("ann?", "ann%3F"),
            ("ann#", "ann%23"),
            ("..", ".."),
            (".", "."),
            ("a\\b", "a%5Cb"),
            ("a\nb", "a%0Ab"),
        ] {
            assert!(!owns(subject, segment), "{subject} {segment}");
        }
    }
}
