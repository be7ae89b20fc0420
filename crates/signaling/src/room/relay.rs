//! What peers say to each other: invitations, descriptions, candidates.

use std::sync::Arc;

use super::call::CallKey;
use super::effect::Effect;
use super::{Moment, Room};
use crate::code::{Code, Refusal};
use crate::message::{Body, DescriptionKind, server};
use crate::sdp::{self, SdpKind, SdpRules};
use crate::{binding, candidate};

impl Room {
    pub(super) fn relay(
        &mut self,
        id: &Arc<str>,
        to: &Arc<str>,
        (text, seq, body): (&str, u64, &Body<'_>),
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        match body {
            Body::Invite { call, .. } => self.calls.invite(CallKey::new(call, id, to), id),
            Body::Accept { call, .. } => self.accept(id, &CallKey::new(call, id, to), moment)?,
            Body::Decline { call, .. } => {
                let key = CallKey::new(call, id, to);
                if !self.calls.end(&key) {
                    return Err(Refusal::new(Code::NoCall, "there is no such call"));
                }
                for peer in [id, to] {
                    if let Some(peer) = self.peers.get_mut(peer.as_ref()) {
                        peer.sends(key.clone(), crate::grants::Kinds::NONE);
                    }
                    self.lift_stop(peer);
                }
            }
            Body::Ice { call, cand, .. } => {
                self.accepted(&CallKey::new(call, id, to))?;
                candidate::check_candidate(cand, self.ice(id, to))?;
            }
            Body::Sdp { call, kind, sdp, bind, .. } => {
                self.describe(&CallKey::new(call, id, to), (id, to), (*kind, sdp), bind.as_deref())?;
            }
            _ => {}
        }
        self.deliver(id, to, (text, seq), moment);
        Ok(())
    }

    fn accept(&mut self, id: &Arc<str>, key: &CallKey, moment: &mut Moment<'_>) -> Result<(), Refusal> {
        if !self.calls.accept(key, id) {
            return Err(Refusal::new(Code::NoCall, "nobody invited to this call"));
        }
        if let Some(peer) = self.peers.get(id.as_ref()) {
            moment.record(crate::ledger::Event::Accept {
                room: self.name.to_string(),
                sub: peer.caller.access.sub.clone(),
                id: id.to_string(),
            });
        }
        Ok(())
    }

    /// Nothing of a call passes before the invited side accepted.
    fn accepted(&self, key: &CallKey) -> Result<(), Refusal> {
        if self.calls.is_accepted(key) {
            return Ok(());
        }
        Err(Refusal::new(Code::NotAccepted, "the call was not accepted"))
    }

    /// The stricter policy of both.
    fn ice(&self, id: &str, to: &str) -> crate::IcePolicy {
        let of = |id: &str| self.peers.get(id).map_or(crate::IcePolicy::Relay, |peer| peer.caller.access.ice);
        of(id).stricter(of(to))
    }

    fn describe(
        &mut self,
        key: &CallKey,
        (id, to): (&Arc<str>, &Arc<str>),
        (kind, sdp): (DescriptionKind, &str),
        bind: Option<&str>,
    ) -> Result<(), Refusal> {
        self.accepted(key)?;
        let bind = bind.ok_or_else(|| Refusal::new(Code::NoBind, "`bind` is missing"))?;
        let Some(peer) = self.peers.get(id.as_ref()) else { return Ok(()) };
        let rules = SdpRules {
            kind: if kind == DescriptionKind::Offer { SdpKind::Offer } else { SdpKind::Answer },
            grants: peer.caller.access.grants,
            consented: peer.consents.kinds(),
            max_bps: peer.caller.access.max_bps,
            ice: self.ice(id, to),
            established: self.calls.role(key, id),
        };
        let description = sdp::check(sdp, &rules)?;
        let fingerprints = description.fingerprints.iter().map(|one| (one.hash().as_str(), one.digest()));
        binding::check_bind(bind, fingerprints, &peer.caller.access)?;
        if kind == DescriptionKind::Answer
            && let Some(role) = description.role()
        {
            self.calls.answered(key, (id, to), role);
        }
        if let Some(peer) = self.peers.get_mut(id.as_ref()) {
            peer.sends(key.clone(), description.sends);
        }
        self.lift_stop(id);
        Ok(())
    }

    fn deliver(&mut self, id: &Arc<str>, to: &Arc<str>, (text, seq): (&str, u64), moment: &mut Moment<'_>) {
        let Some(peer) = self.peers.get_mut(to.as_ref()) else { return };
        let text: Arc<str> = server::relayed(text, id).into();
        let nothing_lost = peer.keep(id, seq, &text, moment.now_ms);
        if let Some(connection) = peer.connection() {
            self.effects.push(Effect::Send(connection, text));
        } else if !nothing_lost {
            // What it would have to get is more than is kept: its session cannot go on without a gap.
            let lost = Refusal::new(Code::Slow, "more messages came than are kept");
            self.evict(to, &lost, moment);
        }
    }
}
