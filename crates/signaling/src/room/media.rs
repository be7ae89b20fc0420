//! Consent: given, recorded, taken back, enforced.

use std::sync::Arc;

use super::peer::Stop;
use super::{Moment, Room};
use crate::code::Refusal;
use crate::consent::{Consent, Context, Decision};
use crate::grants::Kinds;
use crate::ledger::Event;
use crate::message::server;
use crate::ticket::{Access, Caller};

impl Room {
    pub(super) fn consent(
        &mut self,
        id: &Arc<str>,
        jws: &str,
        seq: u64,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let Some(peer) = self.peers.get_mut(id.as_ref()) else { return Ok(()) };
        let context = Context {
            room: &self.name,
            sub: &peer.caller.access.sub,
            sid: &peer.sid,
            notice: &self.notice.hash,
        };
        let receipt = Consent::verify(jws, &peer.caller.assertion.key, &context, moment.now())
            .map_err(|denial| denial.told())?;
        let is_grant = receipt.decision == Decision::Grant;
        peer.consents.apply(&receipt);
        let room = self.name.to_string();
        let (sub, jws) = (peer.caller.access.sub.clone(), jws.to_owned());
        let jwk = peer.caller.assertion.key.jwk().to_owned();
        let id_text = id.to_string();
        let event = if is_grant {
            Event::Consent { room, sub, id: id_text, jws, jwk }
        } else {
            Event::Revoke { room, sub, id: id_text, jws, jwk }
        };
        let (n, head) = moment.record(event);
        self.say(id, &server::consent_ack(seq, n, &head));
        if !is_grant {
            self.revoked(id, receipt.scope, moment);
        }
        Ok(())
    }

    /// A peer may not send these any more: it is told to stop, if it does, and the others are told.
    pub(super) fn revoked(&mut self, id: &Arc<str>, kinds: Kinds, moment: &Moment<'_>) {
        if !kinds.is_empty() {
            self.say_to_others(id, &server::peer_revoked(id, kinds));
        }
        self.demand_stop(id, moment);
    }

    fn demand_stop(&mut self, id: &Arc<str>, moment: &Moment<'_>) {
        let Some(peer) = self.peers.get_mut(id.as_ref()) else { return };
        let unwanted = peer.sends_without_leave();
        if unwanted.is_empty() {
            return;
        }
        // A second revocation does not give more time for the first.
        let until_ms = peer.stop.map_or(moment.now_ms + server::STOP_WITHIN, |stop| stop.until_ms);
        peer.stop = Some(Stop { kinds: unwanted, until_ms });
        self.say(id, &server::media_stop(unwanted));
    }

    /// A description was accepted: what had to be stopped may be.
    pub(super) fn lift_stop(&mut self, id: &str) {
        if let Some(peer) = self.peers.get_mut(id)
            && peer.sends_without_leave().is_empty()
        {
            peer.stop = None;
        }
    }

    /// A verified token takes the place of a peer's: its grants count from now on.
    pub fn refreshed(&mut self, id: &str, access: Access, moment: &mut Moment<'_>) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let id = Arc::clone(&peer.id);
        let before = peer.caller.access.grants.publish;
        let lost: Kinds = before.iter().filter(|kind| !access.grants.publish.contains(*kind)).collect();
        peer.caller.access = access;
        if !lost.is_empty() {
            self.revoked(&id, lost, moment);
        }
    }

    /// Who a peer is, to verify another token of it.
    pub fn caller(&self, id: &str) -> Option<&Caller> {
        self.peers.get(id).map(|peer| &peer.caller)
    }

    /// A message that was refused before it came here; `seq` as far as it was read.
    pub fn refuse_message(&mut self, id: &str, refusal: &Refusal, seq: Option<u64>, moment: &mut Moment<'_>) {
        let Some(peer) = self.peers.get(id) else { return };
        let id = Arc::clone(&peer.id);
        self.refuse(&id, refusal, seq, moment);
    }

    /// A connection is to be closed for what its peer did: too many messages, or none that can be read.
    pub fn end(&mut self, id: &str, refusal: &Refusal, moment: &mut Moment<'_>) {
        self.evict(id, refusal, moment);
    }
}
