//! Traefik, Kong and APISIX are in no registry that tests may use. What they do is told here once
//! more, from reading their source, as a program that computes what is sent for one origin, and
//! compared with the models of generated configurations. So this is **not the real program**: it finds
//! mistakes of the readers, not of the reading. The engine of expressions is real (PCRE2), but the one of
//! Traefik is another than Go's.

use std::fmt::Write as _;

use corsac_analysis::model::{Credentials, Truth};

use super::chosen::{Random, asked, written};
use super::{only, read_as};

/// Expressions that mean the same to PCRE2, RE2 and the engine of the tests.
const EXPRESSIONS: [&str; 20] = [
    r".*",
    r"https://.*\.example\.com",
    r"^https://.*\.example\.com$",
    r"^https?://(www\.)?example\.(com|org)",
    r"example\.com$",
    r"(.*\.)?example\.com",
    r".*.example.com",
    r"localhost:\d+",
    r"^http://localhost(:[0-9]+)?$",
    r"https://a\.example|https://example\.com",
    r"example\.org|example\.com",
    r"[^/]+//[^.]+\.com",
    r"(?i)EXAMPLE\.COM",
    r"\bexample\b",
    r"^null$",
    r"https://[a-z0-9-]+\.example\.(com|org)(:\d+)?",
    r"app\..+80",
    r".+3000",
    r"[a-z.]*\.(com|dev)+",
    r"^a-b\.test\.dev|^https://",
];

const CONFIGURATIONS: usize = 300;

/// What is sent for one origin.
struct Sent {
    allow_origin: Option<String>,
    credentials: bool,
}

/// Compares a configuration's model with what is told of it.
fn compare(system: &str, text: &str, origins: &[String], told: impl Fn(&str) -> Sent) -> usize {
    let model = read_as(system, "x.yaml", text);
    let answer = only(&model);
    let mut admitted = 0;
    for origin in origins {
        let sent = told(origin);
        let allowed = sent.allow_origin.as_deref();
        for credentials in [Credentials::Omitted, Credentials::Included] {
            let reads = match credentials {
                Credentials::Omitted => allowed == Some("*") || allowed == Some(origin),
                Credentials::Included => allowed == Some(origin) && sent.credentials,
            };
            let predicted = answer.lets_read(origin, credentials);
            assert_eq!(predicted, Truth::from(reads), "{origin} {credentials:?}\n{text}\n{answer:#?}");
            admitted += usize::from(reads);
        }
    }
    admitted
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
}

fn expressions(random: &mut Random) -> Vec<String> {
    (0..random.below(3)).map(|_| random.of(&EXPRESSIONS).to_owned()).collect()
}

/// What PCRE2 finds, from the beginning or anywhere.
fn pcre(expression: &str, anchored: bool, subject: &str) -> bool {
    let expression = if anchored { format!(r"\A(?:{expression})") } else { expression.to_owned() };
    pcre2::bytes::Regex::new(&expression).unwrap().is_match(subject.as_bytes()).unwrap()
}

#[test]
fn traefik_told_again() {
    let mut random = Random(3);
    let mut admitted = 0;
    for _ in 0..CONFIGURATIONS {
        let origins: Vec<_> = (0..random.below(3)).map(|_| written(&mut random)).collect();
        let expressions = expressions(&mut random);
        let credentials = random.once_in(2);
        let custom = random.once_in(6).then(|| random.of(&["*", "https://example.com", ""]));
        let mut text =
            String::from("http:\n  middlewares:\n    a:\n      headers:\n        accessControlMaxAge: 1\n");
        let mut line = |key: &str, value: String| writeln!(text, "        {key}: {value}").unwrap();
        line("accessControlAllowOriginList", list(&origins));
        line("accessControlAllowOriginListRegex", list(&expressions));
        line("accessControlAllowCredentials", credentials.to_string());
        if let Some(custom) = custom {
            line("customResponseHeaders", format!("{{Access-Control-Allow-Origin: {}}}", quoted(custom)));
        }
        let told = |origin: &str| {
            let mut allow_origin = custom.filter(|custom| !custom.is_empty()).map(str::to_owned);
            let first = origins.iter().find(|item| *item == origin || *item == "*");
            if let Some(item) = first {
                let star = item == "*" && !credentials;
                allow_origin = Some(if star { "*".to_owned() } else { origin.to_owned() });
            } else if expressions.iter().any(|e| regex_lite::Regex::new(e).unwrap().is_match(origin)) {
                allow_origin = Some(origin.to_owned());
            }
            Sent { allow_origin, credentials }
        };
        admitted += compare("traefik", &text, &asked(&mut random, 20), told);
    }
    assert!(admitted > 1000, "{admitted}");
}

#[test]
fn apisix_told_again() {
    let mut random = Random(4);
    let mut admitted = 0;
    for _ in 0..CONFIGURATIONS {
        let count = 1 + random.below(3);
        let proper = |random: &mut Random| loop {
            let origin = written(random);
            if origin.contains("://") {
                return origin;
            }
        };
        let origins = match random.below(8) {
            0 => "**".to_owned(),
            1 => "null".to_owned(),
            2 => "*".to_owned(),
            _ => (0..count).map(|_| proper(&mut random)).collect::<Vec<_>>().join(","),
        };
        let expressions = if random.once_in(2) { Vec::new() } else { expressions(&mut random) };
        let credentials = origins != "*" && random.once_in(2);
        let mut text = format!(
            "routes:\n- uri: /\n  plugins:\n    cors:\n      allow_origins: {}\n      allow_methods: GET\n      \
             allow_headers: a\n      allow_credential: {credentials}\n",
            quoted(&origins)
        );
        if !expressions.is_empty() {
            writeln!(text, "      allow_origins_by_regex: {}", list(&expressions)).unwrap();
        }
        let told = |origin: &str| {
            let found = if !expressions.is_empty() {
                pcre(&expressions.join("|"), false, origin).then(|| origin.to_owned())
            } else if origins == "**" {
                Some(origin.to_owned())
            } else if origins.contains(',') {
                origins.split(',').any(|entry| entry == origin).then(|| origin.to_owned())
            } else {
                Some(origins.clone())
            };
            let allow_origin = found.filter(|found| found == origin || found == "*");
            Sent { credentials: credentials && allow_origin.is_some(), allow_origin }
        };
        // What an origin with a comma does to `**` is not predicted.
        let asked: Vec<_> =
            asked(&mut random, 20).into_iter().filter(|origin| !origin.contains(',')).collect();
        admitted += compare("apisix", &text, &asked, told);
    }
    assert!(admitted > 1000, "{admitted}");
}

#[test]
fn kong_told_again() {
    let mut random = Random(6);
    let mut admitted = 0;
    for _ in 0..CONFIGURATIONS {
        let mut origins: Vec<_> = (0..random.below(3)).map(|_| written(&mut random)).collect();
        origins.extend(expressions(&mut random));
        if random.once_in(8) {
            origins
                .push(random.of(&["example.com", "https://example.com:443", "http://localhost/"]).to_owned());
        }
        // Such an entry is no expression that PCRE takes.
        origins.retain(|entry| !entry.starts_with("https://*") && !entry.contains("::1"));
        let credentials = random.once_in(2);
        let text = format!(
            "_format_version: '3.0'\nplugins:\n- name: cors\n  config: {{credentials: {credentials}, origins: {}}}\n",
            list(&origins)
        );
        let told = |origin: &str| kong(&origins, credentials, origin);
        admitted += compare("kong", &text, &asked(&mut random, 20), told);
    }
    assert!(admitted > 1000, "{admitted}");
}

fn kong(origins: &[String], credentials: bool, origin: &str) -> Sent {
    let (allow_origin, everybody) = kong_origin(origins, origin);
    if everybody && credentials {
        return Sent { allow_origin: Some(origin.to_owned()), credentials: true };
    }
    Sent { allow_origin, credentials }
}

fn kong_origin(origins: &[String], origin: &str) -> (Option<String>, bool) {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".:/-".contains(letter);
    match origins {
        [] => return (Some("*".to_owned()), true),
        [one] if one == "*" => return (Some("*".to_owned()), true),
        [one] if one.chars().all(plain) => return (Some(one.clone()), false),
        _ if origins.iter().any(|entry| entry == "*") => return (Some("*".to_owned()), true),
        _ => {}
    }
    let (domain, host) = parsed(origin);
    let found = origins.iter().any(|entry| {
        if entry.chars().all(plain) {
            return parsed(entry).0 == domain;
        }
        let mut expression = entry.clone();
        if !expression.ends_with('$') {
            expression.push('$');
        }
        let expression = expression.strip_prefix('^').unwrap_or(&expression);
        let subject = if expression.contains(':') { &domain } else { &host };
        pcre(expression, true, subject)
    });
    (found.then_some(domain), false)
}

/// The origin anew, and its host, as Lua's `socket.url` takes it apart.
fn parsed(text: &str) -> (String, String) {
    let Some((scheme, authority)) = text.split_once("://") else { return (text.to_owned(), text.to_owned()) };
    let authority = authority.split('/').next().unwrap();
    let authority = authority.split_once('@').map_or(authority, |(_, rest)| rest);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let default = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    let port =
        port.filter(|port| !default && !port.is_empty()).map(|port| format!(":{port}")).unwrap_or_default();
    (format!("{scheme}://{host}{port}"), host.to_owned())
}
