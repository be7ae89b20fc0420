//! Hostile files and folders: bounded, told, and never taken for clean.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{NGINX, POLICY, check, read, save};
use crate::process::run;

/// Makes a pipe that nobody writes to.
fn make_pipe(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_named_and_cannot_be_read_is_told_beside_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("good.conf", NGINX)]);
    let path = |name: &str| folder.path().join(name);
    fs::write(path("latin1.conf"), b"# caf\xe9\nserver {}\n").unwrap();
    fs::write(path("binary.conf"), b"server {\0}").unwrap();
    fs::File::create(path("huge.conf")).unwrap().set_len(100 << 20).unwrap();
    make_pipe(&path("pipe.conf"));
    for (name, reason) in [
        ("missing.conf", "no such file"),
        ("latin1.conf", "it is not UTF-8 (byte 5)"),
        ("binary.conf", "it is no text: it has a zero byte"),
        ("huge.conf", "it is larger than 64 MiB"),
        ("pipe.conf", "it is not a regular file"),
        ("/dev/null", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
    ] {
        let alone = check(folder.path(), &[name]);
        let told = format!("error: failed to read `{name}`: {reason}\nhint: ");
        assert!(alone.status == 2 && alone.stderr.contains(&told), "{alone:?}");
        let both = check(folder.path(), &["--format", "json", name, "good.conf"]);
        let told = format!("warning: failed to read `{name}`: {reason}");
        assert!(both.status == 1 && both.stderr.contains(&told), "{both:?}");
        let json = both.json();
        assert_eq!(json["unread"], serde_json::json!([{"file": name, "reason": reason}]));
        assert_eq!(read(&json).len(), 1);
        assert_eq!(check(folder.path(), &["--fail-on", "never", name, "good.conf"]).status, 0);
    }
}

#[test]
fn a_configuration_of_a_hundred_megabytes_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let line = "# a line of a very long configuration, with nothing in it at all, but long\n";
    let text = format!("{NGINX}{}", line.repeat((100 << 20) / line.len()));
    save(
        folder.path(),
        &[("site/nginx.conf", &text), ("site/notes.txt", &text.replace("server", "nothing"))],
    );
    let named = check(folder.path(), &["site/nginx.conf"]);
    assert!(named.status == 2 && named.stderr.contains("it is larger than 64 MiB"), "{named:?}");
    let found = check(folder.path(), &["site"]);
    assert!(
        found.status == 2 && found.stderr.contains("`site/nginx.conf`: it is larger than 16 MiB"),
        "{found:?}"
    );
    // Between both bounds, it is the reader that refuses it.
    fs::write(folder.path().join("site/nginx.conf"), text.get(..20 << 20).unwrap()).unwrap();
    let named = check(folder.path(), &["site/nginx.conf"]);
    assert!(named.status == 2 && named.stderr.contains("it is larger than 16 MiB"), "{named:?}");
}

#[test]
fn what_is_found_and_cannot_be_read_is_told_if_it_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("a.conf", NGINX), ("b/good.toml", POLICY)]);
    let path = |name: &str| folder.path().join(name);
    fs::write(path("nginx.conf"), [b"# caf\xe9\n", NGINX.as_bytes()].concat()).unwrap();
    fs::write(path("photo.jpg"), b"\xff\xd8\xff\xe0 no configuration").unwrap();
    make_pipe(&path("pipe.conf"));
    let checked = check(folder.path(), &["--format", "json", "."]);
    let json = checked.json();
    assert_eq!((checked.status, read(&json).len()), (1, 2), "{checked:?}");
    let unread = serde_json::json!([{"file": "nginx.conf", "reason": "it is not UTF-8 (byte 5)"}]);
    assert_eq!(json["unread"], unread);
}

#[test]
fn a_folder_that_may_not_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("a.conf", NGINX), ("locked/nginx.conf", NGINX)]);
    let locked = folder.path().join("locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&locked).is_ok();
    let checked = check(folder.path(), &["--format", "json", "."]);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    let json = checked.json();
    if is_root {
        // Nothing is locked for this user.
        assert_eq!(read(&json).len(), 2, "{checked:?}");
    } else {
        let unread = serde_json::json!([{"file": "locked", "reason": "permission denied"}]);
        assert_eq!((checked.status, &json["unread"]), (1, &unread), "{checked:?}");
    }
}

#[test]
fn deep_folders_are_looked_into_so_far_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |depth: usize| format!("top/{}nginx.conf", "d/".repeat(depth));
    save(folder.path(), &[(&at(0), NGINX), (&at(62), NGINX), (&at(63), NGINX), (&at(200), NGINX)]);
    let checked = check(folder.path(), &["--format", "json", "top"]);
    let json = checked.json();
    let read: Vec<_> = read(&json).into_iter().map(|(name, _)| name).collect();
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(read.contains(&at(63)) && !read.contains(&at(200)), "{read:?}");
    assert_eq!(json["unread"].as_array().unwrap().len(), 1, "{checked:?}");
    assert!(json["unread"][0]["reason"].as_str().unwrap().contains("64 folders deep"), "{checked:?}");
}

#[test]
fn an_ignore_file_that_is_none_does_not_hide_a_folder_nor_stop_the_run() {
    let folder = tempfile::tempdir().unwrap();
    save(
        folder.path(),
        &[("good/nginx.conf", NGINX), ("huge/nginx.conf", NGINX), ("pipe/nginx.conf", NGINX)],
    );
    fs::File::create(folder.path().join("huge/.gitignore")).unwrap().set_len(100 << 20).unwrap();
    make_pipe(&folder.path().join("pipe/.gitignore"));
    let checked = check(folder.path(), &["--format", "json", "."]);
    let json = checked.json();
    assert_eq!((checked.status, read(&json).len()), (1, 1), "{checked:?}");
    let unread: Vec<_> = json["unread"].as_array().unwrap().iter().map(|one| &one["file"]).collect();
    assert_eq!(unread, ["huge", "pipe"]);
    let named = check(folder.path(), &["huge"]);
    assert!(named.status == 2 && named.stderr.contains(".gitignore is no file, or larger"), "{named:?}");
    // A file in such a folder can be named.
    assert_eq!(check(folder.path(), &["huge/nginx.conf"]).status, 0);
}

#[test]
fn a_file_that_takes_too_long_is_told_and_the_others_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    // A million blocks are more than a nanosecond's work, on any machine.
    let long = format!("{NGINX}{}", "map $a $b { default 1; }\n".repeat(200_000));
    save(folder.path(), &[("good.toml", POLICY), ("long/nginx.conf", &long)]);
    let checked = run(folder.path(), &["check", "--timeout", "1ms", "--format", "json", "good.toml", "long"]);
    let json = checked.json();
    let reason = "it took longer than 1ms; --timeout gives it more";
    let unread = serde_json::json!([{"file": "long/nginx.conf", "reason": reason}]);
    assert_eq!((checked.status, &json["unread"]), (1, &unread), "{checked:?}");
    assert_eq!(json["findings"][0]["file"], "good.toml");
    for wrong in ["0s", "2", "2h", "soon"] {
        assert_eq!(run(folder.path(), &["check", "--timeout", wrong]).status, 2, "{wrong}");
    }
}

#[test]
fn nested_blocks_and_circles_of_includes_end() {
    let folder = tempfile::tempdir().unwrap();
    let nested = format!("http {{{}{}}}", "location / {".repeat(10_000), "}".repeat(10_000));
    let circle = NGINX.replace("listen 80;", "include conf.d/*; include nginx.conf;");
    save(
        folder.path(),
        &[
            ("nested/nginx.conf", &nested),
            ("circle/nginx.conf", &circle),
            ("circle/conf.d/a", "include conf.d/a;"),
        ],
    );
    for name in ["nested", "circle"] {
        let checked = check(folder.path(), &[name]);
        assert!((0..=2).contains(&checked.status) && !checked.stderr.contains("panicked"), "{checked:?}");
        assert!(!checked.stdout.is_empty() || checked.status == 2, "{checked:?}");
    }
}

#[test]
fn a_name_of_a_file_cannot_forge_a_line_of_output() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a\n::error file=b::c\u{1b}[31m.toml";
    save(folder.path(), &[(name, POLICY)]);
    for format in ["github", "plain"] {
        let checked = check(folder.path(), &["--format", format, "."]);
        assert_eq!((checked.status, checked.stdout.lines().count()), (1, 1), "{format}: {checked:?}");
    }
    let human = check(folder.path(), &[".", "--color", "never"]);
    assert!(!human.stdout.contains('\u{1b}'), "{human:?}");
}
