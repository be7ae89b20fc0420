//! What the server sends.

use serde_json::{Value, json};

use super::MAX_MESSAGE;
use crate::code::Refusal;
use crate::grants::{Grants, Kinds};

/// Messages a second, on average.
pub(crate) const RATE: u32 = 50;

/// Messages at once.
pub(crate) const BURST: u32 = 100;

/// Milliseconds in which revoked media is to be stopped.
pub(crate) const STOP_WITHIN: u64 = 3_000;

/// Seconds in which a session may be resumed.
pub(crate) const RESUME_WITHIN: u64 = 30;

/// The first message of a connection.
#[cfg(feature = "service")]
pub(crate) fn challenge(nonce: &str, now_ms: u64) -> String {
    json!({"t": "challenge", "v": 1, "nonce": nonce, "ts": now_ms}).to_string()
}

/// What a session is told at its start and after it resumed.
#[derive(Debug)]
pub(crate) struct Welcome<'a> {
    pub(crate) you: &'a str,
    pub(crate) sid: &'a str,
    pub(crate) ticket: &'a str,
    /// The others: their names and assertions.
    pub(crate) peers: Vec<(&'a str, &'a str)>,
    pub(crate) grants: Grants,
    pub(crate) ice: &'a str,
    /// `null` where there is no TURN server.
    pub(crate) turn: Value,
    /// The consent text that users are shown, and its hash.
    pub(crate) notice: (&'a str, &'a str),
}

impl Welcome<'_> {
    pub(crate) fn text(&self) -> String {
        let peers = self.peers.iter().map(|(id, assertion)| json!({"id": id, "assertion": assertion}));
        json!({
            "t": "welcome",
            "you": self.you,
            "sid": self.sid,
            "resume": {"ticket": self.ticket, "window_s": RESUME_WITHIN},
            "peers": peers.collect::<Vec<_>>(),
            "grants": grants(self.grants),
            "ice": self.ice,
            "turn": self.turn,
            "limits": {"msg": MAX_MESSAGE, "rate": RATE, "burst": BURST},
            "notice": {"text": self.notice.0, "hash": self.notice.1},
        })
        .to_string()
    }
}

fn grants(grants: Grants) -> Value {
    let publish = scope(grants.publish);
    json!({"pub": publish, "sub": grants.subscribe, "mod": grants.duties.moderate, "rec": grants.duties.record})
}

fn scope(kinds: Kinds) -> Vec<&'static str> {
    kinds.iter().map(crate::grants::Kind::as_str).collect()
}

pub(crate) fn peer_joined(id: &str, assertion: &str) -> String {
    json!({"t": "peer.joined", "id": id, "assertion": assertion}).to_string()
}

pub(crate) fn peer_left(id: &str) -> String {
    json!({"t": "peer.left", "id": id}).to_string()
}

pub(crate) fn peer_revoked(id: &str, kinds: Kinds) -> String {
    json!({"t": "peer.revoked", "id": id, "scope": scope(kinds)}).to_string()
}

pub(crate) fn media_stop(kinds: Kinds) -> String {
    json!({"t": "media.stop", "scope": scope(kinds), "deadline_ms": STOP_WITHIN}).to_string()
}

/// `reference`: the `seq` of what it answers.
pub(crate) fn consent_ack(reference: u64, n: u64, head: &str) -> String {
    json!({"t": "consent.ack", "ref": reference, "n": n, "head": head}).to_string()
}

pub(crate) fn pong(now_ms: u64) -> String {
    json!({"t": "pong", "ts": now_ms}).to_string()
}

/// An error; `reference` is the `seq` of the message that it is about.
pub(crate) fn error(refusal: &Refusal, reference: Option<u64>) -> String {
    let mut error = json!({"t": "error", "code": refusal.code.as_str(), "detail": refusal.detail});
    if let (Some(reference), Some(members)) = (reference, error.as_object_mut()) {
        members.insert("ref".to_owned(), reference.into());
    }
    error.to_string()
}

/// A message of a peer as others get it: unchanged, with its sender before the rest.
///
/// `text` is an object that has members, and none is `from`: it was parsed before.
pub(crate) fn relayed(text: &str, from: &str) -> String {
    let members = text.trim_start().strip_prefix('{').unwrap_or_default();
    let mut relayed = String::with_capacity(text.len() + from.len() + 10);
    relayed.push_str("{\"from\":\"");
    // Names of peers are base64url: nothing in them needs an escape.
    relayed.push_str(from);
    relayed.push_str("\",");
    relayed.push_str(members);
    relayed
}

#[cfg(test)]
mod tests {
    use super::{error, relayed};
    use crate::code::{Code, Refusal};

    #[test]
    fn what_is_relayed_is_unchanged_but_for_its_sender() {
        let text = " {\"t\":\"ice\", \"seq\":1}";
        assert_eq!(relayed(text, "abc"), "{\"from\":\"abc\",\"t\":\"ice\", \"seq\":1}");
        let read: serde_json::Value = serde_json::from_str(&relayed(text, "abc")).unwrap();
        assert_eq!(read, serde_json::json!({"from": "abc", "t": "ice", "seq": 1}));
    }

    #[test]
    fn an_error_names_the_message_that_it_is_about() {
        let refusal = Refusal::new(Code::Grant, "publish audio");
        let told: serde_json::Value = serde_json::from_str(&error(&refusal, Some(7))).unwrap();
        let expected =
            serde_json::json!({"t": "error", "code": "E_GRANT", "detail": "publish audio", "ref": 7});
        assert_eq!(told, expected);
        let alone: serde_json::Value = serde_json::from_str(&error(&refusal, None)).unwrap();
        assert!(alone.get("ref").is_none());
    }
}
