//! The ledger's file: gone on with, and refused where it was changed.

use std::fs::{self, OpenOptions};
use std::io::{BufReader, Write};
use std::path::Path;

use corsac_signaling::ledger::{Head, verify};
use corsac_signaling::service::{LedgerFileError, Mistake, Service, ServiceConfig};
use serde_json::Value;

use crate::client::Kind;
use crate::peer::Peer;
use crate::world::{ORIGIN, World};

fn events(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let event =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
    text.lines().map(event).collect()
}

fn config(world: &World, path: &Path) -> ServiceConfig {
    ServiceConfig {
        origins: vec![ORIGIN.to_owned()],
        access: corsac_signaling::AccessConfig { audience: "a".into(), ..Default::default() },
        jwks: serde_json::json!({"keys": [world.issuer.jwk()]}).to_string().into_bytes(),
        ledger: Some(path.to_owned()),
        ..ServiceConfig::default()
    }
}

/// Waits until the tasks of a service that is gone have let go of its file.
async fn is_free(path: &Path) {
    use rustix::fs::{FlockOperation, flock};
    let file = fs::File::open(path).unwrap();
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn receipts_are_those_of_the_file_and_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    for run in 1..=2_u64 {
        let world = World::with(|config| config.ledger = Some(path.clone()));
        let mut ada = Peer::join(&world, Kind::WebSocket, "ada").await;
        let ack = ada.consents(&world, &["audio"], "grant").await;
        let head = verify(BufReader::new(fs::File::open(&path).unwrap()), Head::START, &[]).unwrap();
        assert_eq!(
            (ack["n"].as_u64(), ack["head"].as_str()),
            (Some(head.n), Some(head.hash.to_string().as_str()))
        );
        assert_eq!(head.n, run * 3 - 1);
        // Nobody else keeps it meanwhile.
        let second = Service::start(config(&world, &path)).map(|_| ()).unwrap_err();
        assert!(matches!(second[..], [Mistake::Ledger(LedgerFileError::InUse(_))]), "{second:?}");
        ada.client.close().await;
        world.service.drain(std::time::Duration::from_secs(20)).await;
        drop(world);
        is_free(&path).await;
    }
    assert_eq!(events(&path), ["join", "consent", "leave", "join", "consent", "leave"]);
}

#[tokio::test]
async fn a_line_that_was_not_finished_is_cut_and_one_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let world = World::with(|config| config.ledger = Some(path.clone()));
    Peer::join(&world, Kind::WebSocket, "ada").await.client.close().await;
    world.service.drain(std::time::Duration::from_secs(20)).await;
    let World { service, .. } = world;
    drop(service);
    is_free(&path).await;
    let whole = fs::read_to_string(&path).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"event\":\"jo").unwrap();
    let world = World::new();
    assert!(config(&world, &path).mistakes().is_empty());
    let service = Service::start(config(&world, &path)).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    drop(service);
    fs::write(&path, whole.replace("\"ada\"", "\"eve\"")).unwrap();
    let mistakes = config(&world, &path).mistakes();
    assert!(matches!(mistakes[..], [Mistake::Ledger(LedgerFileError::Broken(..))]), "{mistakes:?}");
    let refused = Service::start(config(&world, &path)).map(|_| ()).unwrap_err();
    assert!(matches!(refused[..], [Mistake::Ledger(_)]), "{refused:?}");
    let mistakes = config(&world, &folder.path().join("none/ledger.jsonl")).mistakes();
    assert!(matches!(mistakes[..], [Mistake::Ledger(LedgerFileError::Io(..))]), "{mistakes:?}");
}
