//! What `check` says: how much of a file it repeats, and in whose words.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::process::{Finished, run};

const REST: &str =
    "[upstreams.api]\nurl = \"http://127.0.0.1:1\"\n[cors.app]\norigins = [\"https://app.example.com\"]\n";

/// A whole policy file with these paths.
fn routes(paths: &[&str]) -> String {
    let mut text = REST.to_owned();
    for path in paths {
        writeln!(text, "[[routes]]\npath = \"{path}\"\nupstream = \"api\"\ncors = \"app\"").unwrap();
    }
    text
}

fn check(text: &str, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), text).unwrap();
    run(folder.path(), &[&["check", "a.toml"], arguments].concat())
}

/// One line a finding.
fn told(text: &str) -> Vec<String> {
    let checked = check(text, &["--format", "plain"]);
    assert!(checked.status < 2, "{checked:?}");
    checked.stdout.lines().map(|line| line.trim_start_matches("a.toml:").to_owned()).collect()
}

#[test]
fn what_is_long_is_not_repeated() {
    let long = "x".repeat(300_000);
    let good = routes(&["/a"]);
    for text in [
        good.replace("https://app.example.com", &long),
        good.replace("https://app.example.com", &format!("https://a.example/{long}")),
        good.replace("https://app.example.com", &format!("https://a.example\", \"{long}")),
        good.replace("origins =", &format!("methods = [\"{long}é\"]\norigins =")),
        good.replace("origins =", &format!("request_headers = [\"sec-{long}\"]\norigins =")),
        good.replace("origins =", &format!("exposed_headers = [\"*\", \"{long}\", \"{long}\"]\norigins =")),
        good.replace("origins =", &format!("max_age = \"{long}\"\norigins =")),
        good.replace("http://127.0.0.1:1", &long),
        good.replace("\"/a\"", &format!("\"/a%{long}\"")),
        good.replace("\"/a\"", &format!("\"/{{{long}\"")),
        good.replace("upstream = \"api\"", &format!("upstream = \"{long}\"")),
        good.replace("[upstreams.api]", &format!("[upstreams.{long}]")),
        good.replace("cors = \"app\"", &format!("cors = \"app\"\ncors_mode = \"{long}\"")),
        format!("{long} = 1\n{good}"),
        format!("[gateway]\nlisten = \"{long}\"\ncors = \"{long}\"\ntrusted_proxies = [\"{long}\"]\n{good}"),
        format!("{good}[profiles.{long}.profiles.{long}]\na = 1\n"),
        format!("{good}{long}\n"),
        format!("{good}a = {long}\n"),
        format!("{good}a = \"{long}\n"),
        format!("{good}[{long}\n"),
        format!("[{long}]\na = 1\n[{long}]\n"),
        routes(&[&format!("/{long}"), &format!("/{long}")]),
        routes(&[&format!("/{{{long}}}"), "/{a}"]),
    ] {
        for format in ["human", "plain", "json"] {
            let checked = check(&text, &["--format", format]);
            let beginning: String = text.chars().take(400).collect();
            assert_eq!(checked.status, 1, "{format}: {beginning}");
            assert!(checked.stdout.len() < 8_000, "{format}, {} bytes: {beginning}", checked.stdout.len());
            assert!(!checked.stdout.contains(&"x".repeat(200)), "{format}: {}", checked.stdout);
        }
    }
}

#[test]
fn what_is_short_is_repeated_whole_and_lists_say_how_many_more() {
    let name = "y".repeat(70);
    let told_of = told(&routes(&["/a"]).replace("upstream = \"api\"", &format!("upstream = \"{name}\"")));
    assert!(told_of.concat().contains(&format!("there is no upstream `{name}`")), "{told_of:?}");

    let mut text = routes(&["/a"]).replace("upstream = \"api\"", "upstream = \"b\"");
    for number in 0..20 {
        writeln!(text, "[upstreams.u{number}]\nurl = \"http://127.0.0.1:1\"").unwrap();
    }
    let told_of = told(&text).concat();
    assert!(
        told_of.contains("name one of `api`, `u0`, ") && told_of.contains(", `u8`, 11 more)"),
        "{told_of}"
    );
}

#[test]
fn a_profile_within_a_profile_is_an_unknown_key() {
    let good = routes(&["/a"]);
    let inner = format!("{good}[profiles.one.profiles.two.cors.app]\norigins = [\"https://b.example\"]\n");
    let message = "9:15: error[unknown-key]: unknown key `profiles.one.profiles` (help: write it at the top level: [profiles.two])";
    assert_eq!(told(&inner), [message]);
    for profile in ["one", "two"] {
        let checked = check(&inner, &["--format", "plain", "--profile", profile]);
        assert!(checked.status == 1 && checked.stdout.contains(message), "{checked:?}");
    }
    let two = check(&inner, &["--format", "plain", "--profile", "two"]);
    assert!(two.stdout.contains("there is no profile `two` (help: the profiles are `one`)"), "{two:?}");
    let no_table = told(&format!("{good}[profiles]\none = 1\n"));
    assert_eq!(no_table.len(), 1, "{no_table:?}");
    assert!(no_table[0].contains("`profiles.one` takes a table, not an integer"), "{no_table:?}");

    let apart = format!("{good}[profiles.one.cors.app]\norigins = [\"https://b.example\"]\n[profiles.two]\n");
    assert_eq!(told(&apart), [""; 0]);
    assert_eq!(check(&apart, &["--profile", "two"]).status, 0);
}

#[test]
fn profiles_add_their_findings_and_repeat_none() {
    let text = routes(&["/a"]).replace("cors = \"app\"", "cors = \"app\"\nbody = 1")
        + "[profiles.one.cors.app]\nmethods = [\"put\"]\n[profiles.two.cors.app]\nmethods = [\"get\"]\n";
    let lines: Vec<_> = told(&text).iter().map(|line| line.split_once(':').unwrap().0.to_owned()).collect();
    assert_eq!(lines, ["9", "11", "13"]);
}

#[test]
fn a_mistake_of_syntax_is_told_alone() {
    let good = routes(&["/a"]);
    for text in [
        good.replace("[[routes]]", "[[routes]"),
        good.replace("\"https://app.example.com\"]", "\"https://app.example.com\""),
        good.replace("\"http://127.0.0.1:1\"", "\"http://127.0.0.1:1"),
        good.replace("upstream = \"api\"", "upstream \"api\""),
        good.replace("[cors.app]", "[cors.app]\nunknown = 1\nunknown = 2"),
    ] {
        let told = told(&format!("{text}[profiles.one]\nunknown = 1\n"));
        assert!(told.len() == 1 && told[0].contains("error[toml-syntax]"), "{text}\n{told:#?}");
    }
    let other = told(&good.replace("[cors.app]", "[cors.app]\nunknown = 1").replace("\"api\"", "\"b\""));
    assert_eq!(other.len(), 2, "without one, every other mistake is told: {other:#?}");
}

#[test]
fn a_bad_path_is_told_in_our_words() {
    for (path, reason, help) in [
        ("/a/{b}{c}", "a segment has one parameter at most", "write a slash between them: \"/a/{b}/{c}\""),
        (
            "/a/{b}-{c}",
            "a segment has one parameter at most",
            "write a slash between them, or one for the whole segment, as in \"/users/{id}\"",
        ),
        (
            "/{*rest}/more",
            "a parameter with `*` is everything below, so nothing follows it",
            "end the path there: \"/{*rest}\"; without `*` it is one segment",
        ),
        (
            "/a/{",
            "a `{` is not closed",
            "write `}` behind the name, as in `{id}`; a brace that means itself is doubled: `{{`",
        ),
        (
            "/a/{b}}",
            "a `{` is not closed",
            "write `}` behind the name, as in `{id}`; a brace that means itself is doubled: `{{`",
        ),
        (
            "/a/b}",
            "a `}` closes nothing",
            "write `{` before the name, as in `{id}`; a brace that means itself is doubled: `}}`",
        ),
        ("/a/{}", "a parameter has no name", "name it: `{id}`, or `{*rest}` for everything below"),
        ("/a/{*}", "a parameter has no name", "name it: `{id}`, or `{*rest}` for everything below"),
        (
            "/a/{b/c}",
            "the name of a parameter has no `/`, `*` or `{`",
            "write it like `{id}` (one segment) or `{*rest}` (everything below)",
        ),
    ] {
        let message = format!(
            "6:8: error[invalid-value]: `{path}` is no value for `routes[0].path`: {reason} (help: {help})"
        );
        assert_eq!(told(&routes(&[path])), [message]);
    }
    for path in ["/a/{b}", "/a/{b}/{c}", "/{*rest}", "/a{b}", "/a/{{b}}"] {
        let told = told(&routes(&[path]));
        assert!(told.is_empty() || path.contains("{{"), "{path}: {told:?}");
    }
}

#[test]
fn routes_in_conflict_are_shown_both() {
    for (paths, message) in [
        (
            ["/users/{id}", "/x", "/users/{name}"],
            "`/users/{name}` and `/users/{id}` match some of the same requests",
        ),
        (
            ["/users/{id}", "/x", "/users/{*rest}"],
            "`/users/{*rest}` and `/users/{id}` match some of the same requests",
        ),
        (["/users", "/x", "/users"], "`/users` has two routes"),
        // The matcher blames `/a/static`, which is in nobody's way.
        (["/a/{x}-y", "/a/static", "/a/b-{x}"], "`/a/b-{x}` and `/a/{x}-y` match some of the same requests"),
    ] {
        let json = check(&routes(&paths), &["--format", "json"]).json();
        let findings = json["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{json:#}");
        let finding = &findings[0];
        assert_eq!((&finding["rule"], &finding["message"]), (&"route-conflict".into(), &message.into()));
        assert_eq!(
            (&finding["line"], &finding["related"][0]["line"]),
            (&14.into(), &6.into()),
            "{finding:#}"
        );
    }
    let human = check(&routes(&["/a/{id}", "/b", "/c", "/d", "/e", "/a/{name}"]), &[]).stdout;
    assert!(human.contains("::: a.toml:6:8") && human.contains("the other route"), "{human}");
    assert_eq!(told(&routes(&["/users/{id}", "/users/me", "/users/{id}/posts", "/{*rest}"])), [""; 0]);
}

#[test]
fn every_mistake_of_the_guards_is_told_at_its_line_and_no_secret_is() {
    let text = include_str!("guards.toml");
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in [
        ("a.toml", text),
        ("short.hashkey", "abc"),
        ("csrf.key", "zzzz"),
        ("bad.schema.json", r#"{"x": {"$ref": "http://a/b"}}"#),
    ] {
        fs::write(folder.path().join(name), contents).unwrap();
    }
    let json = run(folder.path(), &["check", "a.toml", "--format", "json"]).json();
    let findings = json["findings"].as_array().unwrap();
    let told: BTreeSet<_> = findings.iter().map(|finding| finding["line"].as_u64().unwrap()).collect();
    let numbered = (1..).zip(text.lines());
    let wrong: BTreeSet<u64> =
        numbered.filter(|(_, line)| line.ends_with("# wrong")).map(|(number, _)| number).collect();
    assert!(wrong.len() > 40);
    assert_eq!(told, wrong, "{json:#}");
    for finding in findings {
        assert!(finding["help"].as_str().is_some_and(|help| !help.is_empty()), "{finding:#}");
        let message = finding["message"].as_str().unwrap();
        let system = ["os error", "entity not found", "Some(", "\\\""];
        assert!(!system.iter().any(|words| message.contains(words)), "{message}");
    }
    for format in ["human", "plain", "json"] {
        let told = run(folder.path(), &["check", "a.toml", "--format", format]).stdout;
        assert!(!told.contains("hunter2"), "{format}: {told}");
    }
}
