//! Rule 3: nothing flows that its sender may not send or has not consented to.

use std::collections::BTreeSet;

use crate::candidate;
use crate::code::{Code, Refusal};
use crate::grants::{Kind, Kinds};

use super::lines::{Name, number};
use super::section::Section;
use super::{Direction, MediaKind, SdpRules};

/// Bytes of a message on a data channel (`SIGNALING.md`, rule 3).
const MAX_MESSAGE_SIZE: u64 = 4 * 1024 * 1024;

/// Checks one m-line, adds the addresses of its candidates to `told`, and gives back what flows.
pub(super) fn check<'t>(
    section: &Section<'_, 't>,
    kind: MediaKind,
    rules: &SdpRules,
    told: &mut BTreeSet<&'t str>,
) -> Result<Direction, Refusal> {
    let direction = match kind {
        MediaKind::Application => data(section, rules)?,
        MediaKind::Audio => stream(section, Kinds::NONE.with(Kind::Audio), rules)?,
        MediaKind::Video => stream(section, Kinds::NONE.with(Kind::Video).with(Kind::Screen), rules)?,
    };
    check_bandwidth(section, rules)?;
    // A receiver that reads one before the first m-line would not know whose it is.
    if !section.session.candidates.is_empty() {
        return Err(section.refuse(Code::CandidateSyntax, "a candidate before the first m-line"));
    }
    for value in &section.media.level.candidates {
        told.insert(candidate::check_value(value, rules.ice)?);
    }
    Ok(direction)
}

/// A description does not tell cameras from screens: for video either will do.
fn stream(section: &Section<'_, '_>, kinds: Kinds, rules: &SdpRules) -> Result<Direction, Refusal> {
    if section.is_live() {
        check_rtcp_mux(section)?;
    }
    let direction = direction(section)?;
    if direction.sends() {
        check_publish(kinds, rules)?;
        check_consent(kinds, rules)?;
    }
    if direction.receives() {
        check_subscribe(rules)?;
    }
    Ok(direction)
}

fn check_rtcp_mux(section: &Section<'_, '_>) -> Result<(), Refusal> {
    if !section.has(Name::RtcpMux) {
        return Err(section.refuse(Code::SdpRtcpMux, "no `rtcp-mux`"));
    }
    Ok(())
}

/// The default is both (RFC 8866, section 6.7). A direction of the session is no help: Firefox writes
/// one, and neither it nor Chromium reads it, so that only its number is checked.
fn direction(section: &Section<'_, '_>) -> Result<Direction, Refusal> {
    let mut own = section.media.level.values(Name::Direction);
    let direction = own.next().map_or(Some(Direction::SendReceive), Direction::parse);
    let several = own.next().is_some() || section.session.values(Name::Direction).nth(1).is_some();
    let direction = direction.filter(|_| !several);
    let direction = direction.ok_or_else(|| section.refuse(Code::SdpDirection, "more than one direction"))?;
    Ok(if section.is_live() { direction } else { Direction::Inactive })
}

fn check_publish(kinds: Kinds, rules: &SdpRules) -> Result<(), Refusal> {
    if rules.grants.publish.and(kinds).is_empty() {
        let audio = kinds.contains(Kind::Audio);
        return Err(Refusal::new(Code::Grant, if audio { "publish audio" } else { "publish video" }));
    }
    Ok(())
}

fn check_consent(kinds: Kinds, rules: &SdpRules) -> Result<(), Refusal> {
    if rules.grants.publish.and(rules.consented).and(kinds).is_empty() {
        let kind = if kinds.contains(Kind::Audio) { Kind::Audio } else { Kind::Video };
        return Err(Refusal::new(Code::Consent, kind.as_str()));
    }
    Ok(())
}

fn check_subscribe(rules: &SdpRules) -> Result<(), Refusal> {
    if !rules.grants.subscribe {
        return Err(Refusal::new(Code::Grant, "subscribe"));
    }
    Ok(())
}

/// Channels go both ways, whoever opens them.
fn data(section: &Section<'_, '_>, rules: &SdpRules) -> Result<Direction, Refusal> {
    if !section.is_live() {
        return Ok(Direction::Inactive);
    }
    if !rules.grants.publish.contains(Kind::Data) {
        return Err(Refusal::new(Code::Grant, "publish data"));
    }
    check_message_size(section)?;
    Ok(Direction::SendReceive)
}

/// Absent it is 64 KB (RFC 8841, section 6); 0 stands for any size.
fn check_message_size(section: &Section<'_, '_>) -> Result<(), Refusal> {
    let mut sizes = section.media.level.values(Name::MaxMessageSize);
    let mut sizes = sizes.by_ref().chain(section.session.values(Name::MaxMessageSize));
    let Some(size) = sizes.next() else { return Ok(()) };
    let right = number(size).is_some_and(|size| (1..=MAX_MESSAGE_SIZE).contains(&size));
    if !right || sizes.next().is_some() {
        return Err(section.refuse(Code::SdpMessageSize, "not one `max-message-size` of 1 to 4194304"));
    }
    Ok(())
}

fn check_bandwidth(section: &Section<'_, '_>, rules: &SdpRules) -> Result<(), Refusal> {
    let asked = section.media.level.bandwidth.max(section.session.bandwidth);
    match rules.max_bps {
        Some(most) if asked > most => {
            Err(section.refuse(Code::SdpBitrate, &format!("over {most} bits a second")))
        }
        _ => Ok(()),
    }
}
