//! Coming back: after a connection broke, from elsewhere, and with another token.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{BOTH, Client, Got, Kind};
use crate::minting::Signer;
use crate::peer::{Peer, ended};
use crate::world::World;

/// What a client gets until it is asked for a `pong`.
async fn all(client: &mut Client) -> Vec<Value> {
    static SEQ: AtomicU64 = AtomicU64::new(1_000);
    let seq = SEQ.fetch_add(1, Ordering::Relaxed);
    client.send(&json!({"t": "ping", "seq": seq}).to_string()).await;
    let mut all = Vec::new();
    loop {
        match client.receive().await {
            Got::Json(message) if message["t"] == "pong" => return all,
            Got::Json(message) => all.push(message),
            other => panic!("{other:?}"),
        }
    }
}

async fn refused(world: &World, peer: &Peer, signer: &Signer, code: &str) {
    let (mut client, got) = peer.resume_as(world, Kind::WebSocket, json!({}), signer).await;
    let Got::Json(error) = &got else { panic!("{got:?}") };
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(client.receive().await, Got::Closed(4003));
}

/// Sends five messages to a peer, of which it reads two before its connection breaks.
async fn interrupted(world: &World, kind: Kind) -> (Peer, Peer, Vec<u64>) {
    let mut ada = Peer::join(world, kind, "ada").await;
    let mut bob = Peer::join(world, Kind::WebSocket, "bob").await;
    ada.hears("peer.joined").await;
    let mut seqs = Vec::new();
    for number in 0..5 {
        let call = format!("c{number}");
        seqs.push(bob.say(json!({"t": "invite", "to": ada.id(), "call": call, "commit": "x"})).await);
    }
    bob.quiet().await;
    for seq in &seqs[..2] {
        assert_eq!(ada.hears("invite").await["seq"], *seq);
    }
    (ada, bob, seqs)
}

#[tokio::test]
async fn a_session_goes_on_and_every_message_arrives_once() {
    let world = World::new();
    for form in ["by sender", "highest"] {
        let (mut ada, mut bob, seqs) = interrupted(&world, Kind::WebSocket).await;
        let last_seq = if form == "highest" { json!(seqs[1]) } else { json!({bob.id(): seqs[1]}) };
        std::mem::replace(&mut ada.client, Client::connect(&world, Kind::WebSocket).await).vanish();
        // What is said meanwhile waits too.
        let late = bob.say(json!({"t": "invite", "to": ada.id(), "call": "late", "commit": "x"})).await;
        bob.quiet().await;
        let old_ticket = ada.text("/resume/ticket");
        let (mut client, got) = ada.resume(&world, Kind::WebTransport, last_seq).await;
        let Got::Json(welcome) = got else { panic!("{got:?}") };
        assert_eq!(welcome["t"], "welcome", "{welcome}");
        assert_eq!((&welcome["you"], &welcome["sid"]), (&ada.welcome["you"], &ada.welcome["sid"]));
        assert_ne!(welcome["resume"]["ticket"], old_ticket.as_str());
        let missed: Vec<u64> =
            all(&mut client).await.iter().filter_map(|message| message["seq"].as_u64()).collect();
        assert_eq!(missed, [&seqs[2..], &[late]].concat(), "{form}");
        // The others never heard that it was away.
        bob.quiet().await;
        // A ticket opens once, and only the last does.
        refused(&world, &ada, &ada.signer, "E_TOKEN").await;
        ada.welcome = welcome;
        refused(&world, &ada, &Signer::new(), "E_POP").await;
        let (mut last, got) = ada.resume(&world, Kind::WebSocket, json!({bob.id(): late})).await;
        assert!(matches!(got, Got::Json(message) if message["t"] == "welcome"));
        assert_eq!(all(&mut last).await, Vec::<Value>::new());
        ended(&mut client, "E_SUPERSEDED", 4012).await;
        last.close().await;
        while bob.hear().await["t"] != "peer.left" {}
        bob.client.close().await;
    }
}

#[tokio::test]
async fn a_session_that_is_resumed_elsewhere_ends_here() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let (mut client, got) = ada.resume(&world, kind, json!({})).await;
        assert!(matches!(got, Got::Json(message) if message["t"] == "welcome"));
        ended(&mut ada.client, "E_SUPERSEDED", 4012).await;
        assert_eq!(all(&mut client).await, Vec::<Value>::new());
        assert_eq!(world.counter("corsac_signal_sessions"), 1);
    }
}

#[tokio::test]
async fn a_session_waits_for_thirty_seconds() {
    let world = World::new();
    let ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let mut bob = Peer::join(&world, Kind::WebSocket, "bob").await;
    let Peer { client, signer, sub, token, welcome, seq } = ada;
    client.vanish();
    // The service has seen that the connection broke.
    while world.counter("corsac_signal_sessions") != 1 {
        tokio::task::yield_now().await;
    }
    world.clock.forward(Duration::from_secs(29));
    world.service.tick();
    bob.quiet().await;
    world.clock.forward(Duration::from_secs(2));
    world.service.tick();
    bob.hears("peer.left").await;
    let client = Client::connect(&world, Kind::WebSocket).await;
    let ada = Peer { client, signer, sub, token, welcome, seq };
    refused(&world, &ada, &ada.signer, "E_TOKEN").await;
}

#[tokio::test]
async fn who_closes_has_left_and_may_come_back() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        let other = Client::connect(&world, kind).await;
        std::mem::replace(&mut ada.client, other).close().await;
        assert_eq!(bob.hears("peer.left").await["id"], ada.id());
        let (mut client, got) = ada.resume(&world, kind, json!({})).await;
        assert!(matches!(got, Got::Json(message) if message["t"] == "welcome"));
        assert_eq!(bob.hears("peer.joined").await["id"], ada.id());
        assert_eq!(all(&mut client).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_unless_there_is_another() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        world.clock.forward(Duration::from_secs(300));
        let mut claims = world.access_claims(&ada.signer, "ada");
        claims["grants"] = json!({"pub": ["audio"], "sub": true, "mod": true});
        let token = world.issuer.sign("corsac-access+jwt", &claims);
        ada.say(json!({"t": "token.refresh", "token": token})).await;
        // Grants are what the new token says.
        ada.say(json!({"t": "lock"})).await;
        ada.quiet().await;
        assert_eq!(bob.hears("peer.revoked").await["scope"], json!(["video", "screen", "data"]));
        world.clock.forward(Duration::from_secs(301));
        world.service.tick();
        bob.ended("E_TOKEN", 4003).await;
        ada.hears("peer.left").await;
        ada.quiet().await;
        // The resumed session has the new token's end, and its proof is for the new token.
        world.clock.forward(Duration::from_secs(300));
        world.service.tick();
        ada.ended("E_TOKEN", 4003).await;
    }
}

#[tokio::test]
async fn another_token_is_for_the_same_peer() {
    for kind in BOTH {
        let world = World::new();
        for (name, value, code) in [
            ("sub", json!("eve"), "E_CNF"),
            ("room", json!("r2"), "E_TOKEN"),
            ("cnf", json!({"jkt": Signer::new().jkt()}), "E_CNF"),
            ("aud", json!("other"), "E_TOKEN"),
        ] {
            let mut ada = Peer::join(&world, kind, "ada").await;
            let mut claims = world.access_claims(&ada.signer, "ada");
            claims[name] = value;
            let token = world.issuer.sign("corsac-access+jwt", &claims);
            ada.say(json!({"t": "token.refresh", "token": token})).await;
            ada.ended(code, 4003).await;
        }
        let mut ada = Peer::join(&world, kind, "ada").await;
        let token = world.issuer.sign("corsac-access+jwt", &world.access_claims(&ada.signer, "ada"));
        ada.say(json!({"t": "token.refresh", "token": token})).await;
        ada.quiet().await;
        ada.say(json!({"t": "token.refresh", "token": token})).await;
        ada.ended("E_JTI_REPLAY", 4003).await;
    }
}

#[tokio::test]
async fn all_are_told_to_go_when_the_service_drains() {
    let world = World::new();
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let mut bob = Peer::join(&world, Kind::WebTransport, "bob").await;
    ada.hears("peer.joined").await;
    let (mut early, _) = crate::peer::challenged(&world, Kind::WebSocket).await;
    let service = world.service.clone();
    let drained = tokio::spawn(async move { service.drain(Duration::from_secs(20)).await });
    ended(&mut early, "E_DRAIN", 4013).await;
    ada.ended("E_DRAIN", 4013).await;
    bob.ended("E_DRAIN", 4013).await;
    drop((ada, bob, early));
    assert!(drained.await.unwrap());
    assert!(tokio::net::TcpStream::connect(world.address).await.is_err());
}
