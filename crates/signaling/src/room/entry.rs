//! Coming in, going away, coming back.

use std::sync::Arc;

use super::effect::{Connection, Effect};
use super::peer::{Peer, Presence};
use super::{MAX_PEERS, Moment, Room};
use crate::code::{Code, Refusal};
use crate::ledger::Event;
use crate::message::{Seen, server};
use crate::ticket::Caller;

/// The names of a session, made of random bytes.
#[derive(Clone, Debug)]
pub struct Names {
    /// The connection's: others know the peer by it.
    pub id: Arc<str>,
    /// The session's: only the peer knows it.
    pub sid: Arc<str>,
}

/// What a peer gets that comes in.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// Where it comes in.
    pub connection: Connection,
    /// A ticket, made of random bytes.
    pub ticket: Arc<str>,
    /// Its SHA-256.
    pub ticket_hash: [u8; 32],
    /// What it is given for a TURN server.
    pub turn: Option<crate::turn::Credentials>,
}

impl Room {
    /// A caller with a verified token comes in.
    ///
    /// # Errors
    ///
    /// `E_KICKED` for who was removed, `E_ROOM_FULL`, `E_LOCKED`; nothing has changed then.
    pub fn join(
        &mut self,
        names: Names,
        caller: Caller,
        entrance: &Entrance,
        moment: &mut Moment<'_>,
    ) -> Result<(), Refusal> {
        self.admits(&caller, moment)?;
        let id = Arc::clone(&names.id);
        let mut peer = Peer::new([names.id, names.sid], caller, entrance.connection);
        peer.ticket = entrance.ticket_hash;
        peer.turn_user = entrance.turn.as_ref().map(|turn| Arc::clone(&turn.username));
        let event = Event::Join {
            room: self.name.to_string(),
            sub: peer.caller.access.sub.clone(),
            id: id.to_string(),
            jti: peer.caller.access.jti.clone(),
        };
        moment.record(event);
        self.enter(peer, entrance);
        Ok(())
    }

    /// Whether a caller may come in now.
    fn admits(&self, caller: &Caller, moment: &Moment<'_>) -> Result<(), Refusal> {
        let now = moment.now();
        if self.banned.iter().any(|(sub, until)| *sub == caller.access.sub && *until > now) {
            return Err(Refusal::new(Code::Kicked, "a moderator removed this user"));
        }
        if self.peers.len() >= MAX_PEERS {
            return Err(Refusal::new(Code::RoomFull, "the room has sixteen peers"));
        }
        if self.locked {
            return Err(Refusal::new(Code::Locked, "the room is locked"));
        }
        Ok(())
    }

    fn enter(&mut self, peer: Peer, entrance: &Entrance) {
        let id = Arc::clone(&peer.id);
        let text = server::peer_joined(&id, &peer.caller.assertion.text);
        self.peers.insert(Arc::clone(&id), Box::new(peer));
        self.welcome(&id, entrance);
        self.say_to_others(&id, &text);
    }

    fn welcome(&mut self, id: &str, entrance: &Entrance) {
        let Some(peer) = self.peers.get(id) else { return };
        let others = self.peers.values().filter(|other| other.id.as_ref() != id);
        let text = server::Welcome {
            you: id,
            sid: &peer.sid,
            ticket: &entrance.ticket,
            peers: others.map(|other| (other.id.as_ref(), other.caller.assertion.text.as_ref())).collect(),
            grants: peer.caller.access.grants,
            ice: peer.caller.access.ice.as_str(),
            turn: super::turn_member(entrance.turn.as_ref()),
            notice: (&self.notice.text, &self.notice.hash),
        }
        .text();
        self.effects.push(Effect::Send(entrance.connection, text.into()));
    }

    /// A connection is gone. Who closed it has left, and may yet come back; who lost it is away.
    pub fn disconnected(&mut self, id: &str, connection: Connection, closed: bool, moment: &mut Moment<'_>) {
        let is_current = |peer: &&mut Box<Peer>| peer.presence == Presence::Here(connection);
        let Some(peer) = self.peers.get_mut(id).filter(is_current) else { return };
        peer.presence = Presence::Away { since_ms: moment.now_ms };
        if closed && let Some(peer) = self.leave(id, moment) {
            self.departed.push(peer);
        }
    }

    /// The caller of a session that may be resumed, to hold a proof of possession against.
    pub fn resumable(&self, sid: &str, ticket_hash: &[u8; 32]) -> Option<&Caller> {
        let all = self.peers.values().map(Box::as_ref).chain(&self.departed);
        let mut found = all.filter(|peer| peer.sid.as_ref() == sid && peer.ticket == *ticket_hash);
        found.next().map(|peer| &peer.caller)
    }

    /// A session goes on at another connection; its ticket and proof were verified. Returns the
    /// peer's name.
    ///
    /// # Errors
    ///
    /// Those of [`Room::join`] for who had left, and `E_TOKEN` where the session or its token is over.
    pub fn resume(
        &mut self,
        sid: &str,
        entrance: &Entrance,
        seen: &Seen<'_>,
        moment: &mut Moment<'_>,
    ) -> Result<Arc<str>, Refusal> {
        let over = || Refusal::new(Code::Token, "");
        let is_alive = |peer: &Peer| {
            let in_time = peer.until_ms().is_none_or(|until| until > moment.now_ms);
            peer.sid.as_ref() == sid && in_time && peer.caller.access.exp > moment.now()
        };
        if let Some(at) = self.departed.iter().position(is_alive) {
            self.admits(&self.departed.get(at).ok_or_else(over)?.caller, moment)?;
            let mut peer = self.departed.swap_remove(at);
            peer.renew(entrance);
            let id = Arc::clone(&peer.id);
            self.enter(peer, entrance);
            return Ok(id);
        }
        let id = self.peers.values().find(|peer| is_alive(peer)).map(|peer| Arc::clone(&peer.id));
        let id = id.ok_or_else(over)?;
        let Some(peer) = self.peers.get_mut(&id) else { return Err(over()) };
        if let Some(connection) = peer.connection() {
            let elsewhere = Refusal::new(Code::Superseded, "the session goes on at another connection");
            self.effects.push(Effect::Close(connection, elsewhere));
        }
        peer.renew(entrance);
        let missed = peer.missed(seen);
        let stop = peer.stop;
        self.welcome(&id, entrance);
        let connection = entrance.connection;
        self.effects.extend(missed.into_iter().map(|text| Effect::Send(connection, text)));
        if let Some(stop) = stop {
            self.effects.push(Effect::Send(connection, server::media_stop(stop.kinds).into()));
        }
        Ok(id)
    }
}

impl Peer {
    /// It has another connection, and another ticket: each opens once.
    fn renew(&mut self, entrance: &Entrance) {
        self.presence = Presence::Here(entrance.connection);
        self.ticket = entrance.ticket_hash;
        if let Some(turn) = &entrance.turn {
            self.turn_user = Some(Arc::clone(&turn.username));
        }
    }
}
