//! A peer that follows the protocol, as far as a test wants it to.

use corsac_signaling::Digest;
use serde_json::{Value, json};

use crate::client::{Client, Got, Kind};
use crate::minting::{Signer, b64};
use crate::world::{AUDIENCE, World};

pub(crate) const OFFER: &str = include_str!("../../sdp/fixtures/chromium-audio-offer.sdp");

pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) signer: Signer,
    pub(crate) sub: String,
    pub(crate) token: String,
    pub(crate) welcome: Value,
    pub(crate) seq: u64,
}

/// A `hello` before it is sent, to be spoilt.
pub(crate) struct Hello {
    pub(crate) client: Client,
    pub(crate) signer: Signer,
    pub(crate) sub: String,
    pub(crate) nonce: String,
    pub(crate) access: Value,
    pub(crate) assertion: String,
    /// Signs the proof.
    pub(crate) prover: Option<Signer>,
    pub(crate) pop: Value,
}

pub(crate) async fn challenged(world: &World, kind: Kind) -> (Client, String) {
    let mut client = Client::connect(world, kind).await;
    let Got::Json(challenge) = client.receive().await else { panic!("no challenge") };
    assert_eq!((&challenge["t"], &challenge["v"]), (&json!("challenge"), &json!(1)));
    assert!(challenge["ts"].as_u64().unwrap().abs_diff(world.clock.now_ms()) < 20_000);
    let nonce = challenge["nonce"].as_str().unwrap().to_owned();
    assert_eq!(nonce.len(), 43);
    (client, nonce)
}

pub(crate) fn proof(world: &World, nonce: &str, token: &str) -> Value {
    let ath = Digest::of(token.as_bytes()).to_string();
    json!({"nonce": nonce, "aud": AUDIENCE, "ath": ath, "iat": world.now()})
}

impl Hello {
    pub(crate) async fn new(world: &World, kind: Kind, sub: &str) -> Self {
        let (client, nonce) = challenged(world, kind).await;
        let signer = Signer::new();
        let access = world.access_claims(&signer, sub);
        let assertion = world.assertion(&signer, sub);
        Self { client, signer, sub: sub.to_owned(), nonce, access, assertion, prover: None, pop: json!({}) }
    }

    /// Sends it, and gives what comes back.
    pub(crate) async fn send(mut self, world: &World) -> (Peer, Got) {
        let token = world.issuer.sign("corsac-access+jwt", &self.access);
        let mut pop = proof(world, &self.nonce, &token);
        for (name, value) in self.pop.as_object().unwrap() {
            pop[name] = value.clone();
        }
        let pop = self.prover.as_ref().unwrap_or(&self.signer).sign("corsac-pop+jwt", &pop);
        let hello = json!({"t": "hello", "v": 1, "token": token, "assertion": self.assertion, "pop": pop});
        self.client.send(&hello.to_string()).await;
        let got = self.client.receive().await;
        let welcome = if let Got::Json(welcome) = &got { welcome.clone() } else { Value::Null };
        let Self { client, signer, sub, .. } = self;
        (Peer { client, signer, sub, token, welcome, seq: 0 }, got)
    }
}

impl Peer {
    pub(crate) async fn join(world: &World, kind: Kind, sub: &str) -> Self {
        Self::join_with(world, kind, sub, |_| {}).await
    }

    pub(crate) async fn join_with(
        world: &World,
        kind: Kind,
        sub: &str,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let mut hello = Hello::new(world, kind, sub).await;
        change(&mut hello.access);
        let (peer, got) = hello.send(world).await;
        assert_eq!(peer.welcome["t"], "welcome", "{got:?}");
        peer
    }

    pub(crate) fn id(&self) -> String {
        self.welcome["you"].as_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        self.welcome.pointer(path).and_then(Value::as_str).unwrap().to_owned()
    }

    /// Sends a message with the next number.
    pub(crate) async fn say(&mut self, mut message: Value) -> u64 {
        self.seq += 1;
        message["seq"] = self.seq.into();
        self.client.send(&message.to_string()).await;
        self.seq
    }

    pub(crate) async fn hear(&mut self) -> Value {
        match self.client.receive().await {
            Got::Json(message) => message,
            other => panic!("{} hears {other:?}", self.sub),
        }
    }

    /// The next message, which is of this type.
    pub(crate) async fn hears(&mut self, t: &str) -> Value {
        let message = self.hear().await;
        assert_eq!(message["t"], t, "{} hears {message}", self.sub);
        message
    }

    /// Whether everything before was handled, and nothing else was said.
    pub(crate) async fn quiet(&mut self) {
        self.say(json!({"t": "ping"})).await;
        self.hears("pong").await;
    }

    /// An error about the last message, and no end.
    pub(crate) async fn refused(&mut self, code: &str) -> Value {
        let error = self.hears("error").await;
        assert_eq!((error["code"].as_str(), error["ref"].as_u64()), (Some(code), Some(self.seq)), "{error}");
        error
    }

    /// An error, and the end of the connection.
    pub(crate) async fn ended(&mut self, code: &str, close: u32) {
        ended(&mut self.client, code, close).await;
    }

    pub(crate) fn consent(&self, scope: &[&str], decision: &str, iat: u64) -> Value {
        let claims = json!({
            "v": 1, "room": "r1", "sub": self.sub, "sid": self.text("/sid"), "scope": scope, "decision": decision,
            "purpose": "call", "notice": self.text("/notice/hash"), "iat": iat,
        });
        json!({"t": "consent", "jws": self.signer.sign("corsac-consent+jwt", &claims)})
    }

    /// Consents, and is told so.
    pub(crate) async fn consents(&mut self, world: &World, scope: &[&str], decision: &str) -> Value {
        let message = self.consent(scope, decision, world.now());
        let seq = self.say(message).await;
        let ack = self.hears("consent.ack").await;
        assert_eq!(ack["ref"], seq);
        ack
    }

    /// Takes a session up again.
    pub(crate) async fn resume(&self, world: &World, kind: Kind, last_seq: Value) -> (Client, Got) {
        self.resume_as(world, kind, last_seq, &self.signer).await
    }

    pub(crate) async fn resume_as(
        &self,
        world: &World,
        kind: Kind,
        last_seq: Value,
        signer: &Signer,
    ) -> (Client, Got) {
        let (mut client, nonce) = challenged(world, kind).await;
        let pop = signer.sign("corsac-pop+jwt", &proof(world, &nonce, &self.token));
        let resume = json!({
            "t": "resume", "sid": self.text("/sid"), "ticket": self.text("/resume/ticket"), "pop": pop,
            "last_seq": last_seq,
        });
        client.send(&resume.to_string()).await;
        let got = client.receive().await;
        (client, got)
    }
}

pub(crate) async fn ended(client: &mut Client, code: &str, close: u32) {
    let told = client.receive().await;
    let Got::Json(error) = &told else { panic!("{told:?}") };
    assert_eq!((error["t"].as_str(), error["code"].as_str()), (Some("error"), Some(code)), "{error}");
    assert_eq!(client.receive().await, Got::Closed(close), "{code}");
}

/// An invitation from one to the other, accepted.
pub(crate) async fn call(one: &mut Peer, other: &mut Peer) {
    let commit = Digest::of(b"ni").to_string();
    one.say(json!({"t": "invite", "to": other.id(), "call": "c1", "commit": commit})).await;
    let invited = other.hears("invite").await;
    assert_eq!(invited["from"], one.id());
    other.say(json!({"t": "accept", "to": one.id(), "call": "c1", "nr": b64([1; 16])})).await;
    one.hears("accept").await;
}

pub(crate) fn offer(to: &str, sdp: &str) -> Value {
    json!({"t": "sdp", "to": to, "call": "c1", "kind": "offer", "sdp": sdp, "bind": "a.b.c"})
}
