//! Calls: who invited whom, and whether the other accepted.

use std::collections::HashMap;
use std::sync::Arc;

use crate::sdp::Role;

/// Most calls of a room: each pair of sixteen peers with eight.
const MAX_CALLS: usize = 960;

/// A call of two peers. Calls of other pairs may have the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CallKey {
    name: Arc<str>,
    /// In the order of their names.
    peers: [Arc<str>; 2],
}

impl CallKey {
    pub(super) fn new(name: &str, one: &Arc<str>, other: &Arc<str>) -> Self {
        let mut peers = [Arc::clone(one), Arc::clone(other)];
        peers.sort_unstable();
        Self { name: name.into(), peers }
    }

    pub(super) fn has(&self, peer: &str) -> bool {
        self.peers.iter().any(|one| one.as_ref() == peer)
    }
}

#[derive(Debug)]
struct Call {
    inviter: Arc<str>,
    accepted: bool,
    /// When it began, to tell the oldest.
    number: u64,
    /// Who has which role in DTLS, once an answer said so.
    active: Option<Arc<str>>,
}

/// The calls of a room.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<CallKey, Call>,
    count: u64,
}

impl Calls {
    /// `inviter` invites; a call of this name between the two begins anew.
    pub(super) fn invite(&mut self, key: CallKey, inviter: &Arc<str>) {
        if self.calls.len() >= MAX_CALLS {
            // Invitations that nobody accepted go first, the oldest before all.
            let oldest = self.calls.iter().min_by_key(|(_, call)| (call.accepted, call.number));
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.calls.remove(&oldest);
            }
        }
        self.count += 1;
        let inviter = Arc::clone(inviter);
        self.calls.insert(key, Call { inviter, accepted: false, number: self.count, active: None });
    }

    /// `peer` accepts; whether there was an invitation for it.
    pub(super) fn accept(&mut self, key: &CallKey, peer: &str) -> bool {
        match self.calls.get_mut(key) {
            Some(call) if call.inviter.as_ref() != peer => {
                call.accepted = true;
                true
            }
            _ => false,
        }
    }

    /// It is over; whether there was one.
    pub(super) fn end(&mut self, key: &CallKey) -> bool {
        self.calls.remove(key).is_some()
    }

    pub(super) fn is_accepted(&self, key: &CallKey) -> bool {
        self.calls.get(key).is_some_and(|call| call.accepted)
    }

    /// The role of a peer in the association that stands, if one does.
    pub(super) fn role(&self, key: &CallKey, peer: &str) -> Option<Role> {
        let active = self.calls.get(key)?.active.as_deref()?;
        Some(if active == peer { Role::Active } else { Role::Passive })
    }

    /// An answer says who has which role.
    pub(super) fn answered(&mut self, key: &CallKey, (answerer, other): (&Arc<str>, &Arc<str>), role: Role) {
        if let Some(call) = self.calls.get_mut(key) {
            call.active = Some(Arc::clone(if role == Role::Active { answerer } else { other }));
        }
    }

    /// Those of a peer that is gone.
    pub(super) fn remove_of(&mut self, peer: &str) {
        self.calls.retain(|key, _| !key.has(peer));
    }
}
