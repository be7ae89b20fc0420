//! The wire form: one JSON object a line, `corsac.event/1`.
//!
//! `Event` does not derive `Serialize`: what it holds may change, what is written may
//! not. Every character that is not printable ASCII is escaped, so that nothing a
//! request chose ends a line, moves a terminal's cursor or turns the writing direction.

use std::io::{self, Write};
use std::time::SystemTime;

use crate::event::Event;
use crate::sink::Writer;

/// The version of the wire form. Within it, members are only ever added.
pub const SCHEMA: &str = "corsac.event/1";

/// Appends `event` as one line, with its line feed.
pub fn write_line(out: &mut Vec<u8>, event: &Event) {
    let mut members = Members { out };
    members.out.extend_from_slice(b"{\"schema\":\"corsac.event/1\",\"time\":\"");
    members.time(event.time);
    members.out.push(b'"');
    members.text("request_id", event.request_id.as_str());
    members.text("guard", event.guard.name());
    members.text("verdict", event.verdict.name());
    members.text("reason", event.reason);
    members.text("method", event.method.as_str());
    members.text("path", event.path.as_str());
    members.maybe("route", event.route.as_deref());
    members.maybe("origin", event.origin.as_ref().map(crate::Text::as_str));
    if !event.client.is_none() {
        // Digits, colons, dots and a slash: nothing to escape.
        let _ = write!(members.out, ",\"client\":\"{}\"", event.client);
    }
    if let Some(principal) = &event.principal {
        members.text("principal", &principal.to_string());
    }
    if let Some(status) = event.status {
        members.number("status", u64::from(status.as_u16()));
    }
    if let Some(duration) = event.duration {
        members.number("duration_us", u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }
    members.maybe("detail", event.detail.as_ref().map(crate::Text::as_str));
    members.out.extend_from_slice(b"}\n");
}

/// Writes events as lines to anything that takes bytes; one write for a batch.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    buffer: Vec<u8>,
    /// The last write may have ended within a line.
    broken: bool,
}

impl<W: Write> JsonLines<W> {
    /// Lines go to `out`.
    pub const fn new(out: W) -> Self {
        Self { out, buffer: Vec::new(), broken: false }
    }
}

impl<W: Write + Send + 'static> Writer for JsonLines<W> {
    fn write(&mut self, batch: &[Event]) -> io::Result<()> {
        self.buffer.clear();
        if self.broken {
            self.buffer.push(b'\n');
        }
        for event in batch {
            write_line(&mut self.buffer, event);
        }
        let written = self.out.write_all(&self.buffer).and_then(|()| self.out.flush());
        self.broken = written.is_err();
        written
    }
}

struct Members<'o> {
    out: &'o mut Vec<u8>,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.out.push(b'"');
        let is_plain = |byte: u8| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
        // Without a branch for each byte, so that many are looked at at once.
        if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            text.chars().for_each(|character| self.escaped(character));
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, character: char) {
        match character {
            '"' => self.out.extend_from_slice(b"\\\""),
            '\\' => self.out.extend_from_slice(b"\\\\"),
            ' '..='~' => self.out.push(u8::try_from(character).unwrap_or(b'?')),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a vector cannot fail.
                    let _ = write!(self.out, "\\u{unit:04x}");
                }
            }
        }
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        let _ = write!(self.out, "{number}");
    }

    /// `2026-11-21T12:00:00.123456Z` (RFC 3339). A time before 1970 is 1970.
    fn time(&mut self, time: SystemTime) {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second, micros) =
            (second / 3_600, second / 60 % 60, second % 60, since.subsec_micros());
        let _ =
            write!(self.out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z");
    }
}

/// The date of a day since 1970-01-01: years begin in March, so that the leap day is
/// the last, and months follow a line of slope 153/5.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (789, (1972, 2, 29)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_778, (2026, 11, 21)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
