//! ICE candidates (RFC 8839, section 5.1): which of them a peer may tell another.
//!
//! A candidate is read by a strict grammar, one space between fields, and never looked up. What
//! extensions say is not judged beyond their form: no list of them would be whole.

mod address;

pub(crate) use address::Address;

use std::fmt;
use std::str::FromStr;

use crate::code::{Code, Refusal};

/// A candidate of a browser has 100 to 250 bytes.
const MAX_CANDIDATE: usize = 512;

/// RFC 8839, section 5.1: `foundation = 1*32ice-char`.
const MAX_FOUNDATION: usize = 32;

/// Which candidates may pass (the claim `ice` of an access token), from the most open to the
/// strictest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcePolicy {
    /// `all`: any.
    #[default]
    All,
    /// `no-private`: none with an address of a private network.
    NoPrivate,
    /// `relay`: only those of a relay. Its own address may be private: it stands where the
    /// operator put it, and says nothing of the peer.
    Relay,
}

impl IcePolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::All, Self::NoPrivate, Self::Relay];

    /// The policy of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }

    /// Its name in tokens and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NoPrivate => "no-private",
            Self::Relay => "relay",
        }
    }

    /// The stricter of two: a candidate has to pass for its sender and for its recipient.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for IcePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks a candidate as `RTCIceCandidate.candidate` has it: `candidate:…`, or nothing for the end
/// of candidates.
///
/// Accepted under [`IcePolicy::NoPrivate`]: `candidate:1 1 udp 2113937151
/// 6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.local 40000 typ host`, since the name hides the address.
/// Refused: the same with `192.168.0.5`, and with `printer.local` under any policy.
///
/// # Errors
/// One of the codes `E_CAND_…`, in this order: syntax, type, relay only, name, private address,
/// private related address.
pub fn check_candidate(text: &str, policy: IcePolicy) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let value = text.strip_prefix("candidate:").ok_or_else(syntax)?;
    check_value(value, policy).map(drop)
}

/// Checks what stands after `candidate:`, and gives back its address as it is written.
pub(crate) fn check_value(value: &str, policy: IcePolicy) -> Result<&str, Refusal> {
    let candidate = Candidate::parse(value).ok_or_else(syntax)?;
    check_type(&candidate, policy)?;
    let address = literal(candidate.address)?;
    let related = candidate.related.map(literal).transpose()?;
    check_address(address, policy)?;
    check_related(related, policy)?;
    Ok(candidate.address)
}

fn syntax() -> Refusal {
    Refusal::new(Code::CandidateSyntax, "not a candidate of RFC 8839")
}

fn check_type(candidate: &Candidate<'_>, policy: IcePolicy) -> Result<(), Refusal> {
    if !matches!(candidate.kind, "host" | "srflx" | "prflx" | "relay") {
        return Err(Refusal::new(Code::CandidateType, "neither host, srflx, prflx nor relay"));
    }
    if policy == IcePolicy::Relay && candidate.kind != "relay" {
        return Err(Refusal::new(Code::CandidateRelayOnly, "only relays may be used here"));
    }
    Ok(())
}

fn literal(text: &str) -> Result<Address, Refusal> {
    Address::parse(text)
        .ok_or_else(|| Refusal::new(Code::CandidateName, "neither an IP address nor `<uuid>.local`"))
}

fn check_address(address: Address, policy: IcePolicy) -> Result<(), Refusal> {
    if policy == IcePolicy::NoPrivate && address.is_private() {
        return Err(Refusal::new(Code::CandidatePrivate, "an address of a private network"));
    }
    Ok(())
}

/// `0.0.0.0` is what browsers write to say nothing.
fn check_related(related: Option<Address>, policy: IcePolicy) -> Result<(), Refusal> {
    let told = related.is_some_and(|address| address.is_private() && !address.is_unspecified());
    if policy != IcePolicy::All && told {
        return Err(Refusal::new(Code::CandidateRelated, "`raddr` is an address of a private network"));
    }
    Ok(())
}

struct Candidate<'t> {
    address: &'t str,
    kind: &'t str,
    related: Option<&'t str>,
}

impl<'t> Candidate<'t> {
    /// Any characters that are not visible, or two spaces, are none: receivers differ in what they
    /// make of them.
    fn parse(value: &'t str) -> Option<Self> {
        if value.len() > MAX_CANDIDATE || !value.split(' ').all(is_word) {
            return None;
        }
        let mut words = value.split(' ');
        let head = is_foundation(words.next()?)
            && matches!(words.next()?, "1" | "2")
            && is_transport(words.next()?)
            && is_number::<u32>(words.next()?);
        let address = words.next()?;
        let port = words.next()?;
        // No packet is sent to port 0 (RFC 768); TCP that only connects has port 9 (RFC 6544,
        // section 4.5).
        let right = head && is_number::<u16>(port) && port.bytes().any(|digit| digit != b'0');
        let typ = words.next()? == "typ";
        let kind = words.next()?;
        let candidate = Self { address, kind, related: None };
        (right && typ).then_some(candidate)?.with_extensions(words)
    }

    /// Reads pairs of words up to the end.
    fn with_extensions(mut self, mut words: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut port = None;
        while let Some(name) = words.next() {
            let value = words.next()?;
            let right = match name {
                "raddr" => self.related.replace(value).is_none(),
                "rport" => port.replace(value).is_none() && is_number::<u16>(value),
                // Another receiver may take these for what they look like.
                _ => !["raddr", "rport", "typ"].iter().any(|word| word.eq_ignore_ascii_case(name)),
            };
            if !right {
                return None;
            }
        }
        Some(self)
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_foundation(text: &str) -> bool {
    text.len() <= MAX_FOUNDATION && text.bytes().all(is_ice_char)
}

fn is_transport(text: &str) -> bool {
    text.eq_ignore_ascii_case("udp") || text.eq_ignore_ascii_case("tcp")
}

/// RFC 8839, section 5.1: `ice-char = ALPHA / DIGIT / "+" / "/"`.
pub(crate) fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Whether it is a decimal number of this type: no sign, and no more digits than the longest has.
fn is_number<N: FromStr>(text: &str) -> bool {
    let digits = if size_of::<N>() == size_of::<u16>() { 5 } else { 10 };
    text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<N>().is_ok()
}
