//! The DTLS certificates that a token is for (`mky`; RFC 8225, section 5.2.2).

use corsac_credentials::Json;

/// Certificates that one token names. A browser makes one for each connection, and uses it for all.
const MAX_MEDIA_KEYS: usize = 16;

/// The hashes that a certificate may be named by, and their bytes.
const HASHES: [(&str, usize); 3] = [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)];

/// The certificates that a token is for. An empty list names none, and none is allowed.
///
/// A `dig` has hexadecimal digits of either case, with colons between all its bytes or none: RFC 8225
/// wants none, and browsers hand fingerprints out with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaKeys(Vec<(&'static str, Vec<u8>)>);

impl MediaKeys {
    /// Whether a certificate of this fingerprint is among them: the name of the hash as in
    /// `a=fingerprint` (RFC 8122, section 5), and the bytes.
    pub fn contains(&self, hash: &str, digest: &[u8]) -> bool {
        self.0.iter().any(|(own, bytes)| *own == hash && bytes == digest)
    }

    /// The list `mky`, or nothing where it is not one, or names a hash that is not allowed.
    pub(super) fn read(value: &Json<'_>) -> Option<Self> {
        let list = value.as_list().filter(|list| list.len() <= MAX_MEDIA_KEYS)?;
        list.iter().map(media_key).collect::<Option<_>>().map(Self)
    }
}

fn media_key(value: &Json<'_>) -> Option<(&'static str, Vec<u8>)> {
    let text = |name| value.as_object()?.get(name)?.as_text();
    let (hash, bytes) = HASHES.into_iter().find(|(hash, _)| text("alg") == Some(hash))?;
    Some((hash, hexadecimal(text("dig")?, bytes)?))
}

fn hexadecimal(text: &str, bytes: usize) -> Option<Vec<u8>> {
    let width = match text.len() {
        length if length == 2 * bytes => 2,
        length if length + 1 == 3 * bytes => 3,
        _ => return None,
    };
    let pairs = text.as_bytes().chunks(width);
    let byte = |pair: &[u8]| match pair {
        [high, low] | [high, low, b':'] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{HASHES, MAX_MEDIA_KEYS, MediaKeys, hexadecimal};
    use corsac_credentials::Json;

    fn read(text: &str) -> Option<MediaKeys> {
        MediaKeys::read(&Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn colons_stand_between_all_bytes_or_none() {
        let plain = "0123456789abcdef".repeat(4);
        let colons = ["01:23:45:67:89:ab:cd:ef"; 4].join(":");
        let behind = |text: &str, bytes: usize| text.split_at(bytes).1.to_owned();
        let bytes = hexadecimal(&plain, 32);
        assert_eq!(bytes.as_deref().map(|bytes| bytes[..3].to_vec()), Some(vec![0x01, 0x23, 0x45]));
        for text in [&plain.to_uppercase(), &colons, &colons.to_uppercase()] {
            assert_eq!(hexadecimal(text, 32), bytes, "{text}");
        }
        let moved = format!("0:1{}", behind(&colons, 3));
        let wrong = [
            behind(&plain, 1),
            behind(&plain, 2),
            format!("{plain}00"),
            plain.replace('0', "g"),
            format!("+1{}", behind(&plain, 2)),
            "é".repeat(32),
            moved,
            colons.replacen(':', ";", 1),
            colons.replacen(":23", "023", 1),
            format!("{colons}:"),
            format!(":{}", behind(&colons, 1)),
            String::new(),
        ];
        for text in &wrong {
            assert_eq!(hexadecimal(text, 32), None, "{text}");
        }
    }

    #[test]
    fn a_certificate_is_named_by_a_hash_of_its_length() {
        for (hash, length) in HASHES {
            for bytes in [20, 32, 48, 64] {
                let keys = read(&format!(r#"[{{"alg":"{hash}","dig":"{}"}}]"#, "aA".repeat(bytes)));
                assert_eq!(keys.is_some(), bytes == length, "{hash} {bytes}");
                assert!(keys.is_none_or(|keys| keys.contains(hash, &vec![0xaa; length])));
            }
        }
        for hash in ["sha-1", "md5", "SHA-256", "sha256", ""] {
            assert_eq!(read(&format!(r#"[{{"alg":"{hash}","dig":"{}"}}]"#, "aa".repeat(32))), None, "{hash}");
        }
    }

    #[test]
    fn a_list_is_bounded_and_whole() {
        let one = format!(r#"{{"alg":"sha-256","dig":"{}"}}"#, "01".repeat(32));
        let list = |count: usize| format!("[{}]", vec![one.as_str(); count].join(","));
        assert!(read(&list(MAX_MEDIA_KEYS)).is_some());
        assert_eq!(read(&list(MAX_MEDIA_KEYS + 1)), None);
        let none = read("[]").unwrap();
        assert!(!none.contains("sha-256", &[1; 32]));
        let keys = read(&list(1)).unwrap();
        assert!(keys.contains("sha-256", &[1; 32]));
        assert!(!keys.contains("sha-256", &[2; 32]) && !keys.contains("sha-384", &[1; 32]));
        assert!(!keys.contains("sha-256", &[1; 31]) && !keys.contains("SHA-256", &[1; 32]));
        for text in ["{}", "null", "[1]", "[{}]", r#"[{"alg":"sha-256"}]"#, &format!("[{one},{{}}]"), &one] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
