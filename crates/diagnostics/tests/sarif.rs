//! SARIF as its schema wants it, and as code scanning reads it.

#![cfg(test)]

use corsac_diagnostics::render::{self, Run, UnreadFile};
use corsac_diagnostics::{
    Confidence, Diagnostic, Edit, Fix, INVALID_VALUE, MISSING_KEY, Place, Report, Safety, Severity, Source,
    fingerprints,
};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The schema, with a pattern for names of languages that is one: errata 01 mends it so.
fn schema() -> Validator {
    let text = include_str!("data/sarif-schema-2.1.0.json");
    let text = text.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let schema = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn mistakes(log: &Value) -> Vec<String> {
    schema().iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn written(run: &Run<'_>) -> Value {
    let text = render::sarif(run);
    assert!(text.ends_with("}\n"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Where `part` stands in `text`.
fn at(text: &str, part: &str) -> std::ops::Range<usize> {
    let start = text.find(part).unwrap();
    start..start + part.len()
}

const TEXT: &str = "# 🦊 é\na = \"🦊\" # é, b\nc = [\n  1,\n]\n";

fn report(name: &str) -> Report {
    let fix = Fix {
        title: "write `x` [here](https://attacker.example)".to_owned(),
        safety: Safety::Safe,
        edits: vec![
            Edit { place: Place::Span(at(TEXT, "b")), replacement: "x\n".to_owned() },
            Edit { place: Place::Span(3..3), replacement: String::new() },
        ],
    };
    let findings = vec![
        Diagnostic::new(&INVALID_VALUE, "wrong: 100% [a](0) \u{202e}{0}")
            .at(Place::Span(at(TEXT, "b")), "this")
            .and_at(Place::Span(at(TEXT, "\"🦊\"")), "because of this")
            .and_at(Place::Span(at(TEXT, "[\n  1,\n]")), "")
            .note("first")
            .note("second")
            .help("mend it")
            .confidence(Confidence::Low)
            .fix(fix),
        Diagnostic::new(&INVALID_VALUE, "wrong too").at(Place::Span(0..0), "").severity(Severity::Note),
        Diagnostic::new(&MISSING_KEY, "`d` is missing"),
    ];
    Report::new(Source::new(name, TEXT), &(), findings).of_kind("nginx")
}

#[test]
fn every_run_is_what_the_schema_wants() {
    let reports = [report("conf d/ü%:x.conf"), report("/abs/a.conf"), report("../b"), report("-")];
    let unread =
        [UnreadFile { name: "c:d\n.conf".to_owned(), reason: "it is not UTF-8 (byte 7)".to_owned() }];
    let page: fn(&str) -> Option<&'static str> = |id| (id == "missing-key").then_some("# missing-key\n");
    let whole = Run { unread: &unread, page, ..Run::of(&reports) };
    for run in [&whole, &Run::of(&[])] {
        let log = written(run);
        assert_eq!(mistakes(&log), [""; 0]);
        // Nor is that because the schema takes anything.
        for (path, wrong) in [
            ("/version", json!("2.2.0")),
            ("/runs/0/tool", json!({})),
            ("/runs/0/columnKind", json!("bytes")),
            ("/runs/0/invocations/0/executionSuccessful", json!("yes")),
        ] {
            let mut log = log.clone();
            *log.pointer_mut(path).unwrap() = wrong;
            assert_ne!(mistakes(&log), [""; 0], "{path}");
        }
    }
    let mut log = written(&whole);
    *log.pointer_mut("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri").unwrap() =
        json!("conf d");
    assert_eq!(mistakes(&log).len(), 1, "a space is none of a URI");
}

/// `CORSAC_UPDATE=1 cargo test -p corsac-diagnostics --test sarif` writes it anew; review the
/// difference.
#[test]
fn the_output_is_the_one_that_was_seen_by_eye() {
    let reports = [report("conf d/a.conf")];
    let unread = [UnreadFile { name: "b.conf".to_owned(), reason: "no such file".to_owned() }];
    let page: fn(&str) -> Option<&'static str> = |id| (id == "missing-key").then_some("# missing-key\n");
    let found = render::sarif(&Run { unread: &unread, page, version: "1.2.3", ..Run::of(&reports) });
    if std::env::var_os("CORSAC_UPDATE").is_some() {
        std::fs::write("tests/data/run.sarif", &found).unwrap();
    } else {
        assert_eq!(found, include_str!("data/run.sarif"));
    }
}

#[test]
fn places_count_from_one_in_utf_16_code_units() {
    let reports = [report("a")];
    let log = written(&Run::of(&reports));
    let results = &log["runs"][0]["results"];
    let region = |start: (u64, u64), end: (u64, u64)| json!({"startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1});
    let of = |location: &Value| location["physicalLocation"]["region"].clone();
    // The findings stand by their places: the missing key has none, and is first.
    assert_eq!(of(&results[0]["locations"][0]), json!({"startLine": 1}));
    assert_eq!(of(&results[1]["locations"][0]), region((1, 1), (1, 1)));
    // `🦊` is two units, `é` is one.
    assert_eq!(of(&results[2]["locations"][0]), region((2, 15), (2, 16)));
    let related = &results[2]["relatedLocations"];
    assert_eq!(of(&related[0]), region((2, 5), (2, 9)));
    assert_eq!(of(&related[1]), region((3, 5), (5, 2)));
    assert_eq!((&related[0]["id"], &related[1]["id"]), (&json!(0), &json!(1)));
    assert_eq!(related[0]["message"]["text"], "because of this");
    assert_eq!(related[1]["message"], Value::Null);

    let marked = Report::new(
        Source::new("a", "\u{feff}a b\nc"),
        &(),
        vec![Diagnostic::new(&INVALID_VALUE, "x").at(Place::Span(5..6), "")],
    );
    let log = written(&Run::of(&[marked]));
    assert_eq!(
        of(&log["runs"][0]["results"][0]["locations"][0]),
        region((1, 3), (1, 4)),
        "no byte order mark"
    );
}

#[test]
fn results_say_what_a_reader_needs() {
    let reports = [report("a")];
    let page: fn(&str) -> Option<&'static str> = |id| (id == "missing-key").then_some("# missing-key\n");
    let log = written(&Run { page, version: "1.2.3", ..Run::of(&reports) });
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["version"]), (&json!("corsac"), &json!("1.2.3")));
    let rules = driver["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["invalid-value", "missing-key"], "each once");
    assert_eq!(rules[1]["help"], json!({"text": "# missing-key\n", "markdown": "# missing-key\n"}));
    assert_eq!(rules[0]["properties"]["precision"], "low", "as sure as the least sure finding");
    assert_eq!(rules[1]["properties"]["precision"], "high");
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
    }
    let last = &run["results"][2];
    assert_eq!(
        last["message"]["text"], "wrong: 100% [a\\](0) \u{202e}{0}\nfirst\nsecond\nhelp: mend it",
        "no link comes of what somebody wrote"
    );
    assert_eq!((&run["results"][1]["level"], &last["level"]), (&json!("note"), &json!("error")));
    let fix = &last["fixes"][0];
    assert_eq!(fix["description"]["text"], "write `x` [here\\](https://attacker.example) (safe)");
    let replacements = fix["artifactChanges"][0]["replacements"].as_array().unwrap();
    assert_eq!(replacements[0]["insertedContent"]["text"], "x\n");
    assert_eq!(replacements.len(), 2);
}

#[test]
fn names_of_files_are_relative_and_escaped() {
    let names = ["conf d/ü%:x.conf", "/here/now/a.conf", "/here/nowhere.conf", "./b", "-"];
    let reports = names.map(report);
    let unread = [UnreadFile { name: "/here/now/c d".to_owned(), reason: "no such file".to_owned() }];
    let log = written(&Run { base: "/here/now", unread: &unread, ..Run::of(&reports) });
    let run = &log["runs"][0];
    let of = |location: &Value| location["uri"].as_str().unwrap().to_owned();
    let found: Vec<_> =
        run["artifacts"].as_array().unwrap().iter().map(|file| of(&file["location"])).collect();
    assert_eq!(found, ["conf%20d/%C3%BC%25%3Ax.conf", "a.conf", "file:///here/nowhere.conf", "b", "-"]);
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let told = &invocation["toolExecutionNotifications"][0];
    assert_eq!(of(&told["locations"][0]["physicalLocation"]["artifactLocation"]), "c%20d");
    assert_eq!(told["message"]["text"], "failed to read `/here/now/c d`: no such file");
    assert_eq!(written(&Run::of(&reports))["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn a_finding_is_known_again_when_its_line_moves_and_not_when_it_changes() {
    let of = |name: &str, text: &str, part: &str| {
        let finding = Diagnostic::new(&INVALID_VALUE, "wrong").at(Place::Span(at(text, part)), "");
        fingerprints(&Report::new(Source::new(name, text), &(), vec![finding]), "/here").pop().unwrap()
    };
    let print = of("a", "x = [1, 2]\n", "2");
    assert_eq!(print.len(), 32);
    assert_eq!(of("./a", "\n\n# new\n   x = [1, 2]   \r\n", "2"), print, "lines above, space around");
    assert_eq!(of("/here/a", "x = [1, 2]\n", "2"), print, "another way to name the file");
    assert_ne!(of("b", "x = [1, 2]\n", "2"), print, "another file");
    assert_ne!(of("a", "x = [1, 2, 3]\n", "2"), print, "another line");
    assert_ne!(of("a", "x = [1, 2]\n", "1"), print, "another place on it");

    let twice = |text: &str| {
        let finding = |start| Diagnostic::new(&INVALID_VALUE, "wrong").at(Place::Span(start..start + 1), "");
        let second = text.rfind('x').unwrap();
        let report = Report::new(Source::new("a", text), &(), vec![finding(0), finding(second)]);
        fingerprints(&report, "")
    };
    let prints = twice("x\ny\nx\n");
    assert_ne!(prints[0], prints[1], "two alike are two");
    assert_eq!(prints, twice("x\ny\ny\nx\n"));
}
