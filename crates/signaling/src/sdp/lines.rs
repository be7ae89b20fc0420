//! Rule 1: a description as lines, strictly (RFC 8866, section 9).
//!
//! What two receivers could read differently is refused here, so that the rules after it judge what
//! every receiver sees: a line end other than CRLF, a control character, an attribute with blanks
//! about its name (Firefox 153 reads `a= fingerprint:` and `a=fingerprint sha-256`, Chromium 156 does
//! not), a name of ours in another case. Only what the rules ask for is kept.

use crate::code::{Code, Refusal};

/// Bytes of a description (`SIGNALING.md`, rule 1).
pub(super) const MAX_BYTES: usize = 65_536;

/// Media descriptions (`SIGNALING.md`, rule 1).
pub(super) const MAX_MEDIA: usize = 16;

/// Lines of a description; a browser writes about 60 for an m-line, so 16 of them have 1,000.
const MAX_LINES: usize = 4_096;

/// Bytes of a line; the longest of browsers, formats and groups, stay under 500.
const MAX_LINE: usize = 8_192;

/// Candidates of a description. 16 m-lines that are not bundled yet, each with those of a machine
/// in several networks, have some 300.
const MAX_CANDIDATES: usize = 512;

/// Attributes that the rules read, at one level and candidates aside; browsers write 11.
const MAX_READ: usize = 64;

/// A description, as far as the rules read it.
#[derive(Debug, Default)]
pub(super) struct Text<'t> {
    /// Before the first m-line.
    pub(super) session: Level<'t>,
    /// In their order, at most [`MAX_MEDIA`] and one.
    pub(super) media: Vec<MediaLine<'t>>,
    candidates: usize,
}

/// A media description.
#[derive(Debug)]
pub(super) struct MediaLine<'t> {
    pub(super) kind: &'t str,
    pub(super) port: u16,
    pub(super) protocol: &'t str,
    pub(super) level: Level<'t>,
}

/// The lines of the session or of one media description.
#[derive(Debug, Default)]
pub(super) struct Level<'t> {
    read: Vec<(Name, &'t str)>,
    /// Values of `a=candidate`.
    pub(super) candidates: Vec<&'t str>,
    /// Addresses of `o=`, `c=` and `a=rtcp`.
    pub(super) addresses: Vec<&'t str>,
    /// The largest of `b=AS` and `b=TIAS`, in bits a second.
    pub(super) bandwidth: u64,
    /// Whether there are keys of another kind than those of DTLS.
    pub(super) has_keys: bool,
}

impl<'t> Level<'t> {
    /// The values of an attribute, in their order.
    pub(super) fn values(&self, name: Name) -> impl Iterator<Item = &'t str> {
        self.read.iter().filter(move |(other, _)| *other == name).map(|(_, value)| *value)
    }
}

/// Attributes that the rules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    BundleOnly,
    Candidate,
    /// Its value is the direction.
    Direction,
    Fingerprint,
    Group,
    /// `crypto` (RFC 4568), `key-mgmt` (RFC 4567) and `zrtp-hash` (RFC 6189).
    Keys,
    MaxMessageSize,
    Mid,
    Password,
    Rtcp,
    RtcpMux,
    Setup,
    Ufrag,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "bundle-only" => Self::BundleOnly,
            "candidate" => Self::Candidate,
            "inactive" | "recvonly" | "sendonly" | "sendrecv" => Self::Direction,
            "fingerprint" => Self::Fingerprint,
            "group" => Self::Group,
            "crypto" | "key-mgmt" | "zrtp-hash" => Self::Keys,
            "max-message-size" => Self::MaxMessageSize,
            "mid" => Self::Mid,
            "ice-pwd" => Self::Password,
            "rtcp" => Self::Rtcp,
            "rtcp-mux" => Self::RtcpMux,
            "setup" => Self::Setup,
            "ice-ufrag" => Self::Ufrag,
            _ => return None,
        })
    }

    /// Whether it stands alone, without a value.
    fn is_flag(self) -> bool {
        matches!(self, Self::BundleOnly | Self::Direction | Self::RtcpMux)
    }
}

/// Reads a description. The last line may lack its end: Chromium refuses such a text whole and Firefox
/// reads the line, so that nobody reads it differently.
pub(super) fn parse(text: &str) -> Result<Text<'_>, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::new(Code::SdpSize, format!("over {MAX_BYTES} bytes")));
    }
    let mut parsed = Text::default();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let line = line.strip_suffix("\r\n").unwrap_or(line);
        let read = index < MAX_LINES && if index == 0 { line == "v=0" } else { parsed.read(line).is_some() };
        if !read {
            return Err(Refusal::new(Code::SdpSyntax, format!("line {}", index + 1)));
        }
    }
    match parsed.media.len() {
        0 => Err(Refusal::new(Code::SdpSyntax, "no m-line")),
        1..=MAX_MEDIA => Ok(parsed),
        _ => Err(Refusal::new(Code::SdpMediaLines, format!("over {MAX_MEDIA} m-lines"))),
    }
}

impl<'t> Text<'t> {
    fn read(&mut self, line: &'t str) -> Option<()> {
        if line.len() > MAX_LINE || has_break(line) {
            return None;
        }
        let (letter, rest) = line.split_at_checked(1)?;
        let value = rest.strip_prefix('=')?;
        match letter {
            "a" => self.attribute(value)?,
            "b" => self.level().bandwidth(value)?,
            "c" | "o" => self.level().address(value),
            // Keys in the clear (RFC 4566, section 5.12).
            "k" => self.level().has_keys = true,
            "m" => self.media_line(value)?,
            "e" | "i" | "p" | "r" | "s" | "t" | "u" | "z" => {}
            // Also a second `v=`: one text is one description.
            _ => return None,
        }
        Some(())
    }

    /// The level that a line belongs to.
    fn level(&mut self) -> &mut Level<'t> {
        self.media.last_mut().map_or(&mut self.session, |media| &mut media.level)
    }

    fn attribute(&mut self, text: &'t str) -> Option<()> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if !is_token(name) {
            return None;
        }
        let Some(known) = Name::parse(name) else { return self.unknown(name) };
        let value = match value {
            Some(_) if known.is_flag() => return None,
            None if known.is_flag() => name,
            value => value.unwrap_or_default(),
        };
        self.known(known, value)
    }

    fn known(&mut self, name: Name, value: &'t str) -> Option<()> {
        self.candidates += usize::from(name == Name::Candidate);
        if self.candidates > MAX_CANDIDATES {
            return None;
        }
        let level = self.level();
        match name {
            Name::Candidate => level.candidates.push(value),
            Name::Keys => level.has_keys = true,
            // `9 IN IP4 0.0.0.0`, or the port alone (RFC 3605).
            Name::Rtcp => value.split_once(' ').into_iter().for_each(|(_, value)| level.address(value)),
            _ if level.read.len() < MAX_READ => level.read.push((name, value)),
            _ => return None,
        }
        Some(())
    }

    /// Names are case-sensitive (RFC 8866, section 5), and Chromium 156 reads them so; Firefox 153 does
    /// not. One of ours in another case is refused, and keys are keys.
    fn unknown(&mut self, name: &str) -> Option<()> {
        if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Some(());
        }
        match Name::parse(&name.to_ascii_lowercase()) {
            None => Some(()),
            Some(Name::Keys) => {
                self.level().has_keys = true;
                Some(())
            }
            Some(_) => None,
        }
    }

    /// `kind port protocol format…`. Several ports (`9/2`) are refused: ICE knows none.
    fn media_line(&mut self, value: &'t str) -> Option<()> {
        if !value.split(' ').all(is_visible) {
            return None;
        }
        let mut fields = value.split(' ');
        let (kind, port, protocol) = (fields.next()?, number(fields.next()?)?, fields.next()?);
        fields.next()?;
        let port = u16::try_from(port).ok()?;
        if self.media.len() <= MAX_MEDIA {
            self.media.push(MediaLine { kind, port, protocol, level: Level::default() });
        }
        Some(())
    }
}

impl<'t> Level<'t> {
    /// `b=CT`, `RS`, `RR` and others are read past: `CT` bounds a conference, `RS` and `RR` the
    /// reports, and no browser sends by them.
    fn bandwidth(&mut self, value: &str) -> Option<()> {
        let (kind, amount) = value.split_once(':')?;
        let amount = number(amount).filter(|_| is_token(kind))?;
        if kind.eq_ignore_ascii_case("AS") {
            self.bandwidth = self.bandwidth.max(amount.saturating_mul(1_000));
        } else if kind.eq_ignore_ascii_case("TIAS") {
            self.bandwidth = self.bandwidth.max(amount);
        }
        Some(())
    }

    /// The last field; of multicast there may be more after a `/`.
    fn address(&mut self, value: &'t str) {
        let field = value.rsplit(' ').next().unwrap_or_default();
        self.addresses.push(field.split('/').next().unwrap_or_default());
    }
}

/// A character that some reader takes for the end of a line, or does not show. `U+2028` and
/// `U+2029` end lines in regular expressions of JavaScript, which clients read descriptions with.
fn has_break(line: &str) -> bool {
    let is_break = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    // Without an early end the compiler looks at many bytes at once.
    let is_plain = line.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte));
    !is_plain && line.chars().any(is_break)
}

fn is_visible(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 8866, section 9: `token`.
fn is_token(text: &str) -> bool {
    let is_token_char = |byte: u8| byte.is_ascii_graphic() && !br#""(),/:;<=>?@[\]"#.contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_char)
}

/// A decimal number; one that is too large is the largest.
pub(super) fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().unwrap_or(u64::MAX))
}
