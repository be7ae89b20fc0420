//! Consent taken back: told, demanded, enforced.

use std::time::Duration;

use serde_json::json;

use crate::client::BOTH;
use crate::peer::{OFFER, Peer, call, offer};
use crate::world::World;

#[tokio::test]
async fn revoked_media_that_is_not_stopped_ends_the_session() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        let first = ada.consents(&world, &["audio"], "grant").await;
        call(&mut ada, &mut bob).await;
        ada.say(offer(&bob.id(), OFFER)).await;
        bob.hears("sdp").await;
        let second = ada.consents(&world, &["audio"], "revoke").await;
        assert!(second["n"].as_u64() > first["n"].as_u64() && second["head"] != first["head"]);
        assert_eq!(ada.hears("media.stop").await["scope"], json!(["audio"]));
        assert_eq!(bob.hears("peer.revoked").await["scope"], json!(["audio"]));
        world.clock.forward(Duration::from_millis(2_500));
        world.service.tick();
        ada.quiet().await;
        world.clock.forward(Duration::from_secs(1));
        world.service.tick();
        ada.ended("E_CONSENT_REVOKED", 4010).await;
        bob.hears("peer.left").await;
    }
}

#[tokio::test]
async fn a_description_without_it_lifts_the_demand() {
    for kind in BOTH {
        let world = World::new();
        let mut ada = Peer::join(&world, kind, "ada").await;
        let mut bob = Peer::join(&world, kind, "bob").await;
        ada.hears("peer.joined").await;
        ada.consents(&world, &["audio"], "grant").await;
        call(&mut ada, &mut bob).await;
        ada.say(offer(&bob.id(), OFFER)).await;
        bob.hears("sdp").await;
        ada.consents(&world, &["audio"], "revoke").await;
        ada.hears("media.stop").await;
        ada.say(offer(&bob.id(), &OFFER.replace("a=sendrecv", "a=recvonly"))).await;
        ada.quiet().await;
        world.clock.forward(Duration::from_secs(10));
        world.service.tick();
        ada.quiet().await;
    }
}
