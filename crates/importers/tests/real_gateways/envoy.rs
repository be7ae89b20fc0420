//! Envoy: many virtual hosts in one process.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use corsac_analysis::model::{Answer, Field, Model, Preflight, Value};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

use super::chosen::{Random, asked, written};
use super::http::{Client, Response};
use super::programs::{free_port, start_envoy};
use super::{Tally, long};

const POLICY: &str = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy";

/// Expressions that people write, and what is hard about them.
const EXPRESSIONS: [&str; 22] = [
    r".*",
    r"\*",
    r"\*|https://app\.example\.com",
    r"https://.*\.example\.com",
    r"https://.*.example.com",
    r"^https://.*\.example\.com$",
    r"https?://(www\.)?example\.(com|org)",
    r"https?://localhost(:[0-9]+)?",
    r"http://localhost:\d+",
    r"(?i)HTTPS://APP\.EXAMPLE\.COM",
    r"https://[a-z0-9-]{1,9}\.example\.org",
    r"https://[^.]+\.example\.com(:\d{4})?",
    r"(https://example\.com|http://example\.org)",
    r"https://example\.com|http://",
    r"[[:alpha:]]+://\w+\.\w+",
    r"https://(?:[\w-]+\.)*example\.com",
    r"https://\Qexample.com\E",
    r"https://.*\bexample\.com",
    r"https://a\pL*\.test\.dev",
    r"null|https://[^/]*",
    r"https://[\x21-\x7e]+",
    r"(?s).+://10(\.\d+){3}.*",
];

#[test]
#[ignore = "starts Envoy"]
fn predictions_are_what_envoy_answers() {
    let mut random = Random(5);
    let mut tally = Tally::default();
    let (groups, hosts) = if long() { (30, 40) } else { (4, 20) };
    let ports: Vec<u16> = (0..groups).map(|_| free_port()).collect();
    let mut own = HashSet::new();
    let mut bootstrap = String::from("static_resources:\n  listeners:\n");
    for port in &ports {
        own.extend(listener(&mut random, &mut bootstrap, *port, hosts));
    }
    bootstrap.push_str("  clusters:\n");
    cluster(&mut bootstrap, "closed", free_port());
    let model = imported(&bootstrap);
    assert!(model.unread.is_empty(), "{:?}", model.unread);
    let _envoy = start_envoy(&bootstrap, &ports);
    let mut number = 0;
    for port in &ports {
        let mut client = Client::new(*port);
        for _ in 0..hosts {
            for route in ["one", "two"] {
                let name = format!("virtual host h{port}-{number}, route /{route}");
                let site = Site {
                    says_something: own.contains(&name),
                    name,
                    host: format!("h{port}-{number}.test"),
                    path: format!("/{route}"),
                };
                compare(&mut tally, &mut client, &model, &site, &asked(&mut random, 30));
                tally.configurations += 1;
            }
            number += 1;
        }
        number = 0;
    }
    tally.done("Envoy");
}

struct Site {
    says_something: bool,
    name: String,
    host: String,
    path: String,
}

fn imported(bootstrap: &str) -> Model {
    import(System::by_id("envoy").unwrap(), Source::new("envoy.yaml", bootstrap), &()).unwrap()
}

fn compare(tally: &mut Tally, client: &mut Client, model: &Model, site: &Site, origins: &[String]) {
    let name = site.name.as_str();
    // Routes that say nothing themselves are as their host.
    let host = name.split(',').next().unwrap();
    let named = |name: &str| model.scopes.iter().find(|scope| scope.name == name);
    let scope = named(name).or_else(|| named(host).filter(|_| !site.says_something));
    let nothing = Answer::default();
    let actual = scope.map_or(&nothing, |scope| &scope.actual);
    let preflight = match scope.map(|scope| &scope.preflight) {
        Some(Preflight::Answered(answer)) => &**answer,
        None => &nothing,
        other => panic!("{other:?}"),
    };
    for origin in origins {
        let response = client.ask("GET", &site.host, &site.path, origin);
        assert_eq!(response.status, 503, "what fails has the fields too");
        tally.compare(actual, origin, &response, name);
        let response = client.ask("OPTIONS", &site.host, &site.path, origin);
        tally.compare(preflight, origin, &response, name);
        if !response.all("access-control-allow-origin").is_empty() {
            same(preflight.allow_methods.as_ref(), &response, "access-control-allow-methods", "PUT");
            same(preflight.allow_headers.as_ref(), &response, "access-control-allow-headers", "x-one,x-two");
            same(preflight.max_age.as_ref(), &response, "access-control-max-age", "");
            assert_eq!(response.status, 200);
        }
    }
}

/// Whether a field says what was predicted.
fn same(field: Option<&Field>, response: &Response, name: &str, asked_for: &str) {
    let predicted = match field.map(|field| &field.value) {
        None => vec![],
        Some(Value::Text(text)) => vec![text.as_str()],
        Some(Value::Reflected) => vec![asked_for],
        Some(Value::Opaque(reason)) => panic!("{name}: {reason}"),
    };
    assert_eq!(response.all(name), predicted, "{name}");
}

/// Writes a listener with virtual hosts; sometimes all of them share a policy.
/// Returns the scopes of routes with policies of their own.
fn listener(random: &mut Random, text: &mut String, port: u16, hosts: usize) -> HashSet<String> {
    let mut own = HashSet::new();
    let manager = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    write!(
        text,
        "  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}\n    filter_chains:\n    - \
         filters:\n      - name: envoy.filters.network.http_connection_manager\n        typed_config:\n          \
         \"@type\": {manager}\n          stat_prefix: a\n          route_config:\n"
    )
    .unwrap();
    let filter = random.of(&["envoy.filters.http.cors", "envoy.filters.http.cors", "other"]);
    if random.once_in(3) {
        policy(random, text, "            ", filter);
    }
    text.push_str("            virtual_hosts:\n");
    for number in 0..hosts {
        let name = format!("h{port}-{number}");
        write!(text, "            - name: {name}\n              domains: [{name}.test]\n").unwrap();
        if random.once_in(2) {
            policy(random, text, "              ", filter);
        }
        text.push_str("              routes:\n");
        for route in ["one", "two"] {
            write!(
                text,
                "              - match: {{prefix: /{route}}}\n                route: {{cluster: closed}}\n"
            )
            .unwrap();
            if !random.once_in(3) {
                own.insert(format!("virtual host {name}, route /{route}"));
                policy(random, text, "                ", filter);
            }
        }
    }
    write!(
        text,
        "          http_filters:\n          - name: {filter}\n            typed_config: {{\"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}\n          - name: \
         envoy.filters.http.router\n            typed_config: {{\"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}\n"
    )
    .unwrap();
    own
}

fn cluster(text: &mut String, name: &str, port: u16) {
    write!(
        text,
        "  - name: {name}\n    connect_timeout: 1s\n    load_assignment: {{cluster_name: {name}, endpoints: \
         [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: \
         {port}}}}}}}}}]}}]}}\n"
    )
    .unwrap();
}

/// Writes a policy in either case of names.
fn policy(random: &mut Random, text: &mut String, indent: &str, filter: &str) {
    let camel = random.once_in(4);
    let key = |name: &str| if camel { camel_case(name) } else { name.to_owned() };
    let mut line = |depth: usize, content: String| {
        writeln!(text, "{indent}{:width$}{content}", "", width = depth * 2).unwrap();
    };
    line(0, format!("{}:", key("typed_per_filter_config")));
    line(1, format!("{filter}:"));
    line(2, format!("\"@type\": {POLICY}"));
    if !random.once_in(8) {
        line(2, format!("{}:", key("allow_origin_string_match")));
        for _ in 0..=random.below(3) {
            line(2, format!("- {}", matcher(random, camel)));
        }
    }
    for (name, values) in [
        ("allow_methods", ["GET, PUT", "'*'", "\"\""]),
        ("allow_headers", ["x-one", "\"*\"", "x-two, *"]),
        ("max_age", ["'600'", "\"0\"", "''"]),
        ("allow_credentials", ["true", "true", "false"]),
        (
            "filter_enabled",
            [
                "{default_value: {numerator: 100}}",
                "{default_value: {numerator: 0}}",
                "{default_value: {numerator: 10000, denominator: TEN_THOUSAND}}",
            ],
        ),
        ("forward_not_matching_preflights", ["true", "false", "false"]),
    ] {
        let often = if name == "filter_enabled" { 6 } else { 2 };
        if random.once_in(often) {
            let value = random.of(&values);
            line(2, format!("{}: {value}", key(name)));
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut upper = false;
    let letter = |letter: char| {
        let raised = std::mem::replace(&mut upper, letter == '_');
        (letter != '_').then_some(if raised { letter.to_ascii_uppercase() } else { letter })
    };
    name.chars().filter_map(letter).collect()
}

/// A matcher, written in one of the ways of YAML.
fn matcher(random: &mut Random, camel: bool) -> String {
    if random.once_in(3) {
        let expression = random.of(&EXPRESSIONS);
        let name = if camel { "safeRegex" } else { "safe_regex" };
        return format!("{name}: {{regex: {}}}", quoted(random, expression));
    }
    let origin = written(random);
    let bare = origin.split("://").nth(1).unwrap_or(&origin).to_owned();
    let cut = |random: &mut Random| origin.get(..=random.below(origin.len())).unwrap().to_owned();
    let (kind, text) = match random.below(4) {
        0 => ("prefix", cut(random)),
        1 => ("suffix", if random.once_in(2) { bare.clone() } else { format!(".{bare}") }),
        2 => ("contains", if random.once_in(2) { bare.clone() } else { cut(random) }),
        _ => ("exact", origin.clone()),
    };
    let ignored = match random.below(4) {
        0 if camel => ", ignoreCase: true",
        0 => ", ignore_case: true",
        1 => ", ignore_case: false",
        _ => "",
    };
    format!("{{{kind}: {}{ignored}}}", quoted(random, &text))
}

fn quoted(random: &mut Random, text: &str) -> String {
    if random.once_in(2) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[test]
#[ignore = "starts Envoy"]
fn the_fields_of_an_upstream_are_replaced_for_those_that_match_and_kept_for_others() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = upstream.local_addr().unwrap().port();
    std::thread::spawn(move || upstream.incoming().for_each(|stream| answer(stream.unwrap())));
    let port = free_port();
    let mut text = String::from("static_resources:\n  listeners:\n");
    let mut random = Random(1);
    listener(&mut random, &mut text, port, 0);
    let own = "            virtual_hosts:\n            - name: a\n              domains: [\"*\"]\n              routes:\n              \
               - match: {prefix: /direct}\n                direct_response: {status: 200}\n              - match: {prefix: \
               /gone}\n                redirect: {path_redirect: /}\n              - match: {prefix: /}\n                route: {cluster: closed}\n              \
               typed_per_filter_config:\n                FILTER: {\"@type\": POLICY, allow_origin_string_match: [{exact: \
               https://a.example}], allow_credentials: true}\n";
    let filter = if text.contains("name: other") { "other" } else { "envoy.filters.http.cors" };
    let own = own.replace("FILTER", filter).replace("POLICY", POLICY);
    text = text.replace("            virtual_hosts:\n", &own);
    text.push_str("  clusters:\n");
    cluster(&mut text, "closed", closed);
    let model = imported(&text);
    assert_eq!(model.scopes.len(), 1);
    assert!(!model.scopes[0].actual.passes_upstream);
    let _envoy = start_envoy(&text, &[port]);
    let mut client = Client::new(port);
    let mut lines = |path: &str, origin: &str| {
        let response = client.ask("GET", "a", path, origin);
        let allowed = response.all("access-control-allow-origin").join("|");
        format!("{allowed} {}", response.all("access-control-allow-credentials").join("|"))
    };
    assert_eq!(lines("/", "https://a.example"), "https://a.example true");
    assert_eq!(lines("/", "https://b.example"), "https://upstream.example,https://other.example false");
    // What Envoy answers by itself has no fields: such routes are no scopes.
    assert_eq!(lines("/direct", "https://a.example"), " ");
    assert_eq!(lines("/gone", "https://a.example"), " ");
}

fn answer(stream: std::net::TcpStream) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line == "\r\n" {
            let fields = "access-control-allow-origin: https://upstream.example\r\naccess-control-allow-origin: \
                          https://other.example\r\naccess-control-allow-credentials: false\r\n";
            let text = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
            reader.get_mut().write_all(text.as_bytes()).unwrap();
        }
    }
}
