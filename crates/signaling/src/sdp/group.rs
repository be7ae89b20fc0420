//! Rule 4: one certificate and one transport for the whole description.

use crate::code::{Code, Refusal};

use super::fingerprint::Fingerprint;
use super::lines::{Level, Name};
use super::section::Section;
use super::transport::Transport;

/// Checks that all m-lines have the same fingerprints, and gives them back.
///
/// A fingerprint of the session that an m-line overrides has to be the same as well: the receiver
/// compares what the signature names with all that it finds. Of one hash there may be one, since two
/// are two certificates: Firefox 153 takes either, Chromium 156 the one of the last. Whether those of
/// two hashes are of one certificate cannot be seen.
pub(super) fn fingerprints(sections: &[(Section<'_, '_>, Transport)]) -> Result<Vec<Fingerprint>, Refusal> {
    let sets = sections.iter().flat_map(|(_, transport)| [&transport.shared, &transport.own]);
    let mut sets = sets.filter(|set| !set.is_empty());
    let first = sets.next().map_or(&[][..], Vec::as_slice);
    let one_each = first.windows(2).all(|pair| match pair {
        [one, other] => one.hash() != other.hash(),
        _ => true,
    });
    if !one_each || sets.any(|set| set != first) {
        return Err(Refusal::new(Code::SdpFingerprintMultiple, "more than one set of fingerprints"));
    }
    Ok(first.to_vec())
}

/// Checks that the live m-lines are one group, when there are several (RFC 9143, section 7).
pub(super) fn check_bundle<'s, 't: 's>(
    session: &Level<'t>,
    live: impl Iterator<Item = &'s Section<'s, 't>>,
) -> Result<(), Refusal> {
    let live: Vec<&Section<'_, '_>> = live.collect();
    if live.len() < 2 {
        return Ok(());
    }
    let members: Vec<&str> = bundle(session).unwrap_or_default();
    let mut seen: Vec<&str> = Vec::with_capacity(live.len());
    for section in live {
        let mid = mid(section).filter(|mid| members.contains(mid) && !seen.contains(mid));
        seen.push(mid.ok_or_else(|| section.refuse(Code::SdpBundle, "not in the one BUNDLE group"))?);
    }
    Ok(())
}

/// The members of the one group. Firefox 153 reads `bundle` as well, Chromium 156 does not.
fn bundle<'t>(session: &Level<'t>) -> Option<Vec<&'t str>> {
    let groups = session.values(Name::Group).map(|group| group.split_once(' ').unwrap_or((group, "")));
    let mut groups = groups.filter(|(semantics, _)| semantics.eq_ignore_ascii_case("BUNDLE"));
    let (semantics, members) = groups.next()?;
    (semantics == "BUNDLE" && groups.next().is_none()).then(|| members.split(' ').collect())
}

/// The one name of an m-line.
fn mid<'t>(section: &Section<'_, 't>) -> Option<&'t str> {
    let mut mids = section.media.level.values(Name::Mid);
    mids.next().filter(|mid| !mid.is_empty() && mids.next().is_none())
}
