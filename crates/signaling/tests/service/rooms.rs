//! Moderators: `kick`, `lock`, `unlock`, `mute`.

use serde_json::{Value, json};

use crate::client::{BOTH, Got, Kind};
use crate::peer::{Hello, OFFER, Peer, call, offer};
use crate::world::World;

async fn moderator(world: &World, kind: Kind) -> Peer {
    Peer::join_with(world, kind, "mod", |access| access["grants"] = json!({"mod": true, "sub": true})).await
}

async fn refused(world: &World, kind: Kind, sub: &str, code: &str) {
    let (mut peer, got) = Hello::new(world, kind, sub).await.send(world).await;
    assert!(matches!(&got, Got::Json(error) if error["code"] == code), "{got:?}");
    assert!(matches!(peer.client.receive().await, Got::Closed(_)));
}

#[tokio::test]
async fn who_is_kicked_does_not_come_back() {
    for kind in BOTH {
        let world = World::new();
        let mut moderator = moderator(&world, kind).await;
        let mut ada = Peer::join(&world, kind, "ada").await;
        moderator.hears("peer.joined").await;
        moderator.say(json!({"t": "kick", "to": ada.id()})).await;
        ada.ended("E_KICKED", 4011).await;
        assert_eq!(moderator.hears("peer.left").await["id"], ada.id());
        let (_, got) = ada.resume(&world, kind, json!({})).await;
        assert!(matches!(&got, Got::Json(error) if error["code"] == "E_TOKEN"), "{got:?}");
        refused(&world, kind, "ada", "E_KICKED").await;
        drop(Peer::join(&world, kind, "bob").await);
        // The ban ends with the token that was kicked.
        world.clock.forward(std::time::Duration::from_secs(601));
        drop(Peer::join(&world, kind, "ada").await);
    }
}

/// A command that notes what it is run with.
fn note(folder: &std::path::Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let hook = folder.join("hook.sh");
    std::fs::write(&hook, "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$(dirname \"$0\")/deleted\"\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o700)).unwrap();
    hook
}

#[tokio::test]
async fn what_a_turn_server_has_for_who_is_kicked_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let hook = note(folder.path());
    let world = World::with(|config| {
        let secret = corsac_events::Secret::new("0123456789abcdef0123".to_owned());
        let urls = vec!["turns:turn.example.com:443".to_owned()];
        config.turn = Some(corsac_signaling::TurnConfig { urls, secret, ..Default::default() });
        config.turn_delete_hook = Some(hook);
    });
    let mut moderator = moderator(&world, Kind::WebSocket).await;
    let mut ada = Peer::join(&world, Kind::WebSocket, "ada; touch x").await;
    let turn = &ada.welcome["turn"];
    assert_eq!(turn["urls"], json!(["turns:turn.example.com:443"]));
    assert!(turn["credential"].is_string() && turn["ttl"].as_u64() <= Some(600), "{turn}");
    moderator.hears("peer.joined").await;
    moderator.say(json!({"t": "kick", "to": ada.id()})).await;
    ada.ended("E_KICKED", 4011).await;
    while world.counter("corsac_signal_turn_deletions_total") == 0 {
        assert_eq!(world.counter("corsac_signal_turn_deletion_failures_total"), 0);
        tokio::task::yield_now().await;
    }
    let deleted = std::fs::read_to_string(folder.path().join("deleted")).unwrap();
    assert_eq!(deleted.trim_end(), ada.text("/turn/username"));
    // Without a TURN server there is none.
    let world = World::new();
    assert!(Peer::join(&world, Kind::WebSocket, "ada").await.welcome["turn"].is_null());
}

#[tokio::test]
async fn nobody_comes_into_a_locked_room() {
    for kind in BOTH {
        let world = World::new();
        let mut moderator = moderator(&world, kind).await;
        moderator.say(json!({"t": "lock"})).await;
        moderator.quiet().await;
        refused(&world, kind, "ada", "E_LOCKED").await;
        moderator.say(json!({"t": "unlock"})).await;
        moderator.quiet().await;
        drop(Peer::join(&world, kind, "ada").await);
    }
}

#[tokio::test]
async fn who_is_muted_has_to_stop_and_to_consent_again() {
    for kind in BOTH {
        let world = World::new();
        let mut moderator = moderator(&world, kind).await;
        let mut ada = Peer::join(&world, kind, "ada").await;
        moderator.hears("peer.joined").await;
        ada.consents(&world, &["audio"], "grant").await;
        call(&mut ada, &mut moderator).await;
        ada.say(offer(&moderator.id(), OFFER)).await;
        moderator.hears("sdp").await;
        moderator.say(json!({"t": "mute", "to": ada.id(), "scope": ["audio"]})).await;
        let revoked = moderator.hears("peer.revoked").await;
        assert_eq!((&revoked["id"], &revoked["scope"]), (&json!(ada.id()), &json!(["audio"])));
        let stop: Value = ada.hears("media.stop").await;
        assert_eq!((&stop["scope"], &stop["deadline_ms"]), (&json!(["audio"]), &json!(3000)));
        ada.say(offer(&moderator.id(), OFFER)).await;
        ada.refused("E_CONSENT").await;
        ada.consents(&world, &["audio"], "grant").await;
        ada.say(offer(&moderator.id(), OFFER)).await;
        moderator.hears("sdp").await;
        world.clock.forward(std::time::Duration::from_secs(4));
        world.service.tick();
        ada.quiet().await;
    }
}
