//! Any text as a policy file, read, checked and shown.

use corsac_cors::{Policy, RequestHead, Verdict};
use corsac_diagnostics::render::{self, CHECK_SCHEMA, Run, Style};
use corsac_diagnostics::{Document, Node, Report, ResolvedFix, Source, Value};
use corsac_gateway::{Reading, read};
use corsac_origin::{OriginPattern, OriginRef, PublicSuffixList};
use http::{HeaderMap, HeaderValue, Method, header};

/// A policy file gives findings that can be shown, and a configuration only without
/// errors, whose policies say what was written.
pub fn policy_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // One style a reading: drawing is most of the time.
    for (profile, style) in [(None, Style::Plain), (Some("development"), Style::Coloured)] {
        let source = Source::new("corsac.toml", text);
        check_reading(read(source, profile, PublicSuffixList::embedded()), style);
    }
}

fn check_reading(reading: Reading, style: Style) {
    for finding in &reading.findings {
        let message = &finding.message;
        assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}");
    }
    assert_eq!(reading.config.is_none(), reading.has_errors());
    for (name, policy) in reading.config.iter().flat_map(|config| &config.policies) {
        check_policy(policy);
        check_written(policy, |key| written(&reading.document, name, key));
    }
    check_report(&reading.document.report(reading.findings), style);
}

fn check_policy(policy: &Policy) {
    let config = policy.to_config();
    match Policy::compile(&config) {
        Ok(again) => {
            assert_eq!(&again, policy);
            assert_eq!(again.to_config(), config);
        }
        Err(errors) => panic!("a policy's own configuration does not compile: {errors}"),
    }
}

/// No list loses an entry on the way from the file.
fn check_written<'d>(policy: &Policy, written: impl Fn(&str) -> Vec<&'d str>) {
    let config = policy.to_config();
    assert_eq!(config.methods, written("methods"));
    assert_eq!(config.request_headers, written("request_headers"));
    assert_eq!(config.exposed_headers, written("exposed_headers"));
    check_written_origins(policy, &written("origins"));
}

/// Every origin that a policy names is allowed, by an entry that includes it.
fn check_written_origins(policy: &Policy, written: &[&str]) {
    for sent in written.iter().filter(|text| OriginRef::parse(text.as_bytes()).is_ok()) {
        let Ok(value) = HeaderValue::from_str(sent) else { continue };
        let headers = HeaderMap::from_iter([(header::ORIGIN, value)]);
        let verdict = policy.decide(&RequestHead { method: &Method::GET, headers: &headers }).verdict();
        let Verdict::Allowed { by } = verdict else { panic!("`{sent}` is written, and {verdict:?}") };
        let entry = written.get(by).copied().unwrap_or_default();
        assert!(includes(entry, sent), "`{sent}` is allowed by origins[{by}], which is `{entry}`");
    }
}

fn includes(entry: &str, sent: &str) -> bool {
    let matches = |pattern: OriginPattern| {
        OriginRef::parse(sent.as_bytes()).is_ok_and(|origin| pattern.matches(&origin))
    };
    entry == "*" || entry == sent || OriginPattern::parse(entry).is_ok_and(matches)
}

/// The list under `key` of a policy, as the document has it.
fn written<'d>(document: &'d Document, policy: &str, key: &str) -> Vec<&'d str> {
    let text = |node: &'d Node| match &node.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    };
    let table = document.root.get("cors").and_then(|policies| policies.get(policy));
    match table.and_then(|table| table.get(key)).map(|list| &list.value) {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}

fn check_report(report: &Report, style: Style) {
    check_places(report);
    let reports = std::slice::from_ref(report);
    assert_eq!(render::human(reports, style).is_empty(), report.findings.is_empty());
    let plain = render::plain(reports);
    assert_eq!(plain.lines().count(), report.findings.len(), "one line a finding: {plain:?}");
    let json = render::json(&Run::of(reports));
    assert!(json.ends_with('\n') && json.lines().count() == 1, "{json:?}");
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(run) => {
            assert_eq!(run.get("schema").and_then(|schema| schema.as_str()), Some(CHECK_SCHEMA));
            let findings = run.get("findings").and_then(|findings| findings.as_array()).map(Vec::len);
            assert_eq!(findings, Some(report.findings.len()));
        }
        Err(error) => panic!("{error}: {json:?}"),
    }
}

/// Every place is one in the text, and every fix leaves TOML behind.
fn check_places(report: &Report) {
    let text = report.source.text();
    let well_formed = || Document::parse(report.source.clone()).1.is_empty();
    for finding in &report.findings {
        for (span, label) in finding.primary.iter().chain(&finding.context) {
            assert!(text.get(span.clone()).is_some(), "{span:?} is no place in the text: {label}");
        }
        for fix in &finding.fixes {
            let fixed = apply(text, fix);
            let (_, mistakes) = Document::parse(Source::new("fixed.toml", fixed.as_str()));
            assert!(mistakes.is_empty() || !well_formed(), "`{}` broke the file: {fixed:?}", fix.title);
        }
    }
}

fn apply(text: &str, fix: &ResolvedFix) -> String {
    let mut fixed = text.to_owned();
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, replacement) in edits {
        fixed.replace_range(span.clone(), replacement);
    }
    fixed
}
