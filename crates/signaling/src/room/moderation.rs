//! What moderators do: `kick`, `lock`, `unlock`, `mute`.

use std::sync::Arc;

use super::{MAX_BANNED, Moment, Room};
use crate::code::{Code, Refusal};
use crate::grants::Kind;
use crate::ledger::Event;

impl Room {
    fn moderates(&self, id: &str) -> Result<String, Refusal> {
        let peer = self.peers.get(id).filter(|peer| peer.caller.access.grants.duties.moderate);
        let peer = peer.ok_or_else(|| Refusal::new(Code::Grant, "moderate"))?;
        Ok(peer.caller.access.sub.clone())
    }

    pub(super) fn lock(
        &mut self,
        id: &Arc<str>,
        locked: bool,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let sub = self.moderates(id)?;
        self.locked = locked;
        let room = self.name.to_string();
        let event = if locked { Event::Lock { room, sub } } else { Event::Unlock { room, sub } };
        moment.record(event);
        Ok(())
    }

    /// Removes a peer, and keeps its user out until the token that it came with runs out.
    pub(super) fn kick(
        &mut self,
        id: &Arc<str>,
        to: &Arc<str>,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let by = self.moderates(id)?;
        let Some(other) = self.peers.get(to.as_ref()) else { return Ok(()) };
        let (sub, until) = (other.caller.access.sub.clone(), other.caller.access.exp);
        moment.record(Event::Kick { room: self.name.to_string(), sub: sub.clone(), id: to.to_string(), by });
        if self.banned.len() >= MAX_BANNED {
            let first = self.banned.iter().enumerate().min_by_key(|(_, (_, until))| *until).map(|(at, _)| at);
            if let Some(first) = first {
                self.banned.swap_remove(first);
            }
        }
        self.banned.push((sub.clone(), until));
        // The same user may be here more than once.
        let same: Vec<Arc<str>> = self
            .peers
            .values()
            .filter(|peer| peer.caller.access.sub == sub)
            .map(|peer| Arc::clone(&peer.id))
            .collect();
        let refusal = Refusal::new(Code::Kicked, "a moderator removed this user");
        for id in &same {
            self.evict(id, &refusal, moment);
        }
        Ok(())
    }

    /// Takes back a peer's consent for it: it has to stop, and to consent again.
    pub(super) fn mute(
        &mut self,
        id: &Arc<str>,
        to: &Arc<str>,
        scope: &[Kind],
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let by = self.moderates(id)?;
        let kinds = scope.iter().copied().collect();
        let Some(other) = self.peers.get_mut(to.as_ref()) else { return Ok(()) };
        other.consents.revoke(kinds, false);
        moment.record(Event::Mute {
            room: self.name.to_string(),
            sub: other.caller.access.sub.clone(),
            id: to.to_string(),
            by,
            scope: kinds,
        });
        self.revoked(to, kinds, moment);
        Ok(())
    }
}
