//! `check`, `init` and `rule` on good files, bad files and no files.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Finished, corsac, run};

/// Twenty mistakes, one a line below; the numbers are their lines.
const TWENTY: &str = r#"
[gateway]
listen = "8080"                                   # 3
worker = 2                                        # 4
[gateway.limits]
body_size = "1 parsec"                            # 6
header_fields = 5000                              # 7
[upstreams.api]
url = "ftp://127.0.0.1:3000"                      # 9
connect_timeout = 2                               # 10
[cors.app]
origins = [
  "*",                                            # 13, 13
  "https://app.example.com/",                     # 14
  "https://*.github.io",                          # 15
  "null",                                         # 16
  "http://plain.example.com",                     # 17
  "https://*shop.example",                        # 18
]
methods = ["put", "TRACE", "A B"]                 # 20, 20, 20
request_headers = ["cookie", "x y"]               # 21, 21
exposed_headers = ["set-cookie"]                  # 22
credentials = true
max_age = "48h"                                   # 24
[[routes]]
path = "api"                                      # 26
upstream = "apl"                                  # 27
cors = "app"
"#;

#[test]
fn twenty_mistakes_are_twenty_findings_with_place_reason_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.toml"), TWENTY).unwrap();
    let checked = run(folder.path(), &["check", "--format", "json", "bad.toml"]);
    assert_eq!(checked.status, 1, "{checked:?}");
    let json = checked.json();
    assert_eq!(json["schema"], "corsac.check/1");
    let findings = json["findings"].as_array().unwrap();
    let lines: Vec<_> = findings.iter().map(|finding| finding["line"].as_u64().unwrap()).collect();
    let expected = [3, 4, 6, 7, 9, 10, 13, 13, 14, 15, 16, 17, 18, 20, 20, 20, 21, 21, 22, 24, 26, 27];
    assert_eq!(lines, expected, "{json:#}");
    for finding in findings {
        assert_eq!(
            (&finding["file"], &finding["severity"]),
            (&"bad.toml".into(), &"error".into()),
            "{finding}"
        );
        assert!(finding["help"].is_string(), "{finding}");
        assert!(finding["end_column"].as_u64() > finding["column"].as_u64(), "{finding}");
    }
    let slash = findings.iter().find(|finding| finding["rule"] == "origin-never-sent").unwrap();
    assert_eq!(slash["fixes"][0]["edits"][0]["replacement"], "\"https://app.example.com\"");

    let served = run(folder.path(), &["serve", "bad.toml"]);
    assert_eq!((served.status, served.stdout.as_str()), (1, ""), "it refuses to start");
    assert!(served.stderr.contains("22 errors"), "{}", served.stderr);
    let human = run(folder.path(), &["check", "bad.toml"]).stdout;
    assert!(human.contains("--> bad.toml:13:3") && human.contains("https://attacker.example"), "{human}");
    let plain = run(folder.path(), &["check", "--format", "plain", "bad.toml"]).stdout;
    assert_eq!(plain.lines().count(), 22);
    assert!(plain.starts_with("bad.toml:3:10: error[invalid-value]: "), "{plain}");
}

#[test]
fn what_cannot_be_read_is_exit_2_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin1.toml"), b"a = \"\xe9\"").unwrap();
    fs::File::create(folder.path().join("huge.toml")).unwrap().set_len(100 << 20).unwrap();
    for verb in ["check", "serve"] {
        for (file, reason) in [
            ("missing.toml", "no such file"),
            (".", if verb == "check" { "there is nothing to check" } else { "it is a directory" }),
            ("latin1.toml", "it is not UTF-8 (byte 5)"),
            ("huge.toml", "it is larger than 64 MiB"),
        ] {
            let finished = run(folder.path(), &[verb, file]);
            assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{verb} {file}");
            assert!(finished.stderr.contains(reason) && finished.stderr.contains("hint: "), "{finished:?}");
        }
    }
    let json = run(folder.path(), &["check", "--format", "json", "missing.toml"]);
    assert_eq!((json.status, json.json()["findings"].as_array().unwrap().len()), (2, 0));
    assert_eq!(run(folder.path(), &["check", "--no-such-flag"]).status, 2);
    assert_eq!(run(folder.path(), &["--help"]).status, 0);
}

#[test]
fn a_public_suffix_list_can_be_replaced_and_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "[upstreams.a]\nurl = \"http://127.0.0.1:1\"\n[cors.a]\norigins = [\"https://*.shop.example\"]\n\
                  [[routes]]\npath = \"/a\"\nupstream = \"a\"\ncors = \"a\"\n";
    fs::write(folder.path().join("corsac.toml"), policy).unwrap();
    assert_eq!(run(folder.path(), &["check"]).status, 0);
    let mut list = fs::read_to_string("../origin/data/public_suffix_list.dat").unwrap();
    list.push_str("shop.example\n");
    fs::write(folder.path().join("list.dat"), list).unwrap();
    let checked = run(folder.path(), &["check", "--public-suffix-list", "list.dat", "--format", "plain"]);
    assert!(checked.status == 1 && checked.stdout.contains("public-suffix-wildcard"), "{checked:?}");
    let wrong = run(folder.path(), &["check", "--public-suffix-list", "corsac.toml"]);
    assert_eq!(wrong.status, 2, "{wrong:?}");
}

#[test]
fn the_starting_policy_has_no_findings_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["init"]).status, 0);
    let checked = run(folder.path(), &["check"]);
    assert_eq!((checked.status, checked.stdout.as_str()), (0, ""), "{checked:?}");
    assert_eq!(run(folder.path(), &["check", "--profile", "development"]).status, 0);
    assert_eq!(run(folder.path(), &["check", "--profile", "production"]).status, 1);
    fs::write(folder.path().join("corsac.toml"), "mine").unwrap();
    let again = run(folder.path(), &["init"]);
    assert!(again.status == 2 && again.stderr.contains("exists already"), "{again:?}");
    assert_eq!(fs::read_to_string(folder.path().join("corsac.toml")).unwrap(), "mine");
    assert!(run(folder.path(), &["init", "-"]).stdout.contains("[cors.app]"));
}

/// The files that the starting policy and the documentation name, beside certificates.
fn save_named(folder: &Path) {
    let get = r#"{"get":{"responses":{"200":{"description":"found"}}}}"#;
    let document = format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"shop","version":"1"}},"paths":{{"/offers":{get}}}}}"#
    );
    let random = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned();
    for (name, text) in [
        ("api-keys.toml", String::new()),
        ("api-keys.hashkey", random.repeat(2)),
        ("csrf.key", random.repeat(2)),
        ("introspection.secret", "secret".into()),
        ("item.schema.json", r#"{"type":"object"}"#.into()),
        ("limits.seed", random),
        ("openapi.json", document),
    ] {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The first block of TOML below a heading of a page.
fn toml_below<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, below) = page.split_once(&format!("\n{heading}\n")).unwrap();
    below.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0
}

#[test]
fn the_examples_of_the_documentation_have_no_findings() {
    for (page, heading) in [
        ("../../docs/policy-file.md", "## Example"),
        ("../../docs/policy-file.md", "## A complete example"),
        ("../../README.md", "## A policy"),
        ("../../README.md", "## The lock"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = fs::read_to_string(page).unwrap();
        let example = toml_below(&text, heading);
        fs::write(folder.path().join("corsac.toml"), example).unwrap();
        save_named(folder.path());
        let made = rcgen::generate_simple_self_signed(["api.example.com".to_owned()]).unwrap();
        fs::write(folder.path().join("api.pem"), made.cert.pem()).unwrap();
        let key = folder.path().join("api.key");
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let checked = run(folder.path(), &["check", "--format", "plain"]);
        assert_eq!((checked.status, checked.stdout.as_str()), (0, ""), "{page}: {heading}");
        // Nor is that because nothing is looked at.
        fs::write(folder.path().join("corsac.toml"), format!("{example}nonsense = 1\n")).unwrap();
        assert_eq!(run(folder.path(), &["check"]).status, 1, "{page}: {heading}");
    }
}

#[test]
fn every_commented_default_of_the_starting_policy_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(folder.path(), &["init", "-"]).stdout;
    let mut enabled = String::new();
    for line in text.lines() {
        let setting = line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with('['));
        writeln!(enabled, "{}", setting.unwrap_or(line)).unwrap();
    }
    let enabled = enabled.replace("http://127.0.0.1:3000", "https://127.0.0.1:3000");
    fs::write(folder.path().join("corsac.toml"), &enabled).unwrap();
    let made = rcgen::generate_simple_self_signed(["app.example.com".to_owned()]).unwrap();
    for name in ["app.pem", "clients.pem", "gateway.pem", "upstream.pem"] {
        fs::write(folder.path().join(name), made.cert.pem()).unwrap();
    }
    for name in ["app.key", "gateway.key"] {
        fs::write(folder.path().join(name), made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    save_named(folder.path());
    let checked = run(folder.path(), &["check", "--format", "plain"]);
    assert_eq!(checked.stdout, "", "{enabled}");
}

#[test]
fn profiles_are_checked_whether_chosen_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(folder.path(), &["init", "-"]).stdout;
    let wrong = text.replace("origins = [\"http://localhost:*\"]", "origin = [\"http://localhost:*\"]");
    assert_ne!(text, wrong);
    fs::write(folder.path().join("corsac.toml"), wrong).unwrap();
    let checked = run(folder.path(), &["check", "--format", "plain"]);
    assert!(checked.status == 1 && checked.stdout.contains("error[unknown-key]"), "{checked:?}");
    assert_eq!(checked.stdout.lines().count(), 1, "{checked:?}");
    fs::write(
        folder.path().join("corsac.toml"),
        text.replace("path     = \"/{*rest}\"", "path = \"/caf%c3%a9\""),
    )
    .unwrap();
    let checked = run(folder.path(), &["check", "--format", "plain"]);
    assert!(checked.stdout.contains("canonical path"), "{checked:?}");
}

#[test]
fn check_reads_several_files_and_standard_input_as_one_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "[routes\n").unwrap();
    fs::write(folder.path().join("b.toml"), "x = 1\n").unwrap();
    let json = run(folder.path(), &["check", "--format", "json", "a.toml", "b.toml"]).json();
    let files: std::collections::BTreeSet<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["file"].as_str().unwrap())
        .collect();
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["a.toml", "b.toml"]);

    let mut child = corsac(folder.path())
        .args(["check", "--format", "plain", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"x = 1\n").unwrap();
    let finished = Finished::of(&child.wait_with_output().unwrap());
    assert!(finished.status == 1 && finished.stdout.contains("-:1:1: error[unknown-key]"), "{finished:?}");
}

#[test]
fn what_a_file_says_cannot_forge_a_line_of_output() {
    let folder = tempfile::tempdir().unwrap();
    let text = "\"a\\nb\" = 1\n[cors.x]\norigins = [\"a\\nforged.toml:1:1: error[x]: y\\u001b[31m\"]\n";
    fs::write(folder.path().join("corsac.toml"), text).unwrap();
    let plain = run(folder.path(), &["check", "--format", "plain"]).stdout;
    assert!(plain.lines().all(|line| line.starts_with("corsac.toml:")), "{plain}");
    assert!(!plain.contains('\u{1b}') && plain.contains("\\u{1b}"), "{plain}");
}

#[test]
fn colours_are_a_choice_and_a_closed_pipe_is_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), "x = 1\n").unwrap();
    assert!(run(folder.path(), &["check", "--color", "always"]).stdout.contains("\u{1b}["));
    assert!(!run(folder.path(), &["check"]).stdout.contains("\u{1b}["));
    let binary = env!("CARGO_BIN_EXE_corsac");
    let script = format!("set -o pipefail; {binary} rule null-origin | head -c 1");
    let status = std::process::Command::new("bash").args(["-c", &script]).output().unwrap().status;
    assert!(status.success());
}
