//! What is told of configurations that were told wrong, each with the nearest that is told.

use std::sync::LazyLock;

use corsac_analysis::lint::{Options, lint};
use corsac_analysis::model::{Coverage, Credentials, Model, Preflight, Truth};
use corsac_analysis::question::Prover;
use corsac_diagnostics::{Confidence, Diagnostic, Place, Severity, Source};
use corsac_importers::{System, import};
use corsac_origin::PublicSuffixList;

use crate::program::{Nginx, folder, free_port, whole};

fn read(text: &str) -> Model {
    import(System::by_id("nginx").unwrap(), Source::new("nginx.conf", text), &()).unwrap()
}

fn told(text: &str) -> Vec<Diagnostic> {
    static PROVER: LazyLock<Prover<'static>> = LazyLock::new(|| Prover::new(PublicSuffixList::embedded()));
    let findings = lint(&read(text), &PROVER, &Options::default());
    findings.into_iter().map(|finding| finding.diagnostic).collect()
}

fn ids(text: &str) -> Vec<&'static str> {
    told(text).iter().map(|told| told.rule.id).collect()
}

/// The one finding of a rule, and what is written at its place.
fn one(text: &str, rule: &str) -> (Diagnostic, String) {
    let mut found: Vec<_> = told(text).into_iter().filter(|told| told.rule.id == rule).collect();
    assert_eq!(found.len(), 1, "{rule}: {found:?}");
    let found = found.remove(0);
    let Some(Place::Span(span)) = found.primary.as_ref().map(|label| &label.place) else {
        return (found, String::new());
    };
    let written = text.get(span.clone()).unwrap().to_owned();
    (found, written)
}

/// A server with `inside`.
fn server(inside: &str) -> String {
    format!("server {{\nlisten 80;\n{inside}\n}}\n")
}

const APP: &str = "add_header Access-Control-Allow-Origin https://app.example.com always;";

#[test]
fn an_upstream_whose_field_is_hidden_adds_no_line() {
    let location =
        |hides: &str| server(&format!("location / {{ {hides} {APP} proxy_pass http://127.0.0.1:3000; }}"));
    assert_eq!(ids(&location("")), ["duplicate-allow-origin"]);
    assert_eq!(ids(&location("proxy_hide_header Access-Control-Allow-Origin;")), [""; 0]);
    assert_eq!(ids(&location("proxy_hide_header 'access-control-allow-origin';")), [""; 0]);
    let other = location("proxy_hide_header Access-Control-Allow-Credentials;");
    assert_eq!(ids(&other), ["duplicate-allow-origin"]);
    let inside = "proxy_hide_header Access-Control-Allow-Origin;
        if ($request_method = GET) { add_header Access-Control-Allow-Origin https://app.example.com always; }";
    let inside = server(&format!("location / {{ {inside} proxy_pass http://127.0.0.1:3000; }}"));
    assert!(!ids(&inside).contains(&"duplicate-allow-origin"));
}

#[test]
fn a_file_that_is_not_read_is_told_once_and_hides_nothing() {
    let include = "include /etc/nginx/cors.conf;";
    let locations = format!("location /a {{ {include} proxy_pass http://b; }} location /b {{ {include} }}");
    let (unread, written) = one(&server(&locations), "unread-part");
    assert_eq!(ids(&server(&locations)), ["unread-part"]);
    assert_eq!(written, "include /etc/nginx/cors.conf");
    assert!(unread.notes.contains(&"it is included at one more place".to_owned()), "{unread:?}");

    let hole = "add_header Access-Control-Allow-Origin $http_origin always;
        add_header Access-Control-Allow-Credentials true always;";
    let text = server(&format!("{include} location / {{ {hole} root /srv; }}"));
    let (found, written) = one(&text, "any-origin-with-credentials");
    assert_eq!(written, "add_header Access-Control-Allow-Origin $http_origin always");
    assert_eq!((found.severity, found.confidence), (Severity::Error, Confidence::Medium));
    let note = "`/etc/nginx/cors.conf` is not read, which may change this".to_owned();
    assert!(found.notes.contains(&note), "{found:?}");
    // The file may hold it, and may answer preflights.
    assert!(!ids(&text).contains(&"missing-vary"));
    let preflight =
        &read(&server(&format!("location / {{ {include} {APP} root /srv; }}"))).scopes[0].preflight;
    assert!(matches!(preflight, Preflight::Unknown), "{preflight:?}");
    assert!(ids(&server(&format!("location / {{ {hole} root /srv; }}"))).contains(&"missing-vary"));
}

#[test]
fn what_decides_something_else_is_not_the_origin() {
    let text = |add: &str| {
        let map = "map $http_user_agent $is_bot { default 0; ~*bot 1; }";
        let location = format!(
            "location / {{ if ($is_bot) {{ return 403; }} {add} proxy_pass http://127.0.0.1:3000; }}"
        );
        format!("{map}\n{}", server(&location))
    };
    let constant = "add_header Access-Control-Allow-Origin '*'";
    let (_, written) = one(&text(&format!("{constant} always;")), "duplicate-allow-origin");
    assert_eq!(written, format!("{constant} always"));
    assert_eq!(ids(&text(&format!("{constant} always;"))), ["duplicate-allow-origin"]);
    assert_eq!(ids(&text(&format!("{constant};"))), ["duplicate-allow-origin", "errors-without-cors"]);
    let reflects = "add_header Access-Control-Allow-Origin $http_origin always;";
    assert!(ids(&text(reflects)).contains(&"missing-vary"));
    // Where the map decides about the value, it is told there.
    let by_host = "map $host $origin { a.test https://a.example.com; default https://b.example.com; }";
    let text = format!("{by_host}\n{}", server("add_header Access-Control-Allow-Origin $origin always;"));
    assert!(!ids(&text).contains(&"missing-vary"), "{:?}", ids(&text));
}

#[test]
fn errors_of_nginx_itself_come_from_their_page() {
    let text = |by: &str, page: &str| {
        server(&format!(
            "error_page 404 502 503 {by};
            location / {{ proxy_pass http://127.0.0.1:3000; add_header Access-Control-Allow-Origin * always; }}
            location @err {{ {page} return 502 x; }}"
        ))
    };
    let (found, written) = one(&text("= @err", ""), "errors-without-cors");
    assert_eq!(written, "error_page 404 502 503 = @err");
    let message = "errors 502 and 503 of nginx itself come from `@err`, without CORS fields: scripts see a network error";
    assert_eq!(found.message, message);
    assert_eq!(found.help.as_deref(), Some("send the fields from `@err` too, with `always`"));
    let same = "add_header Access-Control-Allow-Origin * always;";
    assert!(!ids(&text("= @err", same)).contains(&"errors-without-cors"));
    let caught = text("= @err", "").replace("proxy_pass", "proxy_intercept_errors on; proxy_pass");
    let (found, _) = one(&caught, "errors-without-cors");
    assert!(found.message.starts_with("errors 404, 502 and 503 come from `@err`"), "{}", found.message);
    // No location takes the page: the server's own fields are sent.
    let page = |fields: &str| {
        server(&format!("error_page 500 /500.html; {fields} location /a {{ {APP} proxy_pass http://b; }}"))
    };
    assert!(ids(&page("")).contains(&"errors-without-cors"));
    assert!(!ids(&page(APP)).contains(&"errors-without-cors"));
    let without = text("= @err", "").replace(" * always", " *");
    assert!(one(&without, "errors-without-cors").0.message.contains("401 or 404"));
}

#[test]
fn what_auth_request_asks_may_let_preflights_pass() {
    let text = |auth: &str| {
        server(&format!(
            "location = /auth {{ {auth} }}
            location /y {{ auth_request /auth; {APP} add_header Access-Control-Allow-Methods PUT always; root /srv; }}"
        ))
    };
    let asks = "proxy_pass http://127.0.0.1:3001;";
    let passes = format!("if ($request_method = OPTIONS) {{ return 204; }} {asks}");
    assert!(ids(&text(asks)).contains(&"preflight-authenticated"));
    let found = ids(&text(&passes));
    assert!(
        !found.contains(&"preflight-authenticated") && found.contains(&"preflight-unanswered"),
        "{found:?}"
    );
    let refuses = "if ($request_method = OPTIONS) { return 401; } return 204;";
    assert!(ids(&text(refuses)).contains(&"preflight-authenticated"));
    assert!(!ids(&text("include /etc/nginx/auth.conf;")).contains(&"preflight-authenticated"));
    let admin = server("location / { auth_basic x; include /etc/nginx/cors.conf; root /srv; }");
    assert_eq!(ids(&admin), ["unread-part"]);
    let by_method = format!(
        "map $request_method $realm {{ OPTIONS off; default x; }}\n{}",
        server(&format!("location / {{ auth_basic $realm; {APP} root /srv; }}"))
    );
    assert!(!ids(&by_method).contains(&"preflight-authenticated"));
    assert!(ids(&by_method.replace("OPTIONS off", "OPTIONS on")).contains(&"preflight-authenticated"));
}

#[test]
fn a_field_for_preflights_alone_lets_nobody_read() {
    let text = |rest: &str| {
        server(&format!(
            "location / {{ if ($request_method = OPTIONS) {{ add_header Access-Control-Allow-Origin $http_origin; return 204; }} {rest} }}"
        ))
    };
    let found = told(&text("proxy_pass http://b;"));
    assert!(found.iter().all(|told| !told.message.contains("may read")), "{found:?}");
    assert_eq!(
        ids(&text("proxy_pass http://b;")),
        ["actual-response-without-origin", "any-origin-reflected"]
    );
    let (missing, _) = one(&text("root /srv;"), "actual-response-without-origin");
    assert_eq!((missing.severity, missing.confidence), (Severity::Warning, Confidence::High));
    let both = ids(&text("add_header Access-Control-Allow-Origin $http_origin; root /srv;"));
    assert!(both.contains(&"any-origin-reflected") && !both.contains(&"actual-response-without-origin"));
    // Of several locations one has the field.
    let shared = "if ($request_method = OPTIONS) { add_header X 1; return 204; } add_header Access-Control-Allow-Origin *;
        location /a { root /a; } location /b { add_header X 1; root /b; }";
    assert!(!ids(&server(shared)).contains(&"actual-response-without-origin"));
}

#[test]
fn what_is_no_origin_is_told_where_the_map_says_it() {
    let text = |default: &str| {
        format!(
            "map $http_origin $o {{ default {default}; https://app.example.com $http_origin; }}\n{}",
            server(
                "location / { add_header Access-Control-Allow-Origin $o always; add_header Vary Origin always; root /srv; }"
            )
        )
    };
    let (found, written) = one(&text("0"), "origin-never-sent");
    assert_eq!(written, "default");
    assert_eq!(found.help.as_deref(), Some("write `\"\"` to send no field: nginx leaves out what is empty"));
    assert_eq!(ids(&text("\"\"")), [""; 0]);
}

#[test]
fn preflights_that_lose_the_fields_of_the_location_are_told_so() {
    let text = |inside: &str| {
        server(&format!(
            "location / {{ if ($request_method = OPTIONS) {{ {inside} return 204; }}
            {APP} add_header Access-Control-Allow-Methods PUT always; root /srv; }}"
        ))
    };
    let (found, written) = one(&text("add_header X-A 1;"), "preflight-unanswered");
    assert_eq!(written, "add_header Access-Control-Allow-Methods PUT always");
    assert!(found.notes.iter().any(|note| note.contains("take the place of these")), "{found:?}");
    let Some(Place::Span(span)) = found.context.first().map(|label| label.place.clone()) else { panic!() };
    assert_eq!(text("add_header X-A 1;").get(span), Some("add_header X-A 1"));
    // What the server says for all locations has its effect in one of them.
    let shared = |answers: &str| {
        let methods = "add_header Access-Control-Allow-Methods PUT always;";
        server(&format!("{APP} {methods} location /a {{ {answers} }} location /b {{ root /srv; }}"))
    };
    assert!(!ids(&shared("return 204;")).contains(&"preflight-unanswered"));
    assert!(ids(&shared("root /a;")).contains(&"preflight-unanswered"));
    assert_eq!(ids(&text("")), [""; 0], "without a field of its own, the `if` has the location's");
    let Preflight::WithoutFields(Some(_)) = &read(&text("add_header X-A 1;")).scopes[0].preflight else {
        panic!()
    };
}

#[test]
fn a_servers_answer_to_preflights_is_that_of_its_locations() {
    let text = |headers: &str| {
        server(&format!(
            "{APP} add_header Access-Control-Allow-Headers {headers};
            if ($request_method = OPTIONS) {{ return 204; }}
            location / {{ root /srv; }}"
        ))
    };
    assert!(ids(&text("$http_access_control_request_headers")).contains(&"any-request-header"));
    assert!(!ids(&text("content-type")).contains(&"any-request-header"));
}

#[test]
fn preflights_need_the_credentials_too() {
    let text = |more: &str| {
        server(&format!(
            "location / {{ if ($request_method = OPTIONS) {{ {APP} {more} return 204; }}
            {APP} add_header Access-Control-Allow-Credentials true always; root /srv; }}"
        ))
    };
    assert!(ids(&text("")).contains(&"preflight-without-credentials"));
    let both = text("add_header Access-Control-Allow-Credentials true;");
    assert!(!ids(&both).contains(&"preflight-without-credentials"));
}

#[test]
fn a_part_may_ask_for_what_its_includer_sets() {
    let text = |value: &str| {
        format!(
            "if ($cors_enabled = 'true') {{ set $allow $http_origin; }}
            if ($cors_enabled != 'true') {{ set $cors_enabled '{value}'; }}
            add_header Access-Control-Allow-Origin $allow always;
            add_header Vary Origin always;"
        )
    };
    let (found, written) = one(&text("disabled"), "unread-part");
    assert_eq!(found.message, "not understood: the includer sets `$cors_enabled`");
    assert_eq!(written, "if ($cors_enabled = 'true')");
    let actual = &read(&text("disabled")).scopes[0].actual;
    assert_eq!(actual.lets_read("https://evil.test", Credentials::Omitted), Truth::Unknown);
    let decided = ids(&format!("set $cors_enabled 'true';\n{}", text("disabled")));
    assert!(decided.contains(&"any-origin-reflected") && !decided.contains(&"unread-part"), "{decided:?}");
    // In a whole configuration nobody else sets it.
    assert_eq!(ids(&server(&format!("location / {{ {} root /srv; }}", text("disabled")))), [""; 0]);
}

#[test]
fn several_origins_and_wildcards_are_told_apart() {
    let message = |value: &str| {
        let text =
            server(&format!("location / {{ add_header Access-Control-Allow-Origin '{value}' always; }}"));
        one(&text, "allow-origin-invalid").0.message
    };
    let wildcard = "a wildcard within an origin admits nobody: `https://*.example.com`";
    assert_eq!(message("https://*.example.com"), wildcard);
    let several = "several origins in one value admit nobody: `https://a.test,https://*.b.test`";
    assert_eq!(message("https://a.test,https://*.b.test"), several);
}

/// The same configurations, asked of nginx.
#[test]
#[ignore = "starts nginx"]
fn nginx_does_what_is_told() {
    let folder = folder("told", &["", "y"]);
    let [port, upstream, nobody] = [free_port(), free_port(), free_port()];
    let http = format!(
        "map $request_method $realm {{ OPTIONS off; default x; }}
        server {{ listen 127.0.0.1:{upstream}; location /401 {{ return 401; }}
            location / {{ add_header Access-Control-Allow-Origin https://up.test; return 200 up; }} }}
        server {{ listen 127.0.0.1:{port}; server_name hides.test;
            location / {{ proxy_hide_header Access-Control-Allow-Origin; {APP} proxy_pass http://127.0.0.1:{upstream}; }} }}
        server {{ listen 127.0.0.1:{port}; server_name pages.test; error_page 401 502 503 = @err;
            location / {{ proxy_pass http://127.0.0.1:{upstream}; {APP} }}
            location /dead {{ proxy_pass http://127.0.0.1:{nobody}; {APP} }}
            location @err {{ return 502 x; }} }}
        server {{ listen 127.0.0.1:{port}; server_name auth.test;
            location = /auth {{ if ($request_method = OPTIONS) {{ return 204; }} return 401; }}
            location /y {{ auth_request /auth; {APP} proxy_pass http://127.0.0.1:{upstream}; }}
            location /realm {{ auth_basic $realm; auth_basic_user_file /dev/null; {APP} proxy_pass http://127.0.0.1:{upstream}; }} }}
        server {{ listen 127.0.0.1:{port}; server_name all.test; {APP}
            if ($request_method = OPTIONS) {{ return 204; }}
            location / {{ root {}; }} }}",
        folder.display()
    );
    let mut nginx = Nginx::start(&folder, &whole(&folder, None, &http), port);
    let mut ask = |method: &str, host: &str, path: &str| {
        let seen = nginx.ask(method, host, path, &[("Origin", "https://app.example.com")]);
        (seen.status, seen.lines("access-control-allow-origin").len())
    };
    assert_eq!(ask("GET", "hides.test", "/"), (200, 1));
    assert_eq!(ask("GET", "pages.test", "/401"), (401, 1), "an upstream's error keeps the field");
    assert_eq!(ask("GET", "pages.test", "/dead"), (502, 0), "nginx's own comes from the page");
    assert_eq!(ask("OPTIONS", "auth.test", "/y"), (200, 2));
    assert_eq!(ask("GET", "auth.test", "/y").0, 401);
    assert_eq!(ask("OPTIONS", "auth.test", "/realm").0, 200);
    assert_eq!(ask("GET", "auth.test", "/realm").0, 401);
    assert_eq!(ask("OPTIONS", "all.test", "/"), (204, 1));
    drop(nginx);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn statuses_that_nginx_cannot_make_are_an_upstreams() {
    let text = server(&format!(
        "error_page 404 /none; location = /none {{ return 404; }}
        location / {{ proxy_pass http://127.0.0.1:3000; {APP} }}
        location /files {{ root /srv; {APP} }}"
    ));
    let model = read(&text);
    let coverage =
        |name: &str| model.scopes.iter().find(|scope| scope.name.ends_with(name)).unwrap().actual.coverage;
    assert_eq!(coverage("location /"), Coverage::All);
    assert_eq!(coverage("location /files"), Coverage::AllButElsewhere);
}

/// Each location would look for each page among all locations.
#[test]
fn many_pages_of_many_locations_take_no_time() {
    let joined =
        |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>().concat();
    let pages = joined(2000, &|n| format!("error_page 500 502 /p{n};\n"));
    let locations = joined(3000, &|n| format!("location /l{n} {{ proxy_pass http://b; {APP} }}\n"));
    let model = read(&server(&format!("{pages}{locations}")));
    let count = |coverage| model.scopes.iter().filter(|scope| scope.actual.coverage == coverage).count();
    assert_eq!(count(Coverage::AllButElsewhere) + count(Coverage::Unknown), 3000);
    assert!(count(Coverage::Unknown) > 0 && count(Coverage::AllButElsewhere) > 0);
}

#[test]
fn fields_of_a_part_for_all_servers_are_judged() {
    let fields = "add_header Access-Control-Allow-Origin $cors always;\n\
                  add_header Access-Control-Allow-Credentials true always;\n";
    let reflected = format!("map $http_origin $cors {{ default $http_origin; }}\n{fields}");
    assert!(ids(&reflected).contains(&"any-origin-with-credentials"), "{:?}", told(&reflected));
    let listed = format!("map $http_origin $cors {{ \"https://a.com\" $http_origin; }}\n{fields}");
    assert!(!ids(&listed).contains(&"any-origin-with-credentials"), "{:?}", told(&listed));
    assert_eq!(read(&listed).scopes.len(), 1);
    // A map alone answers nobody.
    assert!(read("map $http_origin $cors { default $http_origin; }").scopes.is_empty());
}
