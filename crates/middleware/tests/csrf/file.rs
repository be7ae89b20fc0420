//! The guard as tables of a policy file.

use std::cell::RefCell;

use corsac_diagnostics::{Diagnostic, Document, FieldPath, Source, TableReader};
use corsac_middleware::csrf::{
    CookieRules, Csrf, CsrfMode, KeySource, RANDOM_BYTES, read_cookies, read_csrf, read_mode,
};
use http::HeaderMap;

use crate::{KEY, OLD_KEY, with_tokens};

fn read<T>(
    text: &str,
    with: impl FnOnce(TableReader<'_>, &mut Vec<Diagnostic>) -> T,
) -> (T, Vec<Diagnostic>) {
    let (document, mut out) = Document::parse(Source::new("policy.toml", text));
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let table = root.table("t", &mut out).unwrap();
    let read = with(table, &mut out);
    (read, out)
}

fn messages(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|it| format!("{}: {}", it.rule.id, it.message)).collect()
}

/// What the table says, what was asked for, and what is wrong.
fn csrf(text: &str, keys: Result<&str, &str>) -> (Option<Csrf>, Vec<String>, Vec<Diagnostic>) {
    let asked = RefCell::new(Vec::new());
    let resolve = |source: KeySource<'_>| {
        asked.borrow_mut().push(format!("{source:?}"));
        keys.map(Into::into).map_err(str::to_owned)
    };
    let (read, out) = read(text, |table, out| read_csrf(table, resolve, out));
    (read, asked.into_inner(), out)
}

#[test]
fn tokens_have_their_keys_from_a_file_or_the_environment() {
    let expected = with_tokens(&[KEY]).issue(Some(b"alice"), [7; RANDOM_BYTES]);
    for (source, asked) in [
        ("key_file = \"csrf.key\"", "File(\"csrf.key\")"),
        ("key_env = \"CSRF_KEYS\"", "Environment(\"CSRF_KEYS\")"),
    ] {
        let text = format!("[t]\ntoken = {{ {source}, session_cookie = \"sid\" }}\n");
        let keys = format!("{KEY}\n{OLD_KEY}\n");
        let (read, sources, out) = csrf(&text, Ok(&keys));
        assert_eq!((sources, messages(&out)), (vec![asked.to_owned()], vec![]));
        assert_eq!(read.unwrap().issue(Some(b"alice"), [7; RANDOM_BYTES]), expected);
    }
    let (read, sources, out) = csrf("[t]\n", Ok(KEY));
    assert!(read.unwrap().issue(None, [7; RANDOM_BYTES]).is_none() && sources.is_empty() && out.is_empty());
}

#[test]
fn every_mistake_of_the_guards_table_is_a_finding() {
    for (text, keys, expected) in [
        ("[t]\ntokens = {}\n", Ok(KEY), &["unknown-key: unknown key `t.tokens`"][..]),
        ("[t]\ntoken = 1\n", Ok(KEY), &["wrong-type: `t.token` takes a table, not an integer"]),
        (
            "[t.token]\n",
            Ok(KEY),
            &["missing-key: `t.token` has no `key_file`", "missing-key: `t.token` has no `session_cookie`"],
        ),
        (
            "[t.token]\nkey_file = 1\nsession_cookie = \"sid\"\n",
            Ok(KEY),
            &["wrong-type: `t.token.key_file` takes a string, not an integer"],
        ),
        ("[t.token]\nsession_cookie = \"sid\"\n", Ok(KEY), &["missing-key: `t.token` has no `key_file`"]),
        ("[t.token]\nkey_file = \"k\"\n", Ok(KEY), &["missing-key: `t.token` has no `session_cookie`"]),
        (
            "[t.token]\nkey_file = \"k\"\nkey_env = \"K\"\nsession_cookie = \"sid\"\nttl = \"1h\"\n",
            Ok(KEY),
            &[
                "invalid-value: `K` is no value for `t.token.key_env`: the keys stand in a file already",
                "unknown-key: unknown key `t.token.ttl`",
            ],
        ),
        (
            "[t.token]\nkey_file = \"k\"\nsession_cookie = \"sid\"\n",
            Err("there is no such file"),
            &["invalid-value: `k` is no value for `t.token.key_file`: there is no such file"],
        ),
        (
            "[t.token]\nkey_env = \"K\"\nsession_cookie = \"s d\"\n",
            Ok("hunter2"),
            &[
                "invalid-value: `t.token.key_env`: line 1 of the keys is not 64 hexadecimal digits",
                "invalid-value: `t.token.session_cookie`: `s d` is not the name of a cookie",
            ],
        ),
    ] {
        let (read, _, out) = csrf(text, keys);
        assert!(read.is_none(), "{text}");
        assert_eq!(messages(&out), expected, "{text}");
        assert!(out.iter().all(|finding| finding.help.is_some()), "{out:?}");
        assert!(!format!("{out:?}").contains("hunter2"));
    }
}

fn cookies(text: &str) -> (Option<CookieRules>, Vec<Diagnostic>) {
    read(text, read_cookies)
}

#[test]
fn cookies_have_a_table_of_their_own() {
    let text = "[t]\nsame_site = \"strict\"\nsecure = true\nhttp_only = true\nreadable = [\"XSRF-TOKEN\"]\n";
    let (rules, out) = cookies(text);
    assert_eq!(messages(&out), Vec::<String>::new());
    let mut headers = HeaderMap::new();
    headers.append("set-cookie", "sid=a".parse().unwrap());
    headers.append("set-cookie", "XSRF-TOKEN=b".parse().unwrap());
    assert_eq!(rules.unwrap().harden(&mut headers, true), 2);
    let lines: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(lines, ["sid=a; Secure; HttpOnly; SameSite=Strict", "XSRF-TOKEN=b; Secure; SameSite=Strict"]);
}

#[test]
fn every_mistake_of_a_cookies_table_is_a_finding() {
    for (text, expected) in [
        ("[t]\n", &["invalid-value: `t`: no cookie gets anything"][..]),
        (
            "[t]\nsame_site = \"none\"\nhost_prefix = true\n",
            &[
                "invalid-value: `none` is no value for `t.same_site`: cookies that say nothing get `lax` or `strict`",
                "unknown-key: unknown key `t.host_prefix`",
            ],
        ),
        ("[t]\nsecure = \"yes\"\n", &["wrong-type: `t.secure` takes `true` or `false`, not a string"]),
        (
            "[t]\nhttp_only = true\nreadable = [\"a\", \"a\", \"\"]\n",
            &[
                "invalid-value: `t.readable[1]`: `a` stands here twice",
                "invalid-value: `t.readable[2]`: `` is not the name of a cookie",
            ],
        ),
    ] {
        let (rules, out) = cookies(text);
        assert!(rules.is_none(), "{text}");
        assert_eq!(messages(&out), expected, "{text}");
        assert!(out.iter().all(|finding| finding.help.is_some()), "{out:?}");
    }
}

#[test]
fn a_mode_that_nobody_knows_enforces() {
    let mode = |text: &str| read(text, |mut table, out| read_mode(&mut table, out));
    for known in CsrfMode::ALL {
        let (read, out) = mode(&format!("[t]\ncsrf = \"{}\"\n", known.name()));
        assert!(read == Some(known) && out.is_empty());
    }
    assert_eq!(mode("[t]\n").0, None);
    let (read, out) = mode("[t]\ncsrf = \"on\"\n");
    assert_eq!(read, Some(CsrfMode::Enforce));
    assert_eq!(messages(&out), ["invalid-value: `on` is no value for `t.csrf`: no such mode"]);
}
