//! Findings that somebody has accepted.

use std::fs;

use super::{NGINX, POLICY, check, read, save};

#[test]
fn what_is_in_the_baseline_is_not_told_until_its_line_changes() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("nginx.conf", NGINX), ("policy.toml", POLICY)]);
    let here = |arguments: &[&str]| check(folder.path(), &[&["--format", "json", "."], arguments].concat());
    let written = here(&["--write-baseline", "accepted.json"]);
    assert_eq!((written.status, written.json()["hidden"].as_u64()), (0, Some(2)), "{written:?}");
    let text = fs::read_to_string(folder.path().join("accepted.json")).unwrap();
    assert_eq!(text.lines().count(), 7, "a line a finding: {text}");

    let again = here(&["--baseline", "accepted.json"]);
    assert_eq!((again.status, again.stderr.as_str()), (0, ""), "{again:?}");
    assert_eq!(again.json()["findings"], serde_json::json!([]));
    assert_eq!(read(&again.json()).len(), 2, "the baseline itself is nobody's configuration");

    let moved = format!("# a line\n\n{}", POLICY.replace("origins", "  origins"));
    save(folder.path(), &[("policy.toml", &moved)]);
    assert_eq!(here(&["--baseline", "accepted.json"]).status, 0, "lines above and space are no change");

    let changed = POLICY.replace("https://app.example.com/", "https://other.example.com/");
    save(folder.path(), &[("policy.toml", &changed)]);
    let changed = here(&["--baseline", "accepted.json"]);
    assert_eq!((changed.status, changed.json()["findings"].as_array().unwrap().len()), (1, 1), "{changed:?}");
    let gone = "1 of the baseline not found any more: `origin-never-sent in policy.toml`\n";
    assert_eq!(changed.stderr, gone);
    // A file that was not looked at tells nothing; one that is no longer there does.
    let other = check(folder.path(), &["nginx.conf", "--baseline", "accepted.json"]);
    assert!(!other.stderr.contains("not found any more"), "{other:?}");
    fs::remove_file(folder.path().join("policy.toml")).unwrap();
    let other = check(folder.path(), &["nginx.conf", "--baseline", "accepted.json"]);
    assert!(other.stderr.contains(gone) && other.status == 0, "{other:?}");
}

#[test]
fn one_accepted_finding_hides_one_and_not_its_twin() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &[("nginx.conf", NGINX)]);
    assert_eq!(check(folder.path(), &["nginx.conf", "--write-baseline", "b.json"]).status, 0);
    let twin = "    location /twin {\n      js_content api.answer;\n    }\n";
    let twice = NGINX.replace("    location /code {", &format!("{twin}    location /code {{"));
    save(folder.path(), &[("nginx.conf", &twice)]);
    let checked = check(folder.path(), &["nginx.conf", "--baseline", "b.json", "--format", "json"]);
    let json = checked.json();
    assert_eq!((&json["hidden"], json["findings"].as_array().unwrap().len()), (&1.into(), 1), "{json:#}");
    assert_eq!(json["findings"][0]["line"], 9, "the second of two that are alike");
    let shown = check(folder.path(), &["nginx.conf", "--baseline", "b.json"]);
    assert!(shown.stderr.contains("1 finding more of the baseline\n"), "{shown:?}");
}

#[test]
fn a_baseline_that_is_none_is_refused_and_no_other_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |entry: &str| format!("{{\"schema\":\"corsac.baseline/1\",\"findings\":[{entry}]}}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let files = [
        ("empty.json", String::new(), "it is not JSON (line 1)"),
        ("rubbish.json", "rubbish".to_owned(), "it is not JSON (line 1)"),
        ("deep.json", deep, "it is not JSON (line 1)"),
        ("other.json", "{\"schema\":\"corsac.check/1\",\"findings\":[]}".to_owned(), "its schema is not"),
        ("list.json", "[]".to_owned(), "its schema is not"),
        ("bare.json", "{\"schema\":\"corsac.baseline/1\"}".to_owned(), "it has no list `findings`"),
        ("half.json", entry("{\"rule\":\"x\",\"file\":\"y\"}"), "`findings[0]` lacks `fingerprint`"),
        ("binary.json", "\u{0}".to_owned(), "it has a zero byte"),
    ];
    save(folder.path(), &[("policy.toml", POLICY)]);
    for (name, text, reason) in &files {
        fs::write(folder.path().join(name), text).unwrap();
        let refused = check(folder.path(), &["policy.toml", "--baseline", name]);
        assert!(refused.status == 2 && refused.stdout.is_empty(), "{name}: {refused:?}");
        assert!(refused.stderr.contains(reason) && refused.stderr.contains("hint: "), "{name}: {refused:?}");
        let kept = check(folder.path(), &["policy.toml", "--write-baseline", name]);
        assert!(kept.status == 2 && kept.stderr.contains("failed to write the baseline"), "{name}: {kept:?}");
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), *text, "{name} is as it was");
    }
    assert_eq!(check(folder.path(), &["policy.toml", "--write-baseline", "policy.toml"]).status, 2);
    assert_eq!(fs::read_to_string(folder.path().join("policy.toml")).unwrap(), POLICY);
    let missing = check(folder.path(), &["policy.toml", "--baseline", "missing.json"]);
    assert!(missing.status == 2 && missing.stderr.contains("no such file"), "{missing:?}");
    let nowhere = check(folder.path(), &["policy.toml", "--write-baseline", "no/where.json"]);
    assert_eq!(nowhere.status, 2, "{nowhere:?}");
    // One that was written before is written again.
    for expected in [0, 0] {
        assert_eq!(check(folder.path(), &["policy.toml", "--write-baseline", "b.json"]).status, expected);
    }
}
