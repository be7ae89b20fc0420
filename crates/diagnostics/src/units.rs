//! Durations and sizes as people write them: always with a unit.

use std::fmt;
use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// No number at the front.
    Number,
    /// No unit, or one that is not known.
    Unit,
    /// Larger than can be counted.
    TooLarge,
}

/// Parses `"250ms"`, `"30s"`, `"10m"`, `"2h"` or `"1d"`.
///
/// # Errors
/// What is missing.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(UnitError::Unit),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or(UnitError::TooLarge)
}

/// Parses `"512B"`, `"64KiB"`, `"1MiB"`, `"2GiB"`, and the decimal `kB`, `MB`, `GB`.
///
/// # Errors
/// What is missing.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let (number, unit) = split(text)?;
    let bytes: u64 = match unit {
        "B" => 1,
        "kB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return Err(UnitError::Unit),
    };
    number.checked_mul(bytes).ok_or(UnitError::TooLarge)
}

/// `duration` in the largest unit that has no remainder: `10m`, `90s`, `0s`.
pub fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis > 0 && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") }
}

fn split(text: &str) -> Result<(u64, &str), UnitError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(UnitError::Number)?;
    if number.is_empty() {
        return Err(UnitError::Number);
    }
    let number = number.parse().map_err(|_| UnitError::TooLarge)?;
    Ok((number, unit.trim_start()))
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "it does not begin with a whole number",
            Self::Unit => "its unit is missing or unknown",
            Self::TooLarge => "it is too large",
        })
    }
}

impl std::error::Error for UnitError {}
