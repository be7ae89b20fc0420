//! `KrakenD`: rs/cors, the package that does its work, from Debian. It is older (1.7) than the one
//! of `KrakenD` (1.11); what it matches and sends is the same.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use corsac_diagnostics::Source;
use corsac_importers::{System, import};

use super::chosen::{Random, asked, written};
use super::http::Response;
use super::programs::folder;
use super::{Tally, long};

/// Where Debian puts the sources of Go's packages.
const GOPATH: &str = "/usr/share/gocode";

struct Case {
    origins: Vec<String>,
    credentials: bool,
    asked: Vec<String>,
}

#[test]
#[ignore = "starts Go"]
fn predictions_are_what_rs_cors_answers() {
    let mut random = Random(8);
    let count = if long() { 2000 } else { 200 };
    let cases: Vec<_> = (0..count).map(|_| case(&mut random)).collect();
    let mut answers = answers(&cases).into_iter();
    let mut tally = Tally::default();
    for case in &cases {
        let text = format!(
            "{{\"extra_config\": {{\"security/cors\": {{\"allow_origins\": {}, \"allow_credentials\": {}}}}}}}",
            json(&case.origins),
            case.credentials
        );
        let system = System::by_id("krakend").unwrap();
        let model = import(system, Source::new("krakend.json", text.clone()), &()).unwrap();
        for origin in &case.asked {
            let response = answers.next().unwrap();
            tally.compare(&model.scopes[0].actual, origin, &response, &text);
        }
        tally.configurations += 1;
    }
    tally.done("rs/cors");
}

fn case(random: &mut Random) -> Case {
    let origin = |random: &mut Random| match random.below(6) {
        0 => random
            .of(&["https://*", "http*", "https://*.*.com", "*example.com", "https://a*.example.com"])
            .to_owned(),
        _ => written(random),
    };
    let origins = (0..random.below(4)).map(|_| origin(random)).collect();
    Case { origins, credentials: random.once_in(2), asked: asked(random, 30) }
}

fn json(texts: &[String]) -> String {
    let quoted = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(","))
}

fn answers(cases: &[Case]) -> Vec<Response> {
    let folder = folder("rs_cors");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_gateways/rs_cors/main.go");
    let binary = folder.join("rs_cors");
    let mut build = Command::new(std::env::var_os("CORSAC_GO").unwrap_or_else(|| "go".into()));
    build.args(["build", "-o"]).arg(&binary).arg(source).env("GO111MODULE", "off").env("GOPATH", GOPATH);
    let built = build.env("GOCACHE", folder.join("cache")).status().expect("Go is installed");
    assert!(built.success(), "the package golang-github-rs-cors-dev is installed");
    let mut questions = String::new();
    for Case { origins, credentials, asked } in cases {
        let (origins, asked) = (json(origins), json(asked));
        writeln!(questions, "{{\"Origins\": {origins}, \"Credentials\": {credentials}, \"Asked\": {asked}}}")
            .unwrap();
    }
    fs::write(folder.join("questions"), &questions).unwrap();
    let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::spawn(move || input.write_all(questions.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(answer).collect()
}

/// A line such as `{"AllowOrigin":["*"],"Credentials":null}`.
fn answer(line: &str) -> Response {
    let values: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut fields = Vec::new();
    for (key, field) in
        [("AllowOrigin", "access-control-allow-origin"), ("Credentials", "access-control-allow-credentials")]
    {
        for value in values[key].as_array().into_iter().flatten() {
            fields.push((field.to_owned(), value.as_str().unwrap().to_owned()));
        }
    }
    Response { status: 404, fields }
}
