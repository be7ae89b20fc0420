//! The file of API keys, and the files of secrets.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use corsac_credentials::{ApiKeyEntry, HASH_KEY_BYTES, Timestamp};
use corsac_diagnostics::{Diagnostic, Document, FieldPath, Source, TableReader};
use secrecy::{ExposeSecretMut as _, SecretBox};

use super::config::Contents;

/// Reads a file of the disk, of at most `limit` bytes.
///
/// # Errors
/// As the system says; [`io::ErrorKind::FileTooLarge`]; [`io::ErrorKind::InvalidInput`] for what
/// is no file, such as a folder or a pipe, which might never end.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Contents> {
    // Before it is opened: opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {limit} bytes")));
    }
    Ok(Contents { bytes, is_public: is_public(&metadata) })
}

#[cfg(unix)]
fn is_public(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_public(_: &std::fs::Metadata) -> bool {
    false
}

/// An API key as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredKey {
    /// What decides about it.
    pub entry: ApiKeyEntry,
    /// When it was made, as `corsac key` notes it.
    pub created_at: Option<Timestamp>,
}

/// Reads a file of API keys: `[[keys]]` with `id`, `hash`, `subject`, `roles`, `scopes`,
/// `not_before`, `expires_at`, `created_at` and `revoked`.
///
/// # Errors
/// All mistakes, without any value: one line each.
pub fn read_api_keys(text: &str) -> Result<Vec<StoredKey>, Vec<String>> {
    let (document, syntax) = Document::parse(Source::new("API keys", text));
    if !syntax.is_empty() {
        // What a parser says may repeat a line, and that a hash.
        return Err(vec!["it is not well-formed TOML".to_owned()]);
    }
    let mut out = Vec::new();
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let tables = root.tables("keys", &mut out);
    let keys = tables.into_iter().map(|table| read_key(table, &mut out)).collect();
    root.finish(&mut out);
    if out.is_empty() { Ok(keys) } else { Err(out.into_iter().map(|finding| finding.message).collect()) }
}

fn read_key(mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> StoredKey {
    let mut text = |key: &'static str| table.required_string(key, out).unwrap_or_default().to_owned();
    let (id, hash, subject) = (text("id"), text("hash"), text("subject"));
    let mut list = |key: &'static str| -> Vec<String> {
        let names = table.strings(key, out).unwrap_or_default();
        names.into_iter().map(|name| name.unwrap_or_default().to_owned()).collect()
    };
    let (roles, scopes) = (list("roles"), list("scopes"));
    let mut time = |key: &'static str| {
        let text = table.string(key, out)?;
        let parsed = parse_time(text);
        if parsed.is_none() {
            out.push(table.invalid(key, text, "times are written like \"2026-12-31T23:59:59Z\""));
        }
        parsed
    };
    let (not_before, expires_at, created_at) = (time("not_before"), time("expires_at"), time("created_at"));
    let revoked = table.boolean("revoked", out).unwrap_or_default();
    table.finish(out);
    StoredKey {
        entry: ApiKeyEntry { id, hash, subject, roles, scopes, not_before, expires_at, revoked },
        created_at,
    }
}

/// The time that `2026-12-31T23:59:59Z` says; nothing for any other spelling.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 || !(1..=12).contains(&month) || year < 1970 || day == 0 {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468;
    let parsed = Timestamp::from_secs(days * 86_400 + hour * 3_600 + minute * 60 + second);
    // 30 February is another day when written again.
    (format_time(parsed) == text).then_some(parsed)
}

fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

/// `2026-12-31T23:59:59Z` (RFC 3339).
pub fn format_time(time: Timestamp) -> String {
    let (days, second) = (time.as_secs() / 86_400, time.as_secs() % 86_400);
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let mut text = String::with_capacity(20);
    // Writing to a string cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}T");
    let _ = write!(text, "{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60);
    text
}

/// The key under which API keys are hashed, as its file has it: 64 hexadecimal digits.
pub fn parse_hash_key(text: &str) -> Option<SecretBox<[u8; HASH_KEY_BYTES]>> {
    let mut key = SecretBox::new(Box::new([0; HASH_KEY_BYTES]));
    if text.len() != 2 * HASH_KEY_BYTES {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = key.expose_secret_mut();
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = digits else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_one_spelling_and_written_back() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("2026-11-21T21:00:00Z", 1_795_294_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse_time(text), Some(Timestamp::from_secs(seconds)), "{text}");
            assert_eq!(format_time(Timestamp::from_secs(seconds)), text);
        }
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T21:00:00",
            "2026-11-21 21:00:00Z",
            "2026-11-21T21:00:00+00:00",
            "1969-12-31T23:59:59Z",
            "2026-13-01T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "+026-11-21T21:00:00Z",
            "",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
