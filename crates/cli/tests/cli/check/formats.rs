//! SARIF and GitHub's annotations, and when a run fails.

use super::{NGINX, POLICY, check, save};
use crate::process::run;

#[test]
fn sarif_has_rules_with_pages_results_and_what_was_not_read() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("nginx.conf", NGINX), ("my policy.toml", POLICY)]);
    let checked =
        check(folder.path(), &["--format", "sarif", "nginx.conf", "my policy.toml", "missing.toml"]);
    assert_eq!(checked.status, 1, "{checked:?}");
    let json = checked.json();
    assert_eq!(json["version"], "2.1.0");
    let run = &json["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["origin-never-sent", "unread-part"]);
    assert!(rules[0]["help"]["markdown"].as_str().unwrap().starts_with("# origin-never-sent\n"));
    let result = &run["results"][1];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "my%20policy.toml");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&4.into(), &12.into()));
    assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"].as_array().unwrap().len(), 1);
    let told = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(told["message"]["text"], "failed to read `missing.toml`: no such file");
    // A file that is named by its whole path is the same file.
    let whole = folder.path().canonicalize().unwrap().join("nginx.conf");
    let again = check(folder.path(), &["--format", "sarif", whole.to_str().unwrap()]);
    let again = &again.json()["runs"][0]["results"][0];
    assert_eq!(again["partialFingerprints"], run["results"][0]["partialFingerprints"]);
    assert_eq!(again["locations"], run["results"][0]["locations"]);
}

#[test]
fn people_see_each_file_in_its_place_and_a_count() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("site/nginx.conf", NGINX), ("policy.toml", POLICY)]);
    let checked = check(folder.path(), &["policy.toml", "site", "missing.conf"]);
    let expected = r#"error[origin-never-sent]: no browser sends `https://app.example.com/`: an origin has no trailing slash
 --> policy.toml:4:12
  |
4 | origins = ["https://app.example.com/"]
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^ wrong from byte 23
  |
  = help: write "https://app.example.com"
  = docs: corsac rule origin-never-sent

note[unread-part]: not understood: `js_content` runs code
 --> site/nginx.conf:6:7
  |
6 |       js_content api.answer;
  |       ^^^^^^^^^^^^^^^^^^^^^ not understood
  |
  = help: review it by hand
  = docs: corsac rule unread-part

2 files, 1 error, 1 note
"#;
    assert_eq!(checked.stdout, expected);
    let talk = "read: 1 file of Corsac, 1 file of nginx\n\
                meant for: `example.com` (a guess from what is spelt out; --intend NAME says it)\n\
                warning: failed to read `missing.conf`: no such file\n";
    assert_eq!((checked.stderr.as_str(), checked.status), (talk, 1));
}

#[test]
fn annotations_are_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("nginx.conf", NGINX), ("policy.toml", POLICY)]);
    let checked = check(folder.path(), &["--format", "github", "."]);
    let lines: Vec<_> = checked.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{checked:?}");
    assert!(lines[0].starts_with("::notice file=nginx.conf,line=6,endLine=6,col=7,"), "{checked:?}");
    assert!(lines[1].starts_with("::error file=policy.toml,line=4,endLine=4,col=12,"), "{checked:?}");
    assert_eq!(checked.status, 1);
}

#[test]
fn formats_of_check_are_refused_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["rule", "--format", "sarif"][..],
        &["explain", "https://a.example/", "--from", "https://b.example", "--format", "github"],
        &["check", "--regex", "a", "--dialect", "pcre", "--format", "sarif"],
    ] {
        let refused = run(folder.path(), arguments);
        assert!(refused.status == 2 && refused.stdout.is_empty(), "{refused:?}");
        assert!(refused.stderr.contains("are of `corsac check` on files alone"), "{refused:?}");
    }
}

#[test]
fn the_least_severity_that_fails_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let warning = POLICY
        .replace("https://app.example.com/", "https://app.example.com")
        .replace("cors = \"app\"\n", "cors = \"app\"\n[upstreams.unused]\nurl = \"http://127.0.0.1:2\"\n");
    save(folder.path(), &[("error.toml", POLICY), ("note.conf", NGINX), ("warning.toml", &warning)]);
    let status = |file: &str, level: &str| check(folder.path(), &[file, "--fail-on", level]).status;
    let levels = ["error", "warning", "note", "never"];
    assert_eq!(levels.map(|level| status("error.toml", level)), [1, 1, 1, 0]);
    assert_eq!(levels.map(|level| status("warning.toml", level)), [0, 1, 1, 0]);
    assert_eq!(levels.map(|level| status("note.conf", level)), [0, 0, 1, 0]);
    assert_eq!(check(folder.path(), &["note.conf"]).status, 0, "warnings and worse, unless it is said");
    assert_eq!(check(folder.path(), &["warning.toml"]).status, 1);
    assert_eq!(status("note.conf", "always"), 2);
}
