//! Variables that several directives define, or that something other than a map sets.

use corsac_analysis::model::{Credentials, Model, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

use crate::program::{Nginx, folder, free_port, whole};

const OURS: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.test";

/// Who may read is a map's.
const MAP: &str = "map $http_origin $cors { default ''; https://app.example.com $http_origin; }";
const SENT: &str = "location / { add_header Access-Control-Allow-Origin $cors; return 204; }";

/// Directives of `http` and of the server where nginx lets a stranger read.
const UNSURE: [(&str, &str); 9] = [
    ("geo $cors { default '*'; }", SENT),
    ("geo $remote_addr $Cors { default '*'; }", SENT),
    ("split_clients $remote_addr $cors { * '*'; }", SENT),
    (
        "map $http_origin $other { default 0; '~^(?<cors>.+)$' 1; }",
        "location / { if ($other) { add_header Access-Control-Allow-Origin $cors; return 204; } return 403; }",
    ),
    ("", "location ~ ^/(?<cors>.+)$ { add_header Access-Control-Allow-Origin https://$cors; return 204; }"),
    (
        "",
        "set $own ''; location ~ ^/(?P<own>.+)$ { add_header Access-Control-Allow-Origin https://$own; return 204; }",
    ),
    (
        "",
        "rewrite ^/(?'cors'.+)$ /x; location / { add_header Access-Control-Allow-Origin https://$cors; return 204; }",
    ),
    (
        "",
        "server_name ~^(?<cors>.+)$; location / { add_header Access-Control-Allow-Origin https://$cors; return 204; }",
    ),
    (
        "geo $http_origin { default https://app.example.com; } map $http_origin $sent { default ''; https://app.example.com '*'; }",
        "location / { add_header Access-Control-Allow-Origin $sent; return 204; }",
    ),
];

/// The same where the map decides.
const SURE: [(&str, &str); 6] = [
    ("", ""),
    ("geo $inside { default 0; 10.0.0.0/8 1; }", ""),
    ("split_clients $remote_addr $half { 50% a; * b; }", "set $other $half;"),
    ("map $host $tenant { default ''; '~^(?<name>[a-z]+)\\.test$' $name; }", ""),
    ("", "if ($host ~ ^(?<name>[a-z]+)) { set $other $name; }"),
    ("", "server_name ~^(?<name>[a-z]+)\\.test$; set $other $name;"),
];

fn http(level: &str, server: &str, port: u16) -> String {
    format!("{MAP}\n{level}\nserver {{ listen 127.0.0.1:{port}; {server} }}")
}

/// What is said of the location, which is the last scope.
fn said(text: &str, origin: &str) -> Truth {
    let system = System::by_id("nginx").unwrap();
    let model: Model = import(system, Source::new("nginx.conf", text), &()).unwrap();
    model.scopes.last().unwrap().actual.lets_read(origin, Credentials::Omitted)
}

#[test]
fn of_several_that_define_a_variable_no_map_is_believed() {
    for (level, server) in UNSURE {
        assert_eq!(said(&http(level, server, 80), STRANGER), Truth::Unknown, "{level} {server}");
    }
    for (level, server) in [
        ("js_set $cors main.cors;", ""),
        ("js_var $cors '*';", ""),
        ("perl_set $cors 'sub { return \"*\"; }';", ""),
        ("keyval $arg_text $cors zone=one;", ""),
        ("geoip2 city.mmdb { $cors default=* country iso_code; }", ""),
        ("", "set $cors ''; auth_request /auth; auth_request_set $cors $upstream_http_x_cors;"),
        ("", "auth_jwt_claim_set $cors origin;"),
        ("", "set_if_empty $cors '*';"),
        ("", "set_by_lua_block $cors { return '*' }"),
    ] {
        let server = format!("{server} {SENT}");
        assert_eq!(said(&http(level, &server, 80), STRANGER), Truth::Unknown, "{level} {server}");
    }
    for (level, server) in SURE {
        let text = http(level, &format!("{server} {SENT}"), 80);
        assert_eq!(said(&text, STRANGER), Truth::False, "{level} {server}");
        assert_eq!(said(&text, OURS), Truth::True, "{level} {server}");
    }
}

/// A map's own groups are known where its entry is, and nowhere else.
#[test]
fn groups_of_a_map_are_its_own() {
    let map = r"map $http_origin $one { default ''; '~^(?<own>https://[a-z]+\.example\.com)$' $own; }";
    let field = |name: &str| {
        format!(
            "{map} server {{ location / {{ set $x $one; add_header Access-Control-Allow-Origin {name}; }} }}"
        )
    };
    assert_eq!(said(&field("$one"), STRANGER), Truth::False);
    assert_eq!(said(&field("$one"), OURS), Truth::True);
    assert_eq!(said(&field("$own"), OURS), Truth::Unknown);
}

#[test]
#[ignore = "starts nginx"]
fn nginx_asks_the_last_of_them() {
    let path = folder("givers", &[""]);
    let seen = |level: &str, server: &str| {
        let port = free_port();
        let mut nginx = Nginx::start(&path, &whole(&path, None, &http(level, server, port)), port);
        [OURS, STRANGER].map(|origin| {
            let seen = nginx.ask("GET", "evil.test", "/evil.test", &[("Origin", origin)]);
            seen.lets_read(origin, false)
        })
    };
    for (level, server) in UNSURE {
        assert!(seen(level, server)[1], "{level} {server}");
    }
    for (level, server) in SURE {
        assert_eq!(seen(level, &format!("{server} {SENT}")), [true, false], "{level} {server}");
    }
    std::fs::remove_dir_all(path).unwrap();
}
