//! Which files of a folder are looked at, and as whose.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{NGINX, POLICY, check, read, save};
use crate::process::{Finished, run};

fn json(folder: &Path, arguments: &[&str]) -> (Finished, serde_json::Value) {
    let checked = check(folder, &[&["--format", "json"], arguments].concat());
    let json = checked.json();
    (checked, json)
}

fn names(folder: &Path, arguments: &[&str]) -> Vec<String> {
    read(&json(folder, arguments).1).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_folder_is_looked_into_and_each_file_is_read_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    save(
        folder.path(),
        &[
            ("deploy/policy.toml", POLICY),
            ("deploy/nginx.conf", NGINX),
            ("README.md", NGINX),
            ("docs/policy.md", POLICY),
            ("tests/nginx.rs", NGINX),
            ("tests/policy.py", POLICY),
            ("Cargo.toml", "[package]\nname = \"x\"\n"),
            ("logo.png", "\u{0}PNG"),
            ("node_modules/x/nginx.conf", NGINX),
            ("target/debug/nginx.conf", NGINX),
            ("vendor/nginx.conf", NGINX),
            (".git/nginx.conf", NGINX),
            (".cache/nginx.conf", NGINX),
        ],
    );
    let (checked, json) = json(folder.path(), &["."]);
    let kind = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    assert_eq!(read(&json), [kind("deploy/nginx.conf", "nginx"), kind("deploy/policy.toml", "corsac")]);
    assert_eq!((checked.status, &json["unread"]), (1, &serde_json::json!([])), "{checked:?}");
    let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|one| &one["rule"]).collect();
    assert_eq!(rules, ["unread-part", "origin-never-sent"]);
    assert_eq!(json["findings"][0]["kind"], "nginx");
    let verbose = check(folder.path(), &["-v", "."]);
    assert!(verbose.stderr.contains("6 other files are of no system that is known"), "{verbose:?}");
    assert!(!check(folder.path(), &["."]).stderr.contains("other files"));
    // What is passed over in a folder is looked at where it is named.
    assert_eq!(names(folder.path(), &["vendor"]), ["vendor/nginx.conf"]);
    assert_eq!(names(folder.path(), &[".git/nginx.conf"]), [".git/nginx.conf"]);
}

#[test]
fn people_are_told_what_was_read_and_what_was_assumed() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("a/nginx.conf", NGINX), ("b/policy.toml", POLICY)]);
    let checked = check(folder.path(), &["a", "b"]);
    assert!(checked.stdout.ends_with("\n2 files, 1 error, 1 note\n"), "{checked:?}");
    assert!(checked.stderr.contains("read: 1 file of Corsac, 1 file of nginx\n"), "{checked:?}");
    let guess = "meant for: `example.com` (a guess from what is spelt out; --intend NAME says it)\n";
    assert!(checked.stderr.contains(guess), "{checked:?}");
    let told = check(folder.path(), &["a", "--intend", "example.org", "--intend", "example.net"]);
    assert!(told.stderr.contains("meant for: `example.org`, `example.net`\n"), "{told:?}");
    assert!(told.stdout.contains("note[third-party-origin]"), "{told:?}");
    let json = json(folder.path(), &["a", "--intend", "example.org"]).1;
    assert_eq!((&json["intended"][0], &json["intended_is_guessed"]), (&"example.org".into(), &false.into()));
    for wrong in ["com", "a b", ""] {
        let refused = check(folder.path(), &["a", "--intend", wrong]);
        assert!(refused.status == 2 && refused.stderr.contains("cannot be meant"), "{refused:?}");
    }
    // Of a policy alone there is nothing to say.
    assert_eq!(check(folder.path(), &["b"]).stderr, "");
    let quiet = check(folder.path(), &["-q", "a", "b"]);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn ignored_files_are_left_out_and_other_peoples_ignoring_is_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    save(
        folder.path(),
        &[
            (".gitignore", "/build/\n*.old.conf\n"),
            (".ignore", "nginx.conf\n"),
            ("nginx.conf", NGINX),
            ("x.old.conf", NGINX),
            ("build/nginx.conf", NGINX),
            ("deep/.gitignore", "!x.old.conf\n"),
            ("deep/x.old.conf", NGINX),
            ("deep/y.old.conf", NGINX),
        ],
    );
    assert_eq!(names(folder.path(), &["."]), ["deep/x.old.conf", "nginx.conf"]);
    assert_eq!(names(folder.path(), &["deep"]), ["deep/x.old.conf"], "those above count too");
    assert_eq!(names(folder.path(), &["x.old.conf"]), ["x.old.conf"], "who names a file means it");
}

#[test]
fn an_included_file_is_a_part_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let part = "js_content api.answer;\n";
    let whole =
        "events {}\nhttp {\n  server {\n    location / {\n      include conf.d/*.conf;\n    }\n  }\n}\n";
    save(folder.path(), &[("conf.d/cors.conf", part), ("nginx.conf", whole), ("other.conf", whole)]);
    let (_, found) = json(folder.path(), &["."]);
    let read: Vec<_> = read(&found).into_iter().map(|(name, _)| name).collect();
    assert_eq!(read, ["nginx.conf", "conf.d/cors.conf", "other.conf"]);
    let included = found["files"].as_array().unwrap().iter().map(|file| file["included"] == true);
    assert_eq!(included.collect::<Vec<_>>(), [false, true, false]);
    let of_part = |json: &serde_json::Value| {
        let findings = json["findings"].as_array().unwrap().clone();
        findings.iter().filter(|one| one["file"] == "conf.d/cors.conf").count()
    };
    assert_eq!(of_part(&found), 1, "{found:#}");
    // Its place is that in the included file.
    assert_eq!(found["findings"][0]["line"], 1);
    // Named alone, it is read alone.
    let alone = json(folder.path(), &["--kind", "nginx", "conf.d/cors.conf"]).1;
    assert_eq!(alone["files"].as_array().unwrap().len(), 1);
}

#[test]
fn files_that_include_each_other_are_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let of = |other: &str| NGINX.replace("listen 80;", &format!("include {other};"));
    save(folder.path(), &[("a/nginx.conf", &of("b.conf")), ("a/b.conf", &of("nginx.conf"))]);
    let (checked, json) = json(folder.path(), &["a"]);
    assert!(checked.status < 2 && json["files"].as_array().unwrap().len() == 2, "{json:#}");
}

#[test]
fn links_are_not_followed_out_nor_around() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("in/nginx.conf", NGINX), ("out/secret.conf", NGINX)]);
    let inside = folder.path().join("in");
    symlink("../out", inside.join("linked")).unwrap();
    symlink("../out/secret.conf", inside.join("linked.conf")).unwrap();
    symlink(".", inside.join("around")).unwrap();
    symlink("nowhere", inside.join("broken.conf")).unwrap();
    assert_eq!(names(folder.path(), &["in"]), ["in/nginx.conf"]);
    // A link that is named is meant.
    assert_eq!(names(folder.path(), &["in/linked.conf"]), ["in/linked.conf"]);
    assert_eq!(names(folder.path(), &["in/linked"]), ["in/linked/secret.conf"]);
    // Nor does an include lead out: it is listed as not understood.
    let text = NGINX.replace("js_content api.answer;", "include linked.conf;");
    fs::write(inside.join("nginx.conf"), text).unwrap();
    let (_, found) = json(folder.path(), &["in"]);
    assert_eq!(read(&found).len(), 1, "{found:#}");
    assert!(found["findings"].to_string().contains("outside of the folders"), "{found:#}");
    let (_, found) = json(folder.path(), &["in", "out"]);
    assert!(!found.to_string().contains("outside"), "its folder was named: {found:#}");
}

#[test]
fn kinds_can_be_told_and_are_refused_where_they_are_not_known() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("a.txt", NGINX), ("notes.txt", "buy milk\n"), ("b.toml", "x = 1\n")]);
    let kind = |arguments: &[&str]| read(&json(folder.path(), arguments).1).pop();
    assert_eq!(kind(&["--kind", "nginx", "a.txt"]).unwrap().1, "nginx");
    assert_eq!(kind(&["--kind", "CORSAC", "a.txt"]).unwrap().1, "corsac");
    assert_eq!(kind(&["b.toml"]).unwrap().1, "corsac", "TOML that is nobody's is taken for ours");
    let unknown = check(folder.path(), &["notes.txt"]);
    let told = "failed to read `notes.txt`: it is no configuration that is known\nhint: --kind SYSTEM";
    assert!(unknown.status == 2 && unknown.stderr.contains(told), "{unknown:?}");
    let wrong = check(folder.path(), &["--kind", "iis", "a.txt"]);
    assert!(wrong.status == 2 && wrong.stderr.contains("possible values: corsac"), "{wrong:?}");
    assert_eq!(run(folder.path(), &["check", "--kind", "nginx", "--regex", "a"]).status, 2);
}

#[test]
fn an_empty_folder_is_not_taken_for_a_clean_one() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("notes.txt", "buy milk\n")]);
    let nothing = check(folder.path(), &["."]);
    assert!(nothing.status == 2 && nothing.stderr.contains("there is nothing to check"), "{nothing:?}");
    assert_eq!(check(folder.path(), &[".", "--fail-on", "never"]).status, 2);
}

#[test]
fn the_order_is_that_of_the_command_line_and_then_of_names() {
    let folder = tempfile::tempdir().unwrap();
    save(
        folder.path(),
        &[
            ("b/2.conf", NGINX),
            ("b/10.conf", NGINX),
            ("b/a/z.conf", NGINX),
            ("a/x.conf", NGINX),
            ("c.conf", NGINX),
        ],
    );
    let expected = ["c.conf", "b/10.conf", "b/2.conf", "b/a/z.conf", "a/x.conf"];
    assert_eq!(names(folder.path(), &["c.conf", "b", "a", "b/2.conf"]), expected);
}

#[test]
fn names_of_systems_dialects_and_modes_are_taken_in_either_case() {
    let folder = tempfile::tempdir().unwrap();
    let judged = ["check", "--regex", r"^https://a\.example\.com$", "--dialect", "PCRE", "--mode", "Search"];
    assert_eq!(run(folder.path(), &judged).status, 0);
    let explain = |server: &str| {
        let policy = ["--policy", "missing.toml", "--server", server];
        let call = ["explain", "https://a.example/", "--from", "https://b.example"];
        run(folder.path(), &[&call[..], &policy[..]].concat()).stderr
    };
    assert!(explain("NGINX").contains("missing.toml"), "{}", explain("NGINX"));
    assert!(explain("iis9").contains("invalid value"), "{}", explain("iis9"));
}
