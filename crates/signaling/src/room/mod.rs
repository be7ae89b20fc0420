//! Rooms: who is in, what they may do, what they say to each other.
//!
//! A room does no I/O: it is given what happens, and says what is to be done ([`Effect`]), in
//! order. What leaves a room was checked: a message of a peer changes nothing of what another may
//! do, but for moderators.

mod call;
mod effect;
mod entry;
mod media;
mod moderation;
mod peer;
mod relay;

use std::collections::BTreeMap;
use std::sync::Arc;

use corsac_credentials::Timestamp;
use serde_json::Value;

use crate::code::{Code, Refusal};
use crate::ledger::Event;
use crate::message::{Body, ClientMessage, server};
use call::Calls;
pub use effect::{Connection, Effect, Journal, Moment};
pub use entry::{Entrance, Names};
use peer::{MAX_REFUSALS, Peer, Presence};

/// Most peers of a room: each sends to each other.
pub const MAX_PEERS: usize = 16;

/// Most subjects that are kept out of a room; the first to come again goes first.
const MAX_BANNED: usize = 1_024;

/// What a server tells all its peers.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What users are asked when they consent.
    pub text: Arc<str>,
    /// Its SHA-256, base64url.
    pub hash: Arc<str>,
}

/// A room.
#[derive(Debug)]
pub struct Room {
    name: Arc<str>,
    notice: Notice,
    /// Each in a place of its own: a node of the map has room for eleven.
    peers: BTreeMap<Arc<str>, Box<Peer>>,
    /// Who closed the connection, and may yet resume.
    departed: Vec<Peer>,
    calls: Calls,
    locked: bool,
    /// Who was removed, and until when.
    banned: Vec<(String, Timestamp)>,
    effects: Vec<Effect>,
}

impl Room {
    /// An empty room.
    pub fn new(name: Arc<str>, notice: Notice) -> Self {
        Self {
            name,
            notice,
            peers: BTreeMap::new(),
            departed: Vec::new(),
            calls: Calls::default(),
            locked: false,
            banned: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// Whether nothing of it is left to be remembered.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.peers.is_empty()
            && self.departed.is_empty()
            && self.banned.iter().all(|(_, until)| *until <= now)
    }

    /// What is to be done since it was asked last.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Handles a message of a peer; `text` is what it was read from. Returns whether nothing was refused.
    pub fn handle(
        &mut self,
        id: &str,
        text: &str,
        message: &ClientMessage<'_>,
        moment: &mut Moment<'_>,
    ) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        let own = Arc::clone(&peer.id);
        let answered = self.answer(&own, text, message, moment);
        if let Err(refusal) = &answered {
            self.refuse(&own, refusal, Some(message.seq), moment);
        }
        answered.is_ok()
    }

    fn answer(
        &mut self,
        id: &Arc<str>,
        text: &str,
        message: &ClientMessage<'_>,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        let to = match message.body.to() {
            None => None,
            Some(to) => {
                let other = self.peers.get(to).filter(|other| other.id != *id);
                let other = other.ok_or_else(|| Refusal::new(Code::NoPeer, "`to` is not in the room"))?;
                Some(Arc::clone(&other.id))
            }
        };
        let peer = self.peers.get_mut(id.as_ref());
        if !peer.is_some_and(|peer| peer.take_number(to.as_ref(), message.seq)) {
            return Err(Refusal::new(Code::Replay, "`seq` is not above the last for this destination"));
        }
        match (&message.body, to) {
            (Body::Ping, _) => self.say(id, &server::pong(moment.now_ms)),
            (Body::Consent { jws }, _) => self.consent(id, jws, message.seq, moment)?,
            (Body::Lock, _) => self.lock(id, true, moment)?,
            (Body::Unlock, _) => self.lock(id, false, moment)?,
            // A token is verified before it comes here.
            (Body::TokenRefresh { .. }, _) | (_, None) => {}
            (Body::Kick { .. }, Some(to)) => self.kick(id, &to, moment)?,
            (Body::Mute { scope, .. }, Some(to)) => self.mute(id, &to, scope, moment)?,
            (body, Some(to)) => self.relay(id, &to, (text, message.seq, body), moment)?,
        }
        Ok(())
    }

    /// Tells a peer why something was refused.
    fn refuse(&mut self, id: &Arc<str>, refusal: &Refusal, reference: Option<u64>, moment: &mut Moment<'_>) {
        if refusal.code.close().is_some() {
            return self.evict(id, refusal, moment);
        }
        self.say(id, &server::error(refusal, reference));
        let Some(peer) = self.peers.get_mut(id.as_ref()) else { return };
        peer.refusals = peer.refusals.saturating_add(1);
        if peer.refusals <= MAX_REFUSALS {
            let event = Event::Refusal {
                room: self.name.to_string(),
                sub: peer.caller.access.sub.clone(),
                id: id.to_string(),
                code: refusal.code.as_str().to_owned(),
            };
            moment.record(event);
        }
    }

    /// A message of the server; it is kept for a peer that is away.
    fn say(&mut self, id: &str, text: &str) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let text: Arc<str> = text.into();
        match peer.presence {
            Presence::Here(connection) => self.effects.push(Effect::Send(connection, text)),
            Presence::Away { since_ms } => {
                peer.keep(&Arc::from(""), 0, &text, since_ms);
            }
        }
    }

    /// The same to all but one.
    fn say_to_others(&mut self, id: &str, text: &str) {
        let others: Vec<Arc<str>> = self.peers.keys().filter(|other| other.as_ref() != id).cloned().collect();
        for other in &others {
            self.say(other, text);
        }
    }

    /// Ends a peer's session.
    fn evict(&mut self, id: &str, refusal: &Refusal, moment: &mut Moment<'_>) {
        let Some(peer) = self.peers.get(id) else { return };
        if let Some(connection) = peer.connection() {
            self.effects.push(Effect::Close(connection, refusal.clone()));
        }
        if let Some(user) = &peer.turn_user {
            self.effects.push(Effect::DeleteTurn(Arc::clone(user)));
        }
        let event = Event::Eviction {
            room: self.name.to_string(),
            sub: peer.caller.access.sub.clone(),
            id: id.to_owned(),
            code: refusal.code.as_str().to_owned(),
        };
        moment.record(event);
        if let Some(peer) = self.leave(id, moment) {
            self.effects.push(Effect::Forget(peer.sid));
        }
    }

    /// Takes a peer out and tells the others.
    fn leave(&mut self, id: &str, moment: &mut Moment<'_>) -> Option<Peer> {
        let peer = *self.peers.remove(id)?;
        self.calls.remove_of(id);
        self.peers.values_mut().for_each(|other| other.forget(id));
        self.say_to_others(id, &server::peer_left(id));
        let event = Event::Leave {
            room: self.name.to_string(),
            sub: peer.caller.access.sub.clone(),
            id: id.to_owned(),
            refused: peer.refusals,
        };
        moment.record(event);
        // An empty room is nobody's: who comes next need not find it locked.
        self.locked &= !self.peers.is_empty();
        Some(peer)
    }

    /// What is due: sessions that nobody resumed, tokens that ran out, media that was not stopped.
    pub fn tick(&mut self, moment: &mut Moment<'_>) {
        let now_ms = moment.now_ms;
        let now = moment.now();
        let is_over = |peer: &Peer| peer.until_ms().is_some_and(|until| until <= now_ms);
        let gone: Vec<Arc<str>> =
            self.departed.iter().filter(|peer| is_over(peer)).map(|peer| Arc::clone(&peer.sid)).collect();
        self.departed.retain(|peer| !is_over(peer));
        self.effects.extend(gone.into_iter().map(Effect::Forget));
        self.banned.retain(|(_, until)| *until > now);
        let due: Vec<(Arc<str>, Option<Refusal>)> = self
            .peers
            .values()
            .filter_map(|peer| {
                let refusal = if peer.caller.access.exp <= now {
                    Some(Refusal::new(Code::Token, "the token ran out"))
                } else if peer.stop.is_some_and(|stop| stop.until_ms <= now_ms) {
                    Some(Refusal::new(Code::ConsentRevoked, "revoked media was not stopped"))
                } else {
                    is_over(peer).then_some(())?;
                    None
                };
                Some((Arc::clone(&peer.id), refusal))
            })
            .collect();
        for (id, refusal) in due {
            match refusal {
                Some(refusal) => self.evict(&id, &refusal, moment),
                None => {
                    if let Some(peer) = self.leave(&id, moment) {
                        self.effects.push(Effect::Forget(peer.sid));
                    }
                }
            }
        }
    }

    /// When [`Room::tick`] is due, in milliseconds since the epoch.
    pub fn due_ms(&self) -> Option<u64> {
        let of = |peer: &Peer| {
            let ends = [peer.until_ms(), peer.stop.map(|stop| stop.until_ms)];
            let expiry = peer.caller.access.exp.as_secs().saturating_mul(1_000);
            ends.into_iter().flatten().fold(expiry, u64::min)
        };
        let bans = self.banned.iter().map(|(_, until)| until.as_secs().saturating_mul(1_000));
        let departed = self.departed.iter().filter_map(Peer::until_ms);
        self.peers.values().map(Box::as_ref).map(of).chain(departed).chain(bans).min()
    }

    /// The server shuts down: all are told to come again, elsewhere.
    pub fn drain(&mut self, moment: &mut Moment<'_>) {
        let refusal = Refusal::new(Code::Drain, "the server shuts down: connect again");
        for peer in self.peers.values_mut() {
            if let Presence::Here(connection) = peer.presence {
                self.effects.push(Effect::Close(connection, refusal.clone()));
                peer.presence = Presence::Away { since_ms: moment.now_ms };
            }
        }
    }
}

/// What `welcome` says of TURN.
pub(crate) fn turn_member(turn: Option<&crate::turn::Credentials>) -> Value {
    turn.map_or(Value::Null, |turn| {
        serde_json::json!({
            "urls": turn.urls,
            "username": turn.username.as_ref(),
            "credential": turn.credential.expose(),
            "ttl": turn.ttl_s,
        })
    })
}
