//! Files that somebody made to do harm, and files that are broken.

use corsac_diagnostics::Source;
use corsac_importers::{System, detect, import};

use super::chosen::Random;

const SYSTEMS: [&str; 8] =
    ["apisix", "envoy", "gateway-api", "ingress-nginx", "istio", "kong", "krakend", "traefik"];

const SAMPLES: [(&str, &str); 8] = [
    (
        "apisix",
        "routes:\n- uri: /a\n  plugins:\n    cors: {allow_origins: 'https://a.example', allow_origins_by_regex: ['a(b|c)*$']}\n",
    ),
    (
        "envoy",
        "virtual_hosts:\n- name: a\n  typed_per_filter_config:\n    envoy.filters.http.cors:\n      allow_origin_string_match: [{safe_regex: {regex: 'https://.*'}}, {exact: *x, ignore_case: true}]\n  routes: [{match: {prefix: /}, route: {cors: {max_age: 5}}}]\n",
    ),
    (
        "gateway-api",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  rules:\n  - filters:\n    - type: CORS\n      cors: {allowOrigins: ['https://*.example'], maxAge: 5}\n",
    ),
    (
        "ingress-nginx",
        "kind: Ingress\nmetadata:\n  name: a\n  annotations:\n    nginx.ingress.kubernetes.io/enable-cors: 'true'\n    nginx.ingress.kubernetes.io/cors-allow-origin: 'https://*.a.example, null'\n",
    ),
    (
        "istio",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - corsPolicy: {allowOrigins: [{regex: '.*'}, {prefix: a}], maxAge: 1h30m}\n",
    ),
    (
        "kong",
        "_format_version: '3.0'\nplugins:\n- name: cors\n  config: {origins: ['(a|b)\\.example', 'https://b.example'], credentials: true}\n",
    ),
    (
        "krakend",
        "{\"extra_config\": {\"security/cors\": {\"allow_origins\": [\"https://*.example\", {{ x }}], \"max_age\": \"1h\"}}}",
    ),
    (
        "traefik",
        "services:\n  a:\n    labels:\n    - traefik.http.middlewares.a.headers.accesscontrolalloworiginlist=https://a.example,$X\nhttp:\n  middlewares:\n    a: {headers: {accessControlAllowOriginListRegex: ['a']}}\n",
    ),
];

fn read(system: &str, text: &str) {
    let _ = detect("x.yaml", text);
    let _ = import(System::by_id(system).unwrap(), Source::new("x", text), &());
}

#[test]
fn broken_files_do_no_harm() {
    let mut random = Random(9);
    for (system, sample) in SAMPLES {
        assert!(
            !import(System::by_id(system).unwrap(), Source::new("x", sample), &()).unwrap().scopes.is_empty()
        );
        for end in 0..sample.len() {
            read(system, sample.get(..end).unwrap_or_default());
            read(system, sample.get(end..).unwrap_or_default());
        }
        for _ in 0..400 {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                let odd = b"\0\t\n {}[]:,'\"&*!|>%@`#$\\-?\xc3\xff"[random.below(27)];
                if random.once_in(2) { bytes[at] = odd } else { bytes.insert(at, odd) }
            }
            read(system, &String::from_utf8_lossy(&bytes));
        }
        for other in SYSTEMS {
            read(other, sample);
        }
    }
}

#[test]
fn large_files_take_time_in_proportion() {
    let many =
        |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
    let origins = many(5_000, &|n| format!("{{exact: 'https://a{n}.example'}},"));
    let routes =
        many(5_000, &|n| format!("  - {{match: {{prefix: /{n}}}, route: {{cors: {{max_age: 1}}}}}}\n"));
    // Each route inherits every origin: a square, if all were written out.
    let square = format!(
        "virtual_hosts:\n- name: a\n  cors: {{allow_origin_string_match: [{origins}]}}\n  routes:\n{routes}"
    );
    let envoy = System::by_id("envoy").unwrap();
    let model = import(envoy, Source::new("x.yaml", square), &()).unwrap();
    assert_eq!(model.scopes.len(), 5_000);
    assert!(model.unread.iter().any(|unread| unread.reason.contains("too many")));
    let plugins = "- {name: cors, config: {origins: ['a.*']}}\n".repeat(1_000);
    read("kong", &format!("_format_version: '3.0'\nplugins:\n{plugins}"));
    let keys =
        many(4_000, &|n| format!("  r{n}: {{plugins: {{cors: {{allow_origins: 'https://a.example'}}}}}}\n"));
    read("apisix", &format!("routes:\n{keys}"));
    let headers = "headers: {".repeat(60) + "accessControlAllowOriginList: [a]" + &"}".repeat(60);
    read("traefik", &headers);
    let managers = "http_filters: [{name: a}]\nx:\n".to_owned();
    read("envoy", &(managers + &"- {http_filters: [], virtual_hosts: [{name: a}]}\n".repeat(2_000)));
    read(
        "ingress-nginx",
        &format!(
            "kind: Ingress\nmetadata:\n  annotations:\n    nginx.ingress.kubernetes.io/enable-cors: 'true'\n    nginx.ingress.kubernetes.io/cors-allow-origin: '{}'\n",
            "https://a.example,".repeat(2_000)
        ),
    );
}

#[test]
fn files_of_others_are_not_taken() {
    for (name, text) in [
        (
            "README.md",
            "Set `nginx.ingress.kubernetes.io/enable-cors: \"true\"` and accessControlAllowOriginList",
        ),
        ("main.go", "const kind = \"networking.istio.io/v1 VirtualService\""),
        ("package.json", "{\"name\": \"cors\", \"dependencies\": {\"cors\": \"2\"}}"),
        ("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}"),
        ("ci.yml", "on: push\njobs: {a: {steps: []}}"),
        ("pyproject.toml", "[project]\nname = \"a\""),
    ] {
        let detected = detect(name, text).filter(|system| SYSTEMS.contains(&system.id));
        assert_eq!(detected, None, "{name}");
    }
}

#[test]
fn fields_that_are_sent_in_another_way_are_listed() {
    for (system, text) in [
        (
            "envoy",
            "virtual_hosts:\n- name: a\n  response_headers_to_add: [{header: {key: Access-Control-Allow-Origin, value: '*'}}]\n",
        ),
        (
            "istio",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - headers: {response: {set: {access-control-allow-origin: '*'}}}\n",
        ),
        (
            "kong",
            "_format_version: '3.0'\nplugins:\n- name: response-transformer\n  config: {add: {headers: ['Access-Control-Allow-Origin: *']}}\n",
        ),
    ] {
        let model = import(System::by_id(system).unwrap(), Source::new("x", text), &()).unwrap();
        let reason = "`Access-Control-Allow-Origin` is sent in a way that is not read";
        assert_eq!(model.unread.iter().filter(|unread| unread.reason == reason).count(), 1, "{text}");
    }
    // A policy that allows the field to be asked for does not send it.
    let asked = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - corsPolicy: {allowHeaders: [Access-Control-Allow-Origin]}\n";
    let model = import(System::by_id("istio").unwrap(), Source::new("x", asked), &()).unwrap();
    assert!(model.unread.is_empty(), "{:?}", model.unread);
}
