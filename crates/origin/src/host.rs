//! The host of a tuple origin, in the spelling of the URL Standard's host
//! serializer.
//!
//! The grammar is ours and frozen: an IDNA library that changes its mind must
//! not change who is allowed. It admits what real, if odd, pages send (`_`, a
//! trailing dot, leading and trailing hyphens, numeric labels that are not last) and
//! refuses the bytes that Chromium and WebKit also let through in a host
//! (`, ; { } "` and more): no name that resolves in public DNS needs them, and they
//! are how a sloppy matcher or log reader is fooled.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::OriginMistake;

/// What kind of host an origin has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// A domain name, perhaps with a trailing dot.
    Domain,
    /// A dotted quad.
    Ipv4,
    /// An IPv6 address in brackets, compressed as browsers do.
    Ipv6,
}

/// Longest host accepted, in bytes: 253 for a name in DNS (RFC 1035 section 2.3.4
/// less the length bytes), and a trailing dot.
pub const MAX_HOST_LEN: usize = 254;

/// Longest label accepted, in bytes (RFC 1035 section 2.3.4).
pub const MAX_LABEL_LEN: usize = 63;

/// Longest serialization of an IPv6 address: eight groups of four digits.
const MAX_IPV6_LEN: usize = 39;

type Misplaced = (OriginMistake, usize);

/// Checks `host` and says what it is; the error has the offset within `host`.
pub(crate) fn check_host(host: &[u8]) -> Result<HostKind, Misplaced> {
    match host.first() {
        None => Err((OriginMistake::HostEmpty, 0)),
        Some(b'[') => check_ipv6(host),
        Some(_) => check_domain(host),
    }
}

fn check_ipv6(host: &[u8]) -> Result<HostKind, Misplaced> {
    let wrong = (OriginMistake::Ipv6Spelling, 0);
    let inner = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).ok_or(wrong)?;
    let text = std::str::from_utf8(inner).map_err(|_| wrong)?;
    let address: Ipv6Addr = text.parse().map_err(|_| wrong)?;
    let mut buffer = [0; MAX_IPV6_LEN];
    let length = write_ipv6(address, &mut buffer);
    if buffer.get(..length) == Some(inner) { Ok(HostKind::Ipv6) } else { Err(wrong) }
}

fn check_domain(host: &[u8]) -> Result<HostKind, Misplaced> {
    if host.len() > MAX_HOST_LEN {
        return Err((OriginMistake::HostTooLong, MAX_HOST_LEN));
    }
    let mut label_start = 0;
    let mut last_label = 0;
    for (offset, &byte) in host.iter().enumerate() {
        match CLASSES.get(usize::from(byte)) {
            Some(Class::Label) => {}
            Some(Class::Dot) => {
                check_label(label_start, offset)?;
                last_label = label_start;
                label_start = offset + 1;
            }
            _ => return Err((host_byte(byte), offset)),
        }
    }
    // A trailing dot leaves an empty last label; the label before it decides.
    if label_start < host.len() {
        check_label(label_start, host.len())?;
        last_label = label_start;
    }
    check_ending(host, last_label)
}

fn check_label(start: usize, end: usize) -> Result<(), Misplaced> {
    match end - start {
        0 => Err((OriginMistake::EmptyLabel, end)),
        length if length > MAX_LABEL_LEN => Err((OriginMistake::LabelTooLong, start + MAX_LABEL_LEN)),
        _ => Ok(()),
    }
}

/// What a byte is in a domain name.
#[derive(Clone, Copy)]
enum Class {
    Dot,
    Label,
    Wrong,
}

/// A table, because this is where a decision spends its time.
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Wrong; 256];
    let mut byte = 0;
    while byte < classes.len() {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within bounds")]
        {
            classes[byte] = match byte as u8 {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => Class::Label,
                b'.' => Class::Dot,
                _ => Class::Wrong,
            };
        }
        byte += 1;
    }
    classes
};

fn host_byte(byte: u8) -> OriginMistake {
    match byte {
        b'A'..=b'Z' => OriginMistake::UpperCase,
        b'@' => OriginMistake::UserInfo,
        b'/' | b'?' | b'#' => OriginMistake::Path,
        b'*' => OriginMistake::Wildcard,
        0x80.. => OriginMistake::NonAscii,
        _ => OriginMistake::HostByte,
    }
}

/// A host whose last label is a number is an IPv4 address or nothing at all
/// (URL Standard, "ends in a number checker").
fn check_ending(host: &[u8], last_label: usize) -> Result<HostKind, Misplaced> {
    let wrong = (OriginMistake::Ipv4Spelling, last_label);
    let ending = host.get(last_label..).unwrap_or_default();
    let label = ending.strip_suffix(b".").unwrap_or(ending);
    if !is_number(label) {
        return Ok(HostKind::Domain);
    }
    // `Ipv4Addr` accepts the canonical dotted quad and no other form.
    std::str::from_utf8(host)
        .ok()
        .and_then(|text| text.parse::<Ipv4Addr>().ok())
        .map(|_| HostKind::Ipv4)
        .ok_or(wrong)
}

fn is_number(label: &[u8]) -> bool {
    match label.strip_prefix(b"0x") {
        Some(digits) => digits.iter().all(u8::is_ascii_hexdigit),
        None => !label.is_empty() && label.iter().all(u8::is_ascii_digit),
    }
}

/// Writes `address` as the URL Standard's IPv6 serializer does and returns the
/// length. The standard library differs for `::ffff:127.0.0.1`, which browsers
/// send as `::ffff:7f00:1`.
fn write_ipv6(address: Ipv6Addr, buffer: &mut [u8; MAX_IPV6_LEN]) -> usize {
    use std::io::Write as _;
    let pieces = address.segments();
    let (gap_start, gap_len) = longest_zero_run(pieces);
    let mut out: &mut [u8] = buffer;
    let mut index = 0;
    while let Some(piece) = pieces.get(index) {
        // Writing cannot fail: the buffer holds the longest address.
        let written = if gap_len > 1 && index == gap_start {
            index += gap_len;
            out.write_all(if gap_start == 0 { b"::" } else { b":" })
        } else {
            index += 1;
            let colon = if index < pieces.len() { ":" } else { "" };
            write!(out, "{piece:x}{colon}")
        };
        if written.is_err() {
            return 0;
        }
    }
    let left = out.len();
    MAX_IPV6_LEN - left
}

/// The first longest run of zero pieces: (start, length).
fn longest_zero_run(pieces: [u16; 8]) -> (usize, usize) {
    let mut best = (0, 0);
    let mut start = 0;
    for (index, &piece) in pieces.iter().enumerate() {
        if piece != 0 {
            start = index + 1;
        } else if index + 1 - start > best.1 {
            best = (start, index + 1 - start);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        let mut buffer = [0; MAX_IPV6_LEN];
        let length = write_ipv6(text.parse().unwrap(), &mut buffer);
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn ipv6_is_written_as_the_url_crate_writes_it() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:0:0:2::3",
            "0:0:1:0:0:0:1:0",
            "::ffff:127.0.0.1",
            "2001:db8:0:1:1:1:1:1",
            "1:2:3:4:5:6:7:8",
            "fe80::",
            "1:0:2:0:3:0:4:0",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            let url = url::Url::parse(&format!("http://[{text}]")).unwrap();
            assert_eq!(format!("[{}]", canonical(text)), url.host_str().unwrap());
        }
    }
}
