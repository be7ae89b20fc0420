//! `corsac key`: keys are shown once, files are edited in place, and mistakes change nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::process::{Finished, corsac, run};

fn new(folder: &Path, more: &[&str]) -> Finished {
    let arguments: Vec<_> = ["key", "new", "--subject", "acme"].iter().chain(more).copied().collect();
    run(folder, &arguments)
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("api-keys.toml")).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// The id of a key.
fn id(key: &str) -> String {
    key.split('_').nth(1).unwrap().to_owned()
}

#[test]
fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let made = new(folder.path(), &["--role", "partner", "--scope", "orders:read", "--expires", "90d"]);
    assert_eq!((made.status, made.stdout.lines().count()), (0, 1), "{}", made.stderr);
    let key = made.stdout.trim();
    let parts: Vec<_> = key.split('_').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2].len(), parts[3].len()), ("corsac", 16, 64, 8));
    assert!(made.stderr.contains("shown this once") && !made.stderr.contains(parts[2]));
    let stored = text(folder.path());
    assert!(stored.contains(parts[1]) && !stored.contains(parts[2]));
    let hash_key = fs::read_to_string(folder.path().join("api-keys.hashkey")).unwrap();
    assert_eq!((hash_key.trim().len(), mode(&folder.path().join("api-keys.hashkey"))), (64, 0o600));
    assert_eq!(mode(&folder.path().join("api-keys.toml")), 0o600);
    assert!(!made.stderr.contains(hash_key.trim()) && !made.stdout.contains(hash_key.trim()));
    // No other file stays behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let listed = run(folder.path(), &["key", "list", "--format", "json"]).json();
    assert_eq!(listed["schema"], "corsac.keys/1");
    let entry = &listed["keys"][0];
    assert_eq!((&entry["subject"], &entry["state"]), (&"acme".into(), &"active".into()));
    assert_eq!((&entry["roles"][0], &entry["scopes"][0]), (&"partner".into(), &"orders:read".into()));
    assert!(entry["expires_at"].as_str().unwrap().ends_with('Z') && entry.get("hash").is_none());
}

#[test]
fn machines_get_the_key_as_json_and_the_same_hash_key_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = new(folder.path(), &["--format", "json"]).json();
    assert_eq!((&first["schema"], &first["expires_at"]), (&"corsac.key/1".into(), &serde_json::Value::Null));
    let hash_key = fs::read(folder.path().join("api-keys.hashkey")).unwrap();
    let second = new(folder.path(), &["--format", "json", "--prefix", "acme", "-q"]);
    assert_eq!(second.stderr, "");
    let second = second.json();
    assert!(second["key"].as_str().unwrap().starts_with("acme_"));
    assert_ne!(first["id"], second["id"]);
    assert_eq!(fs::read(folder.path().join("api-keys.hashkey")).unwrap(), hash_key);
    let listed = run(folder.path(), &["key", "list"]).stdout;
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!((lines.len(), lines[0].split_whitespace().next()), (3, Some("ID")));
    assert!(lines[1].contains(first["id"].as_str().unwrap()) && lines[2].contains("active"));
    let plain = run(folder.path(), &["key", "list", "--format", "plain"]).stdout;
    assert_eq!(plain.lines().next().unwrap().split('\t').count(), 6);
}

#[test]
fn a_revoked_key_stays_in_the_file_with_its_comments() {
    let folder = tempfile::tempdir().unwrap();
    let key = new(folder.path(), &[]).stdout;
    new(folder.path(), &[]);
    let path = folder.path().join("api-keys.toml");
    let before =
        text(folder.path()).replace("subject    = \"acme\"", "subject    = \"acme\" # their gateway");
    fs::write(&path, &before).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let revoked = run(folder.path(), &["key", "revoke", &id(&key)]);
    assert_eq!((revoked.status, revoked.stdout.as_str()), (0, ""));
    let after = text(folder.path());
    assert_eq!(after.replacen("revoked    = true\n", "", 1), before);
    // A group that could read it still can.
    assert_eq!(mode(&path), 0o640);
    let listed = run(folder.path(), &["key", "list", "--format", "json"]).json();
    assert_eq!(
        (&listed["keys"][0]["state"], &listed["keys"][1]["state"]),
        (&"revoked".into(), &"active".into())
    );
    // Once more changes nothing; an unknown one, or a whole key, is told and not repeated.
    let again = run(folder.path(), &["key", "revoke", &id(&key)]);
    assert_eq!((again.status, text(folder.path())), (0, after.clone()));
    for unknown in ["0000000000000000", key.trim()] {
        let failed = run(folder.path(), &["key", "revoke", unknown]);
        assert_eq!((failed.status, text(folder.path())), (2, after.clone()));
        assert!(failed.stderr.contains("no key of this id") && failed.stderr.contains("hint:"));
        assert!(!failed.stderr.contains(unknown));
    }
}

#[test]
fn a_rotated_key_overlaps_with_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let old = new(folder.path(), &["--role", "partner", "--expires", "30d"]).stdout;
    let rotated = run(folder.path(), &["key", "rotate", &id(&old), "--overlap", "7d"]);
    assert_eq!((rotated.status, rotated.stdout.lines().count()), (0, 1), "{}", rotated.stderr);
    let listed = run(folder.path(), &["key", "list", "--format", "json"]).json();
    let (first, second) = (&listed["keys"][0], &listed["keys"][1]);
    assert_eq!((&first["id"], &second["id"]), (&id(&old).into(), &id(&rotated.stdout).into()));
    assert_eq!((&second["roles"], &second["subject"]), (&first["roles"], &first["subject"]));
    let ends = [first, second].map(|key| key["expires_at"].as_str().unwrap().to_owned());
    assert!(ends[0] < ends[1], "{ends:?}");
    // What is over has no successor.
    run(folder.path(), &["key", "revoke", &id(&old)]);
    let before = text(folder.path());
    let failed = run(folder.path(), &["key", "rotate", &id(&old), "--overlap", "7d"]);
    assert_eq!((failed.status, failed.stdout.as_str(), text(folder.path())), (2, "", before));
}

#[test]
fn mistakes_say_what_to_do_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &["key", "list"]);
    assert_eq!((missing.status, missing.stdout.as_str()), (2, ""));
    assert!(missing.stderr.contains("corsac key new"), "{}", missing.stderr);
    new(folder.path(), &[]);
    let before = text(folder.path());
    for (more, said) in [
        (vec!["--prefix", "X"], "`X` is not a prefix"),
        (vec!["--role", "a\nb"], "control characters"),
        (vec!["--role", "a", "--role", "a"], "twice"),
        (vec!["--expires", "9000000d"], "9999"),
        (vec!["--expires", "soon"], "unit"),
        (vec!["--expires", "0s"], "less than a second"),
        (vec!["--hash-key", "none"], "failed to read `none`"),
        (vec!["--hash-key", "api-keys.toml"], "failed to read"),
    ] {
        let failed = new(folder.path(), &more);
        assert_eq!((failed.status, failed.stdout.as_str()), (2, ""), "{said}");
        assert!(failed.stderr.contains(said), "{said}: {}", failed.stderr);
        assert_eq!(text(folder.path()), before, "{said}");
    }
    for (broken, said) in [
        ("[[keys]]\nid = \"x\"\n", "has no `hash`"),
        ("keys = \"s3cr3t\n", "not well-formed TOML"),
        ("[[keys]]\nid = \"x\"\nhash = \"y\"\nsubject = \"z\"\nrole = 1\n", "unknown key"),
    ] {
        fs::write(folder.path().join("api-keys.toml"), broken).unwrap();
        let failed = new(folder.path(), &[]);
        assert_eq!((failed.status, text(folder.path()).as_str()), (2, broken));
        assert!(failed.stderr.contains(said) && !failed.stderr.contains("s3cr3t"), "{}", failed.stderr);
    }
    // An inline list is nobody's hand: it is told, not broken.
    let inline = "keys = []\n";
    fs::write(folder.path().join("api-keys.toml"), inline).unwrap();
    let failed = new(folder.path(), &[]);
    assert_eq!((failed.status, text(folder.path()).as_str()), (2, inline), "{}", failed.stderr);
    assert!(failed.stderr.contains("[[keys]]"));
    let nowhere = new(folder.path(), &["--file", "no/such/keys.toml"]);
    assert_eq!(nowhere.status, 2);
    assert_eq!(run(folder.path(), &["key", "new"]).status, 2);
}

#[test]
fn a_lost_hash_key_is_not_replaced_behind_the_keys_it_made() {
    let folder = tempfile::tempdir().unwrap();
    new(folder.path(), &[]);
    let hash_key = folder.path().join("api-keys.hashkey");
    fs::set_permissions(&hash_key, fs::Permissions::from_mode(0o644)).unwrap();
    let warned = new(folder.path(), &[]);
    assert!(warned.status == 0 && warned.stderr.contains("chmod 600"), "{}", warned.stderr);
    fs::remove_file(&hash_key).unwrap();
    assert_eq!(new(folder.path(), &[]).status, 2);
    assert!(!hash_key.exists());
    fs::write(&hash_key, "s3cr3t\n").unwrap();
    let failed = new(folder.path(), &[]);
    assert!(failed.status == 2 && failed.stderr.contains("64 hexadecimal digits"));
    assert!(!failed.stderr.contains("s3cr3t"));
}

#[test]
fn many_writers_at_once_lose_no_key() {
    let folder = tempfile::tempdir().unwrap();
    new(folder.path(), &[]);
    let writer = |number: usize| {
        let subject = format!("writer-{number}");
        let mut command = corsac(folder.path());
        command.args(["key", "new", "-q", "--subject", &subject]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let writers: Vec<_> = (0..8).map(writer).collect();
    for child in writers {
        let done = Finished::of(&child.wait_with_output().unwrap());
        assert_eq!(done.status, 0, "{}", done.stderr);
    }
    let listed = run(folder.path(), &["key", "list", "--format", "json"]).json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 9);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
