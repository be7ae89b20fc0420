//! The proofs of configurations, as files.

use std::fs;

use serde_json::json;

use crate::process::run;

const POLICY: &str = "[upstreams.api]\nurl = \"http://127.0.0.1:1\"\n\n[cors.app]\norigins = [\"https://*.example.com\"]\n\n\
    [[routes]]\npath = \"/{*rest}\"\nupstream = \"api\"\ncors = \"app\"\n";

fn nginx(listed: &str) -> String {
    format!(
        "map $http_origin $open {{ default ''; '~^https://.*\\.example\\.com' $http_origin; }}\n\
         server {{\n\
         location /listed/ {{ add_header Access-Control-Allow-Origin {listed}; }}\n\
         location /open/ {{ add_header Access-Control-Allow-Origin $open; }}\n\
         location /worst/ {{ add_header Access-Control-Allow-Origin $open; add_header Access-Control-Allow-Credentials true; }}\n}}\n"
    )
}

#[test]
fn a_configuration_has_a_proof_for_each_scope_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let save = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
    save("nginx.conf", &nginx("https://app.example.com"));
    save("corsac.toml", POLICY);
    let arguments =
        ["check", "--timeout", "100s", "nginx.conf", "corsac.toml", "--certificate", "proofs.json"];
    let checked = run(path, &arguments);
    let told = "no stranger may read in 3 of 5 scopes, 1 more with credentials (-v tells of the others)";
    assert!(checked.stderr.contains(told), "{checked:?}");
    let verify = || run(path, &["verify-proof", "proofs.json", "--format", "json"]);
    let verified = verify();
    let shown = verified.json();
    assert_eq!((verified.status, &shown["holds"]), (0, &json!(true)), "{verified:?}");
    let claims: Vec<_> = shown["proofs"].as_array().unwrap().iter().map(|proof| &proof["claim"]).collect();
    let of = |claim: &serde_json::Value| {
        (claim["file"].clone(), claim["scope"].clone(), claim["with_credentials"].clone())
    };
    let claims: Vec<_> = claims.into_iter().map(of).collect();
    assert_eq!(
        claims,
        [
            (json!("nginx.conf"), json!("server"), json!(false)),
            (json!("nginx.conf"), json!("server, location /listed/"), json!(false)),
            (json!("nginx.conf"), json!("server, location /open/"), json!(true)),
            (json!("corsac.toml"), json!("route /{*rest}"), json!(false)),
        ]
    );
    assert_eq!(shown["unproved"][0]["scope"], "server, location /worst/");
    let human = run(path, &["verify-proof", "proofs.json"]);
    assert!(human.stdout.starts_with("holds     4 of 4 proofs\n"), "{human:?}");
    assert!(human.stdout.contains("not claimed: "), "{human:?}");

    // A scope that nobody spoke of.
    let more = "server { listen 81; add_header Access-Control-Allow-Origin $http_origin always; }\n";
    save("nginx.conf", &format!("{}{more}", nginx("https://app.example.com")));
    let grown = verify();
    let unspoken = &grown.json()["unspoken"];
    assert_eq!((grown.status, unspoken.as_array().unwrap().len()), (1, 1), "{grown:?}");
    assert_eq!(unspoken[0]["reason"], "no proof speaks of scope 5", "{grown:?}");

    // Somebody else may read by now.
    save("nginx.conf", &nginx("https://evil.example.org"));
    let changed = verify();
    let flaws: Vec<_> =
        changed.json()["proofs"].as_array().unwrap().iter().map(|proof| proof["reason"].clone()).collect();
    let reason = json!("its machines are not those of the expression or configuration that it names");
    assert_eq!(
        (changed.status, flaws),
        (1, vec![json!(null), reason, json!(null), json!(null)]),
        "{changed:?}"
    );
    // Nobody knows what it says.
    fs::remove_file(path.join("nginx.conf")).unwrap();
    let missing = verify();
    assert_eq!((missing.status, &missing.json()["holds"]), (1, &json!(false)), "{missing:?}");
}

#[test]
fn a_certificate_takes_no_other_files_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("corsac.toml"), POLICY).unwrap();
    let write = |to: &str| run(path, &["check", "corsac.toml", "--certificate", to]);
    let refused = write("corsac.toml");
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("`corsac.toml` exists, and is no certificate"), "{refused:?}");
    assert_eq!(fs::read_to_string(path.join("corsac.toml")).unwrap(), POLICY);
    for _ in 0..2 {
        assert_eq!(write("proofs.json").status, 0);
    }
    let slow = run(path, &["verify-proof", "proofs.json", "--timeout", "100s"]);
    assert_eq!(slow.status, 0, "{slow:?}");
    // What standard input was is not known any more.
    let text = fs::read_to_string(path.join("proofs.json")).unwrap().replace("\"corsac.toml\"", "\"-\"");
    fs::write(path.join("proofs.json"), text).unwrap();
    let nobody = run(path, &["verify-proof", "proofs.json"]);
    assert!(nobody.status == 1 && nobody.stdout.contains("`-` is no file here"), "{nobody:?}");
}

#[test]
fn where_a_stranger_may_read_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let code =
        "const app = require('express')();\napp.use(require('cors')({ origin: true, credentials: true }));\n";
    fs::write(folder.path().join("app.js"), code).unwrap();
    let checked = run(
        folder.path(),
        &["check", "--timeout", "100s", "--fail-on", "never", "app.js", "--certificate", "p"],
    );
    assert_eq!(checked.status, 1, "{checked:?}");
    assert!(checked.stderr.contains("nothing is proved, and no certificate was written"), "{checked:?}");
    assert!(!folder.path().join("p").exists());
    let empty = json!({"schema": "corsac.proofs/1", "proofs": [], "unproved": []}).to_string();
    fs::write(folder.path().join("p"), empty).unwrap();
    assert_eq!(run(folder.path(), &["verify-proof", "p"]).status, 1);
}

fn express(options: &str, more: &str) -> String {
    format!(
        "const app = require('express')();\nconst cors = require('cors');\napp.use(cors({{ {options} }}));\n{more}"
    )
}

#[test]
fn where_null_is_admitted_nothing_is_proved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let save = |text: &str| fs::write(path.join("app.js"), text).unwrap();
    let check = |to: &str| {
        run(path, &["check", "--timeout", "100s", "--fail-on", "never", "-v", "app.js", "--certificate", to])
    };
    save(&express("origin: ['null', 'https://app.example.com'], credentials: true", ""));
    let checked = check("none.json");
    assert!(checked.stderr.contains("`null` is admitted"), "{checked:?}");
    assert!(!checked.stderr.contains("no stranger may read"), "{checked:?}");
    assert!(!path.join("none.json").exists());

    save(&express("origin: ['https://nullify.example.com', 'https://app.example.com']", ""));
    let checked = check("proofs.json");
    assert!(checked.stderr.contains("no stranger may read in 1 of 1 scopes"), "{checked:?}");
    assert_eq!(run(path, &["verify-proof", "proofs.json"]).status, 0);
    save(&express("origin: ['https://nullify.example.com', 'https://app.example.com', 'null']", ""));
    let verified = run(path, &["verify-proof", "proofs.json"]);
    assert_eq!(verified.status, 1, "{verified:?}");
    assert!(verified.stdout.contains("`null` is admitted"), "{verified:?}");

    // An expression that takes it has none either; one that does not has.
    let certify = |regex: &str| {
        run(path, &["check", "--dialect", "js", "--regex", regex, "--certificate", "regex.json"])
    };
    let refused = certify(r"^(null|https://app\.example\.com)$");
    assert!(refused.status == 2 && refused.stderr.contains("`null` is admitted"), "{refused:?}");
    assert_eq!(certify(r"^https://(null|app)\.example\.com$").status, 0);
}

#[test]
fn a_single_certificate_says_which_scope_nobody_spoke_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let save = |more: &str| {
        fs::write(path.join("app.js"), express("origin: ['https://app.example.com']", more)).unwrap();
    };
    save("");
    assert_eq!(run(path, &["check", "--timeout", "100s", "app.js", "--certificate", "all.json"]).status, 0);
    let all: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path.join("all.json")).unwrap()).unwrap();
    fs::write(path.join("one.json"), all["proofs"][0].to_string()).unwrap();
    let alone = run(path, &["verify-proof", "one.json"]);
    assert!(alone.status == 0 && alone.stdout.starts_with("holds  "), "{alone:?}");
    save("app.use('/open', cors());\n");
    let beside = run(path, &["verify-proof", "one.json"]);
    assert_eq!(beside.status, 1, "{beside:?}");
    assert!(beside.stdout.starts_with("no proof"), "{beside:?}");
    assert!(beside.stdout.contains("no proof speaks of scope 2"), "{beside:?}");
}

#[test]
fn what_a_proof_of_code_assumes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let save = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
    save("app.js", "const cors = require('cors');\napp.use(cors({ origin: 'https://app.example.com' }));\n");
    save("nginx.conf", &nginx("https://app.example.com"));
    for (file, assumes) in [("app.js", true), ("nginx.conf", false)] {
        let proof = format!("{file}.json");
        let checked = run(path, &["check", "--timeout", "100s", file, "--certificate", &proof]);
        assert_eq!(checked.stderr.contains("assuming that code of other files"), assumes, "{checked:?}");
        let verified = run(path, &["verify-proof", &proof]);
        assert_eq!(verified.stdout.contains("assuming that code of other files"), assumes, "{verified:?}");
        let json = run(path, &["verify-proof", &proof, "--format", "json"]).json();
        let first = &json["proofs"][0]["assumptions"];
        assert_eq!(first.as_array().map(Vec::len), Some(usize::from(assumes)), "{json}");
    }
}
