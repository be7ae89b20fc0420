//! Of every rule both halves: what it finds, and the nearest thing that is right.

use std::collections::BTreeSet;

use corsac_analysis::lint::RULES;
use corsac_analysis::model::Preflight;
use corsac_diagnostics::{Confidence, Severity};

use crate::{findings, ids, notation};

/// Fields that leave nothing else to find.
const REST: &str = "vary = Origin\ncoverage = all\n";

/// A rule, what it finds, and the nearest clean one.
const CASES: &[(&str, &str, &str)] = &[
    (
        "actual-response-without-origin",
        "any = . -> *\nactual = responses\nexpose = x-id",
        "any = . -> *\nactual = responses\nany = . -> *\nexpose = x-id",
    ),
    ("address-origin", "exact = https://192.0.2.7", "exact = https://app.example.com"),
    ("address-origin", "prefix = http://10.1.", "exact = http://127.0.0.1 -> https://app.example.com"),
    (
        "allow-origin-invalid",
        "any = . -> https://a.example.com, https://b.example.com",
        "any = . -> https://a.example.com",
    ),
    ("allow-origin-invalid", "any = . -> https://*.example.com", "any = . -> *"),
    ("any-exposed-header", "any = . -> *\nexpose = *", "any = . -> *\nexpose = x-request-id"),
    ("any-method", "any = . -> *\nmethods = *", "any = . -> *\nmethods = GET, PUT"),
    ("any-origin-reflected", "any = .", "any = . -> *"),
    ("any-origin-reflected", "regex = .*", "exact = https://app.example.com"),
    ("any-origin-reflected", "prefix = https://", "prefix = https://app.example.com:"),
    (
        "any-origin-with-credentials",
        "any = .\ncredentials = true",
        "exact = https://app.example.com\ncredentials = true",
    ),
    (
        "any-request-header",
        "any = . -> *\nheaders = *, authorization",
        "any = . -> *\nheaders = content-type",
    ),
    ("authorization-under-wildcard", "any = . -> *\nheaders = *", "any = . -> *\nheaders = *, Authorization"),
    (
        "credentials-not-true",
        "any = . -> *\ncredentials = Access-Control-Allow-Credentials: false",
        "any = . -> *\ncredentials = off",
    ),
    ("credentials-without-origin", "credentials = true", "exact = https://a.example.com\ncredentials = true"),
    ("dead-entry", "regex = ^app\\.example\\.com$", "regex = ^https://app\\.example\\.com$"),
    ("dead-entry", "regex = ^https://App\\.example\\.com$", "regex = (?i)^https://App\\.example\\.com$"),
    ("development-origin", "exact = http://localhost:3000", "exact = https://localhost.example.com"),
    ("development-origin", "exact = https://a1.ngrok.io", "exact = https://ngrok.example.com"),
    ("development-origin", "regex = ^http://localhost:\\d+$", "regex = ^https://app:\\d+$"),
    (
        "duplicate-allow-origin",
        "any = . -> https://a.example.com\nline = 2\nany = . -> https://b.example.com",
        "any = . -> https://a.example.com",
    ),
    (
        "duplicate-allow-origin",
        "any = . -> *\nupstream = passes",
        "any = . -> *\nupstream = passes\nhides = its own",
    ),
    ("duplicate-allow-origin", "any = . -> *\nupstream = passes", "any = . -> *\nupstream = hidden"),
    ("errors-without-cors", "any = . -> *\ncoverage = successes", "any = . -> *\ncoverage = all"),
    ("errors-without-cors", "any = . -> *\nelsewhere = 502 @err", "elsewhere = 502 @err"),
    ("errors-without-cors", "any = . -> *\ncoverage = handled", "coverage = handled"),
    (
        "every-subdomain",
        "regex = ^https://([a-z0-9-]+\\.)*example\\.com$",
        "regex = ^https://(app|www)\\.example\\.com$",
    ),
    (
        "exposed-wildcard-with-credentials",
        "exact = https://a.example.com\ncredentials = true\nexpose = *",
        "exact = https://a.example.com\ncredentials = true\nexpose = x-id",
    ),
    ("forbidden-exposed-header", "any = . -> *\nexpose = Set-Cookie", "any = . -> *\nexpose = Cookie-Set"),
    ("forbidden-method", "any = . -> *\nmethods = GET, trace", "any = . -> *\nmethods = GET, TRACES"),
    (
        "forbidden-request-header",
        "any = . -> *\nheaders = Cookie, Sec-Fetch-Mode",
        "any = . -> *\nheaders = X-Cookie",
    ),
    ("header-name-invalid", "any = . -> *\nheaders = content type", "any = . -> *\nheaders = content-type"),
    ("header-name-invalid", "any = . -> *\nexpose = x;y", "any = . -> *\nexpose = x-y"),
    (
        "insecure-origin-with-credentials",
        "exact = http://app.example.com\ncredentials = true",
        "exact = http://app.example.com",
    ),
    (
        "insecure-origin-with-credentials",
        "regex = ^https?://app\\.example\\.com$\ncredentials = true",
        "regex = ^https://app\\.example\\.com$\ncredentials = true",
    ),
    ("max-age-invalid", "any = . -> *\nmax-age = 10m", "any = . -> *\nmax-age = 600"),
    ("max-age-invalid", "any = . -> *\nmax-age = -1", "any = . -> *\nmax-age = 5"),
    ("max-age-out-of-range", "any = . -> *\nmax-age = 86401", "any = . -> *\nmax-age = 7200"),
    ("max-age-useless", "any = . -> *\nmax-age = 4", "any = . -> *\nmax-age = 5"),
    ("method-invalid", "any = . -> *\nmethods = put", "any = . -> *\nmethods = PUT"),
    ("method-invalid", "any = . -> *\nmethods = GET;PUT", "any = . -> *\nmethods = PURGE"),
    ("missing-end-anchor", "regex = ^https://app\\.example\\.com", "regex = ^https://app\\.example\\.com$"),
    (
        "missing-end-anchor",
        "regex = ^https?://a\\.example\\.com$|^https://b\\.example\\.com",
        "regex = ^https://a\\.example\\.com$|^https://b\\.example\\.com$",
    ),
    ("missing-start-anchor", "regex = (https://)?example\\.com$", "regex = ^(https://)?example\\.com$"),
    ("null-origin", "exact = null", "!exact = null\nexact = https://a.example.com"),
    ("null-origin", "regex = ^(null|https://a\\.example\\.com)$", "regex = ^(https://null\\.example\\.com)$"),
    ("null-origin", "any = . -> null", "any = . -> *"),
    (
        "obsolete-private-network",
        "any = . -> *\nprivate-network = (reflected)",
        "any = . -> *\nprivate-network = (opaque)",
    ),
    ("obsolete-private-network", "any = . -> *\nprivate-network = true", "any = . -> *"),
    ("opaque-decision", "opaque = a function decides", "exact = https://a.example.com"),
    ("origin-never-sent", "exact = https://a.example.com/", "exact = https://a.example.com"),
    ("origin-never-sent", "exact = https://a.example.com:443", "exact = https://a.example.com:8443"),
    ("origin-never-sent", "exact = a.example.com", "exact = https://a.example.com"),
    ("origin-never-sent", "any = . -> https://A.example.com", "any = . -> https://a.example.com"),
    (
        "preflight-authenticated",
        "exact = https://a.example.com\npreflight = authenticated",
        "exact = https://a.example.com\npreflight = unknown",
    ),
    (
        "preflight-unanswered",
        "exact = https://a.example.com\nmethods = GET, PUT\npreflight = unanswered",
        "exact = https://a.example.com\nmethods = GET, POST\npreflight = unanswered",
    ),
    (
        "preflight-unanswered",
        "exact = https://a.example.com\nheaders = x-id\npreflight = unanswered",
        "exact = https://a.example.com\nheaders = x-id",
    ),
    (
        "preflight-unanswered",
        "vary = Origin\nactual = responses\nexact = https://a.example.com\nmethods = PUT",
        "exact = https://a.example.com\nactual = responses\nexact = https://a.example.com\nmethods = PUT",
    ),
    ("prefix-without-end", "prefix = https://app.example.com", "prefix = https://app.example.com:"),
    ("prefix-without-end", "glob = https://example.*", "exact = https://example.com"),
    (
        "preflight-without-credentials",
        "exact = https://a.example.com\nactual = responses\nexact = https://a.example.com\ncredentials = true",
        "exact = https://a.example.com\ncredentials = true\nactual = responses\nexact = https://a.example.com\ncredentials = true",
    ),
    ("public-suffix-wildcard", "suffix = .github.io", "suffix = .me.github.io"),
    (
        "public-suffix-wildcard",
        "regex = ^https://[a-z-]+\\.vercel\\.app$",
        "regex = ^https://my-app\\.vercel\\.app$",
    ),
    ("public-suffix-wildcard", "glob = https://*.co.uk", "exact = https://example.co.uk"),
    (
        "redundant-entry",
        "exact = https://a.example.com\nexact = https://a.example.com",
        "exact = https://a.example.com\nexact = https://b.example.com",
    ),
    (
        "redundant-entry",
        "regex = ^https://[ab]\\.example\\.com$\nexact = https://a.example.com",
        "regex = ^https://[ab]\\.example\\.com$\nexact = https://c.example.com",
    ),
    (
        "redundant-entry",
        "regex = ^https://[ab]\\.example\\.com$\nregex = ^https://[a-c]\\.example\\.com$",
        "regex = ^https://[ab]\\.example\\.com$\nregex = ^https://[bc]\\.example\\.com$",
    ),
    (
        "shadowed-entry",
        "exact = https://a.example.com -> https://b.example.com\nexact = https://a.example.com",
        "exact = https://a.example.com\nexact = https://b.example.com",
    ),
    ("stranger-admitted", "full = https://(mine|yours)[a-z]*\\.com", "full = https://(mine|yours)\\.com"),
    ("stranger-admitted", "regex = ^https://example\\d+.com", "regex = ^https://example\\.com$"),
    ("substring-match", "contains = example.com", "contains = ://example.com:"),
    ("substring-match", "regex = example", "regex = ^https://example\\.com$"),
    ("suffix-without-boundary", "suffix = example.com", "suffix = .example.com"),
    ("suffix-without-boundary", "glob = https://*example.com", "glob = https://*.example.com"),
    ("suffix-without-boundary", "regex = example\\.com$", "regex = ://example\\.com$"),
    (
        "suffix-without-boundary",
        "regex = ^http?://\\w*\\.?example\\.com:?\\d*/?.*",
        "regex = ^https://example\\.com:?\\d*$",
    ),
    (
        "suffix-without-boundary",
        "regex = ^https://.*example\\.com$",
        "regex = ^https://(.*\\.)?example\\.com$",
    ),
    ("undecided-origins", "regex = ^(?<a>https://)(?&a)example\\.com$", "regex = ^https://example\\.com$"),
    ("unescaped-dot", "regex = ^https://app.example\\.com$", "regex = ^https://app\\.example\\.com$"),
    ("unescaped-dot", "regex = ^https://(app.example.com)$", "regex = ^https://(app\\.example.com)$"),
    ("unread-part", "unread = `js_content` runs code", "exact = https://a.example.com"),
    (
        "wildcard-literal",
        "exact = https://a.example.com\ncredentials = true\nmethods = *",
        "exact = https://a.example.com\nmethods = GET",
    ),
    (
        "wildcard-literal",
        "exact = https://a.example.com\ncredentials = true\nheaders = *",
        "exact = https://a.example.com\ncredentials = true\nheaders = x-id",
    ),
    (
        "wildcard-with-credentials",
        "any = . -> *\ncredentials of = https://zq7x.org",
        "any = . -> *\ncredentials of = https://a.example.com",
    ),
    ("wildcard-with-credentials", "any = . -> *\ncredentials = true", "any = . -> *"),
];

/// Rules whose cases need other surroundings than [`REST`].
const ELSEWHERE: [&str; 5] = [
    "missing-vary",
    "partial-vary",
    "suppression-without-reason",
    "third-party-origin",
    "unused-suppression",
];

#[test]
fn each_rule_finds_its_mistake_and_not_the_nearest_right_thing() {
    for (rule, wrong, right) in CASES {
        // A case that says how errors are answered is not to be contradicted.
        let rest =
            if wrong.contains("coverage") || wrong.contains("elsewhere") { "vary = Origin\n" } else { REST };
        let found = ids(&format!("{wrong}\n{rest}"), &[]);
        assert!(found.contains(rule), "{rule}: {wrong:?} has {found:?}");
        let found = ids(&format!("{right}\n{rest}"), &[]);
        assert!(!found.contains(rule), "{rule}: {right:?} has {found:?}");
    }
}

#[test]
fn every_rule_has_a_case() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(rule, ..)| *rule).chain(ELSEWHERE).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(cases, rules);
    assert_eq!(rules.len(), RULES.len());
}

#[test]
fn vary_is_missed_where_the_origin_decides_and_nowhere_else() {
    let vary = |text: &str| {
        let found = ids(&format!("{text}\ncoverage = all\n"), &[]);
        found.into_iter().filter(|id| id.ends_with("-vary")).collect::<Vec<_>>()
    };
    assert_eq!(vary("exact = https://a.example.com"), ["missing-vary"]);
    assert_eq!(vary("any = ."), ["missing-vary"]);
    assert_eq!(vary("any = . -> https://a.example.com"), [""; 0]);
    assert_eq!(vary("any = . -> *"), [""; 0]);
    // Whatever decides, the star is not the origin's; what is sent back is.
    assert_eq!(vary("opaque = a file is there -> *\nopaque = or another -> *"), [""; 0]);
    assert_eq!(vary("opaque = a function decides\nopaque = or another -> *"), ["missing-vary"]);
    assert_eq!(vary("exact = https://a.example.com\nvary = Accept-Encoding"), ["partial-vary"]);
    assert_eq!(vary("exact = https://a.example.com\nvary = Accept, origin"), [""; 0]);
    assert_eq!(vary("exact = https://a.example.com\nvary = *"), [""; 0]);
    assert_eq!(vary("any = . -> *\nvary = Accept"), [""; 0]);
}

#[test]
fn what_a_system_sends_by_itself_is_nobodys_slip() {
    let mut model =
        notation::read("server.conf", "any = . -> *\nmax-age = 86401\nvary = Origin\ncoverage = all\n");
    assert_eq!(findings(&model, &[]).len(), 1);
    let Preflight::Answered(answer) = &mut model.scopes[0].preflight else { panic!() };
    answer.max_age.as_mut().unwrap().place = None;
    assert_eq!(findings(&model, &[]), []);
}

#[test]
fn somebody_elses_origin_is_told_where_the_names_are_given() {
    let text = format!("exact = https://a.example.com\nexact = https://cdn.example.net\n{REST}");
    assert_eq!(ids(&text, &["example.com"]), ["third-party-origin"]);
    assert_eq!(ids(&text, &["example.com", "example.net"]), [""; 0]);
    assert_eq!(ids(&text, &[]), [""; 0]);
}

#[test]
fn what_rests_on_a_guess_says_so_and_is_less_certain() {
    let text = format!("suffix = example.com\n{REST}");
    let model = notation::read("server.conf", &text);
    let note = |intended: &[&str]| {
        let found = findings(&model, intended);
        let one = found.iter().find(|one| one.diagnostic.rule.id == "suffix-without-boundary").unwrap();
        (one.diagnostic.confidence, one.diagnostic.notes.last().unwrap().clone())
    };
    let guessed = "meant for `example.com`, as spelled out here; --intend says otherwise".to_owned();
    assert_eq!(note(&[]), (Confidence::Medium, guessed));
    assert_eq!(note(&["example.com"]), (Confidence::High, "meant for `example.com`".to_owned()));
}

#[test]
fn credentials_make_it_grave() {
    let severity = |text: &str| {
        let model = notation::read("server.conf", &format!("{text}\n{REST}"));
        findings(&model, &[])[0].diagnostic.severity
    };
    assert_eq!(severity("suffix = example.com\ncredentials = true"), Severity::Error);
    assert_eq!(severity("suffix = example.com"), Severity::Warning);
    assert_eq!(severity("exact = null\ncredentials = true"), Severity::Error);
    assert_eq!(severity("exact = null"), Severity::Warning);
}

#[test]
fn a_development_file_may_name_development_origins() {
    let text = format!("exact = http://localhost:3000\n{REST}");
    let found = |name: &str| {
        let found = findings(&notation::read(name, &text), &[]);
        found.iter().any(|one| one.diagnostic.rule.id == "development-origin")
    };
    assert!(found("settings/production.py") && found("device.conf") && found("latest.conf"));
    assert!(!found("settings/development.py") && !found("nginx.dev.conf") && !found("tests/app.js"));
}

#[test]
fn a_correction_is_offered_and_admits_no_stranger() {
    for (wrong, right) in [
        ("regex = ^https://.*\\.example\\.com", "write `^https://.*\\.example\\.com$`"),
        ("regex = example\\.com$", "write `^https://([a-z0-9-]+\\.)*example\\.com$`"),
        ("regex = ^https://app.example.com$", "write `^https://app\\.example\\.com$`"),
        ("regex = ^https://(www.)?example.com", "write `^https://(www\\.)?example\\.com$`"),
        (
            "regex = ^https://a\\.example\\.com|b\\.example\\.com$",
            "write `(?:^https://a\\.example\\.com|b\\.example\\.com)$`",
        ),
        ("regex = ^https://.*example\\.com$", "write `^https://([a-z0-9-]+\\.)*example\\.com$`"),
        ("suffix = example.com", "end with `.example.com`"),
        ("prefix = https://app.example.com", "compare the whole: `https://app.example.com`"),
        ("glob = https://*example.com", "write `https://*.example.com`"),
    ] {
        let model = notation::read("server.conf", &format!("{wrong}\n{REST}"));
        let found = findings(&model, &[]);
        let helps: Vec<_> = found.iter().filter_map(|one| one.diagnostic.help.as_deref()).collect();
        assert!(helps.contains(&right), "{wrong}: {helps:?}");
        if let Some(text) = right.strip_prefix("write `").and_then(|text| text.strip_suffix('`')) {
            let key = wrong.split(" = ").next().unwrap();
            let again = ids(&format!("{key} = {text}\n{REST}"), &["example.com"]);
            assert!(again.iter().all(|id| *id == "every-subdomain"), "{text}: {again:?}");
        }
    }
}
