//! Rule 2: each m-line runs over DTLS, with keys that its fingerprint vouches for.

use crate::candidate::is_ice_char;
use crate::code::{Code, Refusal};

use super::fingerprint::Fingerprint;
use super::lines::Name;
use super::section::Section;
use super::{MediaKind, Role, SdpKind, SdpRules};

/// Lengths of `ice-ufrag` and `ice-pwd` (RFC 8839, section 5.4).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD: std::ops::RangeInclusive<usize> = 22..=256;

/// Different characters of `ice-pwd`. 22 random ones have fewer once in 10^12 times, and Firefox's
/// 32 hexadecimal digits once in 10^7.
const PASSWORD_VARIETY: u32 = 8;

/// What an m-line says of its transport.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) kind: MediaKind,
    /// Its own, and the session's. All count, though a receiver takes its own first.
    pub(super) own: Vec<Fingerprint>,
    pub(super) shared: Vec<Fingerprint>,
    /// None where the other side is to choose, or nothing flows.
    pub(super) role: Option<Role>,
}

/// Checks one m-line. Where nothing flows there is no transport, and browsers write none: then
/// only what must never be there is refused.
pub(super) fn check(section: &Section<'_, '_>, rules: &SdpRules) -> Result<Transport, Refusal> {
    check_keys(section)?;
    let kind = MediaKind::parse(section.media.kind)
        .ok_or_else(|| section.refuse(Code::SdpKind, "neither audio, video nor application"))?;
    check_protocol(section, kind)?;
    let own = fingerprints(section.media.level.values(Name::Fingerprint), section)?;
    let shared = fingerprints(section.session.values(Name::Fingerprint), section)?;
    let mut transport = Transport { kind, own, shared, role: None };
    if section.is_live() {
        check_fingerprints(section, &transport)?;
        transport.role = role(section, rules)?;
        check_ufrag(section)?;
        check_password(section)?;
    }
    Ok(transport)
}

fn check_keys(section: &Section<'_, '_>) -> Result<(), Refusal> {
    if section.media.level.has_keys || section.session.has_keys {
        return Err(section.refuse(Code::SdpSdes, "keys in the description"));
    }
    Ok(())
}

fn check_protocol(section: &Section<'_, '_>, kind: MediaKind) -> Result<(), Refusal> {
    let right = match kind {
        MediaKind::Application => "UDP/DTLS/SCTP",
        MediaKind::Audio | MediaKind::Video => "UDP/TLS/RTP/SAVPF",
    };
    if section.media.protocol != right {
        return Err(section.refuse(Code::SdpProtocol, &format!("the protocol is not {right}")));
    }
    Ok(())
}

fn fingerprints<'t>(
    values: impl Iterator<Item = &'t str>,
    section: &Section<'_, '_>,
) -> Result<Vec<Fingerprint>, Refusal> {
    let read = values.map(Fingerprint::parse).collect::<Result<Vec<_>, _>>();
    let mut set = read.map_err(|refusal| section.refuse(refusal.code, &refusal.detail))?;
    set.sort_unstable();
    set.dedup();
    Ok(set)
}

fn check_fingerprints(section: &Section<'_, '_>, transport: &Transport) -> Result<(), Refusal> {
    if transport.own.is_empty() && transport.shared.is_empty() {
        return Err(section.refuse(Code::SdpFingerprintMissing, "no fingerprint"));
    }
    Ok(())
}

/// An offer leaves the choice to the other side, or repeats the role that its sender has in an
/// association of this call (RFC 8842, sections 5.3 and 5.5).
fn role(section: &Section<'_, '_>, rules: &SdpRules) -> Result<Option<Role>, Refusal> {
    let setup = section.only(Name::Setup);
    let role = setup.and_then(Role::parse);
    match rules.kind {
        SdpKind::Offer if setup == Some("actpass") => Ok(None),
        SdpKind::Offer if role.is_some() && role == rules.established => Ok(role),
        SdpKind::Answer if role.is_some() => Ok(role),
        SdpKind::Offer => Err(section.refuse(Code::SdpSetup, "not one `setup:actpass`")),
        SdpKind::Answer => Err(section.refuse(Code::SdpSetup, "not one `setup` of active or passive")),
    }
}

fn check_ufrag(section: &Section<'_, '_>) -> Result<(), Refusal> {
    let right = section.only(Name::Ufrag).is_some_and(|ufrag| is_ice_text(ufrag, &UFRAG));
    if !right {
        return Err(section.refuse(Code::SdpUfrag, "not one `ice-ufrag` of 4 to 256 characters"));
    }
    Ok(())
}

fn check_password(section: &Section<'_, '_>) -> Result<(), Refusal> {
    let right = section
        .only(Name::Password)
        .is_some_and(|password| is_ice_text(password, &PASSWORD) && variety(password) >= PASSWORD_VARIETY);
    if !right {
        return Err(
            section.refuse(Code::SdpPassword, "not one `ice-pwd` of 22 to 256 characters, 8 different")
        );
    }
    Ok(())
}

fn is_ice_text(text: &str, length: &std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(is_ice_char)
}

/// How many different characters there are.
fn variety(text: &str) -> u32 {
    text.bytes().fold(0_u128, |seen, byte| seen | 1 << (byte & 0x7f)).count_ones()
}

/// All m-lines share one transport (rule 4), and it has one role.
pub(super) fn check_roles(transports: &[(Section<'_, '_>, Transport)]) -> Result<(), Refusal> {
    let mut live = transports.iter().filter(|(section, _)| section.is_live());
    let first = live.next().and_then(|(_, transport)| transport.role);
    match live.find(|(_, transport)| transport.role != first) {
        Some((section, _)) => Err(section.refuse(Code::SdpSetup, "another `setup` than the m-line before")),
        None => Ok(()),
    }
}
