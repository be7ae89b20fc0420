//! `explain --har`.

use std::fs;

use serde_json::Value;

use crate::process::{Finished, run};

const CHROMIUM: &str = include_str!("../../../analysis/tests/data/har/chromium.har");

fn explain(har: &str, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.har"), har).unwrap();
    run(folder.path(), &[&["explain", "--har", "a.har"], arguments].concat())
}

#[test]
fn failures_come_first_and_say_what_to_do() {
    let finished = explain(CHROMIUM, &[]);
    assert_eq!((finished.status, &*finished.stderr), (1, ""));
    let text = &finished.stdout;
    let first = "\
blocked   GET https://api.example.com/missing from https://app.example.com
  CORS check      fails: there is no `Access-Control-Allow-Origin`
  Chromium says   Access to fetch at 'https://api.example.com/missing' from origin 'https://app.example.com' \
has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.
  Fix             ";
    assert!(text.starts_with(first), "{text}");
    let places = ["blocked ", "unknown ", "ok "].map(|word| text.rfind(&format!("\n{word}")).unwrap());
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("net::ERR_CONNECTION_REFUSED, nothing listens there"), "{text}");
    let ask = "corsac explain https://down.example.com/refused --from https://app.example.com\n";
    assert!(text.contains(ask), "{text}");
    let end = "19 entries of WebInspector 537.36: 10 calls to other origins, 5 blocked, 1 unknown, 4 readable\n\
               not judged: navigations: 1, loads without CORS (images, scripts, styles): 3, to the page's own origin: 1\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn what_repeats_is_counted_and_what_is_allowed_is_clean() {
    let entry = |number: usize, allowed: &str| {
        format!(
            r#"{{"request":{{"method":"GET","url":"https://api.example.com/a?{number}","headers":[{{"name":"Origin","value":"https://app.example.com"}}]}},"response":{{"status":200,"headers":[{{"name":"Access-Control-Allow-Origin","value":"{allowed}"}}]}}}}"#
        )
    };
    let har = |allowed: &str| {
        let entries: Vec<_> = (0..37).map(|number| entry(number, allowed)).collect();
        format!(r#"{{"log":{{"entries":[{}]}}}}"#, entries.join(","))
    };
    let finished = explain(&har("*"), &[]);
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert_eq!(
        (finished.status, lines[0]),
        (0, "ok        GET https://api.example.com/a?0 from https://app.example.com   \u{d7} 37")
    );
    let finished = explain(&har("https://other.example.com"), &["--engine", "firefox"]);
    assert_eq!(finished.status, 1);
    assert!(finished.stdout.contains("from https://app.example.com   \u{d7} 37\n"), "{}", finished.stdout);
    assert_eq!(finished.stdout.matches("Firefox says").count(), 1);
}

#[test]
fn json_is_a_line_for_each_call_and_one_for_the_whole() {
    let finished = explain(CHROMIUM, &["--format", "json", "--engine", "webkit"]);
    let lines: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((finished.status, lines.len()), (1, 11));
    assert!(lines.iter().all(|line| line["schema"] == "corsac.explain-har/1"));
    let (last, calls) = lines.split_last().unwrap();
    assert!(calls.iter().all(|call| call["kind"] == "call" && call["recorded_by"] == "chromium"));
    let put = calls.iter().find(|call| call["url"] == "https://api.example.com/nomethod").unwrap();
    assert_eq!((&put["outcome"], &put["verdicts"][0]["engine"]), (&"blocked".into(), &"webkit".into()));
    let refused = calls.iter().find(|call| call["outcome"] == "unknown").unwrap();
    assert!(refused["verdicts"] == Value::Array(vec![]) && refused["unknown"] == "no-response", "{refused}");
    assert!(last["kind"] == "summary" && last["complete"] == true && last["calls"] == 10, "{last}");
}

#[test]
fn a_broken_har_is_explained_up_to_the_break_which_is_told() {
    let cut = CHROMIUM.find("/ok1").unwrap();
    let finished = explain(CHROMIUM.get(..cut).unwrap(), &[]);
    assert_eq!(finished.status, 2);
    assert!(
        finished.stdout.starts_with("blocked   GET https://api.example.com/missing "),
        "{}",
        finished.stdout
    );
    let said = "failed to read `a.har` to its end: it ends in the middle of entry 4; what stands before is explained";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
    let finished = explain(CHROMIUM.get(..cut).unwrap(), &["--format", "json"]);
    let last: Value = serde_json::from_str(finished.stdout.lines().last().unwrap()).unwrap();
    assert!(finished.status == 2 && last["complete"] == false, "{last}");
    for (text, reason) in [
        ("", "failed to read `a.har`: it ends before the first entry"),
        ("{\"a\": 1}", "it is not a HAR: it has no `log.entries`"),
        ("<html>", "it is not JSON: expected value"),
    ] {
        let finished = explain(text, &[]);
        assert!(finished.status == 2 && finished.stderr.contains(reason), "{finished:?}");
        assert_eq!(finished.stdout, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let finished = run(folder.path(), &["explain", "--har", "none.har"]);
    assert!(finished.status == 2 && finished.stderr.contains("failed to read `none.har`"), "{finished:?}");
}

#[test]
fn the_command_that_asks_again_has_no_secrets_and_is_quoted() {
    let har = r#"{"log":{"creator":{"name":"WebInspector"},"entries":[{"_resourceType":"fetch",
        "request":{"method":"PUT","url":"https://api.example.com/a?b=1&c='$(x)","headers":[
            {"name":"Referer","value":"https://app.example.com/"},
            {"name":"Authorization","value":"Bearer secret"},
            {"name":"Content-Type","value":"application/json"}]},
        "response":{"status":0,"_error":"net::ERR_FAILED"}}]}}"#;
    let finished = explain(har, &[]);
    let ask = r"corsac explain 'https://api.example.com/a?b=1&c=%27$(x)' --from https://app.example.com -X PUT -H 'authorization: VALUE' -H 'content-type: application/json'";
    assert!(finished.status == 0 && finished.stdout.contains(ask), "{}", finished.stdout);
    assert!(!finished.stdout.contains("secret"), "{}", finished.stdout);
}

#[test]
fn what_a_har_says_does_not_drive_the_terminal() {
    let har = r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://api.example.com/",
        "headers":[{"name":"Origin","value":"https://app.example.com"}]},
        "response":{"status":200,"headers":[{"name":"Access-Control-Allow-Origin","value":"\u001b[2Jx\u009b"}]}},
        {"request":{"method":"GET","url":"https://api.example.com/b",
        "headers":[{"name":"Origin","value":"https://app.example.com"}]},
        "response":{"status":0,"_error":"net::\u001b[2Jy\u0007"}}]}}"#;
    let finished = explain(har, &[]);
    let is_control = |char: char| char.is_control() && char != '\n';
    assert!(!finished.stdout.contains(is_control) && !finished.stderr.contains(is_control), "{finished:?}");
    assert!(finished.stdout.contains("[2Jx") && finished.stdout.contains("[2Jy"), "{finished:?}");
}
