//! Reads `stack.json` and compares answers with it, for whoever drives it. A file of tests.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The vectors of the repository.
pub(crate) fn load() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/stack.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn lines(value: &Value) -> String {
    let lines = value.as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Writes the files into `folder`; the policy file's text.
pub(crate) fn unpack(file: &Value, folder: &Path, upstream: &str) -> String {
    for (name, text) in file["files"].as_object().unwrap() {
        fs::write(folder.join(name), lines(text)).unwrap();
    }
    lines(&file["policy"]).replace("UPSTREAM", upstream)
}

/// A request of a vector.
pub(crate) struct Asked<'v>(pub(crate) &'v Value);

impl<'v> Asked<'v> {
    pub(crate) fn text(&self, key: &str) -> &'v str {
        self.0[key].as_str().unwrap_or_default()
    }

    pub(crate) fn is(&self, key: &str) -> bool {
        self.0[key].as_bool().unwrap_or_default()
    }

    pub(crate) fn body(&self) -> Option<&'v str> {
        self.0["body"].as_str()
    }

    pub(crate) fn times(&self) -> u64 {
        self.0["times"].as_u64().unwrap_or(1)
    }

    /// All fields, `Host` first.
    pub(crate) fn fields(&self) -> Vec<(&'v str, &'v str)> {
        let hosts = match self.0["host"].as_array() {
            Some(hosts) => hosts.iter().map(|host| host.as_str().unwrap()).collect(),
            None => vec!["gateway.test"],
        };
        let headers = self.0["headers"].as_array().unwrap().iter();
        let headers = headers.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
        hosts.into_iter().map(|host| ("host", host)).chain(headers).collect()
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// In what an answer differs from what is expected.
pub(crate) fn differences(expect: &Value, seen: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: &Value, actual: Value| {
        if *expected != actual {
            found.push(format!("{what}: expected {expected}, was {actual}"));
        }
    };
    let is_problem = seen.all("content-type") == ["application/problem+json"];
    let problem: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let code = if is_problem { problem["code"].clone() } else { Value::Null };
    compare("status", &expect["status"], json!(seen.status));
    compare("code", &expect["code"], code);
    compare("reached", &expect["reached"], json!(seen.all("x-handled-target").first()));
    compare("request ids", &json!(1), json!(seen.all("x-request-id").len()));
    for (name, value) in expect["fields"].as_object().unwrap() {
        let actual = seen.all(name);
        match value {
            Value::Bool(true) => compare(name, value, json!(!actual.is_empty())),
            Value::Null => compare(name, &json!([]), json!(actual)),
            exact => compare(name, &json!([exact]), json!(actual)),
        }
    }
    found
}

/// Each way to be wrong in one thing.
pub(crate) fn wrong_ones(expect: &Value) -> Vec<Value> {
    let mut wrong = Vec::new();
    let mut with = |change: &dyn Fn(&mut Value)| {
        let mut changed = expect.clone();
        change(&mut changed);
        wrong.push(changed);
    };
    with(&|it| it["status"] = json!(it["status"].as_u64().unwrap() + 1));
    with(&|it| it["code"] = if it["code"].is_null() { json!("forbidden") } else { Value::Null });
    with(&|it| it["code"] = json!("another"));
    with(&|it| it["reached"] = if it["reached"].is_null() { json!("/open/a") } else { Value::Null });
    with(&|it| it["reached"] = json!("/elsewhere"));
    for name in expect["fields"].as_object().unwrap().keys() {
        with(&|it| {
            let field = &mut it["fields"][name];
            *field = if field.is_null() { json!(true) } else { Value::Null };
        });
        with(&|it| it["fields"][name] = json!("another"));
    }
    wrong
}

/// Sends every vector and compares; `ask` is told of the server's way to be asked.
pub(crate) fn drive(file: &Value, mut ask: impl FnMut(&Asked<'_>) -> Seen) {
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 80);
    let mut failures = Vec::new();
    for vector in vectors {
        let asked = Asked(&vector["request"]);
        let seen = (0..asked.times()).map(|_| ask(&asked)).last().unwrap();
        let found = differences(&vector["expect"], &seen);
        if !found.is_empty() {
            failures.push(format!("{}: {}", vector["name"], found.join("; ")));
            continue;
        }
        for wrong in wrong_ones(&vector["expect"]) {
            assert!(!differences(&wrong, &seen).is_empty(), "{} passes as {wrong}", vector["name"]);
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), vectors.len(), failures.join("\n"));
}
