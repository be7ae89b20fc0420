//! `corsac import`: where the policy goes, what the exit status says, and bad input.

use std::fs;
use std::path::Path;

use crate::process::run;

const WHOLE: &str = "[{\"AllowedOrigins\": [\"https://app.example.com\"], \"AllowedMethods\": [\"PUT\"]}]";

const OPEN: &str = "events {}\nhttp { server { location /v1/ {\n\
    if ($http_origin ~ \"^https://.*\\.example\\.com\") {\n\
    add_header Access-Control-Allow-Origin $http_origin;\nadd_header Access-Control-Allow-Credentials true;\n}\n} } }\n";

#[test]
fn every_policy_that_was_looked_at_passes_check() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../importers/tests/suggested/policies");
    let names: Vec<String> = fs::read_dir(&policies)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() > 20);
    let mut arguments = vec!["check", "--kind", "corsac", "--fail-on", "error"];
    arguments.extend(names.iter().map(String::as_str));
    let finished = run(&policies, &arguments);
    assert_eq!(finished.status, 0, "{}", finished.stdout);
}

#[test]
fn the_policy_is_data_and_the_difference_is_talk() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nginx.conf"), OPEN).unwrap();
    let finished = run(folder.path(), &["import", "--timeout", "100s", "nginx.conf"]);
    assert_eq!(finished.status, 1);
    assert!(finished.stdout.contains("origins         = [\"https://*.example.com\"]"), "{}", finished.stdout);
    assert!(finished.stdout.contains("path     = \"/v1/{*rest}\""));
    assert!(finished.stderr.contains("- https://www.example.com.evil-site.com"), "{}", finished.stderr);
    let json = run(folder.path(), &["import", "--timeout", "100s", "nginx.conf", "--format", "json"]).json();
    assert_eq!(json["schema"], "corsac.import/1");
    assert_eq!(json["policy"], finished.stdout);
    let left_out =
        json["remarks"].as_array().unwrap().iter().find(|remark| remark["kind"] == "left-out").unwrap();
    assert_eq!((&left_out["cors"], &left_out["scope"]), (&"v1".into(), &serde_json::Value::Null));
    assert_eq!(left_out["witness"], "https://www.example.com.evil-site.com");
    assert_eq!(json["whole"], false);
}

#[test]
fn a_new_file_is_written_and_one_that_exists_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cors.json"), WHOLE).unwrap();
    let arguments = ["import", "--timeout", "100s", "cors.json", "--kind", "s3", "--output", "new.toml"];
    let finished = run(folder.path(), &arguments);
    assert_eq!((finished.status, finished.stdout.as_str()), (0, ""), "{}", finished.stderr);
    let written = fs::read_to_string(folder.path().join("new.toml")).unwrap();
    assert!(written.contains("[\"https://app.example.com\"]"), "{written}");
    fs::write(folder.path().join("new.toml"), "mine").unwrap();
    let finished = run(folder.path(), &arguments);
    assert_eq!(finished.status, 2);
    assert!(finished.stderr.contains("`new.toml` exists already"), "{}", finished.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("new.toml")).unwrap(), "mine");
}

#[test]
fn what_cannot_be_read_is_told_with_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "nothing of the kind").unwrap();
    fs::write(folder.path().join("bytes.conf"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(folder.path().join("cors.json"), WHOLE).unwrap();
    for arguments in [
        &["import", "notes.txt"][..],
        &["import", "absent.conf"],
        &["import", "cors.json", "--kind", "s3", "--intend", "com"],
        &["import", "cors.json", "--kind", "s3", "--output", "no/such/folder.toml"],
    ] {
        let finished = run(folder.path(), arguments);
        assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(finished.stderr.starts_with("error:"), "{}", finished.stderr);
    }
}

#[test]
fn what_is_too_much_for_one_policy_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let locations = |count: usize| -> String {
        let one = |at: usize| {
            format!(
                "location /p{at}/ {{ add_header Access-Control-Allow-Origin https://a{at}.example.com; }}\n"
            )
        };
        format!("events {{}}\nhttp {{ server {{\n{}}} }}\n", (0..count).map(one).collect::<String>())
    };
    fs::write(folder.path().join("nginx.conf"), locations(1_001)).unwrap();
    let arguments = ["import", "--timeout", "100s", "nginx.conf"];
    let finished = run(folder.path(), &arguments);
    assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{}", finished.stderr);
    let reason = "failed to carry `nginx.conf` over: `routes`: 1002 entries, at most 1000 fit";
    assert!(finished.stderr.contains(reason), "{}", finished.stderr);
    fs::write(folder.path().join("nginx.conf"), locations(10)).unwrap();
    assert_eq!(run(folder.path(), &arguments).status, 0);
}

#[test]
fn work_that_takes_too_long_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // A million blocks are more than a millisecond's work, on any machine.
    let long = format!("{OPEN}{}", "map $a $b { default 1; }\n".repeat(200_000));
    fs::write(folder.path().join("nginx.conf"), long).unwrap();
    for arguments in [&["import", "nginx.conf"][..], &["diff", "nginx.conf", "nginx.conf"]] {
        let finished = run(folder.path(), &[arguments, &["--timeout", "1ms"]].concat());
        assert_eq!((finished.status, finished.stdout.as_str()), (2, ""), "{}", finished.stderr);
        let reason = "it took longer than 1ms; --timeout gives it more";
        assert!(finished.stderr.contains(reason), "{}", finished.stderr);
    }
}
