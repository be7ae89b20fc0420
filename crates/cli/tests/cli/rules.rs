//! Every page of a rule shows what `corsac check` prints for its examples.
//!
//! `CORSAC_UPDATE=1 cargo test -p corsac --test cli rules` writes the outputs into the
//! pages; review the difference.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use corsac_scenarios::{Case, cases, folder};

use crate::process::run;

/// What `check` prints for the file of a case, in words fit for a page.
fn printed(case: &Case) -> String {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("corsac.toml"), case.file.as_deref().unwrap()).unwrap();
    save_keys(scratch.path());
    save_secrets(scratch.path());
    let checked = run(scratch.path(), &["check"]);
    assert!(checked.status < 2, "{case}: {checked:?}");
    checked.stdout
}

/// A certificate with its key, which pages name: private as `app.key`, for everybody as
/// `open.key`.
fn save_keys(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["app.example.com".to_owned()]).unwrap();
    fs::write(folder.join("app.pem"), made.cert.pem()).unwrap();
    for (name, mode) in [("app.key", 0o600), ("open.key", 0o644)] {
        fs::write(folder.join(name), made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Secrets that pages name: of tokens, long enough and not; of API keys, of which there are
/// none; of shared limits.
fn save_secrets(folder: &Path) {
    let set = |secret: &str| format!(r#"{{"keys":[{{"kty":"oct","alg":"HS256","k":"{secret}"}}]}}"#);
    for (name, text) in [
        ("long.jwks", set(&"Zm9v".repeat(16))),
        ("short.jwks", set("c2VjcmV0MjAyNg")),
        ("api-keys.toml", String::new()),
        ("api-keys.hashkey", "5a".repeat(32)),
        ("limits.seed", "5a".repeat(16)),
    ] {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The rule of a page under `rules/`.
fn rule_of(page: &Path) -> &str {
    page.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

#[test]
fn rule_pages_show_what_check_prints() {
    let update = std::env::var_os("CORSAC_UPDATE").is_some();
    let mut checked = 0;
    for case in cases().unwrap() {
        let (Some(_), Some(expected)) = (&case.file, &case.check) else { continue };
        let found = printed(&case);
        if update {
            replace_output(&case, &found);
        } else {
            assert_eq!(&found, expected, "{case}");
        }
        let rule = rule_of(&case.page);
        if case.title.ends_with("Example") {
            assert_eq!(found.matches(&format!("[{rule}]")).count(), 1, "{case}: one finding, of this rule");
        } else {
            assert_eq!(found, "", "{case}: the fix leaves nothing to find");
        }
        checked += 1;
    }
    assert!(checked >= 58, "only {checked} examples were found");
}

/// Puts `found` into the case's `text check` block.
fn replace_output(case: &Case, found: &str) {
    let path = folder().join(&case.page);
    let text = fs::read_to_string(&path).unwrap();
    let heading = text.lines().take(case.line - 1).map(|line| line.len() + 1).sum::<usize>();
    let (before, after) = text.split_at(heading);
    let (open, rest) = after.split_once("```text check\n").unwrap();
    let close = if rest.starts_with("```") { 0 } else { rest.find("\n```").unwrap() + 1 };
    let rest = rest.get(close..).unwrap();
    fs::write(&path, format!("{before}{open}```text check\n{found}{rest}")).unwrap();
}

#[test]
fn rules_are_listed_explained_and_suggested() {
    let scratch = tempfile::tempdir().unwrap();
    let listed = run(scratch.path(), &["rule"]);
    assert_eq!((listed.status, listed.stdout.lines().count()), (0, 88), "{listed:?}");
    let page = run(scratch.path(), &["rule", "null-origin"]);
    assert!(page.status == 0 && page.stdout.starts_with("# null-origin\n"), "{page:?}");
    let json = run(scratch.path(), &["rule", "null-origin", "--format", "json"]).json();
    assert_eq!((&json["schema"], &json["severity"]), (&"corsac.rule/1".into(), &"error".into()));
    let unknown = run(scratch.path(), &["rule", "nul-origin"]);
    assert!(unknown.status == 2 && unknown.stderr.contains("did you mean `null-origin`?"), "{unknown:?}");
}
