//! Each error of the protocol's table: its code, and how the connection ends, on both transports.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{BOTH, Client, Got, Kind};
use crate::minting::{Signer, b64};
use crate::peer::{Hello, OFFER, Peer, call, challenged, ended, offer};
use crate::world::World;

async fn first(world: &World, kind: Kind, text: &str, code: &str, close: u32) {
    let (mut client, _) = challenged(world, kind).await;
    client.send(text).await;
    ended(&mut client, code, close).await;
}

#[tokio::test]
async fn the_first_message_is_hello_or_resume() {
    for kind in BOTH {
        let world = World::new();
        for text in ["nonsense", "", "[]", "{\"t\":\"hello\",\"t\":\"hello\"}", "{\"t\":\"hello\"} x"] {
            first(&world, kind, text, "E_JSON", 4007).await;
        }
        for text in [r#"{"t":"ping","seq":1}"#, r#"{"t":"hello","v":2}"#, "{}", r#"{"t":"welcome"}"#] {
            first(&world, kind, text, "E_AUTH_FIRST", 4001).await;
        }
        let (mut client, _) = challenged(&world, kind).await;
        client.send_bytes(b"{\"t\":\"\xff\"}").await;
        ended(&mut client, "E_JSON", 4007).await;
    }
}

#[tokio::test]
async fn hello_is_due_in_time() {
    let world = World::with(|config| config.limits.hello_time = Duration::from_millis(100));
    for kind in BOTH {
        let (mut client, _) = challenged(&world, kind).await;
        ended(&mut client, "E_HELLO_TIMEOUT", 4001).await;
    }
}

type Spoil = fn(&World, &mut Hello);

/// What comes of a `hello` that is spoilt.
async fn spoilt(world: &World, kind: Kind, spoil: impl FnOnce(&World, &mut Hello), code: &str) {
    let mut hello = Hello::new(world, kind, "ada").await;
    spoil(world, &mut hello);
    let (mut peer, got) = hello.send(world).await;
    let Got::Json(error) = &got else { panic!("{code}: {got:?}") };
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(peer.client.receive().await, Got::Closed(4003), "{code}");
}

#[tokio::test]
async fn a_hello_is_checked_in_the_protocols_order() {
    for kind in BOTH {
        let world = World::new();
        drop(Peer::join(&world, kind, "ada").await);
        let steps: [(Spoil, &str); 4] = [
            (|world, hello| hello.access["exp"] = (world.now() - 1).into(), "E_TOKEN"),
            (|_, hello| hello.assertion = "a.b.c".into(), "E_TOKEN"),
            (|_, hello| hello.access["cnf"]["jkt"] = Signer::new().jkt().into(), "E_CNF"),
            (|_, hello| hello.prover = Some(Signer::new()), "E_POP"),
        ];
        for (spoil, code) in steps {
            spoilt(&world, kind, spoil, code).await;
        }
        // With all that comes later wrong too, the first mistake is told.
        for first in 0..steps.len() {
            let spoil = |world: &World, hello: &mut Hello| {
                for (spoil, _) in &steps[first..] {
                    spoil(world, hello);
                }
            };
            spoilt(&world, kind, spoil, steps[first].1).await;
        }
        for (name, value) in
            [("nonce", b64([0; 32])), ("aud", "https://other.example".into()), ("ath", b64([0; 32]))]
        {
            spoilt(&world, kind, |_, hello| hello.pop[name] = value.into(), "E_POP").await;
        }
        spoilt(&world, kind, |_, hello| hello.access["aud"] = "other".into(), "E_TOKEN").await;
        spoilt(&world, kind, |world, hello| hello.access["exp"] = (world.now() + 601).into(), "E_TOKEN")
            .await;
        spoilt(&world, kind, |world, hello| hello.assertion = world.assertion(&hello.signer, "eve"), "E_CNF")
            .await;
    }
}

#[tokio::test]
async fn a_token_opens_once() {
    for kind in BOTH {
        let world = World::new();
        let peer = Peer::join_with(&world, kind, "ada", |access| access["jti"] = "one".into()).await;
        spoilt(&world, kind, |_, hello| hello.access["jti"] = "one".into(), "E_JTI_REPLAY").await;
        drop(peer);
        spoilt(&world, kind, |_, hello| hello.access["jti"] = "one".into(), "E_JTI_REPLAY").await;
        drop(Peer::join_with(&world, kind, "ada", |access| access["jti"] = "two".into()).await);
    }
}

#[tokio::test]
async fn a_room_has_sixteen_peers() {
    let world = World::new();
    let mut peers = Vec::new();
    for number in 0..16 {
        let kind = BOTH[number % 2];
        let peer = Peer::join(&world, kind, &format!("peer{number}")).await;
        assert_eq!(peer.welcome["peers"].as_array().unwrap().len(), number);
        peers.push(peer);
    }
    for kind in BOTH {
        spoilt(&world, kind, |_, _| {}, "E_ROOM_FULL").await;
    }
    drop(Peer::join_with(&world, Kind::WebSocket, "ada", |access| access["room"] = "r2".into()).await);
    peers.pop().unwrap().client.close().await;
    peers[0].hears("peer.joined").await;
    while peers[0].hear().await["t"] != "peer.left" {}
    drop(Peer::join(&world, Kind::WebSocket, "ada").await);
}

#[tokio::test]
async fn a_session_that_sends_no_json_ends() {
    for kind in BOTH {
        let world = World::new();
        for text in ["nonsense", "{\"t\":\"ping\",\"seq\":1"] {
            let mut peer = Peer::join(&world, kind, "ada").await;
            peer.client.send(text).await;
            peer.ended("E_JSON", 4007).await;
        }
        let mut peer = Peer::join(&world, kind, "ada").await;
        peer.client.send_bytes(b"\xff\xfe").await;
        peer.ended("E_JSON", 4007).await;
    }
}

#[tokio::test]
async fn more_than_a_hundred_messages_at_once_end_a_session() {
    for kind in BOTH {
        let world = World::new();
        let mut peer = Peer::join(&world, kind, "ada").await;
        let mut other = Peer::join(&world, kind, "eve").await;
        peer.hears("peer.joined").await;
        // Fifty a second come back: some hundred more than the burst are enough on any machine.
        for seq in 1..=400 {
            peer.client.send(&json!({"t": "ping", "seq": seq}).to_string()).await;
        }
        let mut answers = 0;
        let last = loop {
            match peer.client.receive().await {
                Got::Json(message) if message["t"] == "pong" => answers += 1,
                got => break got,
            }
        };
        let Got::Json(error) = &last else { panic!("{last:?}") };
        assert_eq!(error["code"], "E_RATE");
        assert!((100..400).contains(&answers), "{answers}");
        assert_eq!(peer.client.receive().await, Got::Closed(4008));
        other.hears("peer.left").await;
        other.quiet().await;
    }
}

/// Two in a room, the second with few grants and a token for one certificate.
async fn two(world: &World, kind: Kind) -> (Peer, Peer) {
    let mut ada = Peer::join(world, kind, "ada").await;
    let bob = Peer::join_with(world, kind, "bob", |access| {
        access["grants"] = json!({"pub": ["audio"], "sub": true});
        access["mky"] = json!([{"alg": "sha-256", "dig": "AB:".repeat(31) + "AB"}]);
    });
    let bob = bob.await;
    ada.hears("peer.joined").await;
    (ada, bob)
}

#[tokio::test]
async fn what_is_refused_before_a_call_does_not_end_a_session() {
    for kind in BOTH {
        let world = World::new();
        let (mut ada, mut bob) = two(&world, kind).await;
        let (to_bob, to_ada) = (bob.id(), ada.id());
        for (message, code) in [
            (json!({"t": "dance"}), "E_TYPE"),
            (json!({"t": "ping", "x": 1}), "E_TYPE"),
            (json!({"t": "decline", "to": "nobody", "call": "c1"}), "E_NO_PEER"),
            (json!({"t": "decline", "to": to_ada, "call": "c1"}), "E_NO_PEER"),
            (json!({"t": "accept", "to": to_bob, "call": "c1", "nr": "x"}), "E_NO_CALL"),
            (offer(&to_bob, OFFER), "E_NOT_ACCEPTED"),
        ] {
            ada.say(message).await;
            ada.refused(code).await;
        }
        ada.say(json!({"t": "invite", "to": to_bob, "call": "c1", "commit": "x"})).await;
        bob.hears("invite").await;
        ada.say(json!({"t": "accept", "to": to_bob, "call": "c1", "nr": "x"})).await;
        ada.refused("E_NO_CALL").await;
        ada.say(json!({"t": "ice", "to": to_bob, "call": "c1", "cand": "", "mid": "0"})).await;
        ada.refused("E_NOT_ACCEPTED").await;
        for message in
            [json!({"t": "lock"}), json!({"t": "kick", "to": to_ada}), json!({"t": "mute", "to": to_ada})]
        {
            bob.say(message).await;
            assert_eq!(bob.refused("E_GRANT").await["detail"], "moderate");
        }
        ada.quiet().await;
        bob.quiet().await;
    }
}

#[tokio::test]
async fn what_is_refused_in_a_call_does_not_end_a_session() {
    for kind in BOTH {
        let world = World::new();
        let (mut ada, mut bob) = two(&world, kind).await;
        let (to_bob, to_ada) = (bob.id(), ada.id());
        call(&mut ada, &mut bob).await;
        ada.say(offer(&to_bob, OFFER)).await;
        assert_eq!(ada.refused("E_CONSENT").await["detail"], "audio");
        let others = bob.consent(&["audio"], "grant", world.now());
        let old = ada.consent(&["audio"], "grant", world.now() - 61);
        for consent in [others, old] {
            ada.say(consent).await;
            ada.refused("E_CONSENT_SIG").await;
        }
        ada.consents(&world, &["audio"], "grant").await;
        let mut unsigned = offer(&to_bob, OFFER);
        unsigned.as_object_mut().unwrap().remove("bind");
        let candidate = "candidate:1 1 udp 2122260223 host.example 5000 typ host";
        for (message, code) in [
            (unsigned, "E_NO_BIND"),
            (json!({"t": "ice", "to": to_bob, "call": "c1", "cand": candidate, "mid": "0"}), "E_CAND_FQDN"),
            (offer(&to_bob, &OFFER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")), "E_SDP_PROTO"),
        ] {
            ada.say(message).await;
            ada.refused(code).await;
        }
        ada.say(offer(&to_bob, OFFER)).await;
        let relayed = bob.hears("sdp").await;
        assert_eq!((relayed["sdp"].as_str(), &relayed["from"]), (Some(OFFER), &json!(to_ada)));

        bob.consents(&world, &["audio"], "grant").await;
        bob.say(offer(&to_ada, OFFER)).await;
        bob.refused("E_FP_TOKEN").await;
        bob.say(offer(&to_ada, include_str!("../sdp/fixtures/chromium-data-offer.sdp"))).await;
        assert_eq!(bob.refused("E_GRANT").await["detail"], "publish data");
        ada.quiet().await;
        bob.quiet().await;
    }
}

#[tokio::test]
async fn numbers_only_go_up_for_each_destination() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        let to = bob.id();
        let ping = |seq: u64| json!({"t": "ping", "seq": seq}).to_string();
        let invite =
            |seq: u64| json!({"t": "invite", "to": to, "call": "c", "commit": "x", "seq": seq}).to_string();
        for (text, is_refused) in [
            (ping(5), false),
            (ping(5), true),
            (ping(4), true),
            (invite(5), false),
            (invite(5), true),
            (ping(6), false),
            (invite(6), false),
        ] {
            ada.client.send(&text).await;
            if is_refused {
                assert_eq!(ada.hears("error").await["code"], "E_REPLAY", "{text}");
            } else if text.contains("ping") {
                ada.hears("pong").await;
            } else {
                assert_eq!(bob.hears("invite").await["from"], ada.id());
            }
        }
    }
}

#[tokio::test]
async fn what_is_relayed_is_the_senders_text_but_for_who_sent_it() {
    let world = World::new();
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let mut bob = Peer::join(&world, Kind::WebTransport, "bob").await;
    ada.hears("peer.joined").await;
    call(&mut ada, &mut bob).await;
    let candidate = "candidate:1 1 udp 2122260223 192.0.2.7 5000 typ host";
    for (message, t) in [
        (json!({"t": "ice", "to": ada.id(), "call": "c1", "cand": candidate, "mid": null}), "ice"),
        (json!({"t": "ice", "to": ada.id(), "call": "c1", "cand": "", "mid": "0"}), "ice"),
        (json!({"t": "decline", "to": ada.id(), "call": "c1"}), "decline"),
    ] {
        let seq = bob.say(message.clone()).await;
        let mut expected: Value = message;
        expected["seq"] = seq.into();
        expected["from"] = bob.id().into();
        assert_eq!(ada.hears(t).await, expected);
    }
}

/// A client that does not begin a stream has a session, and still only so much time.
#[tokio::test]
async fn a_session_without_a_stream_ends_in_time() {
    let world = World::with(|config| config.limits.hello_time = Duration::from_millis(100));
    let (session, _endpoint) =
        crate::client::connect_quic(&world, "/v1/wt", Some(crate::world::ORIGIN)).await.unwrap();
    let end = session.closed().await.to_string();
    assert!(end.contains("4001"), "{end}");
    let _ = Client::connect(&world, Kind::WebSocket).await;
}
