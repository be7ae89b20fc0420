//! Addresses outside candidates: `o=`, `c=` and `a=rtcp`.
//!
//! Receivers with ICE send to candidates only, but these are told to the other side all the same: a
//! browser that has gathered candidates writes the address of one into `c=`. So under
//! [`IcePolicy::NoPrivate`] and [`IcePolicy::Relay`] they say nothing that a candidate could not
//! say, and are refused with its codes. Names of sessions and attributes that the rules do not read
//! can still carry an address as text: a policy cannot make a peer keep a secret of its own.

use std::collections::BTreeSet;

use crate::candidate::{Address, IcePolicy};
use crate::code::{Code, Refusal};

use super::lines::{Level, Text};

/// What browsers and libraries write to say nothing.
const NOWHERE: [&str; 4] = ["0.0.0.0", "127.0.0.1", "::", "::1"];

/// Checks all levels; `told` are the addresses of the candidates, which have passed.
pub(super) fn check(text: &Text<'_>, policy: IcePolicy, told: &BTreeSet<&str>) -> Result<(), Refusal> {
    let mut levels = std::iter::once(&text.session).chain(text.media.iter().map(|media| &media.level));
    levels.try_for_each(|level| check_level(level, policy, told))
}

fn check_level(level: &Level<'_>, policy: IcePolicy, told: &BTreeSet<&str>) -> Result<(), Refusal> {
    let unknown = |address: &&&str| !NOWHERE.contains(*address) && !told.contains(**address);
    level.addresses.iter().filter(unknown).try_for_each(|address| check_address(address, policy))
}

fn check_address(text: &str, policy: IcePolicy) -> Result<(), Refusal> {
    if policy == IcePolicy::All {
        return Ok(());
    }
    let refuse = |code| Err(Refusal::new(code, "an address in `o=`, `c=` or `a=rtcp` that no candidate has"));
    match Address::parse(text) {
        None => refuse(Code::CandidateName),
        Some(_) if policy == IcePolicy::Relay => refuse(Code::CandidateRelayOnly),
        Some(address) if address.is_private() => refuse(Code::CandidatePrivate),
        Some(_) => Ok(()),
    }
}
