//! One expression, its proof as a file, and who believes it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::{Finished, run};

const PROVED: &str = r"^https://a\.com$";

fn judged(folder: &Path, expression: &str, rest: &[&str]) -> Finished {
    let mut arguments = vec!["check", "--regex", expression, "--dialect", "re2", "--mode", "search"];
    arguments.extend(rest);
    run(folder, &arguments)
}

fn verified(folder: &Path, file: &str) -> Finished {
    run(folder, &["verify-proof", file, "--format", "json"])
}

/// What is written does not depend on the day but for the list of public suffixes.
fn undated(text: &str) -> String {
    let (before, rest) = text.split_once("\"public_suffixes\":\"").unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    format!("{before}\"public_suffixes\":\"DAY\"{after}")
}

#[test]
fn a_verdict_is_told_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let of = |expression, rest: &[&str]| {
        let finished = judged(folder.path(), expression, &[rest, &["--format", "json"]].concat());
        (finished.status, finished.json())
    };
    let told = |value: &Value| {
        json!([value["verdict"], value["tier"], value["dead"], value["witness"], value["telling"]])
    };
    let (status, open) = of(r"^https://.*\.a\.com", &["--intend", "a.com"]);
    let shown = json!(["attack", "open", false, "https://m.a.com.me", "https://www.a.com.evil-site.com"]);
    assert_eq!((status, told(&open)), (1, shown));
    let (status, proved) = of(PROVED, &["--intend", "a.com"]);
    assert_eq!((status, told(&proved)), (0, json!(["proved", null, false, null, null])));
    assert_eq!(proved["assumptions"].as_array().unwrap().len(), 4);
    let (status, dead) = of("^https://A[.]com$", &["--intend", "a.com"]);
    assert_eq!((status, told(&dead)), (1, json!(["proved", null, true, null, null])));
    let (status, lower) = of("^https://A[.]com$", &["--intend", "a.com", "--flags", "i"]);
    assert_eq!((status, told(&lower)), (0, json!(["proved", null, false, null, null])));
    let (status, refused) = of("(", &[]);
    assert_eq!((status, &refused["verdict"]), (1, &json!("unknown")));
    assert_eq!(refused["reason"], "the engine refuses it: a group without an end (byte 0)");
}

#[test]
fn a_proof_is_a_file_that_holds_until_it_is_tampered_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let written = judged(path, PROVED, &["--intend", "a.com", "--certificate", "proof.json"]);
    assert_eq!(written.status, 0, "{written:?}");
    let proof = fs::read_to_string(path.join("proof.json")).unwrap();
    assert_eq!(undated(&proof), include_str!("proof.json"));
    let holds = verified(path, "proof.json");
    assert_eq!((holds.status, &holds.json()["holds"]), (0, &json!(true)), "{holds:?}");
    let tampered = [
        // Another name is meant, another expression, and a place is left out.
        ("\"a.com\"", "\"b.com\""),
        (r"a\\.com", "a.com"),
        (r#",[5,{"host":"a.com"}]"#, ""),
    ];
    for (from, to) in tampered {
        let other = proof.replacen(from, to, 1);
        assert_ne!(other, proof);
        fs::write(path.join("other.json"), other).unwrap();
        let refused = verified(path, "other.json");
        assert_eq!((refused.status, &refused.json()["holds"]), (1, &json!(false)), "{from}");
        assert!(refused.json()["reason"].is_string(), "{refused:?}");
    }
}

#[test]
fn what_is_no_proof_is_not_written_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let attacked = judged(path, "a.com", &["--intend", "a.com", "--certificate", "proof.json"]);
    assert_eq!(attacked.status, 2, "{attacked:?}");
    assert!(attacked.stderr.contains("there is nothing to certify"), "{attacked:?}");
    assert!(!path.join("proof.json").exists());
    for (name, text) in
        [("cut.json", "{"), ("empty.json", ""), ("other.json", "{\"schema\":\"corsac.proof/9\"}")]
    {
        fs::write(path.join(name), text).unwrap();
        let refused = verified(path, name);
        assert_eq!(refused.status, 2, "{name}: {refused:?}");
        assert!(refused.stderr.starts_with("error: "), "{refused:?}");
    }
    assert_eq!(verified(path, "missing.json").status, 2);
}
