//! What a peer can cost: memory is counted, others are not disturbed.

use corsac_signaling::service::MAX_QUEUED;
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{BOTH, Client, Got, Kind};
use crate::peer::{Peer, ended};
use crate::world::World;

#[tokio::test]
async fn a_message_has_a_bound() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        let fits = |bytes: usize| {
            let text = json!({"t": "ping", "seq": 1}).to_string();
            format!("{}{text}", " ".repeat(bytes - text.len()))
        };
        ada.client.send(&fits(65_536)).await;
        ada.hears("pong").await;
        ada.client.send(&fits(65_537)).await;
        let told = ada.client.receive().await;
        assert!(matches!(&told, Got::Json(error) if error["t"] == "error"), "{told:?}");
        assert_eq!(ada.client.receive().await, Got::Closed(1009));
        bob.hears("peer.left").await;
        bob.quiet().await;
    }
}

/// A client that writes all of it before it reads is told why all the same.
#[tokio::test]
async fn sixty_megabytes_are_neither_kept_nor_waited_for() {
    let world = World::new();
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let Client::WebSocket(socket) = &mut ada.client else { panic!() };
    let huge = "x".repeat(60 << 20);
    // The server may close before it has all.
    let sent =
        tokio::time::timeout(std::time::Duration::from_secs(20), socket.send(Message::text(huge))).await;
    assert!(sent.is_ok());
    let told = ada.client.receive().await;
    assert!(matches!(&told, Got::Json(error) if error["t"] == "error") || told == Got::Lost, "{told:?}");
    let mut bob = Peer::join(&world, Kind::WebSocket, "bob").await;
    bob.quiet().await;
    assert_eq!(world.counter("corsac_signal_queued_bytes"), 0);
}

#[tokio::test]
async fn a_frame_announces_its_length_and_costs_nothing_until_it_comes() {
    let world = World::new();
    for length in [65_537_u32, u32::MAX] {
        let (mut client, _) = crate::peer::challenged(&world, Kind::WebTransport).await;
        let Client::WebTransport(framed) = &mut client else { panic!() };
        framed.write_raw(&length.to_be_bytes()).await;
        let told = client.receive().await;
        assert!(matches!(&told, Got::Json(error) if error["t"] == "error"), "{told:?}");
        assert_eq!(client.receive().await, Got::Closed(1009), "{length}");
    }
}

#[tokio::test]
async fn who_reads_nothing_is_cut_and_costs_what_is_counted() {
    for kind in BOTH {
        let world = World::new();
        let deaf = Peer::join(&world, kind, "deaf").await;
        let mut senders = Vec::new();
        let text = "x".repeat(60_000);
        let mut most = 0;
        // Fifteen peers at their pace, until the kernels' buffers and the queue are full.
        'full: for number in 0..200 {
            if senders.len() < 15 {
                senders.push(Peer::join(&world, Kind::WebSocket, &format!("p{number}")).await);
            }
            for sender in &mut senders {
                let message = json!({"t": "invite", "to": deaf.id(), "call": "c", "commit": "x"});
                let padded = message.to_string().replacen('{', &format!("{{{}", " ".repeat(text.len())), 1);
                sender.seq += 1;
                let numbered = padded.replacen("\"t\"", &format!("\"seq\":{},\"t\"", sender.seq), 1);
                sender.client.send(&numbered).await;
                most = most.max(world.counter("corsac_signal_queued_bytes"));
                if world.counter("corsac_signal_closed_total{code=\"E_SLOW\"}") > 0 {
                    break 'full;
                }
            }
        }
        assert_eq!(world.counter("corsac_signal_closed_total{code=\"E_SLOW\"}"), 1, "{kind:?}");
        assert!(most <= 2 * MAX_QUEUED as u64, "{most}");
        // The others go on, and learn that it has gone.
        let first = &mut senders[0];
        while first.hear().await["t"] != "peer.left" {}
        drop(deaf);
    }
}

#[tokio::test]
async fn many_that_say_nothing_keep_nobody_out() {
    let world = World::with(|config| config.limits.unauthenticated_per_network = 8);
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(world.address).await.unwrap());
    }
    // Some have begun a handshake, and go no further.
    for stream in &mut silent[150..] {
        let _ = stream.write_all(&[22, 3, 1, 2, 0, 1]).await;
    }
    let mut bob = Peer::join(&world, Kind::WebSocket, "bob").await;
    bob.quiet().await;
    ada.hears("peer.joined").await;
    ada.quiet().await;
    assert!(world.counter("corsac_signal_unauthenticated") <= 8);
    // The oldest were closed.
    let mut buffer = [0; 16];
    assert!(matches!(silent[0].read(&mut buffer).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_connection_that_is_evicted_says_nothing_more() {
    let world = World::with(|config| config.limits.unauthenticated_per_network = 2);
    let (mut first, _) = crate::peer::challenged(&world, Kind::WebSocket).await;
    let _second = crate::peer::challenged(&world, Kind::WebSocket).await;
    let _third = crate::peer::challenged(&world, Kind::WebSocket).await;
    assert_eq!(first.receive().await, Got::Lost);
    assert_eq!(world.counter("corsac_signal_turned_away_total{reason=\"budget\"}"), 1);
}

#[tokio::test]
async fn fragments_and_pings_are_counted_like_messages() {
    let world = World::new();
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
    let Client::WebSocket(socket) = &mut ada.client else { panic!() };
    for _ in 0..400 {
        if socket.send(Message::Ping("x".into())).await.is_err() {
            break;
        }
    }
    ended(&mut ada.client, "E_RATE", 4008).await;
    // Before there is a session even fewer will do.
    let (mut early, _) = crate::peer::challenged(&world, Kind::WebSocket).await;
    let Client::WebSocket(socket) = &mut early else { panic!() };
    for _ in 0..16 {
        let _ = socket.send(Message::Ping("x".into())).await;
    }
    assert_eq!(early.receive().await, Got::Lost);
}
