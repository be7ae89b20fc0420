//! ingress-nginx: the real nginx with what the controller would write.
//!
//! The controller itself needs a cluster. What it does with annotations is told here once more,
//! from reading it (v1.15), without any of the reader's code: a check of each annotation, then
//! a template. The expressions, the order of nginx's phases and the fields are then nginx's own.

use std::fmt::Write as _;

use corsac_analysis::model::{Answer, Preflight};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};
use regex_lite::Regex;

use super::chosen::{Random, asked, written};
use super::http::Client;
use super::programs::{free_port, start_nginx};
use super::{Tally, long};

#[test]
#[ignore = "starts nginx"]
fn predictions_are_what_nginx_answers() {
    let count = if long() { 600 } else { 80 };
    let mut random = Random(11);
    let annotations: Vec<_> = (0..count).map(|_| Annotations::chosen(&mut random)).collect();
    let mut http = String::new();
    let (port, upstream) = (free_port(), free_port());
    writeln!(http, "server {{ listen 127.0.0.1:{upstream}; return 404 gone; }}").unwrap();
    for (number, annotations) in annotations.iter().enumerate() {
        let cors = annotations.template();
        writeln!(
            http,
            "server {{ listen 127.0.0.1:{port}; server_name h{number}.test; location / {{\n{cors}\nproxy_pass \
             http://127.0.0.1:{upstream};\n}} }}"
        )
        .unwrap();
    }
    let _nginx = start_nginx(&http, port);
    let mut client = Client::new(port);
    let mut tally = Tally::default();
    for (number, annotations) in annotations.iter().enumerate() {
        let yaml = annotations.yaml(&mut random);
        let system = System::by_id("ingress-nginx").unwrap();
        let model = import(system, Source::new("ingress.yaml", yaml.clone()), &()).unwrap();
        let nothing = Answer::default();
        let actual = model.scopes.first().map_or(&nothing, |scope| &scope.actual);
        let preflight = match model.scopes.first().map(|scope| &scope.preflight) {
            Some(Preflight::Answered(answer)) => &**answer,
            _ => &nothing,
        };
        for origin in asked(&mut random, 30) {
            let host = format!("h{number}.test");
            let response = client.ask("GET", &host, "/", &origin);
            assert_eq!(response.status, 404, "what fails has the fields too");
            tally.compare(actual, &origin, &response, &yaml);
            tally.compare(preflight, &origin, &client.ask("OPTIONS", &host, "/", &origin), &yaml);
        }
        tally.configurations += 1;
    }
    tally.done("ingress-nginx");
}

/// The annotations that matter.
struct Annotations {
    enabled: Option<&'static str>,
    origins: Option<String>,
    credentials: Option<&'static str>,
}

impl Annotations {
    fn chosen(random: &mut Random) -> Self {
        let separator = random.of(&[",", ", ", " , "]);
        let origins = (0..=random.below(3)).map(|_| Self::origin(random)).collect::<Vec<_>>().join(separator);
        Self {
            enabled: (!random.once_in(20)).then(|| random.of(&["true", "true", "True", "1", "yes", "false"])),
            origins: (!random.once_in(10)).then_some(origins),
            credentials: random.once_in(2).then(|| random.of(&["true", "false", "0", "no", ""])),
        }
    }

    fn origin(random: &mut Random) -> String {
        match random.below(14) {
            0 => "https://*.example.com".to_owned(),
            1 => "http://*.example.org:3000".to_owned(),
            2 => "*.example.com".to_owned(),
            3 => "example.com".to_owned(),
            4 => "https://*.*.example.com".to_owned(),
            5 => "https://*.com".to_owned(),
            6 => "https://".to_owned(),
            7 => "https://10.1.2.3".to_owned(),
            _ => written(random),
        }
    }

    fn yaml(&self, random: &mut Random) -> String {
        let mut text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n    a: b\n".to_owned();
        let values = [
            ("enable-cors", self.enabled),
            ("cors-allow-origin", self.origins.as_deref()),
            ("cors-allow-credentials", self.credentials),
        ];
        for (name, value) in values {
            let Some(value) = value else { continue };
            let quote = random.of(&["'", "\""]);
            writeln!(text, "    nginx.ingress.kubernetes.io/{name}: {quote}{value}{quote}").unwrap();
        }
        text
    }

    /// What the controller writes into a location.
    fn template(&self) -> String {
        if parse_bool(self.enabled) != Some(true) {
            return String::new();
        }
        let origins = self.checked_origins();
        let mut text = match &origins[..] {
            [] => String::new(),
            [star] if star == "*" => "set $http_origin *;\nset $cors 'true';\n".to_owned(),
            _ => {
                let parts: Vec<_> = origins.iter().map(|origin| part(origin)).collect();
                format!("if ($http_origin ~* ({})$ ) {{ set $cors 'true'; }}\n", parts.join("|"))
            }
        };
        let credentials = match parse_bool(self.credentials) {
            Some(false) => "",
            _ => "more_set_headers 'Access-Control-Allow-Credentials: true';",
        };
        let fields = format!("more_set_headers 'Access-Control-Allow-Origin: $http_origin'; {credentials}");
        write!(
            text,
            "if ($request_method = 'OPTIONS') {{ set $cors ${{cors}}options; }}\nif ($cors = \"true\") {{ {fields} \
             }}\nif ($cors = \"trueoptions\") {{ {fields} return 204; }}"
        )
        .unwrap();
        text
    }

    fn checked_origins(&self) -> Vec<String> {
        let star = vec!["*".to_owned()];
        let Some(text) = self.origins.as_deref().filter(|text| !text.trim().is_empty()) else { return star };
        let whole = Regex::new(r"^(\*|([a-z]+://|\*\.|[A-Za-z0-9.-]|:[0-9]+|,|null)*)$").unwrap();
        if !whole.is_match(&text.replace(' ', "")) {
            return star;
        }
        let one = Regex::new(r"^([a-z]+://(\*\.)?[A-Za-z0-9.-]*(:[0-9]+)?|null)$").unwrap();
        let entries: Vec<_> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.contains(&"*") {
            return star;
        }
        entries.into_iter().filter(|entry| one.is_match(entry)).map(str::to_owned).collect()
    }
}

/// Go's `strconv.ParseBool`.
fn parse_bool(text: Option<&str>) -> Option<bool> {
    match text? {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// One origin in the expression: Go's `regexp.QuoteMeta`, then the first star.
fn part(origin: &str) -> String {
    let mut text = String::from("(");
    for letter in origin.chars() {
        if "\\.+*?()|[]{}^$".contains(letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push(')');
    text.replacen("\\*", "[A-Za-z0-9\\-]+", 1)
}
